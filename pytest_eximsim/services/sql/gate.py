"""world.Sql: which server a configuration names → which database answers, or the error that a client library gives when none does."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ...exim.world import SqlError, SqlResult, SqlServer
from . import sqlite
from .mariadb import PORT as MYSQL_PORT
from .postgres import PORT as PGSQL_PORT

DEFAULT_PORTS = {"pgsql": PGSQL_PORT, "mysql": MYSQL_PORT}


class Database(Protocol):
    """What answers statements; `name` is for messages."""

    @property
    def name(self) -> str: ...

    def execute(self, statement: str) -> SqlResult: ...

    def another(self) -> Database:
        """The same database by a connection of its own."""
        ...

    def close(self) -> None: ...


class Databases(Protocol):
    """Where SQLite files are."""

    def real_path(self, path: str) -> str: ...

    def database(self, path: str) -> str:
        """The same, of a file that is made, empty, where it is not there."""
        ...


@dataclass
class SqlGate:
    """`databases` by kind ("pgsql", "mysql"): absent means that nothing listens.

    `servers` maps what a configuration names (`host`, `host:port`, a socket path) to a kind, or to "down"; empty: every server of a kind is
    that kind's database. `blocking` runs a call that may block (a real server) beside the other tasks; `on_file` a statement on an SQLite
    file, where the files are another machine's. `address_of` is the address of a host name; it is asked only where nobody answers. `seen`
    keeps (kind, server, database).
    """

    files: Databases
    databases: Mapping[str, Database] = field(default_factory=dict)
    servers: Mapping[str, str] = field(default_factory=dict)
    blocking: Callable[[Callable[[], SqlResult]], SqlResult] = lambda call: call()
    on_file: Callable[[str, str], SqlResult] = sqlite.run
    address_of: Callable[[str], str | None] = lambda name: None
    seen: list[tuple[str, SqlServer, str]] = field(default_factory=list)

    def execute(self, kind: str, server: SqlServer, statement: str) -> SqlResult:
        """Raises SqlError; `connect` is set when nothing answers there."""
        self.seen.append((kind, server, self._choose(kind, server)))
        database = self.database(kind, server)
        if database is None:
            raise SqlError(self._refused(kind, server), connect=True)
        try:
            return self.blocking(lambda: database.execute(statement))
        except SqlError as error:
            if error.connect:       # a real server that is there no more
                raise SqlError(self._refused(kind, server), connect=True) from None
            raise

    def sqlite(self, path: str, statement: str) -> SqlResult:
        return self.on_file(self.files.real_path(path), statement)

    def make(self, path: str, statements: Iterable[str]) -> None:
        """A scenario's own SQLite file, made or changed by these statements, which are Unicode. Raises SqlError, OSError."""
        place = self.files.database(path)
        for statement in statements:
            self.on_file(place, statement.encode().decode("latin-1"))

    def database(self, kind: str, server: SqlServer) -> Database | None:
        """What answers there; None where nothing listens."""
        return self.databases.get(self._choose(kind, server))

    def _choose(self, kind: str, server: SqlServer) -> str:
        if not self.servers:
            return kind
        port = server.port or DEFAULT_PORTS[kind]
        for key in (server.socket, f"{server.host}:{port}", server.host):
            if key and key in self.servers:
                return self.servers[key]
        return "down"

    def _refused(self, kind: str, server: SqlServer) -> str:
        known = server.host == "localhost" or _is_address(server.host)
        address = "127.0.0.1" if server.host == "localhost" else server.host if known else self.address_of(server.host)
        return (_mysql_refused if kind == "mysql" else _pgsql_refused)(server, address)


def _pgsql_refused(server: SqlServer, address: str | None) -> str:
    """What libpq 15 says when a connection is refused, a socket is not there, or a host has no `address`."""
    port = server.port or PGSQL_PORT
    if server.socket:
        path = f"{server.socket.rpartition('/')[0]}/.s.PGSQL.{port}"
        return (f'connection to server on socket "{path}" failed: No such file or directory\n'
                "\tIs the server running locally and accepting connections on that socket?\n")
    if address is None:
        return f'could not translate host name "{server.host}" to address: Name or service not known\n'
    host = f'"{server.host}"' if server.host == address else f'"{server.host}" ({address})'
    return (f"connection to server at {host}, port {port} failed: Connection refused\n"
            "\tIs the server running on that host and accepting TCP/IP connections?\n")


def _mysql_refused(server: SqlServer, address: str | None) -> str:
    """What MariaDB's client says in these cases."""
    if server.host == "localhost" or not server.host:
        return f"Can't connect to local server through socket '{server.socket or '/run/mysqld/mysqld.sock'}' (2)"
    if address is None:
        return f"Unknown server host '{server.host}' (-2)"
    return f"Can't connect to server on '{server.host}' (115)"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
