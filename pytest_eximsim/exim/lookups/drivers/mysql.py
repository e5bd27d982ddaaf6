"""`mysql`: a statement for a MySQL server (Exim chapter 9.22; cases REDIS-072 … REDIS-075). Not here: the client (world.Sql)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...world import SqlError, SqlServer
from ..result import Reply
from ..rows import reply_of
from ..servers import Tried, deferred, query_servers, take_apart, whole_number

if TYPE_CHECKING:
    from ...release import Release
    from ...state import Process

_LETTERS = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "'": "\\'", '"': '\\"', "\\": "\\\\"}


def find(p: Process, file: str, key: str, options: str) -> Reply:
    return query_servers(p, "MySQL", "mysql_servers", key, options, _perform)


def quote(text: str, release: Release) -> str:
    """A backslash before quotes and backslash, letters for control characters; `%` and `_` are left alone (case REDIS-072)."""
    return "".join(_LETTERS.get(char, char) for char in text)


def _perform(p: Process, server: str, query: str) -> Tried:
    fields = take_apart("MySQL", server, 3)
    if isinstance(fields, Tried):
        return fields
    host, port, socket = place_of(fields[0])
    if "/" in host:
        return deferred(f"unexpected slash in MySQL server hostname: {host}", final=True)
    try:
        result = p.world.sql.execute("mysql", SqlServer(host, port, socket, *fields[1:]), query)
    except SqlError as error:
        return deferred(f"MYSQL connection failed: {error.text}" if error.connect else f"MYSQL: query failed: {error.text}\n")
    return Tried(reply_of(result, p.release))


def place_of(text: str) -> tuple[str, int | None, str]:
    """`host:port(socket)[group]`; the group of the option file is not used, since there is no option file."""
    text = text.partition("[")[0]
    text, _, socket = text.partition("(")
    host, _, port = text.partition(":")
    return host, whole_number(port), socket.partition(")")[0]
