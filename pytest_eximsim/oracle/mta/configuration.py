"""A scenario's `exim:` as files that a real Exim reads: the configuration at the path that is compiled into the binary, and its includes.

Command lines cannot carry `set` and `macros` (an Exim that starts itself again would drop its privileges for -C and -D), so they become
lines of included files, and what they replace becomes comments. Line numbers in what Exim says are put right (`original`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import ScenarioError
from ...exim.config import debian
from ...exim.config.source import INCLUDE
from ...exim.world import Files, FileStatus
from ...scenario.configuration import HOSTNAME, Placed, fill
from ...scenario.model import Exim
from ..place.tree import Tree

#: Included files of ours, in a folder that nobody else has.
OWN = "/run/eximsim"
MACROS, SETTINGS = f"{OWN}/macros", f"{OWN}/settings"
_SECTION = re.compile(r"\s*begin\s", re.I)
_WORD = re.compile(r"\s*(?:hide\s+)?(?:no_|not_)?([a-z][a-z0-9_]*)\s*(?:=|\\?\s*$)")
_MACRO = re.compile(r"\s*([A-Z][A-Za-z0-9_]*)\s*=")


@dataclass(frozen=True)
class Sources:
    """Where configuration files are read: the tree, then, below the folder of the user's file, this machine."""

    tree: Tree
    placed: Placed

    def read(self, path: str) -> bytes:
        try:
            return self.tree.read(path)
        except FileNotFoundError:
            return self._beside(path).read_bytes()

    def status(self, path: str) -> FileStatus:
        try:
            return self.tree.status(path)
        except FileNotFoundError:
            return Tree("", "/").status(str(self._beside(path)))

    def list(self, path: str) -> Sequence[str]:
        try:
            return self.tree.list(path)
        except FileNotFoundError:
            return Tree("", "/").list(str(self._beside(path)))

    def _beside(self, path: str) -> Path:
        folder = self.placed.folder
        if folder is None or not Path(path).is_relative_to(folder):
            raise FileNotFoundError(2, "No such file or directory", path)
        return Path(path)


@dataclass
class Written:
    """The configuration as it was written. `inserted` are line numbers (from 1) of lines that are ours; `origins` Debian's own files."""

    path: str
    inserted: tuple[int, ...] = ()
    origins: Sequence[debian.Origin] = ()

    def original(self, text: str) -> str:
        """A line of Exim's with the line numbers that the user's file has."""
        if not (self.inserted or self.origins) or self.path not in text:
            return text
        path = re.escape(self.path)
        text = re.sub(rf"line (\d+) of {path}", lambda found: "line {1} of {0}".format(*self._place(int(found[1]))), text)
        return re.sub(rf"{path} (\d+)\)", lambda found: "{} {})".format(*self._place(int(found[1]))), text)

    def _place(self, number: int) -> tuple[str, int]:
        number -= sum(1 for one in self.inserted if one <= number)
        if self.origins and 0 < number <= len(self.origins):
            origin = self.origins[number - 1]
            return origin.file, origin.line
        return self.path, number


@dataclass
class Writer:
    """Writes the configuration of one MTA into its tree."""

    exim: Exim
    placed: Placed
    tree: Tree
    names: Mapping[str, str]
    target: str
    used: set[str] = field(default_factory=set)

    def write(self) -> Written:
        """Raises ConfigError (Debian's folder), ScenarioError (a `replace` text that does not occur), OSError."""
        sources: Files = Sources(self.tree, self.placed)  # type: ignore[assignment]
        path = debian.find_main(sources, self.placed.path)
        origins: list[debian.Origin] = []
        if debian.is_folder(sources, path):
            origins = debian.assemble(sources, path, lambda name: self._text(sources, name), self.exim.hostname or HOSTNAME)
            lines = [one.text for one in origins]
        else:
            lines = self._text(sources, path).split("\n")
        self._include(sources, path, lines, set())
        lines = self._neutral(lines)
        inserted = self._insert(lines)
        self.tree.give(self.target, "\n".join(lines).encode("latin-1"))
        for text in self.exim.replace or {}:
            if text not in self.used:
                raise ScenarioError(f"`replace`: the text {text!r} does not occur in the configuration", self.exim.place("replace"))
        return Written(self.target, tuple(inserted), origins)

    def _text(self, sources: Files, path: str) -> str:
        if path == self.placed.path and self.placed.text is not None:
            text = self.placed.text.encode("utf-8", "surrogateescape").decode("latin-1")
        else:
            text = sources.read(path).decode("latin-1")
        for old, new in (self.exim.replace or {}).items():
            if old in text:
                self.used.add(old)
                text = text.replace(old, new or "")
        return fill(text, self.names)

    def _include(self, sources: Files, path: str, lines: list[str], seen: set[str]) -> None:
        """Write the files that these lines include, and name them by absolute paths."""
        for index, line in enumerate(lines):
            found = INCLUDE.match(line.lstrip() + "\n")
            if found is None:
                continue
            name = line.lstrip()[found.end():].strip().strip('"')
            if name and not name.startswith("/") and found[1] is None and not name[0].isupper():
                name = f"{path.rpartition('/')[0]}/{name}"
                lines[index] = f".include {name}"
            if name in seen:
                continue
            seen.add(name)
            try:
                inner = self._text(sources, name).split("\n")
            except OSError:
                continue
            self._include(sources, path, inner, seen)
            self.tree.give(name, "\n".join(self._neutral(inner)).encode("latin-1"))

    # ---- set, macros

    def _neutral(self, lines: Sequence[str]) -> list[str]:
        """What `set` and `macros` replace as comments, the number of lines unchanged."""
        names, macros = {_plain(name) for name in self.exim.set or {}}, set(self.exim.macros or {})
        if not names and not macros:
            return list(lines)
        made: list[str] = []
        main, dropping, goes_on = True, False, False
        for line in lines:
            if not goes_on:
                main = main and _SECTION.match(line) is None
                dropping = _names(_MACRO, line) in macros or (main and _names(_WORD, line) in names)
            goes_on = line.rstrip().endswith("\\") and not line.lstrip().startswith("#")
            made.append(f"# {line.rstrip().removesuffix(chr(92))}" if dropping else line)
        return made

    def _insert(self, lines: list[str]) -> list[int]:
        inserted: list[int] = []
        if self.exim.macros:
            self._own(MACROS, (f"{name} = {value or ''}" for name, value in self.exim.macros.items()))
            lines.insert(0, f".include {MACROS}")
            inserted.append(1)
        if self.exim.set:
            self._own(SETTINGS, (_setting(name, value) for name, value in self.exim.set.items()))
            place = next((index for index, line in enumerate(lines) if _SECTION.match(line)), len(lines))
            lines.insert(place, f".include {SETTINGS}")
            inserted.append(place + 1)
        return inserted

    def _own(self, path: str, lines: Iterable[str]) -> None:
        self.tree.give(path, fill("".join(f"{line}\n" for line in lines), self.names).encode("utf-8", "surrogateescape"))


def _names(pattern: re.Pattern[str], line: str) -> str:
    found = pattern.match(line)
    return found[1] if found else ""


def _plain(name: str) -> str:
    return name.split()[-1].removeprefix("no_").removeprefix("not_") if name.split() else name


def _setting(name: str, value: str | bool | None) -> str:
    """A line of the main section; a text with line breaks is continued."""
    text = value if isinstance(value, str) else {True: "true", False: "false", None: ""}[value]
    return f"{name} = {text.rstrip(chr(10))}".replace("\n", "\\\n")
