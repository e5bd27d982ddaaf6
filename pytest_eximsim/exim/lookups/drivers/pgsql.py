"""`pgsql`: a statement for a PostgreSQL server (Exim chapter 9.22; cases REDIS-072 … REDIS-075). Not here: the client (world.Sql)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...world import SqlError, SqlServer
from ..result import Reply
from ..rows import reply_of
from ..servers import Tried, deferred, query_servers, take_apart, whole_number

if TYPE_CHECKING:
    from ...release import Release
    from ...state import Process

_LETTERS = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "'": "''", '"': '\\"', "\\": "\\\\"}
_PATTERNS = {"%": "\\%", "_": "\\_"}


def find(p: Process, file: str, key: str, options: str) -> Reply:
    return query_servers(p, "PostgreSQL", "pgsql_servers", key, options, _perform)


def quote(text: str, release: Release) -> str:
    """Single quotes are doubled; the older release also protects `%` and `_` (case REDIS-072)."""
    table = {**_LETTERS, **_PATTERNS} if release.pgsql_quotes_patterns else _LETTERS
    return "".join(table.get(char, char) for char in text)


def _perform(p: Process, server: str, query: str) -> Tried:
    fields = take_apart("pgSQL", server, 3)
    if isinstance(fields, Tried):
        return fields
    place = place_of(fields[0])
    if isinstance(place, Tried):
        return place
    host, port, socket = place
    try:
        result = p.world.sql.execute("pgsql", SqlServer(host, port, socket, *fields[1:]), query)
    except SqlError as error:
        if error.connect:
            return deferred(f"PGSQL connection failed: {error.text}")
        return deferred(f"PGSQL: query failed: {error.text} (PGRES_FATAL_ERROR) ({query})\n")
    return Tried(reply_of(result, p.release))


def place_of(host: str) -> tuple[str, int | None, str] | Tried:
    """Host and port, or the whole path of a socket, whose end is the port."""
    if host.startswith("("):
        socket = host[1:].partition(")")[0]
        if "/" not in socket or "." not in socket:
            return deferred(f"PGSQL invalid filename for socket: {socket}", final=True)
        port = socket.rpartition(".")[2]
        return "", whole_number(port), socket
    host, _, port = host.partition(":")
    if "/" in host:
        return deferred(f"unexpected slash in pgSQL server hostname: {host}", final=True)
    return host, whole_number(port), ""
