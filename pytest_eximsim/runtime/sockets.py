"""Connections over real sockets, as exim.world.Stream, and the loop that accepts them. What TLS adds is in tls.py.

Reading and sending are tried at once; only what would block parks the task.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import socket
import struct
from collections.abc import Callable

from ..exim.world import Endpoint, Stream
from .hub import Hub
from .tls import TlsMaker, TlsStream, system_error

#: How many connections are accepted in one go, and the pause when no more can be opened.
AT_ONCE = 64
FULL_SECONDS = 0.1
_FULL = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
#: What is thrown away at a close, so that the other side still gets our last words (close() with unread input is a RST).
_DRAIN = 1 << 20


class SocketStream(TlsStream):
    """One end of a connection; `sock` is non-blocking and belongs to the stream from now on."""

    __slots__ = ("_ended", "_socket")

    def __init__(self, hub: Hub, sock: socket.socket, *, peer: Endpoint, local: Endpoint, tls: TlsMaker | None = None) -> None:
        super().__init__(hub, peer, local, tls)
        self._socket = sock
        self._ended = False

    # ---- reading

    def receive_raw(self, limit: int, timeout: float | None) -> bytes:
        try:
            data = self._socket.recv(limit)
        except BlockingIOError:
            data = self._receive_later(limit, timeout, 0)
        if not data:
            self._ended = True
        return data

    def peek_raw(self, limit: int, timeout: float | None) -> bytes:
        try:
            return self._socket.recv(limit, socket.MSG_PEEK)
        except BlockingIOError:
            return self._receive_later(limit, timeout, socket.MSG_PEEK)

    def ready_raw(self) -> bool:
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True

    def _receive_later(self, limit: int, timeout: float | None, flags: int) -> bytes:
        until = self._hub.after(timeout)
        while True:
            if not self._hub.wait_readable(self._socket, until=until):
                self._nothing_came()
            with contextlib.suppress(BlockingIOError):
                return self._socket.recv(limit, flags)

    def _nothing_came(self) -> None:
        if self.closed or self._socket.fileno() < 0:
            raise system_error(errno.EBADF)
        raise system_error(errno.ETIMEDOUT)

    # ---- sending

    def send_raw(self, data: bytes, timeout: float | None = None) -> None:
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        if sent != len(data):
            self._send_later(memoryview(data)[sent:], timeout)

    def _send_later(self, data: memoryview, timeout: float | None) -> None:
        until = self._hub.after(timeout)
        while data:
            if not self._hub.wait_writable(self._socket, until=until):
                self._nothing_came()
            with contextlib.suppress(BlockingIOError):
                data = data[self._socket.send(data):]

    # ---- the end

    def shutdown(self) -> None:
        """FIN: no more is sent; input goes on."""
        self.say_goodbye()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """FIN both ways: input that waits is thrown away first, so that the system sends no RST."""
        if self.closed:
            return
        self.closed = True
        self.say_goodbye()
        if not self._ended:
            with contextlib.suppress(OSError):
                self._socket.recv(_DRAIN)
        self._hub.forget(self._socket)
        self._socket.close()

    def abort(self) -> None:
        """RST."""
        if not self.closed:
            self.closed = True
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._hub.forget(self._socket)
            self._socket.close()


def endpoint_of(address: object) -> Endpoint:
    """The system's form of an address; an IPv4 one that reached an IPv6 socket is IPv4, a zone is left out, a Unix socket is its path."""
    if not isinstance(address, tuple):
        return Endpoint(os.fsdecode(address) if isinstance(address, bytes) else str(address), 0)
    host = str(address[0]).partition("%")[0]
    if host.startswith("::ffff:") and "." in host:
        host = host.removeprefix("::ffff:")
    elif ":" in host:
        host = str(ipaddress.ip_address(host))
    return Endpoint(host, int(address[1]))


def serve_socket(hub: Hub, listening: socket.socket, handler: Callable[[Stream], None], *, tls: TlsMaker | None = None) -> None:
    """Accept connections, each for `handler` in a task of its own, until the socket is forgotten (Hub.forget) or closed."""
    if listening.fileno() >= 0:
        listening.setblocking(False)
    while hub.wait_readable(listening):
        try:
            for _ in range(AT_ONCE):
                _accept(hub, listening, handler, tls)
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno == errno.EBADF:
                return
            if error.errno in _FULL:
                hub.real_sleep(FULL_SECONDS)


def _accept(hub: Hub, listening: socket.socket, handler: Callable[[Stream], None], tls: TlsMaker | None) -> None:
    accepted, address = listening.accept()
    accepted.setblocking(False)
    try:
        if accepted.family != socket.AF_UNIX:
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        local = endpoint_of(accepted.getsockname())
    except OSError:
        accepted.close()
        return
    stream = SocketStream(hub, accepted, peer=endpoint_of(address), local=local, tls=tls)

    def serve() -> None:
        try:
            handler(stream)
        finally:
            stream.close()

    hub.spawn(serve, f"{stream.local.address}:{stream.local.port} from {stream.peer.address}:{stream.peer.port}")
