"""A small world for tests of `exim/`: files in a dictionary, a zone, a Redis and SQL that answer from tables, accounts. No I/O at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from pytest_eximsim.dns import Zone, ZoneResolver
from pytest_eximsim.errors import Position
from pytest_eximsim.exim.acl.reader import read_acl_section
from pytest_eximsim.exim.config.builds import named_build
from pytest_eximsim.exim.config.model import Acl, NamedList
from pytest_eximsim.exim.config.source import Line
from pytest_eximsim.exim.hints import Hints
from pytest_eximsim.exim.log import parse_selectors
from pytest_eximsim.exim.release import RELEASES, Release
from pytest_eximsim.exim.state import Process
from pytest_eximsim.exim.world import FileStatus, RedisReply, SqlError, SqlResult, User, World


class FakeClock:
    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class FakeFiles:
    """Paths to contents; a folder is there where a file is below it."""

    def __init__(self, contents: Mapping[str, str]) -> None:
        self.contents = {path: text.encode("latin-1") for path, text in contents.items()}

    def read(self, path: str) -> bytes:
        if path not in self.contents:
            raise FileNotFoundError(2, os.strerror(2))
        return self.contents[path]

    def status(self, path: str) -> FileStatus:
        path = os.path.normpath(path)
        if path in self.contents:
            return FileStatus("file", 0o644, 1, 1, 1, 0, 0, len(self.contents[path]), 0, 0, 0)
        if path == "/" or any(name.startswith(f"{path}/") for name in self.contents):
            return FileStatus("dir", 0o755, 1, 1, 1, 0, 0, 0, 0, 0, 0)
        raise FileNotFoundError(2, os.strerror(2))


class FakeRedis:
    """Answers from a table of commands; remembers what was sent, over which connection. `down`: an exception for every command."""

    def __init__(self, answers: Mapping[str, RedisReply | Callable[[], RedisReply]]) -> None:
        self.answers = answers
        self.sent: list[tuple[str, str]] = []
        self.opened: list[str] = []
        self.down: dict[str, Exception] = {}

    def connect(self, host: str, port: int, socket: str = "") -> Any:
        name = socket or f"{host}:{port}"
        self.opened.append(name)
        return SimpleNamespace(command=lambda arguments: self.command(name, arguments), close=lambda: self.sent.append((name, "close")))

    def command(self, name: str, arguments: Sequence[bytes]) -> RedisReply:
        text = "|".join(argument.decode("latin-1") for argument in arguments)
        self.sent.append((name, text))
        if name in self.down:
            raise self.down[name]
        answer = self.answers.get(text, b"OK")
        return answer() if callable(answer) else answer


class FakeSql:
    """Statements to results; an SqlError is raised."""

    def __init__(self, answers: Mapping[str, SqlResult | SqlError]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str]] = []

    def execute(self, kind: str, server: Any, statement: str) -> SqlResult:
        place = f"{kind} {server.host}:{server.port}{server.socket} {server.database} {server.user} {server.password}"
        return self._answer(place, statement)

    def sqlite(self, path: str, statement: str) -> SqlResult:
        return self._answer(path, statement)

    def _answer(self, place: str, statement: str) -> SqlResult:
        if statement:
            self.asked.append((place, statement))
        answer = self.answers.get(statement, SqlResult())
        if isinstance(answer, SqlError):
            raise answer
        return answer


class FakeUsers:
    accounts: Mapping[str, User] = {"root": User("root", 0, 0, "/root", "/bin/bash", "root")}

    def by_name(self, name: str) -> User | None:
        return self.accounts.get(name)


class FakeLogs:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def write(self, name: str, line: str) -> None:
        self.lines.append((name, line.split(" ", 2)[2]))

    def of(self, name: str) -> list[str]:
        return [line for log, line in self.lines if log == name]


def _acls(text: str, release: Release) -> dict[str, Acl]:
    lines = (Line(line.strip(), Position("exim.conf", number)) for number, line in enumerate(text.splitlines(), 1))
    return read_acl_section(lines, release) if text else {}


def process(release: str = "4.99", *, dns: str = "", hosts: str = "", files: Mapping[str, str] | None = None,
            main: Mapping[str, object] | None = None, lists: Mapping[str, Mapping[str, str]] | None = None,
            redis: Mapping[str, Any] | None = None,
            sql: Mapping[str, SqlResult | SqlError] | None = None, selectors: str | None = None, client: str = "",
            acls: str = "") -> Process:
    """A process in such a world. `lists` is kind → name → text; `client` is the address of the SMTP client; `acls` an ACL section."""
    clock = FakeClock()
    pids = iter(range(100, 10_000))
    world: Any = World(
        clock=clock, tasks=None, network=SimpleNamespace(local_addresses=lambda: ["127.0.0.1", "192.0.2.25"]),  # type: ignore[arg-type]
        resolver=ZoneResolver(Zone.parse(dns), hosts, clock), files=FakeFiles(files or {}), redis=FakeRedis(redis or {}),  # type: ignore[arg-type]
        sql=FakeSql(sql or {}), commands=None, users=FakeUsers(), entropy=SimpleNamespace(pid=lambda: next(pids)), logs=FakeLogs(),  # type: ignore[arg-type]
    )
    named = {
        kind: {name: NamedList(kind, name, text, Position("exim.conf")) for name, text in of_kind.items()}
        for kind, of_kind in (lists or {}).items()
    }
    options = {"primary_hostname": "mail.example.net", **(main or {})}
    found = RELEASES[release]
    configuration = SimpleNamespace(
        main=options, named_lists=named, positions={}, acls=_acls(acls, found), routers=(), transports={}, authenticators=(),
        build=named_build("full", release))
    chosen = parse_selectors(selectors, found)
    mta: Any = SimpleNamespace(configuration=configuration, world=world, release=found, selectors=chosen, zone="UTC",
                               hints=Hints(), acl_texts={})
    p = Process(mta=mta, pid=world.entropy.pid())
    p.connection.host_address = client
    return p
