"""Connections that exist only in memory: they behave as TCP does on Linux, in the hub's order and time. No names, no routing.

What TCP does here: a read gets all that has arrived, up to its limit; data before a FIN or RST is still read; the first send to somebody
who has closed is lost in silence, the next is EPIPE; a RST is told once, afterwards the stream is at its end.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass

from ..exim.world import Endpoint, Stream
from .hub import Deadlock, Hub, HubTask
from .ports import ClientPorts
from .tls import Authority, TlsMaker, TlsStream, system_error

#: What can be on its way before a sender has to wait for the receiver.
WINDOW = 4 << 20
#: How long Linux tries to connect to somebody who does not answer (tcp_syn_retries = 6).
CONNECT_SECONDS = 127.0


class MemoryStream(TlsStream):
    """One end of a connection."""

    def __init__(self, hub: Hub, peer: Endpoint, local: Endpoint, tls: TlsMaker | None = None) -> None:
        super().__init__(hub, peer, local, tls)
        self._other: MemoryStream = self
        self._arrived = bytearray()
        self._ended = False                 # the other side sends no more
        self._reset = False                 # a RST came and was not told yet
        self._broken = False                # what is sent reaches nobody
        self._readers: list[HubTask] = []
        self._senders: list[HubTask] = []

    # ---- reading

    def receive_raw(self, limit: int, timeout: float | None) -> bytes:
        arrived = self._arrived
        if not arrived and not self._await_input(timeout):
            return b""
        data = bytes(arrived[:limit])
        del arrived[:limit]
        if self._senders:
            self._hub.wake(self._senders)
        return data

    def peek_raw(self, limit: int, timeout: float | None) -> bytes:
        return bytes(self._arrived[:limit]) if self._arrived or self._await_input(timeout) else b""

    def ready_raw(self) -> bool:
        return bool(self._arrived) or self._ended or self._reset or self.closed

    def _await_input(self, timeout: float | None) -> bool:
        """True when something has arrived, false at the end of input."""
        until = self._hub.after(timeout)
        while not self._arrived:
            if self.closed:
                raise system_error(errno.EBADF)
            if self._reset:
                self._reset = False
                raise system_error(errno.ECONNRESET)
            if self._ended:
                return False
            if not self._hub.wait_among(self._readers, until=until) and not self.ready_raw():
                raise system_error(errno.ETIMEDOUT)
        return True

    # ---- sending

    def send_raw(self, data: bytes, timeout: float | None = None) -> None:
        data = self._put(data)
        if data:
            self._send_later(data, timeout)

    def _send_later(self, data: bytes, timeout: float | None) -> None:
        until, other = self._hub.after(timeout), self._other
        while data:
            if not self._hub.wait_among(other._senders, until=until) and not other.closed and not self.closed:
                raise system_error(errno.ETIMEDOUT)
            data = self._put(data)

    def _put(self, data: bytes) -> bytes:
        """As much as there is room for; gives the rest."""
        self._check_sending()
        other = self._other
        if other.closed:
            self._broken = True
            return b""
        room = WINDOW - len(other._arrived)
        if room > 0:
            other._arrived += data[:room]
            data = data[room:]
            self._hub.wake(other._readers)
        return data

    def _check_sending(self) -> None:
        if self.closed:
            raise system_error(errno.EBADF)
        if self._reset:
            self._reset = False
            raise system_error(errno.ECONNRESET)
        if self._broken:
            raise system_error(errno.EPIPE)

    # ---- the end

    def shutdown(self) -> None:
        """FIN: no more is sent; input goes on."""
        self.say_goodbye()
        self._broken = True
        self._other._end()

    def close(self) -> None:
        """FIN both ways."""
        if not self.closed:
            self.say_goodbye()
            self._leave()
            self._other._end()

    def abort(self) -> None:
        """RST."""
        if not self.closed:
            self._leave()
            if not self._other.closed:
                self._other._reset = self._other._ended = self._other._broken = True
                self._other._end()

    def _leave(self) -> None:
        self.closed = True
        self._arrived.clear()
        for waiters in (self._readers, self._senders):
            self._hub.wake(waiters)

    def _end(self) -> None:
        self._ended = True
        self._hub.wake(self._readers)
        self._hub.wake(self._senders)


@dataclass(frozen=True)
class _Listener:
    """`behave` says for each connection whether it is `refuse`d or not answered (`timeout`); empty: it is accepted."""

    handler: Callable[[Stream], None]
    behave: Callable[[], str]
    tls: TlsMaker | None


class MemoryNetwork:
    """Who listens where, and which addresses somebody has. `tls` is for all who bring nothing of their own."""

    def __init__(self, hub: Hub, tls: TlsMaker | None = None) -> None:
        self.hub = hub
        self.tls = tls or TlsMaker(Authority())
        self._listeners: dict[Endpoint, _Listener] = {}
        self._known: set[str] = set()
        self._ports = ClientPorts()
        self._served: dict[MemoryStream, None] = {}
        self._draining: list[HubTask] = []

    @property
    def authority(self) -> Authority:
        """Who makes the certificates."""
        return self.tls.authority

    def listen(self, endpoint: Endpoint, handler: Callable[[Stream], None], *, behave: Callable[[], str] = str,
               tls: TlsMaker | None = None) -> None:
        """From now on each connection to `endpoint` is `handler`'s, in a task of its own. A Unix socket is its path, with port 0."""
        self._listeners[endpoint] = _Listener(handler, behave, tls or self.tls)
        self.add_known(endpoint.address)

    def add_known(self, address: str) -> None:
        """Somebody has this address: a port of it where nobody listens refuses."""
        self._known.add(address)

    def known(self, address: str) -> bool:
        return address in self._known

    def connect(self, client: Endpoint, server: Endpoint, timeout: float | None = None, peer_for_server: Endpoint | None = None,
                tls: TlsMaker | None = None) -> MemoryStream:
        """The client's end; a client port 0 is any free one. The server's task begins when the caller waits for something.

        `peer_for_server`: what the server takes for its peer. Raises OSError (ECONNREFUSED, EHOSTUNREACH; ENOENT for a path), TimeoutError.
        """
        listener = self._listeners.get(server)
        if listener is None:
            raise system_error(errno.ECONNREFUSED if self.known(server.address) else
                               errno.ENOENT if server.address.startswith("/") else errno.EHOSTUNREACH)
        match listener.behave():
            case "refuse":
                raise system_error(errno.ECONNREFUSED)
            case "timeout":
                self.hub.sleep(CONNECT_SECONDS if timeout is None else min(timeout, CONNECT_SECONDS))
                raise system_error(errno.ETIMEDOUT)
        client = Endpoint(client.address, client.port or self.free_port(client.address))
        ours = MemoryStream(self.hub, server, client, tls or self.tls)
        theirs = MemoryStream(self.hub, peer_for_server or client, server, listener.tls)
        ours._other, theirs._other = theirs, ours
        self._served[theirs] = None
        self.hub.spawn(lambda: self._serve(listener.handler, theirs),
                       f"{server.address}:{server.port} from {client.address}:{client.port}")
        return ours

    def free_port(self, address: str = "") -> int:
        """A port for a client with this address, the next one each time."""
        return self._ports.next(address)

    def drain(self) -> None:
        """Wait until all who serve a connection are done, or nothing can happen any more."""
        try:
            while self._served:
                self.hub.wait_among(self._draining)
        except Deadlock:
            pass

    def _serve(self, handler: Callable[[Stream], None], stream: MemoryStream) -> None:
        try:
            handler(stream)
        finally:
            stream.close()
            del self._served[stream]
            if not self._served:
                self.hub.wake(self._draining)
