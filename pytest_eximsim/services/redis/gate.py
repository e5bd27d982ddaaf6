"""What stands between the MTA and a Redis, the same for every provider: passwords, database numbers, faults, several servers.

A provider is one plain Redis without a password. The scenario's `password`, `down`, `hang` and `servers` are made here, so that they mean
the same whatever the provider is. Error texts are Redis 7's and hiredis'.
"""

from __future__ import annotations

import errno
import ipaddress
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
    DOWN = "down"      # nothing listens: connection refused; open connections end
    HANG = "hang"      # accepts, and never answers; what was asked meanwhile is answered when it is over


class Backend(Protocol):
    """A provider: a Redis that is running."""

    @property
    def name(self) -> str: ...

    def connect(self) -> RedisConnection: ...

    def advance(self, seconds: float) -> None:
        """The scenario's clock was moved: keys age by that much."""
        ...

    def close(self) -> None: ...


class Waiting(Protocol):
    """Something to wait for (hub.Event)."""

    def set(self) -> None: ...

    def wait(self) -> object: ...


class Server:
    """One server as the scenario sees it: a backend, how it is reached, what is wrong with it. `generation` grows when it goes down."""

    def __init__(self, backend: Backend, password: str = "", fault: Fault = Fault.NONE) -> None:
        self.backend = backend
        self.password = password
        self.generation = 0
        self._fault = fault
        self._waiting: list[Waiting] = []

    @property
    def fault(self) -> Fault:
        return self._fault

    @fault.setter
    def fault(self, fault: Fault) -> None:
        """Something else is wrong from now on. Who waits for a server that hung gets its answer, or the end of the connection."""
        if fault is Fault.DOWN and self._fault is not Fault.DOWN:
            self.generation += 1
        self._fault = fault
        if fault is not Fault.HANG:
            waiting, self._waiting = self._waiting, []
            for one in waiting:
                one.set()

    def await_end_of_hanging(self, event: Waiting) -> None:
        """Park the calling task; back at once where it does not hang."""
        if self._fault is Fault.HANG:
            self._waiting.append(event)
            event.wait()


def _cannot_wait() -> Waiting:
    raise AssertionError("a server that hangs needs a hub")


@dataclass
class Gate:
    """world.Redis: picks the server that a configuration names and connects to it.

    `servers` maps `host:port`, `host` or a socket path to a server; every other address is the one in `default`, on its `port`.
    `resolves`: does a host name have an address? Asked only where nobody else answers for it. `event` makes what a task can wait for.
    """

    default: Server | None
    port: int = 6379
    servers: Mapping[str, Server] = field(default_factory=dict)
    resolves: Callable[[str], bool] = lambda name: False
    event: Callable[[], Waiting] = _cannot_wait

    def connect(self, host: str, port: int, socket: str = "") -> RedisConnection:
        return GatedConnection(self, host, port, socket)

    def find(self, host: str, port: int, socket: str) -> Server | OSError:
        """The server, or the error of a connection to it."""
        for name in (socket,) if socket else (f"{host}:{port}", host):
            if name in self.servers:
                return self.servers[name]
        if socket:
            return _failure(errno.ENOENT) if self.default is None else self.default
        if self.default is None or host.endswith(NEVER):
            return _failure(errno.ECONNREFUSED) if is_address(host) or self.resolves(host) else OSError(UNKNOWN_HOST, UNKNOWN_HOST_TEXT)
        return self.default if port == self.port else _failure(errno.ECONNREFUSED)


#: What getaddrinfo says of a name without an address (EAI_NONAME).
UNKNOWN_HOST, UNKNOWN_HOST_TEXT = -2, "Name or service not known"
#: Names that never have one (RFC 2606).
NEVER = ".invalid"


def is_address(host: str) -> bool:
    """Is no name to be looked up?"""
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _failure(number: int) -> OSError:
    return OSError(number, os.strerror(number))


class GatedConnection:
    """world.RedisConnection: one process' connection to one server. Errors show at the first command, as with hiredis."""

    def __init__(self, gate: Gate, host: str, port: int, socket: str) -> None:
        self._gate = gate
        self._place = host, port, socket
        found = gate.find(host, port, socket)
        if isinstance(found, Server) and found.fault is Fault.DOWN:
            found = _failure(errno.ECONNREFUSED)
        self._server = found
        self._backend: RedisConnection | None = None
        self._generation = found.generation if isinstance(found, Server) else 0
        self._authenticated = False

    def command(self, arguments: Sequence[bytes]) -> RedisReply:
        server = self._server
        if isinstance(server, OSError):
            raise OSError(server.errno, server.strerror)
        self._check(server)
        if server.fault is Fault.HANG:
            server.await_end_of_hanging(self._gate.event())
            self._check(server)
        if self._backend is None:
            self._backend = server.backend.connect()
        return self._answer(server, self._backend, arguments)

    def _check(self, server: Server) -> None:
        """Has it gone down since, or does another server stand there now?"""
        if self._generation != server.generation or self._gate.find(*self._place) is not server:
            raise EOFError("Server closed the connection")

    def _answer(self, server: Server, backend: RedisConnection, arguments: Sequence[bytes]) -> RedisReply:
        verb = arguments[0].upper()
        if verb == b"AUTH" and 2 <= len(arguments) <= 3:
            return self._authenticate(server, arguments)
        if server.password and not self._authenticated and verb not in (b"AUTH", b"HELLO", b"QUIT", b"RESET"):
            return NO_AUTHENTICATION
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
