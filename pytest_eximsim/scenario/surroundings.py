"""What is around the MTAs of a scenario whoever they are: HAProxy, Redis, SQL, remotes, clients' connections and their changes by steps.

The half of scenario.subject.Subject that needs no knowledge of an MTA; the simulator and the real Exim complete it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ..dns import Zone
from ..errors import Position, ScenarioError
from ..exim.world import Endpoint, FileStatus, Stream, Task
from ..haproxy.assignment import Party
from ..runtime.certificates import Authority
from ..runtime.hub import Hub
from ..services.images import Images
from . import configuration as configurations
from . import edge
from .calling import CLIENT, server_for, zone_of
from .model import Environment, Exim, Haproxy, ProxyHeader
from .neighbours import Listening, RedisNeighbour, Remotes, SqlNeighbour
from .outcome import NotYetAvailable

if TYPE_CHECKING:
    from ..services.haproxy import HaproxyService

#: The name of the MTA where there is only one.
ONLY = "exim"
#: How often, in real time, something that comes by itself is looked for.
POLL = 0.01


class Files(Protocol):
    """An MTA's files as expectations look at them. Raises OSError."""

    def read(self, path: str) -> bytes: ...
    def status(self, path: str) -> FileStatus: ...
    def list(self, path: str) -> Sequence[str]: ...


class Mta(Protocol):
    """One MTA of the scenario."""

    @property
    def name(self) -> str: ...
    @property
    def addresses(self) -> Sequence[str]: ...
    @property
    def files(self) -> Files: ...


class Network(Listening, Protocol):
    """Where clients, MTAs and remotes meet."""

    def add_known(self, address: str) -> None: ...
    def free_port(self, address: str = "") -> int: ...
    def connect(self, client: Endpoint, server: Endpoint) -> Stream: ...


M = TypeVar("M", bound=Mta)


class Surroundings(ABC, Generic[M]):
    """`machines` are the MTAs by name, `names` what `@CONFIG@` and the like stand for in the first one."""

    def __init__(self, environment: Environment, images: Images, hub: Hub, authority: Authority, network: Network) -> None:
        self.environment = environment
        self.hub = hub
        self.authority = authority
        self.network = network
        self.redis_server = RedisNeighbour(hub, images)
        self.sql_servers = SqlNeighbour(hub, images)
        self.remotes = Remotes(hub, network)
        self.names: dict[str, str] = {}
        self.machines: dict[str, M] = {}
        self.edge: HaproxyService | None = None
        self.haproxy_used = False

    # ---- starting and ending

    def _start_stores(self) -> None:
        if self.environment.redis is not None:
            self.redis_server.use(self.environment.redis)
        if self.environment.sql is not None:
            self.sql_servers.use(self.environment.sql)

    def _start_remotes(self) -> None:
        if self.environment.remotes is not None:
            self.remotes.use(self.environment.remotes)

    def _start_edge(self, haproxy: Haproxy) -> None:
        self.edge = edge.start(haproxy, self.hub, self._parties(), self._serve, self._resolve, self.authority.certificate_pem,
                               self._authority)

    def _wanted(self) -> Iterator[tuple[str, Exim]]:
        """The MTAs of the scenario, with all that is said of each."""
        common = self.environment.exim or Exim()
        if not self.environment.mtas:
            yield ONLY, common
        for name, own in (self.environment.mtas or {}).items():
            merged = configurations.combined(common, own)
            assert merged is not None
            yield name, merged

    def _stop_edge(self) -> None:
        if self.edge is not None:
            self.edge.stop()
            self.edge = None

    def _close_neighbours(self) -> None:
        self.remotes.close()
        self.redis_server.close()
        self.sql_servers.close()

    # ---- HAProxy

    def _parties(self) -> list[Party]:
        mtas = [Party(one.name, tuple(one.addresses)) for one in self.machines.values()]
        return mtas + [Party(name, (one.spec.address,), one.spec.port, mta=False) for name, one in self.remotes.by_name.items()]

    @abstractmethod
    def _serve(self, party: str, stream: Stream, proxied: bool) -> None:
        """HAProxy has connected to this party; `proxied`: it sends a PROXY header."""

    @abstractmethod
    def _resolve(self, name: str) -> str | None:
        """An address of a host that HAProxy's configuration names."""

    @abstractmethod
    def _authority(self) -> str:
        """The file with the authority's certificate, where HAProxy sees it."""

    # ---- time and tasks

    def now(self) -> float:
        return self.hub.now()

    def wait_really(self, seconds: float) -> None:
        self.hub.real_sleep(seconds)

    @abstractmethod
    def settle(self) -> None:
        """Let everything happen that happens at once."""

    def spawn(self, function: Callable[[], None], name: str) -> Task:
        return self.hub.spawn(function, name)

    def await_until(self, holds: Callable[[], bool], within: float) -> bool:
        """Wait, in real time, for something that comes by itself."""
        end = self.hub.real_now() + within
        while not holds():
            if self.hub.real_now() >= end:
                return False
            self.hub.real_sleep(POLL)
        return True

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
        self._sends_header(proxy)
        server = server_for(self.machines, proxy, to, position)
        self.network.add_known(proxy.address)
        stream = self.network.connect(proxy, server)
        source = Endpoint(client.address, client.port or self.network.free_port(client.address))
        encode = encode_v2 if header.proxy == "v2" else encode_v1
        stream.send(encode(source, server))
        return stream

    @abstractmethod
    def _sends_header(self, proxy: Endpoint) -> None:
        """This client will send a PROXY header first."""

    # ---- steps

    def change(self, name: str, value: Any, position: Position) -> None:
        """An environment key as a step. Raises ConfigError, ScenarioError, NotYetAvailable."""
        match name:
            case "redis":
                self.redis_server.use(value)
            case "sql":
                self.sql_servers.use(value)
            case "remotes":
                self._use_remotes(value)
            case "dns":
                self._set_zone(zone_of(replace(self.environment, dns=value, nodes={})))
            case "hosts":
                self._set_hosts(value)
            case "files":
                self._give(value)
            case "exim":
                for machine in self.machines.values():
                    self._restart(machine, value)
            case "mtas":
                for one, exim in value.items():
                    if one not in self.machines:
                        raise ScenarioError(f"there is no MTA `{one}`", position)
                    self._restart(self.machines[one], exim)
            case "haproxy":
                if self.edge is None:
                    raise ScenarioError("there is no HAProxy here", position)
                edge.change(self.edge, value, position)
            case _:
                raise NotYetAvailable(f"{name} as a step", position)
        self.settle()

    def _use_remotes(self, remotes: Mapping[str, Any]) -> None:
        self.remotes.use(remotes)

    @abstractmethod
    def _set_zone(self, zone: Zone) -> None:
        """The DNS from now on."""

    @abstractmethod
    def _set_hosts(self, text: str) -> None:
        """The hosts file from now on."""

    @abstractmethod
    def _give(self, files: Mapping[str, str]) -> None:
        """Files for all MTAs."""

    @abstractmethod
    def _restart(self, machine: M, value: Exim) -> None:
        """The MTA is restarted with what the step says beside what it said before."""

    # ---- what expectations look at

    def _machine(self, mta: str | None) -> M:
        return self.machines[mta] if mta is not None else next(iter(self.machines.values()))

    def _some(self, mta: str | None) -> list[M]:
        return [one for one in self.machines.values() if mta in (None, one.name)]

    def file(self, path: str, mta: str | None) -> bytes:
        return self._with_file(path, mta).files.read(path)

    def status(self, path: str, mta: str | None) -> FileStatus:
        return self._with_file(path, mta).files.status(path)

    def list_folder(self, path: str, mta: str | None) -> Sequence[str]:
        return self._with_file(path, mta).files.list(path)

    def _with_file(self, path: str, mta: str | None) -> M:
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
            return self._sqlite_files()
        return self.sql_servers.databases.get(self.sql_servers.servers.get(name, name))

    @abstractmethod
    def _sqlite_files(self) -> Any:
        """The SQLite files of the first MTA."""

    def haproxy(self) -> Any:
        return self.edge

    def unanswered(self) -> list[str]:
        return self.sql_servers.unanswered()
