"""The place where a remote listens: open, closed (the kernel refuses), or silent (nothing is answered), as the remote's next turn says.

Who was refused is never seen by a socket that does not listen; a packet socket on the wire sees it, so that the turn is taken. A silent
place is a listener whose queue is full.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

from ...exim.world import Endpoint, Stream
from .namespaces import Network

if TYPE_CHECKING:
    from ...runtime.certificates import TlsMaker
    from ...runtime.hub import Hub

ETH_P_IP, ETH_P_IPV6, TCP = 0x0800, 0x86DD, 6
SYN, ACK = 2, 16
QUEUE = 512
#: So long after a connection has come its turn is taken.
TURN_SECONDS = 0.002


@dataclass(eq=False)
class Door:
    """One endpoint. `behave()` takes the turn of a connection that does not come about; its `word` says which, without taking it."""

    hub: Hub
    network: Network
    endpoint: Endpoint
    handler: Callable[[Stream], None]
    behave: Callable[[], str]
    tls: TlsMaker
    devices: Sequence[str]
    state: str = "closed"
    listening: socket.socket | None = None
    fillers: list[socket.socket] = field(default_factory=list)
    watching: list[socket.socket] = field(default_factory=list)

    def adjust(self) -> None:
        """Be what the next turn says."""
        word = getattr(self.behave, "word", "")
        wanted = {"refuse": "refuse", "timeout": "silent"}.get(word, "open")
        if wanted == self.state:
            return
        self._shut()
        self.state = wanted
        if wanted == "open":
            self._open()
            return
        if not self.watching:
            self._watch()
        if wanted == "silent":
            self._fill()

    def _open(self) -> None:
        from ...runtime.sockets import serve_socket

        listening = self.listening = self._bound()
        listening.listen(QUEUE)
        self.hub.spawn(lambda: serve_socket(self.hub, listening, self._serve, tls=self.tls), f"listener {self.endpoint}")

    def _serve(self, stream: Stream) -> None:
        self.hub.spawn(self._later, "after a connection")
        self.handler(stream)

    def _later(self) -> None:
        self.hub.real_sleep(TURN_SECONDS)
        self.adjust()

    def _fill(self) -> None:
        self.listening = self._bound()
        self.listening.listen(0)
        for _ in range(2):
            filler = self.network.socket(self.listening.family)
            filler.connect_ex((self.endpoint.address, self.endpoint.port))
            self.fillers.append(filler)

    def _bound(self) -> socket.socket:
        made = self.network.socket(socket.AF_INET6 if ":" in self.endpoint.address else socket.AF_INET)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((self.endpoint.address, self.endpoint.port))
        return made

    # ---- who knocks

    def _watch(self) -> None:
        for device in self.devices:
            with self.network.entered():
                sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
            sniffer.setblocking(False)
            sniffer.bind((device, 0))
            self.watching.append(sniffer)
            self.hub.spawn(lambda sniffer=sniffer: self._look(sniffer), f"knocks at {self.endpoint}")  # type: ignore[misc]

    def _look(self, sniffer: socket.socket) -> None:
        seen: set[bytes] = set()
        while self.hub.wait_readable(sniffer):
            with contextlib.suppress(BlockingIOError):
                while True:
                    packet, address = sniffer.recvfrom(256)
                    knock = self._knock(packet, address[1])
                    if knock and knock not in seen:
                        seen.add(knock)         # a packet that is sent again is not another connection
                        self._knocked()

    def _knocked(self) -> None:
        if self.state in ("refuse", "silent"):
            self.behave()
            self.adjust()

    def _knock(self, packet: bytes, protocol: int) -> bytes:
        """Who asks for a connection to this place: source port and sequence number; empty for every other packet."""
        if protocol == ETH_P_IP and packet[9] == TCP:
            destination, segment = packet[16:20], packet[(packet[0] & 15) * 4:]
        elif protocol == ETH_P_IPV6 and packet[6] == TCP:
            destination, segment = packet[24:40], packet[40:]
        else:
            return b""
        if destination != ip_address(self.endpoint.address).packed or int.from_bytes(segment[2:4], "big") != self.endpoint.port:
            return b""
        return segment[0:2] + segment[4:8] if segment[13] & (SYN | ACK) == SYN else b""

    # ---- the end

    def _shut(self) -> None:
        for one in (self.listening, *self.fillers):
            if one is not None:
                self.hub.forget(one)
                one.close()
        self.listening, self.fillers = None, []

    def close(self) -> None:
        self._shut()
        for one in self.watching:
            self.hub.forget(one)
            one.close()
        self.watching = []
