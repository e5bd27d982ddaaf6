"""world.Sql: which server a configuration names → which database answers, or the error that a client library gives when none does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ...exim.world import Files, SqlError, SqlResult, SqlServer
from . import sqlite
from .client import DEFAULT_PORTS


class Database(Protocol):
    """What answers statements; `name` is for messages."""

    name: str

    def execute(self, statement: str) -> SqlResult: ...

    def close(self) -> None: ...


@dataclass
class SqlGate:
    """`databases` by kind ("pgsql", "mysql"): absent means that nothing listens.

    `servers` maps what a configuration names (`host`, `host:port`, a socket path) to a kind, or to "down"; empty: every server of a kind is
    that kind's database. `blocking` runs a call that may block (a real server) beside the other tasks. `seen` keeps (kind, server,
    database).
    """

    files: Files
    databases: Mapping[str, Database] = field(default_factory=dict)
    servers: Mapping[str, str] = field(default_factory=dict)
    blocking: Callable[[Callable[[], SqlResult]], SqlResult] = lambda call: call()
    seen: list[tuple[str, SqlServer, str]] = field(default_factory=list)

    def execute(self, kind: str, server: SqlServer, statement: str) -> SqlResult:
        """Raises SqlError; `connect` is set when nothing answers there."""
        chosen = self._choose(kind, server)
        self.seen.append((kind, server, chosen))
        database = self.databases.get(chosen)
        if database is None:
            raise SqlError(_refused(kind, server), connect=True)
        return self.blocking(lambda: database.execute(statement))

    def sqlite(self, path: str, statement: str) -> SqlResult:
        return sqlite.run(self.files.real_path(path), statement)

    def _choose(self, kind: str, server: SqlServer) -> str:
        if not self.servers:
            return kind
        port = server.port or DEFAULT_PORTS[kind]
        for key in (server.socket, f"{server.host}:{port}", server.host):
            if key and key in self.servers:
                return self.servers[key]
        return "down"


def _refused(kind: str, server: SqlServer) -> str:
    """What libpq 15 and the MariaDB client say when a connection is refused, or a socket is not there."""
    port = server.port or DEFAULT_PORTS[kind]
    if kind == "mysql":
        if server.socket or server.host == "localhost":
            return f"Can't connect to local server through socket '{server.socket or '/run/mysqld/mysqld.sock'}' (2)"
        return f"Can't connect to server on '{server.host}' (115)"
    if server.socket:
        path = f"{server.socket}/.s.PGSQL.{port}"
        return (f'connection to server on socket "{path}" failed: No such file or directory\n'
                "\tIs the server running locally and accepting connections on that socket?\n")
    return (f'connection to server at "{server.host}", port {port} failed: Connection refused\n'
            "\tIs the server running on that host and accepting TCP/IP connections?\n")
