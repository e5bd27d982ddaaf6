"""A real Exim in namespaces as the Subject of a scenario: the environment put together, clients' connections, time, changes by steps.

One MTA by itself is daemon.py; networks are network.py; what the two subjects do differently is compared in compare.py. Time is real.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import Position, ScenarioError, ServiceMissing
from ..exim.world import Endpoint, FileStatus, Stream, Task
from ..haproxy.assignment import Party
from ..runtime.certificates import Authority, TlsMaker
from ..runtime.clock import SystemClock
from ..runtime.hub import Hub
from ..scenario import configuration as configurations
from ..scenario.calling import CLIENT, server_for, zone_of
from ..scenario.machine import addresses_of
from ..scenario.model import Environment, Exim, Haproxy, ProxyHeader
from ..scenario.neighbours import RedisNeighbour, Remotes, SqlNeighbour
from ..scenario.outcome import NotYetAvailable, Outcome
from . import asking
from .behind import Proxies
from .binary import Binary
from .daemon import Daemon
from .nameserver import Nameserver
from .network import Wires, is_loopback
from .services import refuse_what_only_the_simulator_has, serve_redis

if TYPE_CHECKING:
    from ..services.haproxy import HaproxyService
    from ..services.images import Images
    from .spool import Kept

#: How long, after a step, deliveries and sessions that are not the scenario's own connections may go on before the next one.
LONGEST_SETTLING = 10.0
#: How long everything may take at the end.
LONGEST_END = 25.0
POLL = 0.003
ONLY = "exim"


@dataclass
class RealExim:
    """scenario.subject.Subject. `binary` is the Exim; `longest` how long a reply is awaited."""

    environment: Environment
    binary: Binary
    images: Images
    longest: float = 60.0
    names: dict[str, str] = field(default_factory=dict)
    machines: dict[str, Daemon] = field(default_factory=dict)
    nameservers: list[Nameserver] = field(default_factory=list)
    edge: HaproxyService | None = None
    haproxy_used: bool = False

    def __post_init__(self) -> None:
        refuse_what_only_the_simulator_has(self.environment, self.binary)
        self.hub = Hub(SystemClock())
        self.authority = Authority()
        self.zone = zone_of(self.environment)
        self.wires = Wires(self.hub, TlsMaker(self.authority))
        self.redis_server = RedisNeighbour(self.hub, self.images)
        self.sql_servers = SqlNeighbour(self.hub, self.images)
        self.remotes = Remotes(self.hub, self.wires)
        self.proxies = Proxies()

    # ---- starting

    def start(self) -> None:
        """Start everything. Raises ConfigError, ScenarioError, ServiceError; close() is still to be called then."""
        environment = self.environment
        if environment.redis is not None:
            self.redis_server.use(environment.redis)
        if environment.sql is not None:
            self.sql_servers.use(environment.sql)
        for name, exim in self._wanted():
            self._make(name, exim)
        if environment.remotes is not None:
            self.remotes.use(environment.remotes)
        for machine in self.machines.values():
            machine.watch()
        if environment.haproxy is not None:
            self._listen()
            from ..scenario import edge

            self.edge = edge.start(environment.haproxy, self.hub, self._parties(), self._serve, self._resolve, self._certificate,
                                   self._authority)

    def _listen(self) -> None:
        """Start daemons that do not run yet: a scenario that only asks needs none."""
        for machine in self.machines.values():
            if machine.process is None:
                machine.start(self._occupied(machine))

    def _wanted(self) -> Iterator[tuple[str, Exim]]:
        common = self.environment.exim or Exim()
        if not self.environment.mtas:
            yield ONLY, common
        for name, own in (self.environment.mtas or {}).items():
            merged = configurations.combined(common, own)
            assert merged is not None
            yield name, merged

    def _make(self, name: str, exim: Exim) -> None:
        directory = "/tmp/eximsim-" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))
        if self.environment.mtas:
            directory += f"/{name}"
        site = self.wires.join(addresses_of(exim))
        clock = self.environment.clock
        machine = self.machines[name] = Daemon(name, exim, self.binary, self.hub, site, directory, self.environment,
                                               (clock.zone if clock else None) or "UTC", self.authority)
        placed = self._placed(exim, directory)
        machine.build(placed)
        nameserver = Nameserver(self.hub, site.network, lambda: self.zone)
        nameserver.start()
        self.nameservers.append(nameserver)
        self.proxies.allow(machine)
        self._sqlite(machine)
        if not self.names:
            self.names = machine.names
        machine.configure(self._named(exim), placed)
        serve_redis(self.hub, self.wires, self.redis_server, machine)

    def _placed(self, exim: Exim, directory: str) -> configurations.Placed:
        return configurations.place(exim, Path(directory))

    def _named(self, exim: Exim) -> Exim:
        """Where the scenario gives no configuration, PROXY is required from those that send it."""
        return self.proxies.named(exim, self.binary) if exim.config is None and exim.config_file is None else exim

    def _sqlite(self, machine: Daemon) -> None:
        from ..services.sql import sqlite

        for name, statements in self.sql_servers.sqlite.items():
            path = machine.tree.real(name).decode("latin-1")
            for statement in statements:
                sqlite.run(path, statement)
            Path(path).chmod(0o666)

    def _occupied(self, machine: Daemon) -> list[tuple[str, int]]:
        return [(one.address, one.port) for one in self.wires.doors if one.address in machine.addresses or is_loopback(one.address)]

    # ---- HAProxy

    def _parties(self) -> list[Party]:
        mtas = [Party(one.name, one.addresses) for one in self.machines.values()]
        return mtas + [Party(name, (one.spec.address,), one.spec.port, mta=False) for name, one in self.remotes.by_name.items()]

    def _serve(self, party: str, stream: Stream, proxied: bool) -> None:
        """HAProxy has connected: go on to the real MTA, from the address that the MTA is to see."""
        from .behind import carry

        machine = self.machines.get(party)
        if machine is None:
            self.remotes.by_name[party].serve(stream)
            return
        if proxied:
            self.proxies.add(stream.peer.address)
        own = stream.local.address if stream.local.address in machine.addresses else machine.addresses[0]
        carry(self.hub, stream, self.wires.connect(stream.peer, Endpoint(own, stream.local.port)))

    def _resolve(self, name: str) -> str | None:
        for type in ("A", "AAAA"):
            records = self.zone.question(name, type).records
            if records:
                return records[0].data
        return None

    def _certificate(self, names: tuple[str, ...]) -> bytes:
        return self.authority.certificate_pem(names)

    def _authority(self) -> str:
        """HAProxy is no process of the MTA's machine: it sees the file from here."""
        machine = next(iter(self.machines.values()))
        machine.tree.give("authority.pem", self.authority.authority_pem())
        return machine.tree.real("authority.pem").decode()

    # ---- time and tasks

    def now(self) -> float:
        return self.hub.now()

    def sleep(self, seconds: float) -> None:
        self.hub.real_sleep(seconds)

    def wait(self, seconds: float) -> None:
        """Really: nobody can move a real Exim's clock."""
        if seconds > self.longest:
            raise ServiceMissing(f"the scenario waits {seconds:g} s, which a real Exim does in real time (--eximsim-timeout is "
                                 f"{self.longest:g} s)")
        self.hub.real_sleep(seconds)

    def wait_really(self, seconds: float) -> None:
        self.hub.real_sleep(seconds)

    def settle(self) -> None:
        """Until nobody works but the daemon and a session for each connection that is open."""
        self._until_quiet(LONGEST_SETTLING)

    def _until_quiet(self, longest: float) -> None:
        self.hub.settle()
        until = self.hub.real_now() + longest
        while sum(one.busy() for one in self.machines.values()) > self.wires.open_clients() and self.hub.real_now() < until:
            self.hub.real_sleep(POLL)

    def spawn(self, function: Callable[[], None], name: str) -> Task:
        return self.hub.spawn(function, name)

    def await_until(self, holds: Callable[[], bool], within: float) -> bool:
        end = self.hub.real_now() + within
        while not holds():
            if self.hub.real_now() >= end:
                return False
            self.hub.real_sleep(0.01)
        return True

    def patience(self, within: float) -> float:
        """What costs nothing in simulated time takes its time here: a `delay`, a callout."""
        return max(within, self.longest / 2)

    def finish(self) -> None:
        self._until_quiet(LONGEST_END)

    # ---- clients

    def connect(self, from_: Endpoint | None, via: str | ProxyHeader | None, to: str | None, position: Position) -> Stream:
        self._listen()
        client = from_ or Endpoint(CLIENT, 0)
        if via is None:
            via = "haproxy" if self.edge is not None else "direct"
        if via == "haproxy":
            return self._through(client, to, position)
        if isinstance(via, ProxyHeader):
            return self._with_header(client, via, to, position)
        return self.wires.connect(client, server_for(self.machines, client, to, position))

    def _through(self, client: Endpoint, to: str | None, position: Position) -> Stream:
        if self.edge is None:
            raise ScenarioError("there is no HAProxy here", position)
        self.haproxy_used = True
        try:
            return self.edge.connect(client, int(to) if to and to.isdigit() else to)
        except ScenarioError as error:
            raise ScenarioError(error.message, error.position or position) from None

    def _with_header(self, client: Endpoint, header: ProxyHeader, to: str | None, position: Position) -> Stream:
        from ..wire.proxy import encode_v1, encode_v2

        assert header.address is not None
        proxy = Endpoint(header.address, header.port or self.wires.free_port())
        server = server_for(self.machines, proxy, to, position)
        self.proxies.add(proxy.address)
        stream = self.wires.connect(proxy, server)
        source = Endpoint(client.address, client.port or self.wires.free_port())
        stream.send((encode_v2 if header.proxy == "v2" else encode_v1)(source, server))
        return stream

    # ---- steps

    def change(self, name: str, value: Any, position: Position) -> None:
        """An environment key as a step. Raises ConfigError, ScenarioError, NotYetAvailable."""
        match name:
            case "redis":
                self.redis_server.use(value)
            case "sql":
                self.sql_servers.use(value)
            case "remotes":
                self.remotes.use(value)
                self.wires.adjust()
            case "dns":
                self.zone = zone_of(replace(self.environment, dns=value, nodes={}))
            case "hosts":
                for machine in self.machines.values():
                    machine.set_hosts(value)
            case "files":
                for machine in self.machines.values():
                    machine.give(value)
            case "exim":
                for machine in self.machines.values():
                    self._reread(machine, value)
            case "mtas":
                for one, exim in value.items():
                    if one not in self.machines:
                        raise ScenarioError(f"there is no MTA `{one}`", position)
                    self._reread(self.machines[one], exim)
            case "haproxy":
                self._change_edge(value, position)
            case _:
                raise NotYetAvailable(f"{name} as a step", position)
        self.settle()

    def _reread(self, machine: Daemon, value: Exim) -> None:
        """The MTA is restarted with what the step says beside what it said before."""
        exim = configurations.combined(machine.exim, value)
        assert exim is not None
        running = machine.process is not None
        machine.stop()
        machine.configure(self._named(exim), self._placed(exim, machine.directory))
        if running:
            machine.start(self._occupied(machine))

    def _change_edge(self, value: Haproxy, position: Position) -> None:
        from ..scenario import edge

        if self.edge is None:
            raise ScenarioError("there is no HAProxy here", position)
        edge.change(self.edge, value, position)

    def expand(self, strings: Sequence[str]) -> list[tuple[bool, str]]:
        return asking.expand(self._machine(None), strings)

    def options(self, names: Sequence[str]) -> list[str]:
        return asking.options(self._machine(None), names)

    def knows_option(self, name: str) -> bool:
        return asking.knows_option(self._machine(None), name)

    def rewrite(self, address: str) -> dict[str, str] | None:
        return asking.rewrite(self._machine(None), address)

    def route(self, address: str) -> str | None:
        return asking.route(self._machine(None), address)

    # ---- what expectations look at

    def _machine(self, mta: str | None) -> Daemon:
        return self.machines[mta] if mta is not None else next(iter(self.machines.values()))

    def _some(self, mta: str | None) -> list[Daemon]:
        return [one for one in self.machines.values() if mta in (None, one.name)]

    def log(self, name: str, mta: str | None) -> list[str]:
        """Of several MTAs in the order of their time stamps."""
        logs = [one.log(name) for one in self._some(mta)]
        return logs[0] if len(logs) == 1 else sorted((line for log in logs for line in log), key=lambda line: line[:19])

    def messages(self, mta: str | None) -> list[Kept]:
        return sorted((one for machine in self._some(mta) for one in machine.messages()), key=lambda one: one.id)

    def queue(self, mta: str | None) -> list[str]:
        return [id for one in self._some(mta) for id in one.waiting()]

    def file(self, path: str, mta: str | None) -> bytes:
        return self._with_file(path, mta).tree.read(path)

    def status(self, path: str, mta: str | None) -> FileStatus:
        return self._with_file(path, mta).tree.status(path)

    def list_folder(self, path: str, mta: str | None) -> Sequence[str]:
        return self._with_file(path, mta).tree.list(path)

    def _with_file(self, path: str, mta: str | None) -> Daemon:
        if mta is None:
            for machine in self.machines.values():
                try:
                    machine.tree.status(path)
                except OSError:
                    continue
                return machine
        return self._machine(mta)

    def remote(self, name: str) -> Any:
        return self.remotes.by_name[name]

    def redis(self, command: str) -> object:
        return self.redis_server.ask(configurations.fill(command, self.names))

    def sql(self, name: str) -> Any:
        if name == "sqlite":
            return asking.SqliteFiles(self._machine(None).tree)
        return self.sql_servers.databases.get(self.sql_servers.servers.get(name, name))

    def haproxy(self) -> Any:
        return self.edge

    def unanswered(self) -> list[str]:
        return self.sql_servers.unanswered()

    def tried(self) -> set[str]:
        """What it tried in vain is not seen."""
        return {one.spec.address for one in self.remotes.by_name.values()}

    def missing(self) -> list[str]:
        return [f"DNS: {name} {type}: {status.value}" for one in self.nameservers for (name, type), status in one.missing.items()]

    def describe(self, outcome: Outcome) -> None:
        outcome.release, outcome.release_reason = self.binary.version, f"the real one: {self.binary.path}"
        outcome.queued = any(one.waiting() for one in self.machines.values())

    def written(self) -> Mapping[str, bytes]:
        """Files that the MTAs have made or changed."""
        return {path: data for one in self.machines.values() for path, data in one.changed().items()}

    def close(self) -> None:
        """End everything and leave nothing behind. Safe to call twice."""
        if self.edge is not None:
            self.edge.stop()
            self.edge = None
        for machine in self.machines.values():
            machine.close()
        for nameserver in self.nameservers:
            nameserver.close()
        self.remotes.close()
        self.wires.close()
        self.hub.close()
        self.redis_server.close()
        self.sql_servers.close()
