"""The simulated MTAs of one scenario with all their neighbours: the Subject that a scenario is played against.

Lives here: putting the environment together, clients' connections, time, and changes by steps. One MTA by itself is machine.py; Redis, SQL
and remotes are neighbours.py; HAProxy is edge.py.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..dns import ZoneResolver
from ..errors import Died, ExpansionError, Position, ScenarioError
from ..exim.expansion.testing import TestStrings
from ..exim.rewrite import brw_results
from ..exim.routers.aside import without_logs
from ..exim.routers.show import answer
from ..exim.state import Process
from ..exim.world import Endpoint, FileStatus, Stream, Task
from ..haproxy.assignment import Party
from ..runtime.accounts import Accounts
from ..runtime.files import FileTree
from ..runtime.hub import Hub
from ..runtime.memory import MemoryNetwork
from ..runtime.processes import Programs
from ..runtime.tls import Authority, TlsMaker
from ..services.images import Images
from . import configuration as configurations
from . import edge
from .calling import CLIENT, server_for, zone_of
from .clock import make_clock
from .machine import Machine, Seen, accounts_of, addresses_of, given_files, names_of
from .model import Environment, Exim, Haproxy, ProxyHeader
from .neighbours import RedisNeighbour, Remotes, SqlNeighbour
from .outcome import NotYetAvailable, Outcome
from .world import Entropy, LogBook, Logs, MtaNetwork, Parts, ScannerAnswers, build_world

if TYPE_CHECKING:
    from ..services.haproxy import HaproxyService

#: How long, in real time, sessions may go on at the end when their clients have gone.
LONGEST_END = 2.0
SIMULATED_PATIENCE = 86400.0 * 7
#: The name of the MTA where there is only one.
ONLY = "exim"


@dataclass
class Simulator:
    """scenario.subject.Subject. `images`: what containers are made of; `trace` listens to why things are decided."""

    environment: Environment
    images: Images = field(default_factory=Images)
    outside: bool = False               # an outside program takes part: time is real
    trace: Any = None
    names: dict[str, str] = field(default_factory=dict)
    machines: dict[str, Machine] = field(default_factory=dict)
    edge: HaproxyService | None = None
    haproxy_used: bool = False
    book: LogBook = field(default_factory=LogBook)
    with_header: set[Endpoint] = field(default_factory=set)       # clients that send a PROXY header first

    def __post_init__(self) -> None:
        self.work = Path(tempfile.mkdtemp(prefix="eximsim-"))
        clock = make_clock(self.environment.clock, outside=self.outside)
        self.clock = clock
        self.zone = (self.environment.clock.zone if self.environment.clock else None) or "UTC"
        self.hub = Hub(clock.clock)
        self.authority = Authority()
        self.network = MemoryNetwork(self.hub, TlsMaker(self.authority))
        self.resolver = ZoneResolver(zone_of(self.environment), self.environment.hosts or "", self.hub)
        self.redis_server = RedisNeighbour(self.hub, self.images)
        self.sql_servers = SqlNeighbour(self.hub, self.images)
        self.remotes = Remotes(self.hub, self.network)
        self.expanding: Process | None = None

    # ---- starting

    def start(self) -> None:
        """Start everything. Raises ConfigError, ScenarioError, ServiceError; close() is still to be called then."""
        environment = self.environment
        if environment.redis is not None:
            self.redis_server.use(environment.redis)
        if environment.sql is not None:
            self.sql_servers.use(environment.sql)
        if environment.remotes is not None:
            self.remotes.use(environment.remotes)
        common = environment.exim or Exim()
        if environment.mtas:
            for name, own in environment.mtas.items():
                merged = configurations.combined(common, own)
                assert merged is not None
                self._start_mta(name, merged)
        else:
            self._start_mta(ONLY, common)
        if environment.haproxy is not None:
            self.edge = edge.start(environment.haproxy, self.hub, self._parties(), self._serve, self._resolve, self._certificate,
                                   self._authority)

    def _start_mta(self, name: str, exim: Exim) -> None:
        work = self.work / name if self.environment.mtas else self.work
        placed = configurations.place(exim, work)
        names = names_of(work, placed)
        if not self.names:
            self.names.update(names)
        files = FileTree(work, given=given_files(self.environment.files or {}, names, placed), root=placed.root, folder=placed.folder,
                         outside="readfile-outside" in (exim.allow or ()), folders=[configurations.SPOOL])
        users = Accounts(accounts_of(self.environment.users), files)
        filled: Any = configurations.FilledFiles(files, names)
        choice = configurations.release_of(exim, filled, placed)
        configuration = configurations.read(exim, filled, users, placed, choice)
        names["@SPOOL@"] = str(configuration.main.get("spool_directory") or configurations.SPOOL)
        self.names["@SPOOL@"] = names["@SPOOL@"]
        addresses = addresses_of(exim)
        allow = frozenset(exim.allow or ())
        network = MtaNetwork(self.network, ("127.0.0.1", *addresses))
        world = build_world(self.hub, Parts(
            files=files, users=users, resolver=self.resolver, redis=self.redis_server.gate, sql=self.sql_servers.gate(files),
            network=network,
            commands=Programs(self.hub, allowed="run" in allow, files=files), logs=Logs(self.book, name), entropy=Entropy(),
            scanners=self._scanners(), trace=self.trace), hostname=exim.hostname or configurations.HOSTNAME, zone=self.zone, allow=allow)
        tls = TlsMaker(self.authority, hostname=world.hostname, real_path=files.real_path)
        machine = self.machines[name] = Machine(name, exim, files, world, configuration, choice, names, addresses, tls, network)
        if exim.config is None and exim.config_file is None:
            machine.use_behind_proxy(configurations.read(configurations.requires_proxy(exim, choice), filled, users, placed, choice))
        self._listen(machine)

    def _listen(self, machine: Machine) -> None:
        for place in machine.endpoints():
            if place.address in machine.addresses or len(self.machines) == 1:
                self.network.listen(place, partial(self._accept, machine), tls=machine.tls)
        for address in machine.addresses:
            self.network.add_known(address)

    def _accept(self, machine: Machine, stream: Stream) -> None:
        machine.serve(stream, stream.peer in self.with_header)

    def _scanners(self) -> ScannerAnswers | None:
        said = self.environment.scanners
        if said is None:
            return None
        return ScannerAnswers({"score": said.spam.score} if said.spam is not None else None, said.malware)

    # ---- HAProxy

    def _parties(self) -> list[Party]:
        mtas = [Party(one.name, one.addresses) for one in self.machines.values()]
        return mtas + [Party(name, (one.spec.address,), one.spec.port, mta=False) for name, one in self.remotes.by_name.items()]

    def _serve(self, party: str, stream: Stream, proxied: bool) -> None:
        self.network.add_known(stream.peer.address)
        machine = self.machines.get(party)
        if machine is not None:
            stream.tls = machine.tls  # type: ignore[attr-defined]
            machine.serve(stream, proxied)
        else:
            self.remotes.by_name[party].serve(stream)

    def _resolve(self, name: str) -> str | None:
        for type in ("A", "AAAA"):
            records = self.resolver.query(name, type).records
            if records:
                return records[0].data
        return next(iter(self.resolver.hosts_by_name(name)), None)

    def _certificate(self, names: tuple[str, ...]) -> bytes:
        return self.authority.certificate_pem(names)

    def _authority(self) -> str:
        path = self.work / "authority.pem"
        path.write_bytes(self.authority.authority_pem())
        return str(path)

    # ---- time and tasks

    def now(self) -> float:
        return self.hub.now()

    def sleep(self, seconds: float) -> None:
        self.hub.sleep(seconds)

    def wait(self, seconds: float) -> None:
        """Time passes: simulated and real time by sleeping, shifted time by moving the clock."""
        if self.clock.mode == "shifted":
            self.clock.shift(seconds)
            self.redis_server.advance(seconds)
        else:
            self.hub.sleep(seconds)

    def wait_really(self, seconds: float) -> None:
        self.hub.real_sleep(seconds)

    def settle(self) -> None:
        self.hub.settle()

    def spawn(self, function: Callable[[], None], name: str) -> Task:
        return self.hub.spawn(function, name)

    def await_until(self, holds: Callable[[], bool], within: float) -> bool:
        """Wait for something that comes by itself: in simulated time as long as that takes, else looking every 10 ms."""
        simulated = self.clock.mode == "simulated"
        end = (self.hub.now() if simulated else self.hub.real_now()) + within
        while not holds():
            if (self.hub.now() if simulated else self.hub.real_now()) >= end:
                return False
            if simulated:
                self.hub.sleep(min(0.1, within))
            else:
                self.hub.real_sleep(0.01)
        return True

    def patience(self, within: float) -> float:
        """Simulated time costs nothing."""
        return SIMULATED_PATIENCE if self.clock.mode == "simulated" else within

    def finish(self) -> None:
        """The clients are gone: let the sessions end, however long a `delay` or a timeout takes in simulated time."""
        self.hub.settle()
        if self.clock.mode == "simulated":
            self.network.drain()
        else:
            self.await_until(lambda: not any(one.mta.open for one in self.machines.values()), LONGEST_END)

    # ---- clients

    def connect(self, from_: Endpoint | None, via: str | ProxyHeader | None, to: str | None, position: Position) -> Stream:
        """A client's connection. Raises OSError as the system would, ScenarioError."""
        client = from_ or Endpoint(CLIENT, 0)
        if via is None:
            via = "haproxy" if self.edge is not None else "direct"
        if via == "haproxy":
            return self._through(client, to, position)
        if isinstance(via, ProxyHeader):
            return self._with_header(client, via, to, position)
        self.network.add_known(client.address)
        return self.network.connect(client, server_for(self.machines, client, to, position))

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
        proxy = Endpoint(header.address, header.port or self.network.free_port(header.address))
        self.with_header.add(proxy)
        server = server_for(self.machines, proxy, to, position)
        self.network.add_known(proxy.address)
        stream = self.network.connect(proxy, server)
        source = Endpoint(client.address, client.port or self.network.free_port(client.address))
        encode = encode_v2 if header.proxy == "v2" else encode_v1
        stream.send(encode(source, server))
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
            case "dns":
                self.resolver.zone = zone_of(replace(self.environment, dns=value, nodes={}))
            case "hosts":
                self.resolver.set_hosts(value)
            case "files":
                self._give(value)
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
        self.hub.settle()

    def _give(self, files: Mapping[str, str]) -> None:
        for machine in self.machines.values():
            for path, text in files.items():
                machine.files.give(path, configurations.fill(text, machine.names).encode("utf-8", "surrogateescape"))

    def _reread(self, machine: Machine, value: Exim) -> None:
        """The MTA is restarted with what the step says beside what it said before."""
        exim = configurations.combined(machine.exim, value)
        assert exim is not None
        placed = configurations.place(exim, Path(machine.names["@DIR@"]))
        if placed.text is not None:
            machine.files.give(placed.path, placed.text.encode("utf-8", "surrogateescape"))
        filled: Any = configurations.FilledFiles(machine.files, machine.names)
        choice = configurations.release_of(exim, filled, placed)
        machine.reread(exim, configurations.read(exim, filled, machine.world.users, placed, choice), choice)
        self.expanding = None
        self._listen(machine)

    def _change_edge(self, value: Haproxy, position: Position) -> None:
        if self.edge is None:
            raise ScenarioError("there is no HAProxy here", position)
        edge.change(self.edge, value, position)

    def expand(self, strings: Sequence[str]) -> list[tuple[bool, str]]:
        """As `exim -be`, one context for all strings of a step; what would be logged goes to standard error there."""
        machine = self._machine(None)
        context = TestStrings(without_logs(machine.mta.expander()))
        made = []
        for text in strings:
            text = configurations.fill(text, machine.names).encode("utf-8", "surrogateescape").decode("latin-1")
            try:
                made.append((True, context.expand(text)))
            except (ExpansionError, Died) as error:
                made.append((False, error.message))
        return made

    def options(self, names: Sequence[str]) -> list[str]:
        return self._machine(None).configuration.print_option(list(names))

    def knows_option(self, name: str) -> bool:
        machine = self._machine(None)
        return name in machine.configuration.main or " " in name or name.startswith("+")

    def rewrite(self, address: str) -> dict[str, str] | None:
        return brw_results(self._machine(None).mta.expander(), address.encode("utf-8", "surrogateescape").decode("latin-1"))

    def route(self, address: str) -> str | None:
        return answer(self._machine(None).mta.expander(), address.encode("utf-8", "surrogateescape").decode("latin-1"))

    # ---- what expectations look at

    def _machine(self, mta: str | None) -> Machine:
        return self.machines[mta] if mta is not None else next(iter(self.machines.values()))

    def log(self, name: str, mta: str | None) -> list[str]:
        return self.book.of(name, mta)

    def messages(self, mta: str | None) -> list[Seen]:
        machines = self.machines.values() if mta is None else [self.machines[mta]]
        found = [one for machine in machines for one in machine.messages()]
        return sorted(found, key=lambda one: one.accepted.message.received_time) if len(self.machines) > 1 else found

    def queue(self, mta: str | None) -> list[str]:
        return [one for machine in self.machines.values() if mta in (None, machine.name) for one in machine.mta.queue]

    def file(self, path: str, mta: str | None) -> bytes:
        return self._with_file(path, mta).files.read(path)

    def status(self, path: str, mta: str | None) -> FileStatus:
        return self._with_file(path, mta).files.status(path)

    def list_folder(self, path: str, mta: str | None) -> Sequence[str]:
        return self._with_file(path, mta).files.list(path)

    def _with_file(self, path: str, mta: str | None) -> Machine:
        """The MTA that has a file; the first one where none has it."""
        if mta is None:
            for machine in self.machines.values():
                try:
                    machine.files.status(path)
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
            return self._machine(None).world.sql
        return self.sql_servers.databases.get(self.sql_servers.servers.get(name, name))

    def haproxy(self) -> Any:
        return self.edge

    def unanswered(self) -> list[str]:
        return self.sql_servers.unanswered()

    def tried(self) -> set[str]:
        return {one.address for machine in self.machines.values() for one in machine.network.tried}

    def written(self) -> Mapping[str, bytes]:
        found: dict[str, bytes] = {}
        for machine in self.machines.values():
            for path in machine.files.written:
                with suppress(OSError):
                    found[path] = machine.files.read(path)
        return found

    def describe(self, outcome: Outcome) -> None:
        for machine in self.machines.values():
            outcome.release, outcome.release_reason = machine.choice.release_name, machine.choice.reason
            outcome.queued = outcome.queued or bool(machine.mta.queue)
            outcome.services = [*outcome.services, *(("Exim's process crashes here", text) for text in machine.mta.crashes)]
        trees = [machine.files for machine in self.machines.values()]
        outcome.unread = [path for path in self.environment.files or {} if not any(tree.asked_for(path) for tree in trees)]

    def missing(self) -> list[str]:
        """DNS names and files that were looked for and are not there, as sentences."""
        found = [f"DNS: {name} {type}: {status.value}" for (name, type), status in self.resolver.missing.items()]
        return found + [f"file: {path}" for machine in self.machines.values() for path in machine.files.missing]

    def close(self) -> None:
        """End everything and leave nothing behind. Safe to call twice."""
        if self.edge is not None:
            self.edge.stop()
            self.edge = None
        self.hub.close()
        self.remotes.close()
        self.redis_server.close()
        self.sql_servers.close()
        shutil.rmtree(self.work, ignore_errors=True)


