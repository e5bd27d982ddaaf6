"""A real MariaDB or MySQL, by PyMySQL: statements and rows as bytes of UTF-8, one statement at a time, as Exim's client has them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ...errors import ServiceError, ServiceMissing
from ...exim.world import SqlError, SqlResult
from .client import Client, text_of

PORT = 3306
SCHEMES = ("mysql", "mariadb")
#: Errors of the client, not the server: the connection is gone, or was never made.
_LOST = (2002, 2003, 2005, 2006, 2013)
_DELIMITER = re.compile(r"(?im)^[ \t]*DELIMITER[ \t]+(\S+)[ \t]*\r?$")


class MariaDb(Client):
    """`url` is `mysql://user:password@host:port/database`, a socket `?unix_socket=/path`; `database` goes before the URL's."""

    def __init__(self, url: str, database: str | None = None) -> None:
        super().__init__(url)
        self._database = database

    def _ask(self, connection: Any, statement: bytes) -> SqlResult:
        import pymysql

        try:
            with connection.cursor() as cursor:
                affected = cursor.execute(statement)
                if not cursor.description:
                    return SqlResult(affected=affected)
                columns = tuple(text_of(column[0]) or "" for column in cursor.description)
                return SqlResult(columns, tuple(tuple(text_of(value) for value in row) for row in cursor.fetchall()))
        except pymysql.Error as error:
            if error.args[0] in _LOST:
                self.close()
            raise SqlError(str(error.args[-1]).encode("utf-8", "replace").decode("latin-1")) from None

    def script(self, text: str) -> None:
        """Statements of `setup`, Unicode, as the mysql program takes them: with DELIMITER lines. Raises SqlError, ServiceError."""
        import pymysql
        from pymysql.constants import CLIENT

        connection = self._open(CLIENT.MULTI_STATEMENTS)
        try:
            with connection.cursor() as cursor:
                for part in split_script(text):
                    cursor.execute(part.encode("utf-8"))
                    while cursor.nextset():
                        pass
        except pymysql.Error as error:
            raise SqlError(str(error.args[-1])) from None
        finally:
            connection.close()

    def _is_open(self, connection: Any) -> bool:
        return bool(connection.open)

    def another(self) -> MariaDb:
        return MariaDb(self.url, self._database)

    def _open(self, flags: int = 0) -> Any:
        try:
            import pymysql
        except ImportError:
            raise ServiceMissing("a real MariaDB needs PyMySQL: pip install 'pytest-eximsim[sql]'") from None
        parts = urlsplit(self.url)
        socket = parse_qs(parts.query).get("unix_socket", [None])[0]
        database = self._database or unquote(parts.path.strip("/"))
        try:
            return pymysql.connect(
                host=parts.hostname or "localhost", port=parts.port or PORT, unix_socket=socket, user=unquote(parts.username or "") or None,
                password=unquote(parts.password or ""), database=database or None, autocommit=True, charset="utf8mb4", use_unicode=False,
                connect_timeout=10, client_flag=flags, conv={})
        except pymysql.Error as error:
            raise ServiceError(f"{self.name}: {error.args[-1]}") from None


def split_script(text: str) -> list[str]:
    """At what DELIMITER lines say; statements that end with semicolons stay together, the server takes them so."""
    parts, delimiter, start = list[str](), ";", 0
    for found in [*_DELIMITER.finditer(text), None]:
        section = text[start:found.start() if found else len(text)]
        parts += [section] if delimiter == ";" else section.split(delimiter)
        if found:
            delimiter, start = found[1], found.end()
    return [part for part in parts if part.strip(" \t\r\n;")]


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
