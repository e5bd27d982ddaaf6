"""What stands behind one server line: a port of ours that is served, refuses, stays silent. HAProxy has no part in its changes.

The port stays ours for as long as the target lives: a bound socket that never listens holds it, beside which a listening one comes and
goes. A connection to a port whose only sockets do not listen is refused; one to a listener with a full queue is never answered.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...exim.world import Endpoint, Stream

if TYPE_CHECKING:
    from ...runtime.hub import Hub

LOOPBACK = "127.0.0.1"
#: Serves one connection; called in a task of its own.
Handler = Callable[[Stream], None]
#: The address of HAProxy's end (its port) → the two ends as the MTA is to see them: peer, local.
Ends = Callable[[Endpoint], tuple[Endpoint, Endpoint]]


def reserve() -> socket.socket:
    """A port on loopback that nobody else gets and where connections are refused."""
    held = _bound((LOOPBACK, 0))
    return held


def _bound(address: tuple[str, int]) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(address)
    return made


def hang(stream: Stream) -> None:
    """Never answer; until the other side goes."""
    with contextlib.suppress(OSError):
        while stream.receive():
            pass
    stream.close()


def drop(stream: Stream) -> None:
    """Close at once."""
    stream.close()


@dataclass
class Target:
    """`connections` counts those that were accepted, `finished` those that have ended."""

    hub: Hub
    ends: Ends
    connections: int = 0
    finished: int = 0
    held: socket.socket = field(default_factory=reserve)
    listening: socket.socket | None = None
    fillers: list[socket.socket] = field(default_factory=list)
    handler: Handler = drop

    @property
    def port(self) -> int:
        return int(self.held.getsockname()[1])

    def serve(self, handler: Handler) -> None:
        """From now on new connections go to `handler`; those that are open stay as they are."""
        self.handler = handler
        if self.listening is not None and not self.fillers:
            return
        self.refuse()
        listening = self.listening = _bound((LOOPBACK, self.port))
        listening.listen(512)
        listening.setblocking(False)
        self.hub.spawn(lambda: self._accept(listening), f"haproxy target {self.port}")

    def refuse(self) -> None:
        """From now on nothing listens."""
        if self.listening is not None:
            self.hub.forget(self.listening)
            self.listening.close()
        for one in self.fillers:
            one.close()
        self.listening, self.fillers = None, []

    def silence(self) -> None:
        """From now on connections are not even refused: the queue of the listener is full and stays so."""
        self.refuse()
        self.listening = _bound((LOOPBACK, self.port))
        self.listening.listen(0)
        for _ in range(2):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex((LOOPBACK, self.port))
            self.fillers.append(filler)

    def close(self) -> None:
        """Give the port back."""
        self.refuse()
        self.held.close()

    def _accept(self, listening: socket.socket) -> None:
        from ...runtime.network import SocketStream

        while self.listening is listening:
            if not self.hub.wait_readable(listening):
                return
            with contextlib.suppress(OSError):
                accepted, address = listening.accept()
                accepted.setblocking(False)
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                peer, local = self.ends(Endpoint(address[0], address[1]))
                self.connections += 1
                self._serve(SocketStream(self.hub, accepted, peer=peer, local=local))

    def _serve(self, stream: Stream) -> None:
        handler = self.handler

        def run() -> None:
            try:
                handler(stream)
            finally:
                stream.close()
                self.finished += 1

        self.hub.spawn(run, f"from haproxy {stream.peer.address}")
