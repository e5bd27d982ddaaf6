"""The simulated MTAs of one scenario as the Subject that it is played against: how they start, their time, their changes by steps.

One MTA by itself is machine.py; what is around MTAs whoever they are is surroundings.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from ..dns import Zone, ZoneResolver
from ..errors import Died, ExpansionError, Position
from ..exim.expansion.testing import TestStrings
from ..exim.rewrite import brw_results
from ..exim.routers.aside import without_logs
from ..exim.routers.show import answer
from ..exim.world import Endpoint, Stream
from ..runtime import folders
from ..runtime.accounts import Accounts
from ..runtime.files import FileTree
from ..runtime.hub import Hub
from ..runtime.memory import MemoryNetwork
from ..runtime.processes import Programs
from ..runtime.tls import Authority, TlsMaker
from ..services.images import Images
from . import configuration as configurations
from .calling import zone_of
from .clock import make_clock
from .machine import Machine, Seen, accounts_of, addresses_of, given_files, names_of
from .model import Environment, Exim
from .outcome import Outcome
from .surroundings import Surroundings
from .world import Entropy, LogBook, Logs, MtaNetwork, Parts, ScannerAnswers, build_world

#: How long, in real time, sessions may go on at the end when their clients have gone.
LONGEST_END = 2.0
SIMULATED_PATIENCE = 86400.0 * 7


class Simulator(Surroundings[Machine]):
    """scenario.subject.Subject. `images`: what containers are made of; `trace` listens to why things are decided; `outside`: an outside
    program takes part, so that time is real.
    """

    network: MemoryNetwork

    def __init__(self, environment: Environment, images: Images | None = None, outside: bool = False, trace: Any = None) -> None:
        self.clock = make_clock(environment.clock, outside=outside)
        hub, authority = Hub(self.clock.clock), Authority()
        super().__init__(environment, images or Images(), hub, authority, MemoryNetwork(hub, TlsMaker(authority)))
        self.trace = trace
        self.zone = (environment.clock.zone if environment.clock else None) or "UTC"
        self.resolver = ZoneResolver(zone_of(environment), environment.hosts or "", hub)
        self.book = LogBook()
        self.with_header: set[Endpoint] = set()     # clients that send a PROXY header first
        self.work = folders.make()

    # ---- starting

    def start(self) -> None:
        """Start everything. Raises ConfigError, ScenarioError, ServiceError; close() is still to be called then."""
        self._start_stores()
        self._start_remotes()
        for name, exim in self._wanted():
            self._start_mta(name, exim)
        if self.environment.haproxy is not None:
            self._start_edge(self.environment.haproxy)

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

    def _authority(self) -> str:
        path = self.work / "authority.pem"
        path.write_bytes(self.authority.authority_pem())
        return str(path)

    # ---- time and tasks

    def sleep(self, seconds: float) -> None:
        self.hub.sleep(seconds)

    def wait(self, seconds: float) -> None:
        """Time passes: simulated and real time by sleeping, shifted time by moving the clock."""
        if self.clock.mode == "shifted":
            self.clock.shift(seconds)
            self.redis_server.advance(seconds)
        else:
            self.hub.sleep(seconds)

    def settle(self) -> None:
        self.hub.settle()

    def await_until(self, holds: Callable[[], bool], within: float) -> bool:
        """Wait for something that comes by itself: in simulated time as long as that takes, else in real time."""
        if self.clock.mode != "simulated":
            return super().await_until(holds, within)
        end = self.hub.now() + within
        while not holds():
            if self.hub.now() >= end:
                return False
            self.hub.sleep(min(0.1, within))
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

    def _sends_header(self, proxy: Endpoint) -> None:
        self.with_header.add(proxy)

    # ---- steps

    def _set_zone(self, zone: Zone) -> None:
        self.resolver.zone = zone

    def _set_hosts(self, text: str) -> None:
        self.resolver.set_hosts(text)

    def _give(self, files: Mapping[str, str]) -> None:
        for machine in self.machines.values():
            for path, text in files.items():
                machine.files.give(path, configurations.fill(text, machine.names).encode("utf-8", "surrogateescape"))

    def _restart(self, machine: Machine, value: Exim) -> None:
        exim = configurations.combined(machine.exim, value)
        assert exim is not None
        placed = configurations.place(exim, Path(machine.names["@DIR@"]))
        if placed.text is not None:
            machine.files.give(placed.path, placed.text.encode("utf-8", "surrogateescape"))
        filled: Any = configurations.FilledFiles(machine.files, machine.names)
        choice = configurations.release_of(exim, filled, placed)
        machine.reread(exim, configurations.read(exim, filled, machine.world.users, placed, choice), choice)
        self._listen(machine)

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
        return brw_results(without_logs(self._machine(None).mta.expander()), address.encode("utf-8", "surrogateescape").decode("latin-1"))

    def route(self, address: str) -> str | None:
        return answer(without_logs(self._machine(None).mta.expander()), address.encode("utf-8", "surrogateescape").decode("latin-1"))

    def queue_run(self, flags: str) -> None:
        """Nothing is delivered yet."""

    def sendmail(self, user: str, arguments: Sequence[str], message: bytes, position: Position) -> None:
        """Messages come by SMTP alone."""

    # ---- what expectations look at

    def log(self, name: str, mta: str | None) -> list[str]:
        return self.book.of(name, mta)

    def messages(self, mta: str | None) -> list[Seen]:
        found = [one for machine in self._some(mta) for one in machine.messages()]
        return sorted(found, key=lambda one: one.accepted.message.received_time) if len(self.machines) > 1 else found

    def queue(self, mta: str | None) -> list[str]:
        return [one for machine in self._some(mta) for one in machine.mta.queue]

    def _sqlite_files(self) -> Any:
        return self._machine(None).world.sql

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
        self._stop_edge()
        self.hub.close()
        self._close_neighbours()
        folders.remove(self.work)


