"""Redis and SQL of a scenario for real Exims: doors at the places that their configurations name (named.py), in their networks and file
trees; behind each answers the same gate as for the simulator, so that providers, faults and several servers are the same.

A name that nobody gives an address, the simulator serves all the same: here a line of the machine's hosts file gives it one. What a real
Exim cannot be given makes a scenario skipped, with the reason.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from ...dns import Zone, ZoneResolver
from ...errors import ServiceMissing
from ...exim.world import SqlError, SqlResult, Stream
from ...scenario.model import Environment
from ...services.redis.gate import UNKNOWN_HOST, Fault, Server
from ..place.namespaces import Network
from ..place.network import Wires, family, is_loopback
from .named import KINDS, Named, in_list, in_queries

if TYPE_CHECKING:
    from ...runtime.hub import Hub
    from ...services.redis.gate import Gate
    from ...services.sql.gate import SqlGate
    from .daemon import Daemon

QUEUE = 128
#: The first of the addresses that are given to names without one: a machine's own, so that nobody else can have them.
FIRST_ADDRESS = ip_address("127.83.0.1")


def refuse_what_only_the_simulator_has(environment: Environment) -> None:
    """Raises ServiceMissing with the reason."""
    if environment.scanners is not None:
        raise ServiceMissing("`scanners` says what content scanners would answer: only the simulated MTA can be told")
    mtas = [environment.exim, *(environment.mtas or {}).values()]
    if any("readfile-outside" in (one.allow or ()) for one in mtas if one is not None):
        raise ServiceMissing("`allow: [readfile-outside]` reads this machine's own files: a real Exim runs where they are not seen")


@dataclass(frozen=True)
class Place:
    """Where a door is: an address and port in a network, or a socket's path in a machine's tree (`of` is whose)."""

    of: Network | Daemon
    address: str
    port: int = 0


@dataclass(eq=False)
class Client:
    """One MTA: what it names, and the addresses of names that had none."""

    machine: Daemon
    gate: SqlGate
    named: dict[Named, None] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class Stores:
    """The doors of a scenario. `zone` is what names resolve in, beside the hosts file of the machine."""

    hub: Hub
    network: Wires
    redis: Gate
    zone: Callable[[], Zone]
    clients: dict[str, Client] = field(default_factory=dict)
    doors: dict[Place, socket.socket] = field(default_factory=dict)
    behind: dict[Place, tuple[Client, Named]] = field(default_factory=dict)

    def use(self, machine: Daemon, gate: SqlGate) -> None:
        """Serve what an MTA's configuration names, as it has been read. Raises ServiceMissing."""
        client = self.clients.setdefault(machine.name, Client(machine, gate))
        client.named = dict.fromkeys(one for kind in KINDS for one in in_list(kind, machine.options.get(f"{kind}_servers", "")))
        self.also(machine, machine.text())

    def also(self, machine: Daemon, text: str) -> None:
        """Serve also what queries in this text name."""
        self.clients[machine.name].named.update(dict.fromkeys(in_queries(text)))
        self.adjust()

    def adjust(self) -> None:
        """Be what the scenario now says: which servers are up, which addresses their names have. Raises ServiceMissing."""
        behind: dict[Place, tuple[Client, Named]] = {}
        chosen: dict[Place, tuple[Named, object]] = {}
        for client in self.clients.values():
            client.machine.add_hosts("".join(f"{address} {name}\n" for name, address in self._unknown(client)))
            for named in client.named:
                target = self._target(client, named)
                for place in self._places(client, named):
                    other, there = chosen.setdefault(place, (named, target))
                    if there is not target:
                        raise ServiceMissing(f"`{other}` and `{named}` are one place to a real Exim: it finds no two servers there")
                    if target is not None:
                        behind[place] = client, named
        for place in [one for one in self.doors if one not in behind]:
            self._close(place)
        self.behind = behind
        for place in behind:
            if place not in self.doors:
                self._open(place)

    # ---- who answers, and where

    def _target(self, client: Client, named: Named) -> object | None:
        """The server; None where nothing listens."""
        if named.kind != "redis":
            return client.gate.database(named.kind, named.server)
        found = self.redis.find(named.host, named.port, named.socket)
        return found if isinstance(found, Server) and found.fault is not Fault.DOWN else None

    def _has_address(self, client: Client, named: Named) -> bool:
        """Does its name have one, whatever the zone says? The simulator's Redis has every name but some; its SQL those that answer."""
        if named.kind != "redis":
            return self._target(client, named) is not None
        found = self.redis.find(named.host, named.port, named.socket)
        return isinstance(found, Server) or found.errno != UNKNOWN_HOST

    def _places(self, client: Client, named: Named) -> Iterable[Place]:
        if named.path:
            yield Place(client.machine, named.path)
            return
        for address in self._addresses(client, named.host):
            self.network.add_known(address)
            network = client.machine.site.network if is_loopback(address) else self.network.home(address)
            yield Place(network, address, named.port)

    def _addresses(self, client: Client, host: str) -> list[str]:
        with contextlib.suppress(ValueError):
            return [str(ip_address(host))]
        found = self._resolved(client, host)
        return found or [address for name, address in self._unknown(client) if name == host]

    def _resolved(self, client: Client, host: str) -> list[str]:
        resolver = ZoneResolver(self.zone(), client.machine.hosts, self.hub)
        listed = resolver.hosts_by_name(host)
        return [*listed] or [one.data for type in ("A", "AAAA") for one in self.zone().question(host, type).records]

    def _unknown(self, client: Client) -> list[tuple[str, str]]:
        """Names that are to have an address and have none, with one for each."""
        for named in client.named:
            if named.host and not named.path and named.host not in client.given:
                client.given[named.host] = str(FIRST_ADDRESS + len(client.given))
        wanted = {one.host for one in client.named if one.host and not one.path and self._has_address(client, one)}
        return [(name, address) for name, address in client.given.items()
                if name in wanted and not _is_address(name) and not self._resolved(client, name)]

    # ---- doors

    def _open(self, place: Place) -> None:
        from ...runtime.sockets import serve_socket

        try:
            listening = self._bound(place)
        except OSError as error:
            where = f"{place.address}:{place.port}" if place.port else place.address
            raise ServiceMissing(f"a server at {where} cannot be reached by a real Exim: {error.strerror or error}") from None
        listening.listen(QUEUE)
        self.doors[place] = listening
        self.hub.spawn(lambda: serve_socket(self.hub, listening, lambda stream: self._serve(place, stream)), f"server at {place.address}")

    def _bound(self, place: Place) -> socket.socket:
        if isinstance(place.of, Network):
            made = place.of.socket(family(place.address))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((place.address, place.port))
            return made
        path = place.of.files.real(place.address)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        made = socket.socket(socket.AF_UNIX)
        made.setblocking(False)
        made.bind(path)
        os.chmod(path, 0o777)
        return made

    def _close(self, place: Place) -> None:
        listening = self.doors.pop(place)
        self.hub.forget(listening)
        listening.close()
        if not isinstance(place.of, Network):
            with contextlib.suppress(OSError):
                os.unlink(place.of.files.real(place.address))

    def _serve(self, place: Place, stream: Stream) -> None:
        if place not in self.behind:
            return
        client, named = self.behind[place]
        if named.kind == "redis":
            from ...services.redis import resp

            resp.serve(stream, self.redis.connect(named.host, named.port, named.socket))
        else:
            self._serve_sql(client.gate, named, stream)

    def _serve_sql(self, gate: SqlGate, named: Named, stream: Stream) -> None:
        """Each connection is one of its own to the database, until that is another one."""
        from ...services.sql import mysql_wire, pgsql_wire

        database = gate.database(named.kind, named.server)
        if database is None:
            return
        own = database.another()

        def execute(statement: str) -> SqlResult:
            if gate.database(named.kind, named.server) is not database:
                raise SqlError("", connect=True)
            return self.hub.call_blocking(lambda: own.execute(statement))

        serve: Any = pgsql_wire.serve if named.kind == "pgsql" else mysql_wire.serve
        try:
            serve(stream, execute)
        finally:
            own.close()

    def close(self) -> None:
        for place in list(self.doors):
            self._close(place)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
