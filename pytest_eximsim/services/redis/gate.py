"""What stands between the MTA and a Redis, the same for every provider: passwords, database numbers, faults, several servers.

A provider is one plain Redis without a password. The scenario's `password`, `db` mapping of a shared server, `down`, `hang` and
`servers` are made here, so that they mean the same whatever the provider is. Error texts are Redis 7's.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol

from ...exim.world import RedisConnection, RedisError, RedisReply

NO_AUTHENTICATION = RedisError("NOAUTH Authentication required.")
WRONG_PASSWORD = RedisError("WRONGPASS invalid username-password pair or user is disabled.")
NO_PASSWORD_SET = RedisError(
    "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?"
)


class Fault(Enum):
    """What a server does instead of answering."""

    NONE = "none"
    DOWN = "down"      # nothing listens: connection refused
    HANG = "hang"      # accepts, and never answers


class Backend(Protocol):
    """A provider: a Redis that is running."""

    name: str

    def connect(self) -> RedisConnection: ...

    def advance(self, seconds: float) -> None:
        """The scenario's clock was moved: keys age by that much."""
        ...

    def close(self) -> None: ...


@dataclass
class Server:
    """One server as the scenario sees it: a backend, how it is reached, what is wrong with it."""

    backend: Backend
    password: str = ""
    fault: Fault = Fault.NONE
    databases: Callable[[int], int] | None = None      # the scenario's number -> the backend's, where the backend is shared
    generation: int = 0                                # grows when it goes down: open connections end


@dataclass
class Gate:
    """world.Redis: picks the server that a configuration names and connects to it.

    `servers` maps `host:port` (or a socket path) to a server; without it every address is the one in `default`, on its `port`.
    `wait_for_ever` parks the calling task.
    """

    default: Server | None
    port: int = 6379
    servers: Mapping[str, Server] = field(default_factory=dict)
    wait_for_ever: Callable[[], None] = lambda: None

    def connect(self, host: str, port: int, socket: str = "") -> RedisConnection:
        return GatedConnection(self, self._find(host, port, socket))

    def _find(self, host: str, port: int, socket: str) -> Server | int:
        """The server, or the errno of a connection to it."""
        if self.servers:
            found = self.servers.get(socket or f"{host}:{port}")
            return found if found is not None else errno.ECONNREFUSED
        if self.default is None or (not socket and port != self.port):
            return errno.ENOENT if socket else errno.ECONNREFUSED
        return self.default


class GatedConnection:
    """world.RedisConnection: one process' connection to one server. Errors show at the first command, as with hiredis."""

    def __init__(self, gate: Gate, server: Server | int) -> None:
        self._gate = gate
        self._server = server
        self._backend: RedisConnection | None = None
        self._generation = server.generation if isinstance(server, Server) else 0
        self._authenticated = False

    def command(self, arguments: Sequence[bytes]) -> RedisReply:
        server = self._server
        if isinstance(server, int):
            raise OSError(server, os.strerror(server))
        if server.fault is Fault.DOWN and self._backend is None:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        if self._generation != server.generation:
            raise EOFError("Server closed the connection")
        if server.fault is Fault.HANG:
            self._gate.wait_for_ever()
        if self._backend is None:
            self._backend = server.backend.connect()
            if server.databases:
                self._backend.command([b"SELECT", b"%d" % server.databases(0)])
        return self._answer(server, self._backend, arguments)

    def _answer(self, server: Server, backend: RedisConnection, arguments: Sequence[bytes]) -> RedisReply:
        verb = arguments[0].upper()
        if verb == b"AUTH" and 2 <= len(arguments) <= 3:
            return self._authenticate(server, arguments)
        if server.password and not self._authenticated and verb not in (b"AUTH", b"HELLO", b"QUIT", b"RESET"):
            return NO_AUTHENTICATION
        if verb == b"SELECT" and server.databases and len(arguments) == 2 and arguments[1].isdigit():
            arguments = [verb, b"%d" % server.databases(int(arguments[1]))]
        return backend.command(arguments)

    def _authenticate(self, server: Server, arguments: Sequence[bytes]) -> RedisReply:
        if not server.password and len(arguments) == 2:
            return NO_PASSWORD_SET
        user = arguments[1] if len(arguments) == 3 else b"default"
        if user != b"default" or (server.password and arguments[-1] != server.password.encode()):
            return WRONG_PASSWORD
        self._authenticated = True
        return b"OK"

    def close(self) -> None:
        if self._backend is not None:
            self._backend.close()
            self._backend = None
