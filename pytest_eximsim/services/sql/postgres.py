"""A real PostgreSQL, by psycopg: statements and rows as bytes, as Exim's client has them (client encoding SQL_ASCII)."""

from __future__ import annotations

from typing import Any

from ...errors import ServiceError, ServiceMissing
from ...exim.world import SqlError, SqlResult
from .client import Client, text_of

PORT = 5432
SCHEMES = ("postgresql", "postgres")


class Postgres(Client):
    """`url` is libpq's: `postgresql://user:password@host:port/database`; `database` goes before the URL's."""

    def __init__(self, url: str, database: str | None = None) -> None:
        super().__init__(url)
        self._more: dict[str, Any] = {} if database is None else {"dbname": database}

    def _ask(self, connection: Any, statement: bytes) -> SqlResult:
        """Several statements are allowed: the last one's result."""
        import psycopg

        try:
            cursor = connection.execute(statement)
        except psycopg.Error as error:
            raise _error(error) from None
        while cursor.nextset():
            pass
        return _result(cursor.pgresult)

    def script(self, text: str) -> None:
        """Statements of `setup`, Unicode. Raises SqlError, ServiceError where nothing answers."""
        self.connect()
        self.execute(text.encode("utf-8").decode("latin-1"))

    def _is_open(self, connection: Any) -> bool:
        return not connection.closed

    def another(self) -> Postgres:
        return Postgres(self.url, self._more.get("dbname"))

    def _open(self) -> Any:
        try:
            import psycopg
        except ImportError:
            raise ServiceMissing("a real PostgreSQL needs psycopg: pip install 'pytest-eximsim[sql]'") from None
        try:
            return psycopg.connect(self.url, autocommit=True, connect_timeout=10, client_encoding="SQL_ASCII", **self._more)
        except psycopg.Error as error:
            raise ServiceError(f"{self.name}: {str(error).strip()}") from None


def _result(result: Any) -> SqlResult:
    """Rows where the statement gives any, the number of rows that it changed where it tells that."""
    from psycopg.pq import ExecStatus

    if result.status != ExecStatus.TUPLES_OK:
        return SqlResult(affected=result.command_tuples)
    columns = tuple(result.fname(column).decode("latin-1") for column in range(result.nfields))
    rows = [tuple(text_of(result.get_value(row, column)) for column in range(result.nfields)) for row in range(result.ntuples)]
    return SqlResult(columns, tuple(rows))


def _error(error: Any) -> SqlError:
    result = error.pgresult
    return SqlError(result.error_message.decode("latin-1") if result else f"{str(error).strip()}\n")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
