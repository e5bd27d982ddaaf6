"""A haproxy.cfg as sections of lines, each line with its file, number and words. What keywords mean is in proxies.py.

Conditional blocks (`.if`, `.elif`, `.else`, `.endif`) keep the lines that count; conditions are answered by `evaluate` (HAProxy itself:
`haproxy -cc`), without which every branch is taken. `setenv`, `presetenv`, `unsetenv` and `resetenv` of a global section hold for the
lines behind them, as in HAProxy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..errors import Position
from .proxies import Proxy, read_proxies
from .tokens import HaproxyError, split_line

SECTIONS = frozenset((
    "acme", "backend", "cache", "crt-store", "defaults", "fcgi-app", "frontend", "global", "healthcheck", "http-errors", "listen",
    "log-forward", "log-profile", "mailers", "peers", "program", "resolvers", "ring", "traces", "userlist",
))

#: Answers a condition of `.if`; None takes every branch.
Evaluate = Callable[[str], bool] | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line that counts: `number` from 1, `text` as written, `words` after quoting and environment; `undefined`: variables not set."""

    file: str
    number: int
    text: str
    words: tuple[str, ...]
    undefined: tuple[str, ...] = ()

    @property
    def keyword(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def position(self) -> Position:
        return Position(self.file, self.number)


@dataclass(frozen=True, slots=True)
class Section:
    """`kind` and `name` as in the head line; `parent` is the `from` of it; `lines` without the head."""

    kind: str
    name: str
    parent: str
    head: Line
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Config:
    """All files of one configuration, in order. `environment` is what it was read with, `files` the paths with their texts."""

    sections: tuple[Section, ...]
    files: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def of(self, *kinds: str) -> Iterator[Section]:
        """The sections of these kinds."""
        return (section for section in self.sections if section.kind in kinds)

    @cached_property
    def proxies(self) -> tuple[Proxy, ...]:
        """Frontends, backends and listens with what they inherit."""
        return read_proxies(self.sections, self.environment)

    def proxy(self, name: str) -> Proxy | None:
        """A proxy by its name; a frontend goes before a backend of the same name."""
        return next((proxy for proxy in self.proxies if proxy.name == name), None)

    @property
    def frontends(self) -> tuple[Proxy, ...]:
        return tuple(proxy for proxy in self.proxies if proxy.kind != "backend")

    @property
    def backends(self) -> tuple[Proxy, ...]:
        return tuple(proxy for proxy in self.proxies if proxy.kind != "frontend")


def parse(text: str, path: str = "haproxy.cfg", *, environment: Mapping[str, str] | None = None, evaluate: Evaluate = None) -> Config:
    """Read one file. Raises HaproxyError with the place of what cannot be read."""
    return parse_files([(path, text)], environment=environment, evaluate=evaluate)


def parse_files(files: Sequence[tuple[str, str]], *, environment: Mapping[str, str] | None = None, evaluate: Evaluate = None) -> Config:
    """Read (path, text) pairs as several `-f` would be. Each file begins outside of any section, as in HAProxy."""
    reader = _Reader(dict(environment or {}), evaluate)
    for path, text in files:
        reader.read(path, text)
    return Config(tuple(reader.sections), dict(files), dict(environment or {}))


class _Reader:
    def __init__(self, environment: dict[str, str], evaluate: Evaluate) -> None:
        self.environment = environment
        self.initial = dict(environment)
        self.evaluate = evaluate
        self.sections: list[Section] = []
        self.head: Line | None = None
        self.lines: list[Line] = []
        self.blocks: list[_Block] = []

    def read(self, path: str, text: str) -> None:
        for number, raw in enumerate(text.split("\n"), start=1):
            undefined: set[str] = set()
            line_environment = {**self.environment, ".FILE": path, ".LINE": str(number), ".SECTION": self.head.keyword if self.head else ""}
            words = split_line(raw, line_environment, position=Position(path, number), undefined=undefined)
            if words:
                self._take(Line(path, number, raw.rstrip("\r"), tuple(words), tuple(sorted(undefined))))
        self._end_section()
        if self.blocks:
            raise HaproxyError("'.if' without '.endif'", self.blocks[-1].position)

    def _take(self, line: Line) -> None:
        if line.keyword.startswith("."):
            self._directive(line)
        elif any(block.skipping for block in self.blocks):
            return
        elif line.keyword in SECTIONS:
            self._end_section()
            self.head = line
        elif self.head is None:
            raise HaproxyError(f"unknown keyword '{line.keyword}' out of section", line.position)
        else:
            self._remember_environment(line)
            self.lines.append(line)

    def _directive(self, line: Line) -> None:
        match line.keyword:
            case ".if":
                self.blocks.append(_Block(line.position, self._holds(line)))
            case ".elif" | ".else" if self.blocks:
                self.blocks[-1].turn(line.keyword == ".else" or self._holds(line), every=self.evaluate is None)
            case ".endif" if self.blocks:
                self.blocks.pop()
            case ".elif" | ".else" | ".endif":
                raise HaproxyError(f"lone '{line.keyword}' with no matching '.if'", line.position)
            case ".notice" | ".warning" | ".alert" | ".diag":
                pass
            case _:
                raise HaproxyError(f"unknown directive '{line.keyword}'", line.position)

    def _holds(self, line: Line) -> bool:
        if self.evaluate is None:
            return True
        return not any(block.skipping for block in self.blocks[:-1]) and self.evaluate(" ".join(line.words[1:]))

    def _remember_environment(self, line: Line) -> None:
        assert self.head is not None
        if self.head.keyword != "global":
            return
        match line.words:
            case ("setenv", name, value, *_):
                self.environment[name] = value
            case ("presetenv", name, value, *_):
                self.environment.setdefault(name, value)
            case ("unsetenv", *names):
                for name in names:
                    self.environment.pop(name, None)
            case ("resetenv", *names):
                for name in set(self.environment) - set(names):
                    del self.environment[name]

    def _end_section(self) -> None:
        if self.head is not None:
            self.sections.append(_section(self.head, self.lines))
        self.head, self.lines = None, []


@dataclass
class _Block:
    """One `.if`; `taken` once a branch of it has counted."""

    position: Position
    active: bool
    taken: bool = False

    def __post_init__(self) -> None:
        self.taken = self.active

    @property
    def skipping(self) -> bool:
        return not self.active

    def turn(self, holds: bool, *, every: bool) -> None:
        self.active = every or (holds and not self.taken)
        self.taken = self.taken or self.active


def _section(head: Line, lines: Sequence[Line]) -> Section:
    kind, *rest = head.words
    parent = ""
    if "from" in rest and kind in ("defaults", "frontend", "backend", "listen"):
        at = rest.index("from")
        parent = rest[at + 1] if at + 1 < len(rest) else ""
        rest = rest[:at]
    return Section(kind, rest[0] if rest else "", parent, head, tuple(lines))
