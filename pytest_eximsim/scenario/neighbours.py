"""The neighbours of a scenario's MTAs: Redis, SQL servers and remotes, made from what the environment says and changed by steps.

HAProxy, which calls the MTA, is in `edge.py`; the services themselves are in `services/`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import Position, ScenarioError, ServiceError
from ..exim.world import Endpoint, RedisConnection, RedisError, SqlError, Stream
from ..runtime.hub import Event
from ..services.images import Images
from ..services.redis.commands import reply_value, split_command
from ..services.redis.gate import Fault, Gate, Server
from ..services.remote import RemoteServer, RemoteSpec, ScriptedRemote
from .configuration import folder_of
from .model import Redis, Remote, Sql

if TYPE_CHECKING:
    from ..runtime.hub import Hub
    from ..services.redis.gate import Backend
    from ..services.sql.gate import Databases, SqlGate


@dataclass
class RedisNeighbour:
    """The Redis of a scenario behind its gate. Without `redis:` nothing listens."""

    hub: Hub
    images: Images = field(default_factory=Images)
    gate: Gate = field(init=False)
    backend: Backend | None = None
    others: list[Backend] = field(default_factory=list)
    db: int = 0
    lasting: RedisConnection | None = None

    def __post_init__(self) -> None:
        self.gate = Gate(None, event=lambda: Event(self.hub))

    def use(self, settings: Redis) -> None:
        """What the environment, or a step, says. Raises ScenarioError for a bad command, ServiceMissing."""
        if self.backend is None:
            self.backend = self._open(settings.provider or "auto", settings.place("provider"))
            self.gate.default = Server(self.backend)
        server = self.gate.default
        assert server is not None
        if settings.password is not None:
            server.password = settings.password
        if settings.port is not None:
            self.gate.port = settings.port
        if settings.db is not None:
            self.db = settings.db
        self._fault(server, settings)
        named = {name: self._server(word, server, settings) for name, word in (settings.servers or {}).items()}
        self.gate.servers = {**self.gate.servers, **named}
        for command in settings.commands or ():
            self._load(command, settings.place("commands"))

    def _fault(self, server: Server, settings: Redis) -> None:
        if settings.down is not None or settings.hang is not None:
            server.fault = Fault.DOWN if settings.down else Fault.HANG if settings.hang else Fault.NONE

    def _server(self, word: str, default: Server, settings: Redis) -> Server:
        if word in ("down", "hang"):
            return Server(default.backend, fault=Fault(word))
        if "://" in word:
            self.others.append(self._open(word, settings.place("servers")))
            return Server(self.others[-1], default.password)
        if word in ("up", "redis", ""):
            return default
        raise ScenarioError(f"`{word}`: expected down, hang or a URL", settings.place("servers"))

    def _open(self, provider: str, position: Position) -> Backend:
        from ..services.redis.providers import open_provider

        return open_provider(provider, hub=self.hub, images=self.images, position=position)

    def connection(self) -> RedisConnection:
        """A connection to the database of `commands` and `expect.redis`, past passwords and faults."""
        if self.backend is None:
            raise ServiceError("there is no `redis:` here")
        connection = self.lasting = self.lasting or self.backend.connect()
        connection.command([b"SELECT", b"%d" % self.db])
        return connection

    def _load(self, command: str, position: Position) -> None:
        try:
            reply = self.connection().command(split_command(command))
        except ValueError as error:
            raise ScenarioError(f"`{command}`: {error}", position) from None
        if isinstance(reply, RedisError):
            raise ScenarioError(f"`{command}`: {reply}", position)

    def ask(self, command: str) -> object:
        """A reply as a scenario writes it."""
        return reply_value(self.connection().command(split_command(command)))

    def advance(self, seconds: float) -> None:
        for backend in self._backends():
            backend.advance(seconds)

    def close(self) -> None:
        for backend in self._backends():
            backend.close()

    def _backends(self) -> list[Backend]:
        return [*([] if self.backend is None else [self.backend]), *self.others]


@dataclass
class SqlNeighbour:
    """The SQL databases of a scenario, by kind; SQLite files are made in each MTA's tree."""

    hub: Hub
    images: Images = field(default_factory=Images)
    databases: dict[str, Any] = field(default_factory=dict)
    providers: dict[str, str] = field(default_factory=dict)
    servers: dict[str, str] = field(default_factory=dict)
    sqlite: dict[str, tuple[str, ...]] = field(default_factory=dict)
    position: Position = Position("")       # of the environment's `sqlite`
    gates: list[SqlGate] = field(default_factory=list)

    def use(self, settings: Sql) -> None:
        """What the environment, or a step, says."""
        for kind in ("pgsql", "mysql"):
            server = getattr(settings, kind)
            if server is None:
                continue
            provider = server.provider or self.providers.get(kind, "record")
            if provider == "record":
                self._record(kind, server.answers or {})
            else:
                self._real(kind, provider, server)
        self.servers.update(settings.servers or {})
        self.sqlite.update(settings.sqlite or {})
        self.position = settings.place("sqlite")
        for gate in self.gates:
            _make_databases(gate, settings.sqlite or {}, self.position)

    def _record(self, kind: str, answers: Mapping[str, str | None]) -> None:
        from ..services.sql.record import Recorder

        known = self.databases.get(kind)
        if isinstance(known, Recorder):
            known.answers = {**known.answers, **answers}
        else:
            self._replace(kind, "record", Recorder(answers))

    def _real(self, kind: str, provider: str, server: Any) -> None:
        from ..services.sql.providers import fill, open_provider

        statements = list(server.setup or ())
        if server.setup_file:
            statements.insert(0, (folder_of(server, "setup_file") / server.setup_file).read_text("utf-8"))
        if self.providers.get(kind) == provider:
            fill(self.databases[kind], statements, hub=self.hub, position=server.position)
            return
        self._replace(kind, provider, open_provider(kind, provider, statements, hub=self.hub, images=self.images,
                                                    position=server.place("provider")))

    def _replace(self, kind: str, provider: str, database: Any) -> None:
        if kind in self.databases:
            self.databases[kind].close()
        self.databases[kind], self.providers[kind] = database, provider

    def gate(self, files: Databases, **more: Any) -> SqlGate:
        """exim.world.Sql for one MTA; `more` is what SqlGate takes beside."""
        from ..services.sql.gate import SqlGate

        gate = SqlGate(files, self.databases, self.servers, self.hub.call_blocking, **more)
        self.gates.append(gate)
        _make_databases(gate, self.sqlite, self.position)
        return gate

    def unanswered(self) -> list[str]:
        """Statements for which `answers` has nothing, and forget them."""
        found: list[str] = []
        for database in self.databases.values():
            found += getattr(database, "unanswered", ())
            if hasattr(database, "unanswered"):
                database.unanswered.clear()
        return found

    def close(self) -> None:
        for database in self.databases.values():
            database.close()


def _make_databases(gate: SqlGate, databases: Mapping[str, tuple[str, ...]], position: Position) -> None:
    """SQLite files by name, made or changed by these statements. Raises ScenarioError."""
    for name, statements in databases.items():
        try:
            gate.make(name, statements)
        except (SqlError, OSError) as error:
            reason = error.text if isinstance(error, SqlError) else error.strerror
            raise ScenarioError(f"`{name}`: {reason}", position) from None


@dataclass
class Remotes:
    """The scripted servers of a scenario, at their addresses in memory."""

    hub: Hub
    network: Listening
    by_name: dict[str, RemoteServer] = field(default_factory=dict)

    def use(self, remotes: Mapping[str, Remote], positions: Mapping[str, Position] | None = None) -> None:
        """New remotes listen; known ones get other replies."""
        for name, one in remotes.items():
            known = self.by_name.get(name)
            if known is not None and (one.address is None or one.address == known.spec.address):
                if one.replies is not None:
                    known.use(one.replies)
                continue
            if one.server is not None and (one.replies is not None or one.auth is not None or one.tls not in (None, "none")):
                wrong = next(name for name in ("replies", "auth", "tls") if one.given(name))
                raise ScenarioError(f"`{wrong}`: an aiosmtpd server answers by itself", one.place(wrong))
            self._add(name, one)

    def _add(self, name: str, one: Remote) -> None:
        assert one.address is not None
        spec = RemoteSpec(name, one.address, one.port or 25, one.protocol == "lmtp", one.tls or "none", one.auth or {},
                          **({"script": one.replies} if one.replies is not None else {}))
        remote = self.by_name[name] = self._aiosmtpd(spec) if one.server else ScriptedRemote(spec, self.hub.sleep)
        place = Endpoint(spec.address, spec.port)
        self.network.listen(place, remote.serve, behave=AtConnect(remote))

    def _aiosmtpd(self, spec: RemoteSpec) -> RemoteServer:
        from ..services.aiosmtpd_remote import AiosmtpdRemote

        return AiosmtpdRemote(self.hub, spec)

    def close(self) -> None:
        for remote in self.by_name.values():
            remote.close()


class Listening(Protocol):
    """The network as far as remotes need it."""

    def listen(self, endpoint: Endpoint, handler: Callable[[Stream], None], *, behave: Callable[[], str]) -> None: ...


@dataclass(frozen=True)
class AtConnect:
    """`refuse` or `timeout` where the script says so for the next connection; calling it takes that turn, `word` only looks."""

    remote: RemoteServer

    @property
    def word(self) -> str:
        return self.remote.at_connect

    def __call__(self) -> str:
        word = self.remote.at_connect
        if word:
            self.remote.not_connected()
        return word
