"""How the rows of a query become one text, the same for all SQL types and Redis (Exim chapter 9.21; case REDIS-070)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .result import NOT_FOUND, Found, Reply

if TYPE_CHECKING:
    from ..release import Release
    from ..world import SqlResult


class Gathered:
    """A text in the making; `text` is None as long as there is nothing.

    Whether an empty string is something depends on the release (case REDIS-003).
    """

    def __init__(self, release: Release) -> None:
        self.text: str | None = None
        self._empty_counts = release.empty_result_found

    def add(self, text: str) -> None:
        if self.text is not None:
            self.text += text
        elif text or self._empty_counts:
            self.text = text

    def next_line(self) -> None:
        """A newline, unless nothing stands in front of it."""
        if self.text is not None:
            self.text += "\n"


def quoted(name: str, value: str | None) -> str:
    """`name=value `, the value in quotes where it is empty, has white space or begins with a quote."""
    value = value or ""
    if not value or value[0] == '"' or any(char in value for char in " \t\n\r"):
        value = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name}={value} "


def rows_to_text(columns: Sequence[str], rows: Iterable[Sequence[str | None]], release: Release, null: str = "") -> str | None:
    """One column gives bare values, more give `name=value `; rows are separated by newlines. None where there is nothing."""
    gathered = Gathered(release)
    for row in rows:
        gathered.next_line()
        values = [null if value is None else value for value in row]
        gathered.add("".join(map(quoted, columns, values)) if len(columns) != 1 else values[0])
    return gathered.text


def reply_of(result: SqlResult, release: Release) -> Reply:
    """What a server's result is to the configuration; of a statement without rows, how many it changed."""
    if result.affected is not None and not result.columns:
        return Reply(Found(str(result.affected)), keep=0)
    text = rows_to_text(result.columns, result.rows, release)
    return Reply(NOT_FOUND if text is None else Found(text))
