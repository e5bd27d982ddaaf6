"""`sqlite`: a statement for a database file (Exim chapter 9.25; cases REDIS-070, REDIS-071, REDIS-085).

Not here: SQLite itself (world.Sql).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...taint import cut
from ...world import SqlError
from ..result import NOT_FOUND, Found, LookupSetupError, Reply
from ..rows import rows_to_text

if TYPE_CHECKING:
    from ...release import Release
    from ...state import Process


def open_file(p: Process, file: str) -> None:
    """Makes a missing database. Raises LookupSetupError where it cannot be opened; the older release says nothing (case REDIS-085)."""
    try:
        p.world.sql.sqlite(file, "")
    except SqlError as error:
        if error.connect and p.release.sqlite_reports_open:
            raise LookupSetupError(error.text) from None


def file_and_query(p: Process, text: str, options: str, *, of_network: bool = False) -> tuple[str, str]:
    """The file and the query: by the option `file`, in front of the query, or by `sqlite_dbfile`; of a network's lookup in a list, in front
    of the query alone (Exim chapter 9.26). Raises LookupSetupError. As the real 4.96 does it; older releases know only the second.
    """
    named = ""
    if p.release.lookup_options and not of_network:
        named = next((word[5:] for word in options.split(",") if word.startswith("file=") and len(word) > 5), "")
        if not named and not text.startswith("/"):
            default = p.configuration.main.get("sqlite_dbfile")
            named = default if isinstance(default, str) else ""
    file = named or cut(text.split(None, 1)[0], text) if text else named
    if not file.startswith("/"):
        raise LookupSetupError('absolute file name expected for "sqlite" lookup')
    return file, text if named else cut(text[len(file) + 1:].lstrip(), text)


def find(p: Process, file: str, key: str, options: str) -> Reply:
    """A statement without rows, and one that is wrong, is not found. Only the former empties the cache (case REDIS-071)."""
    try:
        result = p.world.sql.sqlite(file, key)
    except SqlError:
        return Reply(NOT_FOUND)
    text = rows_to_text(result.columns, result.rows, p.release, null="<NULL>")
    return Reply(NOT_FOUND, keep=0) if text is None else Reply(Found(text))


def quote(text: str, release: Release) -> str:
    """Doubles single quotes (case REDIS-072)."""
    return text.replace("'", "''")
