"""A real Exim in namespaces as the Subject of a scenario: how its MTAs start, their time (which is real), their changes by steps.

One MTA by itself is mta/daemon.py; networks are place/network.py; what is around MTAs whoever they are is scenario/surroundings.py.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..dns import Zone
from ..errors import Position, ScenarioError, ServiceMissing
from ..exim.world import Endpoint, Stream
from ..runtime.certificates import Authority, TlsMaker
from ..runtime.clock import SystemClock
from ..runtime.hub import Hub
from ..scenario import configuration as configurations
from ..scenario.calling import zone_of
from ..scenario.machine import addresses_of
from ..scenario.model import Environment, Exim, ProxyHeader
from ..scenario.outcome import Outcome
from ..scenario.runner import RunOptions, play_on
from ..scenario.surroundings import Surroundings
from .mta import asking
from .mta.behind import Proxies
from .mta.binary import Binary
from .mta.daemon import Daemon
from .mta.services import Stores, refuse_what_only_the_simulator_has
from .place.nameserver import Nameserver
from .place.network import Wires, is_loopback

if TYPE_CHECKING:
    from ..scenario.loader import BoundCase
    from ..services.images import Images
    from ..services.sql.gate import SqlGate
    from .mta.spool import Kept

#: How long, after a step, deliveries and sessions that are not the scenario's own connections may go on before the next one.
LONGEST_SETTLING = 10.0
#: How long, before the scenario waits, a connection may be without a process that waits for it.
LONGEST_BEGINNING = 2.0
#: How long everything may take at the end.
LONGEST_END = 25.0
POLL = 0.003


class RealExim(Surroundings[Daemon]):
    """scenario.subject.Subject. `binary` is the Exim; `longest` how long a reply is awaited, in seconds."""

    network: Wires

    def __init__(self, environment: Environment, binary: Binary, images: Images, longest: float = 60.0) -> None:
        refuse_what_only_the_simulator_has(environment)
        hub, authority = Hub(SystemClock()), Authority()
        self.zone = zone_of(environment)
        super().__init__(environment, images, hub, authority, Wires(hub, TlsMaker(authority)))
        self.binary = binary
        self.longest = longest
        self.nameservers: list[Nameserver] = []
        self.proxies = Proxies()
        self.stores = Stores(hub, self.network, self.redis_server.gate, lambda: self.zone)
        self.gates: dict[str, SqlGate] = {}

    # ---- starting

    def start(self) -> None:
        """Start everything. Raises ConfigError, ScenarioError, ServiceError; close() is still to be called then."""
        self._start_stores()
        for name, exim in self._wanted():
            self._make(name, exim)
        self._start_remotes()
        for machine in self.machines.values():
            machine.watch()
        if self.environment.haproxy is not None:
            self._listen()
            self._start_edge(self.environment.haproxy)

    def _listen(self) -> None:
        """Start daemons that do not run yet: a scenario that only asks needs none."""
        for machine in self.machines.values():
            if machine.process is None:
                machine.start(self._occupied(machine))

    def _make(self, name: str, exim: Exim) -> None:
        directory = "/tmp/eximsim-" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))
        if self.environment.mtas:
            directory += f"/{name}"
        site = self.network.join(addresses_of(exim))
        clock = self.environment.clock
        machine = self.machines[name] = Daemon(name, exim, self.binary, self.hub, site, directory, self.environment,
                                               (clock.zone if clock else None) or "UTC", self.authority)
        placed = configurations.place(exim, Path(directory))
        machine.build(placed)
        nameserver = Nameserver(self.hub, site.network, lambda: self.zone)
        nameserver.start()
        self.nameservers.append(nameserver)
        self.proxies.allow(machine)
        self.gates[name] = self.sql_servers.gate(machine.files, on_file=machine.sqlite)
        if not self.names:
            self.names = machine.names
        machine.configure(self._named(exim), placed)
        self.stores.use(machine, self.gates[name])

    def _named(self, exim: Exim) -> Exim:
        """Where the scenario gives no configuration, PROXY is required from those that send it."""
        return self.proxies.named(exim, self.binary) if exim.config is None and exim.config_file is None else exim

    def _occupied(self, machine: Daemon) -> list[tuple[str, int]]:
        return [(one.address, one.port) for one in self.network.doors if one.address in machine.addresses or is_loopback(one.address)]

    # ---- HAProxy

    def _serve(self, party: str, stream: Stream, proxied: bool) -> None:
        """HAProxy has connected: go on to the real MTA, from the address that the MTA is to see."""
        from .mta.behind import carry

        machine = self.machines.get(party)
        if machine is None:
            self.remotes.by_name[party].serve(stream)
            return
        if proxied:
            self.proxies.add(stream.peer.address)
        own = stream.local.address if stream.local.address in machine.addresses else machine.addresses[0]
        carry(self.hub, stream, self.network.connect(stream.peer, Endpoint(own, stream.local.port)))

    def _resolve(self, name: str) -> str | None:
        for type in ("A", "AAAA"):
            records = self.zone.question(name, type).records
            if records:
                return records[0].data
        return None

    def _authority(self) -> str:
        """HAProxy is no process of the MTA's machine: it sees the file from here."""
        machine = next(iter(self.machines.values()))
        machine.files.give("authority.pem", self.authority.authority_pem())
        return machine.files.real("authority.pem").decode()

    # ---- time and tasks

    def sleep(self, seconds: float) -> None:
        """From when all sessions wait, too: Exim's own timeouts run from then on."""
        self._until(self._sessions_wait, LONGEST_BEGINNING)
        self.hub.real_sleep(seconds)

    def _sessions_wait(self) -> bool:
        """Has each connection its process, and is none of them at work?"""
        return self._busy() >= self.network.open_clients() and all(one.sleeps() for one in self.machines.values())

    def wait(self, seconds: float) -> None:
        """Really: nobody can move a real Exim's clock."""
        if seconds > self.longest:
            raise ServiceMissing(f"the scenario waits {seconds:g} s, which a real Exim does in real time (--eximsim-timeout is "
                                 f"{self.longest:g} s)")
        self.sleep(seconds)

    def settle(self) -> None:
        """Until nobody works but the daemon and a session for each connection that is open."""
        self._until(lambda: self._busy() <= self.network.open_clients(), LONGEST_SETTLING)

    def _busy(self) -> int:
        return sum(one.busy() for one in self.machines.values())

    def _until(self, holds: Callable[[], bool], longest: float) -> None:
        self.hub.settle()
        until = self.hub.real_now() + longest
        while not holds() and self.hub.real_now() < until:
            self.hub.real_sleep(POLL)

    def patience(self, within: float) -> float:
        """What costs nothing in simulated time takes its time here: a `delay`, a callout."""
        return max(within, self.longest / 2)

    def finish(self) -> None:
        """All sessions end, those that a proxy still carries too."""
        self._until(lambda: not self._busy(), LONGEST_END)

    # ---- clients

    def connect(self, from_: Endpoint | None, via: str | ProxyHeader | None, to: str | None, position: Position) -> Stream:
        self._listen()
        return super().connect(from_, via, to, position)

    def _sends_header(self, proxy: Endpoint) -> None:
        self.proxies.add(proxy.address)

    # ---- steps

    def change(self, name: str, value: Any, position: Position) -> None:
        super().change(name, value, position)
        self.stores.adjust()

    def _use_remotes(self, remotes: Mapping[str, Any]) -> None:
        super()._use_remotes(remotes)
        self.network.adjust()

    def _set_zone(self, zone: Zone) -> None:
        self.zone = zone

    def _set_hosts(self, text: str) -> None:
        for machine in self.machines.values():
            machine.set_hosts(text)

    def _give(self, files: Mapping[str, str]) -> None:
        for machine in self.machines.values():
            machine.give(files)

    def _restart(self, machine: Daemon, value: Exim) -> None:
        exim = configurations.combined(machine.exim, value)
        assert exim is not None
        running = machine.process is not None
        machine.stop()
        machine.configure(self._named(exim), configurations.place(exim, Path(machine.directory)))
        self.stores.use(machine, self.gates[machine.name])
        if running:
            machine.start(self._occupied(machine))

    def expand(self, strings: Sequence[str]) -> list[tuple[bool, str]]:
        machine = self._machine(None)
        self.stores.also(machine, "\n".join(strings))
        return asking.expand(machine, strings)

    def options(self, names: Sequence[str]) -> list[str]:
        return asking.options(self._machine(None), names)

    def knows_option(self, name: str) -> bool:
        return asking.knows_option(self._machine(None), name)

    def rewrite(self, address: str) -> dict[str, str] | None:
        return asking.rewrite(self._machine(None), address)

    def route(self, address: str) -> str | None:
        return asking.route(self._machine(None), address)

    def queue_run(self, flags: str) -> str:
        """On every MTA of the scenario, one after the other."""
        self._listen()
        return "".join(machine.command([flags]) for machine in self.machines.values())

    def sendmail(self, user: str, arguments: Sequence[str], message: bytes, position: Position) -> str:
        """On the first MTA."""
        self._listen()
        machine = self._machine(None)
        account = machine.account(user)
        if account is None:
            raise ScenarioError(f"there is no user `{user}` on the machine of the MTA", position)
        return machine.command(arguments, message, account)

    # ---- what expectations look at

    def log(self, name: str, mta: str | None) -> list[str]:
        """Of several MTAs in the order of their time stamps."""
        logs = [one.log(name) for one in self._some(mta)]
        return logs[0] if len(logs) == 1 else sorted((line for log in logs for line in log), key=lambda line: line[:19])

    def messages(self, mta: str | None) -> list[Kept]:
        return sorted((one for machine in self._some(mta) for one in machine.messages()), key=lambda one: one.id)

    def queue(self, mta: str | None) -> list[str]:
        return [id for one in self._some(mta) for id in one.waiting()]

    def _sqlite_files(self) -> Any:
        return self.gates[self._machine(None).name]

    def tried(self) -> set[str]:
        """What it tried in vain is not seen."""
        return {one.spec.address for one in self.remotes.by_name.values()}

    def missing(self) -> list[str]:
        return [f"DNS: {name} {type}: {status.value}" for one in self.nameservers for (name, type), status in one.missing.items()]

    def describe(self, outcome: Outcome) -> None:
        outcome.release, outcome.release_reason, outcome.imitated = self.binary.version, f"the real one: {self.binary.name}", False
        outcome.queued = any(one.waiting() for one in self.machines.values())

    def written(self) -> Mapping[str, bytes]:
        """Files that the MTAs have made or changed."""
        return {path: data for one in self.machines.values() for path, data in one.changed().items()}

    def close(self) -> None:
        """End everything and leave nothing behind. Safe to call twice."""
        self._stop_edge()
        for machine in self.machines.values():
            machine.close()
        for nameserver in self.nameservers:
            nameserver.close()
        self.stores.close()
        self.network.close()
        self.hub.close()
        self._close_neighbours()


def play(bound: BoundCase, options: RunOptions, binary: Binary) -> Outcome:
    """One scenario on it, in namespaces of this process."""
    return play_on(lambda trace: RealExim(bound.scenario, binary, options.images, options.timeout), bound, options)
