"""A real HAProxy with the user's own configuration, in portable mode: what a scenario's `haproxy:` says, running.

The seam with the runner: `start()`; `connect(client, to)` gives a stream of a client with that address; `set_servers()`, `reload()`,
`restart()` are the steps; `states()`, `log`, `sessions()`, `checks()` are what `expect.haproxy` looks at; `stop()`. Who serves a server's
connections is the runner's `serve(party, stream, proxied)`. Not here: how the configuration is read and copied (`haproxy/`).
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import Position, ServiceError, ServiceMissing
from ...exim.world import Endpoint, Stream
from ...haproxy.assignment import Party, all_servers, assign, find_servers, unassigned
from ...haproxy.config import Config, parse_files
from ...haproxy.listeners import Listener, backends_of, choose_listener, destination, mail_listeners
from ...haproxy.proxies import Server
from ...haproxy.runcopy import RunCopy, portable
from ...runtime import folders
from ...wire.proxy import End, encode_v1
from .binary import Binary, find_binary
from .checks import CheckStream
from .ends import EndsOf
from .ports import Ports
from .process import LIMIT, HaproxyProcess
from .startup import Message, read_messages
from .statistics import ServerState, read_log_line, read_statistics
from .targets import LOOPBACK, Handler, Target, drop, hang
from .tree import HaproxyTree, MakeCertificate

if TYPE_CHECKING:
    from ...runtime.hub import Hub
    from ...runtime.tls import TlsMaker


class NotPortable(ServiceMissing):
    """The configuration holds something that portable mode cannot carry over; the scenario is skipped with this reason."""


class HaproxyRefused(ServiceError):
    """HAProxy does not take the configuration; `messages` are its own alerts, with places in the user's files."""

    def __init__(self, message: str, position: Position | None, messages: Sequence[Message]) -> None:
        super().__init__(message, position, [ServiceError(one.text, one.position) for one in messages[1:]])
        self.messages = tuple(messages)


@dataclass(frozen=True)
class HaproxySettings:
    """What `haproxy:` of a scenario says. Paths are real ones; `config_files` may hold folders, as `-f` takes them."""

    config_files: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    root: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    address: str | None = None
    servers: Mapping[str, str] = field(default_factory=dict)
    replace: Mapping[str, str] = field(default_factory=dict)
    requires: str | None = None
    binary: str | None = None


@dataclass
class HaproxyService:
    """One HAProxy of one scenario.

    `serve` is called, in a task of its own, for every connection that reaches a party's server line; with True where a PROXY header comes
    first.

    `tls` is for the clients' streams; who serves a connection gives its stream its own.
    """

    hub: Hub
    settings: HaproxySettings
    parties: Sequence[Party]
    serve: Callable[[str, Stream, bool], None]
    resolve: Callable[[str], str | None] = lambda name: None
    make_certificate: MakeCertificate | None = None
    authority_file: Callable[[], str] | None = None
    tls: TlsMaker | None = None
    log: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.binary: Binary = find_binary(self.settings.binary)
        if self.settings.requires and not self.binary.satisfies(self.settings.requires):
            raise ServiceMissing(f"needs HAProxy {self.settings.requires}; here is {self.binary.version} ({self.binary.source})")
        self.folder = folders.make()
        self.chosen = dict(self.settings.servers)
        self.process: HaproxyProcess | None = None
        self.copy: RunCopy | None = None
        self.generation = 0
        first = Path(self.settings.config_files[0])
        tree = HaproxyTree(self.folder, first if first.is_dir() else first.parent, Path(self.settings.root) if self.settings.root else None,
                           self.settings.files)
        self.ends = EndsOf(self.settings.address, self.resolve)
        self.ports = Ports(self.hub, self.folder, tree, self.ends.of, self._mailer, self.make_certificate, self.authority_file)

    # ---- life

    def start(self) -> None:
        """Read, copy, start, wait until it answers.

        Raises HaproxyError, HaproxyRefused, NotPortable, ScenarioError; nothing is left behind then.
        """
        try:
            self._load()
            self.hub.spawn(self._collect_log, "haproxy log")
            self._run(None)
        except BaseException:
            self.stop()
            raise

    def reload(self) -> None:
        """Read the files again and let a new process take over; sessions of the old one go on in it."""
        before = self.process
        self._load()
        self._run(before.process.pid if before and before.process else None)

    def restart(self) -> None:
        """End the process, its sessions with it, and start anew."""
        if self.process is not None:
            self.hub.call_blocking(self.process.stop)
        self._load()
        self._run(None)

    def stop(self) -> None:
        """End the process and give back all it had. Safe to call twice."""
        for process in self.older + ([self.process] if self.process else []):
            process.stop()
        self.process, self.older = None, []
        self.ports.close()
        folders.remove(self.folder)

    older: list[HaproxyProcess] = field(default_factory=list)

    def _load(self) -> None:
        self.config = self.read_configuration()
        self.ends.use(self.config)
        self.copy = portable(self.config, self.ports)
        if self.copy.obstacles:
            raise NotPortable("; ".join(str(one) for one in self.copy.obstacles))
        self._assign()

    def read_configuration(self) -> Config:
        """The user's files, with `replace` applied; conditions of `.if` are answered by this HAProxy."""
        texts = [(path, Path(path).read_text(encoding="utf-8", errors="surrogateescape")) for path in self._paths()]
        unused = [text for text in self.settings.replace if not any(text in content for _, content in texts)]
        if unused:
            raise ServiceError(f"haproxy.replace: {unused[0]!r} does not occur in {', '.join(path for path, _ in texts)}")
        for before, after in self.settings.replace.items():
            texts = [(path, content.replace(before, after)) for path, content in texts]
        variables = self.settings.environment
        return parse_files(texts, environment=self.binary.environment(variables), evaluate=lambda text: self.binary.holds(text, variables))

    def _paths(self) -> list[str]:
        paths: list[str] = []
        for name in self.settings.config_files:
            path = Path(name)
            paths += sorted(str(one) for one in path.glob("*.cfg") if not one.name.startswith(".")) if path.is_dir() else [name]
        return paths

    def _run(self, replaces: int | None) -> None:
        assert self.copy is not None
        self.generation += 1
        files: dict[str, str] = {}
        for index, (path, text) in enumerate(self.copy.texts.items()):
            place = self.folder / f"{self.generation}-{index}-{Path(path).name}"
            place.write_text(text, encoding="utf-8", errors="surrogateescape")
            files[str(place)] = path
        process = HaproxyProcess(self.binary, self.folder, self.ports.tree.config_folder, list(files), self.settings.environment,
                                 self.ports.inherited(), replaces, "" if self._has_limit() else LIMIT)
        try:
            self.hub.call_blocking(process.start)
        except ServiceError as error:
            raise self._refused(process, files) from error
        finally:
            self.messages += read_messages(process.text, files, self.ports.names)
        if self.process is not None:
            self.older.append(self.process)
        if replaces is not None and self.process is not None:
            self.hub.call_blocking(self.process.await_handover)
        self.process = process

    def _has_limit(self) -> bool:
        return any(line.keyword == "maxconn" for section in self.config.of("global") for line in section.lines)

    def _refused(self, process: HaproxyProcess, files: Mapping[str, str]) -> HaproxyRefused:
        messages = read_messages(process.text, files, self.ports.names)
        alerts = [one for one in messages if one.severity == "alert"] or messages
        if not alerts:
            return HaproxyRefused(f"HAProxy {self.binary.version} did not start: {process.text.strip() or 'it says nothing'}", None, ())
        return HaproxyRefused(f"HAProxy refuses it: {alerts[0].text}", alerts[0].position, alerts)

    # ---- servers

    def set_servers(self, chosen: Mapping[str, str]) -> None:
        """`servers:` as a step: from now on new connections go there, whatever was said of these servers before.

        Raises ScenarioError for unknown names; nothing is changed then.
        """
        assign(self.config, self.parties, {**self.chosen, **chosen}, resolve=self.resolve)
        meant = {one for name in chosen for one in self._full_names(name)}
        still = {name: who for name, who in self.chosen.items() if not meant.issuperset(self._full_names(name))}
        self.chosen = {**still, **chosen}
        self._assign()

    def _full_names(self, name: str) -> set[str]:
        return {one.full_name for one in find_servers(self.config, name)}

    def _assign(self) -> None:
        found = assign(self.config, self.parties, self.chosen, resolve=self.resolve)
        mail = {backend.name for one in mail_listeners(self.config) for backend in backends_of(self.config, one.frontend)}
        for server in all_servers(self.config):
            meant = found.get(server.full_name)
            if meant is None and server.backend in mail and server.full_name in self.ports.sessions:
                raise unassigned(server, self.parties)
            for check in (False, True):
                targets = self.ports.checks if check else self.ports.sessions
                if server.full_name in targets:
                    self._behave(targets[server.full_name], meant or "refuse", self._is_proxied(server, check=check), check=check)

    def _is_proxied(self, server: Server, *, check: bool) -> bool:
        """A check sends the header where sessions do, unless it goes to a port or address of its own (`check-send-proxy` in any case)."""
        if not check:
            return bool(server.sends_proxy)
        own_place = bool({"port", "addr"} & set(server.options))
        return "check-send-proxy" in server.options or (bool(server.sends_proxy) and not own_place)

    def _behave(self, target: Target, meant: str, proxied: bool, *, check: bool) -> None:
        match meant:
            case "refuse":
                target.refuse()
            case "timeout":
                target.silence()
            case "hang":
                target.serve(hang)
            case "drop":
                target.serve(drop)
            case _:
                target.serve(self._party(meant, proxied, check=check))

    def _party(self, name: str, proxied: bool, *, check: bool = False) -> Handler:
        return lambda stream: self.serve(name, CheckStream(stream) if check else stream, proxied)

    def _mailer(self, address: str) -> Target | None:
        for party in self.parties:
            for host in party.addresses:
                if address in (f"{host}:{party.port or 25}", host):
                    target = Target(self.hub, partial(self._mailer_ends, Endpoint(host, party.port or 25)))
                    target.serve(self._party(party.name, False))
                    return target
        return None

    def _mailer_ends(self, local: Endpoint, far: Endpoint) -> tuple[Endpoint, Endpoint]:
        return Endpoint(self.ends.own(local.address), far.port), local

    # ---- clients

    def connect(self, client: Endpoint, to: str | int | None = None) -> Stream:
        """A client of that address (port 0: any free one) at the listener that `to` names. Raises ScenarioError, ServiceError."""
        from ...runtime.network import SocketStream

        if self.process is None or not self.process.alive:
            raise ServiceError("HAProxy is not running" + (f": {self.process.text.strip()}" if self.process else ""))
        listener = self.choose(client, to)
        far = Endpoint(*destination(listener, client.address, to, self.ends.any_address))
        if listener.address.kind == "unix":
            made = socket.socket(socket.AF_UNIX)
            made.connect(self.ports.unix(listener.address.host))
        else:
            made = socket.create_connection((LOOPBACK, self.ports.socket_of(listener).getsockname()[1]))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client = Endpoint(client.address, client.port or made.getsockname()[1])
            made.sendall(_header(listener, client, far))
        self.ends.came_by(listener, far)
        made.setblocking(False)
        return SocketStream(self.hub, made, peer=far, local=client, tls=self.tls)

    def choose(self, client: Endpoint, to: str | int | None) -> Listener:
        """The listener that this client reaches. Raises ScenarioError."""
        return choose_listener(self.config, to, family=6 if ":" in client.address else 4)

    # ---- what there is to see

    def states(self) -> dict[str, ServerState]:
        """Every server by `backend/server`."""
        process = self.process
        if process is None:
            raise ServiceError("HAProxy is not running")
        return read_statistics(self.hub.call_blocking(lambda: process.ask("show stat")))

    def state(self, name: str) -> ServerState:
        """One server, by `backend/server` or `server`. Raises ServiceError when there is none."""
        found = [one for one in self.states().values() if name in (one.name, one.name.partition("/")[2])]
        if not found:
            raise ServiceError(f"HAProxy has no server {name}")
        return found[0]

    def sessions(self, name: str) -> int:
        """How many clients' sessions this server got; never health checks."""
        return sum(target.connections for target in self._targets(name, self.ports.sessions))

    def checks(self, name: str) -> int:
        """How many health checks of this server have ended, those that reached it."""
        return sum(target.finished for target in self._targets(name, self.ports.checks))

    def _targets(self, name: str, targets: Mapping[str, Target]) -> list[Target]:
        """By `backend/server`, `server`, or the party that stands behind it."""
        assigned = assign(self.config, self.parties, self.chosen, resolve=self.resolve)
        servers = [one for one in all_servers(self.config) if name in (one.full_name, one.name)]
        if not servers:
            servers = [one for one in all_servers(self.config) if assigned.get(one.full_name) == name]
        if not servers:
            raise ServiceError(f"haproxy.cfg has no server {name}")
        return [targets[one.full_name] for one in servers if one.full_name in targets]

    def wait_for(self, holds: Callable[[], bool], within: float = 5.0) -> bool:
        """Wait until `holds()`; false when it never does. Looks again whenever 10 ms have passed in real time."""
        until = self.hub.real_now() + within
        while not holds():
            if self.hub.real_now() >= until:
                return False
            self.hub.real_sleep(0.01)
        return True

    @property
    def header(self) -> str:
        """For the run's header."""
        return f"HAProxy {self.binary.version} ({self.binary.source}), portable mode"

    def _collect_log(self) -> None:
        logs = self.ports.logs
        while logs.fileno() >= 0 and self.hub.wait_readable(logs):
            with contextlib.suppress(BlockingIOError, OSError):
                while True:
                    self.log.append(read_log_line(logs.recv(65536)))


def _header(listener: Listener, client: Endpoint, far: Endpoint) -> bytes:
    """The PROXY header by which the client's address reaches HAProxy; an IPv4 client of a v4v6 socket is a mapped one, as in production."""
    source = End(f"::ffff:{client.address}", client.port) if listener.v4v6 and ":" not in client.address else client
    return encode_v1(source, far)
