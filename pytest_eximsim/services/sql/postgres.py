"""A real PostgreSQL, by psycopg: statements and rows as bytes, as Exim's client has them. Calls block; the caller runs them beside the hub.

One connection, autocommit, client encoding SQL_ASCII. One that was lost is made anew at the next statement.
"""

from __future__ import annotations

import re
import threading
from typing import Any

from ...errors import ServiceError, ServiceMissing
from ...exim.world import SqlError, SqlResult

PORT = 5432
SCHEMES = ("postgresql", "postgres")


class Postgres:
    """`url` is libpq's: `postgresql://user:password@host:port/database`; `database` goes before the URL's."""

    def __init__(self, url: str, database: str | None = None) -> None:
        self.url = url
        self.name = re.sub(r"//[^/@]*@", "//***@", url)
        self._more: dict[str, Any] = {} if database is None else {"dbname": database}
        self._connection: Any = None
        self._one_at_a_time = threading.Lock()

    def execute(self, statement: str) -> SqlResult:
        """Latin-1 text, several statements allowed: the last one's result. Raises SqlError with the server's own text."""
        import psycopg

        with self._one_at_a_time:
            try:
                cursor = self._connected().execute(statement.partition("\0")[0].encode("latin-1"))
            except psycopg.Error as error:
                raise _error(error) from None
            except ServiceError as error:
                raise SqlError(error.message, connect=True) from None
            while cursor.nextset():
                pass
            return _result(cursor.pgresult)

    def script(self, text: str) -> None:
        """Statements of `setup`, Unicode. Raises SqlError, ServiceError where nothing answers."""
        self.connect()
        self.execute(text.encode("utf-8").decode("latin-1"))

    def connect(self) -> None:
        """Raises ServiceError when it cannot be reached, ServiceMissing without psycopg."""
        with self._one_at_a_time:
            self._connected()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Any:
        if self._connection is None or self._connection.closed:
            try:
                import psycopg
            except ImportError:
                raise ServiceMissing("a real PostgreSQL needs psycopg: pip install 'pytest-eximsim[sql]'") from None
            try:
                self._connection = psycopg.connect(self.url, autocommit=True, connect_timeout=10, client_encoding="SQL_ASCII",
                                                   **self._more)
            except psycopg.Error as error:
                raise ServiceError(f"{self.name}: {str(error).strip()}") from None
        return self._connection


def _result(result: Any) -> SqlResult:
    """Rows where the statement gives any, the number of rows that it changed where it tells that."""
    from psycopg.pq import ExecStatus

    if result.status != ExecStatus.TUPLES_OK:
        return SqlResult(affected=result.command_tuples)
    columns = tuple(result.fname(column).decode("latin-1") for column in range(result.nfields))
    rows = [tuple(_text(result.get_value(row, column)) for column in range(result.nfields)) for row in range(result.ntuples)]
    return SqlResult(columns, tuple(rows))


def _text(value: bytes | None) -> str | None:
    return None if value is None else bytes(value).decode("latin-1")


def _error(error: Any) -> SqlError:
    result = error.pgresult
    return SqlError(result.error_message.decode("latin-1") if result else f"{str(error).strip()}\n")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
