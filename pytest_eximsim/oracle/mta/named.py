"""The Redis and SQL servers that a configuration names: items of `redis_servers` and the like, and of `servers=` in queries. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...exim.expansion.splitting import split
from ...exim.lookups.drivers import mysql, pgsql, redis
from ...exim.lookups.servers import Tried, take_apart
from ...exim.world import SqlServer
from ...services.sql.gate import DEFAULT_PORTS

KINDS = ("redis", "pgsql", "mysql")
#: Where MariaDB's client looks for a server of its own machine.
MYSQL_SOCKET = "/run/mysqld/mysqld.sock"
_IN_QUERY = re.compile(r"\b(redis|pgsql|mysql)\b[^{}\n]*?(?:\{\s*)?\bservers\s*=\s*([^;{}\n]*)")


@dataclass(frozen=True)
class Named:
    """One server. `socket` as it is written, `path` the socket that the client library opens; without one, `host` and `port`."""

    kind: str
    host: str
    port: int
    socket: str = ""
    path: str = ""

    @property
    def server(self) -> SqlServer:
        """What the gate of SQL servers knows it by."""
        return SqlServer(self.host, self.port, self.socket, "", "", "")

    def __str__(self) -> str:
        return self.socket or f"{self.host}:{self.port}"


def in_list(kind: str, text: str) -> Iterator[Named]:
    """The servers of a list; items that Exim refuses are passed over."""
    for item in split(text)[1]:
        fields = take_apart(kind, item, 2 if kind == "redis" else 3)
        found = None if isinstance(fields, Tried) else _named(kind, fields[0])
        if found is not None and (found.path or 0 < found.port < 65536):
            yield found


def in_queries(text: str) -> Iterator[Named]:
    """Those that stand in full in the queries of a configuration, or of a string."""
    for kind, servers in _IN_QUERY.findall(text):
        yield from in_list(kind, servers)


def _named(kind: str, text: str) -> Named | None:
    if kind == "mysql":
        host, number, socket = mysql.place_of(text)
        local = host in ("", "localhost")
        return Named(kind, host, number or DEFAULT_PORTS[kind], socket, (socket or MYSQL_SOCKET) if local else "")
    place = pgsql.place_of(text) if kind == "pgsql" else redis.place_of(text)
    if isinstance(place, Tried):
        return None
    host, port, socket = place
    if kind == "redis":
        return Named(kind, host, port or 0, socket, socket)
    number = port or DEFAULT_PORTS[kind]
    return Named(kind, host, number, socket, f"{socket.rpartition('/')[0]}/.s.PGSQL.{number}" if socket else "")
