"""SQLite files: `sql: {sqlite: {file: [statements]}}` makes them, the MTA's lookups use them, `expect.sql` asks them."""

from __future__ import annotations

import sqlite3

from ...errors import ServiceError
from ...exim.world import SqlError, SqlResult
from .client import text_of


def run(path: str, statement: str) -> SqlResult:
    """All statements of a text, as sqlite3_exec does; rows of all of them together.

    Raises SqlError, or ServiceError for a text that is no UTF-8.

    Text columns are taken as bytes and given as latin-1, whatever their encoding.
    """
    try:
        statement = statement.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        raise ServiceError(f"a statement for SQLite must be UTF-8 here: {statement!r}") from None
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    except sqlite3.Error as error:
        raise SqlError(str(error), connect=True) from None
    try:
        connection.text_factory = bytes
        columns: tuple[str, ...] = ()
        rows: list[tuple[str | None, ...]] = []
        for part in split_statements(statement):
            cursor = connection.execute(part)
            if cursor.description:
                columns = tuple(column[0] for column in cursor.description)
                rows += [tuple(text_of(value) for value in row) for row in cursor]
        return SqlResult(columns, tuple(rows), None if columns else connection.total_changes)
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise SqlError(str(error)) from None
    finally:
        connection.close()


def split_statements(text: str) -> list[str]:
    """At semicolons where SQLite finds a statement complete."""
    parts: list[str] = []
    start = 0
    for position, character in enumerate(text):
        if character == ";" and sqlite3.complete_statement(text[start : position + 1]):
            parts.append(text[start : position + 1])
            start = position + 1
    parts.append(text[start:])
    return [part for part in parts if part.strip(" \t\r\n;")]
