"""A connection to a real Redis: hiredis packs and parses; RESP2, any server from 6 on. Knows nothing of scenarios.

In real time a task that waits for a reply is parked. In simulated time the clock must stand still meanwhile: a reply that does not come at
once is waited for in a thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import ServiceError, ServiceMissing
from ...exim.world import RedisError, RedisReply

if TYPE_CHECKING:
    from ...runtime.hub import Hub

CONNECT_SECONDS = 5.0
#: So long the only thread waits for a reply itself (a local server needs less than a thousandth of a second).
AT_ONCE_SECONDS = 0.005


@dataclass(frozen=True)
class Address:
    """Where a server listens: a socket's path, or host and port; `user` and `password` are what it wants of us."""

    host: str = "127.0.0.1"
    port: int = 6379
    path: str = ""
    user: str = ""
    password: str = ""

    def __str__(self) -> str:
        return self.path or f"{self.host}:{self.port}"

    def connect(self) -> socket.socket:
        """Blocking. Whatever goes wrong, for the MTA nobody listens there."""
        made = None
        try:
            if not self.path:
                made = socket.create_connection((self.host, self.port), CONNECT_SECONDS)
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return made
            made = socket.socket(socket.AF_UNIX)
            made.settimeout(CONNECT_SECONDS)
            made.connect(self.path)
            return made
        except OSError:
            if made is not None:
                made.close()
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED)) from None


class WireConnection:
    """world.RedisConnection; connects at the first command. Without a hub, or when it is closed, every call blocks."""

    def __init__(self, address: Address, hub: Hub | None = None) -> None:
        try:
            import hiredis
        except ImportError:
            raise ServiceMissing("a real Redis needs the package hiredis: pip install 'pytest-eximsim[redis]'") from None
        self.address = address
        self._hub = hub
        self._socket: socket.socket | None = None
        self._pack: Callable[[Any], bytes] = hiredis.pack_command
        self._new_reader: Callable[[], Any] = lambda: hiredis.Reader(replyError=RedisError, protocolError=ConnectionError)
        self._reader = self._new_reader()

    def command(self, arguments: Sequence[bytes]) -> RedisReply:
        if self._socket is None:
            self._open()
        return self._exchange(arguments)

    def close(self) -> None:
        if self._socket is not None:
            made, self._socket = self._socket, None
            if self._hub is not None:
                self._hub.forget(made)
            with contextlib.suppress(OSError):
                made.shutdown(socket.SHUT_RDWR)     # who waits for it in a thread goes on
            made.close()

    def _open(self) -> None:
        hub = self._hub
        self._reader = self._new_reader()
        self._socket = self.address.connect() if hub is None else hub.call_blocking(self.address.connect)
        self._socket.settimeout(None)
        if self.address.password:
            login = [self.address.user, self.address.password] if self.address.user else [self.address.password]
            reply = self._exchange([b"AUTH", *(word.encode() for word in login)])
            if isinstance(reply, RedisError):
                self.close()
                raise ServiceError(f"Redis at {self.address}: {reply}")

    def _exchange(self, arguments: Sequence[bytes]) -> RedisReply:
        self._send(self._pack(tuple(arguments)))
        while (reply := self._reader.gets()) is False:
            data = self._receive()
            if not data:
                raise EOFError("Server closed the connection")
            self._reader.feed(data)
        return _plain(reply)

    def _send(self, data: bytes) -> None:
        made, hub = self._the_socket(), self._hub
        made.settimeout(AT_ONCE_SECONDS if hub is not None and not hub.closed else None)
        view = memoryview(data)
        with contextlib.suppress(TimeoutError):
            view = view[made.send(view):]
        if view and hub is not None:
            made.settimeout(None)
            hub.call_blocking(lambda: made.sendall(view))
        elif view:
            made.sendall(view)

    def _receive(self) -> bytes:
        made, hub = self._the_socket(), self._hub
        if hub is None or hub.closed:
            made.settimeout(None)
            return made.recv(65536)
        if hub.clock.simulated:
            with contextlib.suppress(TimeoutError):
                made.settimeout(AT_ONCE_SECONDS)
                return made.recv(65536)
            made.settimeout(None)
            return hub.call_blocking(lambda: made.recv(65536))
        made.settimeout(0)
        while True:
            with contextlib.suppress(BlockingIOError):
                return made.recv(65536)
            if not hub.wait_readable(made):
                return b""

    def _the_socket(self) -> socket.socket:
        if self._socket is None:
            raise EOFError("Server closed the connection")
        return self._socket


def _plain(reply: Any) -> RedisReply:
    """hiredis gives status replies as bytes or str by version; booleans do not exist in RESP2."""
    match reply:
        case list():
            return [_plain(item) for item in reply]
        case str():
            return reply.encode("latin-1")
        case RedisError():
            return RedisError(str(reply))
    return reply  # type: ignore[no-any-return]
