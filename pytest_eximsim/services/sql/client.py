"""A real PostgreSQL (psycopg) or MariaDB/MySQL (PyMySQL), one connection, autocommit, texts as bytes of the server's encoding.

The drivers are imported when a scenario names such a server. Calls block; the caller runs them beside the hub.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from ...errors import ServiceError, ServiceMissing
from ...exim.world import SqlError, SqlResult

DEFAULT_PORTS = {"pgsql": 5432, "mysql": 3306}


class SqlClient:
    """`kind` is "pgsql" or "mysql"; `url` is `postgresql://user:password@host:port/database` or `mysql://…`."""

    def __init__(self, kind: str, url: str) -> None:
        self.kind = kind
        self.url = url
        self.name = re.sub(r"//[^/@]*@", "//***@", url)
        self._connection: Any = None

    def execute(self, statement: str) -> SqlResult:
        """Raises SqlError with the server's own text; ServiceError when it cannot be reached."""
        if self._connection is None:
            self._connection = self._connect()
        return self._pgsql(statement) if self.kind == "pgsql" else self._mysql(statement)

    def script(self, statements: Sequence[str]) -> None:
        """Statements of `setup`; the text of one may hold several."""
        for statement in statements:
            self.execute(statement)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> Any:
        parts = urlsplit(self.url)
        port = parts.port or DEFAULT_PORTS[self.kind]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        database = parts.path.lstrip("/")
        try:
            if self.kind == "pgsql":
                import psycopg

                return psycopg.connect(host=parts.hostname, port=port, user=user or None, password=password or None,
                                       dbname=database or None, autocommit=True, connect_timeout=10)
            import pymysql
            from pymysql.constants import CLIENT

            return pymysql.connect(host=parts.hostname, port=port, user=user or None, password=password, database=database or None,
                                   autocommit=True, charset="utf8mb4", connect_timeout=10, client_flag=CLIENT.MULTI_STATEMENTS)
        except ImportError as missing:
            raise ServiceMissing(f"a real {self.kind} needs {missing.name}: pip install 'pytest-eximsim[sql]'") from None
        except Exception as error:
            raise ServiceError(f"{self.name}: {str(error).strip()}") from None

    def _pgsql(self, statement: str) -> SqlResult:
        import psycopg

        try:
            cursor = self._connection.execute(_utf8(statement).encode("utf-8", "surrogateescape"), binary=False)
            columns: tuple[str, ...] = ()
            rows: list[tuple[str | None, ...]] = []
            affected: int | None = None
            while True:
                result = cursor.pgresult
                if cursor.description:
                    columns = tuple(column.name for column in cursor.description)
                    rows = [tuple(_latin1(result.get_value(row, column)) for column in range(result.nfields))
                            for row in range(result.ntuples)]
                    affected = None
                else:
                    affected = max(cursor.rowcount, 0)
                if not cursor.nextset():
                    return SqlResult(columns, tuple(rows), affected)
        except psycopg.Error as error:
            result = error.pgresult
            raise SqlError(result.error_message.decode("latin-1") if result else str(error)) from None

    def _mysql(self, statement: str) -> SqlResult:
        import pymysql

        try:
            with self._connection.cursor() as cursor:
                affected = cursor.execute(_utf8(statement))
                if not cursor.description:
                    return SqlResult(affected=affected)
                columns = tuple(column[0] for column in cursor.description)
                return SqlResult(columns, tuple(tuple(_text(value) for value in row) for row in cursor.fetchall()))
        except pymysql.Error as error:
            raise SqlError(str(error.args[-1])) from None


def _utf8(statement: str) -> str:
    """The bytes of a latin-1 text as the server is to see them."""
    return statement.encode("latin-1").decode("utf-8", "surrogateescape")


def _latin1(value: bytes | None) -> str | None:
    return None if value is None else bytes(value).decode("latin-1")


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case bytes():
            return value.decode("latin-1")
    return str(value).encode("utf-8").decode("latin-1")
