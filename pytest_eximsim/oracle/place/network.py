"""The wires between real MTAs and the scenario's clients and remotes: one network for each MTA, one for the rest of the world.

The surface is that of runtime.memory.MemoryNetwork as far as scenarios need it; the connections are the kernel's. In the world's network
every address is at home that no MTA has; an MTA reaches those that somebody in the scenario has, all others are unreachable at once.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...exim.world import Endpoint, Stream
from ...runtime.ports import ClientPorts
from .doors import Door
from .namespaces import Network

if TYPE_CHECKING:
    from ...runtime.certificates import TlsMaker
    from ...runtime.hub import Hub
    from ...runtime.sockets import SocketStream

#: Both ends of a wire have one hardware address, and nobody asks for it (NOARP): nothing is waited for.
HARDWARE = "02:00:00:00:00:19"
#: A port that was just used can be used again; addresses hold at once.
SETTINGS = {"ipv4/tcp_max_tw_buckets": "0", "ipv4/conf/all/rp_filter": "0", "ipv4/conf/default/rp_filter": "0",
            "ipv6/conf/all/disable_ipv6": "0", "ipv6/conf/default/disable_ipv6": "0", "ipv6/ip_nonlocal_bind": "1"}
FORWARDING = {"ipv4/ip_forward": "1", "ipv6/conf/all/forwarding": "1"}


def is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"


def family(address: str) -> int:
    """The socket family of an address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def prefix(address: str) -> str:
    """The address as a network of its own."""
    return f"{address}/128" if ":" in address else f"{address}/32"


@dataclass(eq=False)
class Site:
    """An MTA's network; `device` is the world's end of its wire."""

    network: Network
    addresses: Sequence[str]
    device: str


@dataclass(eq=False)
class Wires:
    """All networks of a scenario."""

    hub: Hub
    tls: TlsMaker
    world: Network = field(default_factory=Network.make)
    sites: list[Site] = field(default_factory=list)
    doors: dict[Endpoint, Door] = field(default_factory=dict)
    clients: list[SocketStream] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    ports: ClientPorts = field(default_factory=ClientPorts)

    def __post_init__(self) -> None:
        self.world.settings(SETTINGS)
        self.world.ip(["link set lo up", "route add local 0.0.0.0/0 dev lo table local", "route add local ::/0 dev lo table local"])

    # ---- addresses

    def join(self, addresses: Sequence[str]) -> Site:
        """A network for an MTA with these addresses, connected with the world."""
        site = Site(Network.make(), addresses, f"mta{len(self.sites)}")
        site.network.settings(SETTINGS)
        outside = [one for one in addresses if not is_loopback(one)]
        site.network.ip([
            "link set lo up", f"link add mta address {HARDWARE} arp off type veth peer name {site.device} address {HARDWARE} "
                              f"netns {self.world.path}",
            *(f"addr add {prefix(one)} dev mta{' nodad' if ':' in one else ''}" for one in outside), "link set mta arp off up",
            "route add unreachable default", "route add unreachable ::/0", *_routes(self.known, "mta"),
        ], self.world)
        self.world.ip([f"link set {site.device} arp off up", *(f"{one} table local" for one in _routes(outside, site.device))])
        for other in self.sites:
            other.network.ip(_routes(outside, "mta"))
        self.sites.append(site)
        if len(self.sites) > 1:
            self.world.settings(FORWARDING)
        self.known.update(outside)
        return site

    def add_known(self, address: str) -> None:
        """Somebody has this address: MTAs reach it, and a port of it where nobody listens refuses."""
        if address not in self.known and not is_loopback(address):
            self.known.add(address)
            for site in self.sites:
                site.network.ip(_routes([address], "mta"))

    def home(self, address: str) -> Network:
        """Where an address is: an MTA's network for its own and for loopback, else the world's."""
        for site in self.sites:
            if address in site.addresses or is_loopback(address):
                return site.network
        return self.world

    def free_port(self, address: str = "") -> int:
        """A port for a client with this address, the next one each time, as in the simulator."""
        return self.ports.next(address)

    # ---- connections

    def listen(self, endpoint: Endpoint, handler: Callable[[Stream], None], *, behave: Callable[[], str] = str,
               tls: TlsMaker | None = None) -> None:
        """From now on each connection to `endpoint` is `handler`'s, in a task of its own."""
        self.add_known(endpoint.address)
        devices = [site.device for site in self.sites]
        door = self.doors[endpoint] = Door(self.hub, self.home(endpoint.address), endpoint, handler, behave, tls or self.tls, devices)
        door.adjust()

    def adjust(self) -> None:
        """Replies have changed: a remote may refuse now, or no longer."""
        for door in self.doors.values():
            door.adjust()

    def connect(self, client: Endpoint, server: Endpoint, timeout: float | None = None, tls: TlsMaker | None = None) -> SocketStream:
        """A client's end; port 0 is any free one. Raises OSError as the system does, TimeoutError."""
        from ...runtime.sockets import SocketStream, endpoint_of

        self.add_known(client.address)
        if server.address not in self.known and not is_loopback(server.address):
            raise OSError(errno.EHOSTUNREACH, os.strerror(errno.EHOSTUNREACH))
        made = self.home(client.address).socket(family(client.address))
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((client.address, client.port or self.free_port(client.address)))
            with contextlib.suppress(BlockingIOError):
                made.connect((server.address, server.port))
            if not self.hub.wait_writable(made, timeout):
                raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
            error = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, os.strerror(error))
        except OSError:
            self.hub.forget(made)
            made.close()
            raise
        stream = SocketStream(self.hub, made, peer=server, local=endpoint_of(made.getsockname()), tls=tls or self.tls)
        self.clients.append(stream)
        return stream

    def open_clients(self) -> int:
        """How many connections of clients are open, as far as the client knows."""
        self.clients = [one for one in self.clients if not one.closed]
        return len(self.clients)

    def close(self) -> None:
        for door in self.doors.values():
            door.close()
        for network in (self.world, *(site.network for site in self.sites)):
            network.close()


def _routes(addresses: Sequence[str] | set[str], device: str) -> list[str]:
    return [f"route add {prefix(one)} dev {device}" for one in sorted(addresses)]
