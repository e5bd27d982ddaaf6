"""The scenario's zone on real DNS sockets, in the network of a real MTA. What is answered is dns/server.py's."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...dns import Zone
from ...dns.server import respond
from ...exim.world import DnsStatus, Stream
from .namespaces import Network

if TYPE_CHECKING:
    from ...runtime.hub import Hub

PORT = 53
LOOPBACK = "127.0.0.1"
#: How the machine's resolver asks: once, a second long. What the zone lets time out is not waited for longer than it needs.
RESOLV_CONF = f"nameserver {LOOPBACK}\nsearch .\noptions timeout:1 attempts:1\n"


@dataclass(eq=False)
class Nameserver:
    """Answers from `zone()` on UDP and TCP port 53 of loopback; remembers what is not there."""

    hub: Hub
    network: Network
    zone: Callable[[], Zone]
    missing: dict[tuple[str, str], DnsStatus] = field(default_factory=dict)
    sockets: list[socket.socket] = field(default_factory=list)

    def start(self) -> None:
        from ...runtime.sockets import serve_socket

        datagrams = self.network.socket(socket.AF_INET, socket.SOCK_DGRAM)
        connections = self.network.socket(socket.AF_INET)
        for one in (datagrams, connections):
            one.bind((LOOPBACK, PORT))
        connections.listen(64)
        self.sockets = [datagrams, connections]
        self.hub.spawn(lambda: self._datagrams(datagrams), "DNS, UDP")
        self.hub.spawn(lambda: serve_socket(self.hub, connections, self._connection), "DNS, TCP")

    def _datagrams(self, sock: socket.socket) -> None:
        while self.hub.wait_readable(sock):
            with contextlib.suppress(BlockingIOError, ConnectionError):
                request, client = sock.recvfrom(65535)
                answer = self._answer(request, udp=True)
                if answer is not None:
                    sock.sendto(answer, client)

    def _connection(self, stream: Stream) -> None:
        """RFC 1035 4.2.2: two octets with the length, then the message."""
        held = b""
        with contextlib.suppress(OSError):
            while data := stream.receive(65536):
                held += data
                while len(held) >= 2 and len(held) >= 2 + int.from_bytes(held[:2], "big"):
                    end = 2 + int.from_bytes(held[:2], "big")
                    answer = self._answer(held[2:end], udp=False)
                    held = held[end:]
                    if answer is not None:
                        stream.send(len(answer).to_bytes(2, "big") + answer)

    def _answer(self, request: bytes, *, udp: bool) -> bytes | None:
        zone = self.zone()
        self._note(zone, request)
        return respond(zone, request, udp=udp)

    def _note(self, zone: Zone, request: bytes) -> None:
        import dns.exception
        import dns.message
        import dns.rdatatype

        with contextlib.suppress(dns.exception.DNSException, IndexError):
            question = dns.message.from_wire(request).question[0]
            name, type = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
            status = zone.question(name, type).status
            if status in (DnsStatus.NXDOMAIN, DnsStatus.NODATA):
                self.missing.setdefault((name, type), status)

    def close(self) -> None:
        for one in self.sockets:
            self.hub.forget(one)
            one.close()
        self.sockets = []


