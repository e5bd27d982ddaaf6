"""A database that keeps every statement and answers from the scenario's `answers`.

An answer is a text: rows are lines, columns are separated by `|`; with more than one column each is `name=value`. An empty text is one row
with one empty column (what `SELECT * FROM f()` of a void function gives), null is no row at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ...exim.world import SqlResult


@dataclass
class Recorder:
    """`statements` as they came; `unanswered` those for which `answers` (pattern → text) has nothing."""

    answers: Mapping[str, str | None] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    name: str = "record"

    def execute(self, statement: str) -> SqlResult:
        self.statements.append(statement)
        for pattern, answer in self.answers.items():
            if _matches(pattern, statement):
                return parse_answer(answer)
        self.unanswered.append(statement)
        return SqlResult()

    def another(self) -> Recorder:
        return self

    def close(self) -> None:
        """Nothing is open."""


def _matches(pattern: str, statement: str) -> bool:
    r"""`*` any text (also over lines), `?` one character, `\` takes away a meaning."""
    expression = "".join(
        ".*" if part == "*" else "." if part == "?" else re.escape(part[-1]) for part in re.findall(r"\\.|.", pattern, re.DOTALL)
    )
    return re.fullmatch(expression, statement, re.DOTALL) is not None


def parse_answer(answer: str | None) -> SqlResult:
    """Raises ValueError for rows of several columns without names, or with different ones."""
    if answer is None:
        return SqlResult()
    rows = [line.split("|") for line in answer.removesuffix("\n").split("\n")]
    if all(len(row) == 1 for row in rows):
        return SqlResult(("answer",), tuple((row[0],) for row in rows))
    named = [[column.partition("=") for column in row] for row in rows]
    names = {tuple(name.strip() for name, _, _ in row) for row in named}
    if len(names) != 1 or any(not equals for row in named for _, equals, _ in row):
        raise ValueError(f"columns of an answer are name=value, the same names in each row: {answer!r}")
    return SqlResult(names.pop(), tuple(tuple(value for _, _, value in row) for row in named))
