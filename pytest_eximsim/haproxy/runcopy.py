"""The copy of a user's haproxy.cfg that runs anywhere: same line numbers, no production address in it. Pure.

A line that needs nothing stays as it is, byte for byte; one that must not run becomes empty; the others are written anew from their
words. Every bind becomes an inherited socket with `accept-proxy`, every address that HAProxy would connect to one of ours; privileges
and daemon keywords are gone. What cannot be carried over is listed in `obstacles` and makes the scenario skipped.
Lines of proxies (bind, server, tcp-check …) are in rewrite.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .config import Config, Line, Section
from .places import Places
from .rewrite import Obstacle, ProxyLines
from .tokens import quote

#: Keywords of a global section that belong to the machine, not to what is tested.
_GLOBAL_DROPPED = frozenset((
    "chroot", "cpu-map", "cpu-set", "daemon", "external-check", "fd-hard-limit", "gid", "group", "master-worker",
    "mworker-max-reloads", "pidfile", "server-state-base", "server-state-file", "setcap", "uid", "ulimit-n", "unix-bind", "user",
))
_BASE = {"ca-file": "ca-base", "ca-verify-file": "ca-base", "crl-file": "ca-base", "crt": "crt-base"}
_PROXY_DROPPED = frozenset(("load-server-state-from-file", "server-state-file-name"))
#: Keywords whose next word is a file.
_FILE_WORDS = frozenset((
    "-f", "ca-file", "ca-sign-file", "ca-verify-file", "client-ca-file", "crl-file", "crt", "crt-list", "errorfile",
    "issuers-chain-path", "lua-load", "lua-load-per-thread", "ssl-dh-param-file",
))
_MAP = re.compile(r"(?<![\w-])(map\w*\()([^,)\s]+)")


@dataclass(frozen=True)
class RunCopy:
    """`texts` by the user's paths; `obstacles`: why this configuration cannot run in portable mode."""

    texts: dict[str, str]
    obstacles: tuple[Obstacle, ...]


@dataclass
class _Copier:
    config: Config
    places: Places
    obstacles: list[Obstacle] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.proxy_lines = ProxyLines(self.config, self.places, self.obstacles)
        bases = [line for section in self.config.of("global") for line in section.lines if line.keyword in ("crt-base", "ca-base")]
        self.bases = {line.keyword: line.words[1] for line in bases if len(line.words) > 1}
        self.readers: dict[str, Callable[[Section, Line], Sequence[str] | None]] = {
            "global": self._global, "resolvers": self._resolvers, "mailers": self._mailers, "peers": self._peers, "ring": self._ring,
            "log-forward": self._log_forward, "program": lambda section, line: (),
            **dict.fromkeys(("frontend", "backend", "listen", "defaults"), self._proxy),
        }

    def words(self, section: Section, line: Line) -> Sequence[str]:
        """The words of a line in the run copy; empty: the line is not there."""
        reader = self.readers.get(section.kind)
        words = reader(section, line) if reader else None
        return self._files(line.words if words is None else words, line)

    def _global(self, section: Section, line: Line) -> Sequence[str] | None:
        match line.words:
            case ("stats", "socket", *_):
                return ()
            case ("log", *_):
                return self._log(line)
            case ("maxconn", number, *_) if number.isdigit() and int(number) > self.places.connections:
                return ("maxconn", str(self.places.connections))
            case (("crt-base" | "ca-base") as keyword, path, *_):
                found = self.places.file(path)
                return (keyword, found) if found else ()
            case (keyword, *_) if keyword in _GLOBAL_DROPPED:
                return ()
        return None

    def _log(self, line: Line) -> Sequence[str] | None:
        words = line.words
        if len(words) < 2 or words[1] == "global" or words[1].startswith(("ring@", "backend@", "profile")):
            return None
        return ("log", self.places.log(), *words[2:])

    def _resolvers(self, section: Section, line: Line) -> Sequence[str] | None:
        match line.words:
            case ("nameserver", name, _, *rest):
                return ("nameserver", name, self.places.nameserver(), *rest)
            case ("parse-resolv-conf", *_):
                return ()
        return None

    def _mailers(self, section: Section, line: Line) -> Sequence[str] | None:
        if line.keyword == "mailer" and len(line.words) > 2:
            return (*line.words[:2], self.places.mailer(line.words[2]), *line.words[3:])
        return None

    def _peers(self, section: Section, line: Line) -> Sequence[str] | None:
        match line.words:
            case (("peer" | "server") as keyword, name, _, *rest):
                return (keyword, name, self.places.refused(), *rest)
            case ("bind", _, *rest):
                return ("bind", self.places.refused(), *rest)
        return None

    def _ring(self, section: Section, line: Line) -> Sequence[str] | None:
        match line.words:
            case ("server", name, _, *rest):
                return ("server", name, self.places.refused(), *rest)
            case ("backing-file", *_):
                return ()
        return None

    def _log_forward(self, section: Section, line: Line) -> Sequence[str] | None:
        if line.keyword in ("bind", "dgram-bind"):
            return ()
        return self._log(line) if line.keyword == "log" else None

    def _proxy(self, section: Section, line: Line) -> Sequence[str] | None:
        match line.words:
            case ("log", *_):
                return self._log(line)
            case ("errorfile", _, path, *_) if self.places.file(path) is None:
                return ()
            case (keyword, *_) if keyword in _PROXY_DROPPED:
                return ()
        return self.proxy_lines.rewrite(section, line)

    def _files(self, words: Sequence[str], line: Line) -> Sequence[str]:
        """Names of files, as options, `-f` lists and maps, where the tree of the scenario has them."""
        found = list(words)
        for at, word in enumerate(words):
            if "(" in word:
                found[at] = _MAP.sub(lambda match: match[1] + self._found(match[2]), word)
            elif at and words[at - 1] in _FILE_WORDS:
                found[at] = self._file(words[at - 1], word)
            elif line.keyword == "errorfile" and at == 2:
                found[at] = self._found(word)
        return found

    def _found(self, path: str) -> str:
        return self.places.file(path) or path

    def _file(self, keyword: str, path: str) -> str:
        if path.startswith(("@", "virt@", "opt@")):
            return path
        base = self.bases.get(_BASE.get(keyword, ""), "")
        whole = f"{base.rstrip('/')}/{path}" if base and not path.startswith("/") else path
        found = self.places.file(whole)
        if found is not None:
            return found
        if keyword == "crt":
            return self.places.certificate(whole, ())
        if keyword in ("ca-file", "ca-verify-file"):
            return self.places.authority()
        return whole


def portable(config: Config, places: Places) -> RunCopy:
    """The run copy of a whole configuration."""
    copier = _Copier(config, places)
    written = {path: text.split("\n") for path, text in config.files.items()}
    for section in config.sections:
        lines = (section.head, *section.lines) if section.kind == "program" else section.lines
        for line in lines:
            words = copier.words(section, line)
            if tuple(words) == line.words and section.kind != "program":
                continue
            indent = line.text[:len(line.text) - len(line.text.lstrip())]
            written[line.file][line.number - 1] = (
                indent + " ".join(quote(word) for word in words) if words and section.kind != "program" else "")
    return RunCopy({path: "\n".join(lines) for path, lines in written.items()}, tuple(copier.obstacles))
