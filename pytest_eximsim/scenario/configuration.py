"""From a scenario's `exim:` to an Exim configuration: which text stands where, which release it is for, and where its mistakes are.

An inline `config:` stands in the run's folder as `configure`; a `config_file` below `root` stands at its place in the server's tree, any
other one where it is on this machine. Errors name the user's file: for inline text the YAML file's own line and column.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, NotSimulated, Position, ScenarioError
from ..exim.config.builds import BUILDS
from ..exim.config.model import Configuration
from ..exim.config.parser import read_configuration
from ..exim.config.version import OLD, Choice, choose_release
from ..exim.release import RELEASES
from .model import Exim
from .schema import Record
from .yamltree import Scalar

if TYPE_CHECKING:
    from ..exim.world import Files, Users

HOSTNAME = "mail.example.net"
ADDRESS = "192.0.2.25"
SPOOL = "/var/spool/exim4"
#: A configuration for a scenario that has none: everything is accepted for everybody.
ACCEPT_ALL = "acl_smtp_rcpt = acl_accept\nbegin acl\nacl_accept:\n  accept\n"
#: Keys of which one replaces the other.
_EXCLUDING = (("config", "config_file"), ("address", "addresses"))
_INCLUDE = re.compile(r"^[ \t]*\.include(?:_if_exists)?[ \t]+\"?([^\"\s]+)", re.M)
_MACRO = re.compile(r"@(?:CONFIG|DIR|PWD|SPOOL)@")


def combined(common: Exim | None, own: Exim | None) -> Exim | None:
    """An MTA of `mtas` with what `exim` says in common: mappings key by key, everything else replaces."""
    if common is None or own is None:
        return own or common
    instead = {one for pair in _EXCLUDING for one in pair for other in pair if other != one and getattr(own, other) is not None}
    changes: dict[str, Any] = {}
    for name in (one.name for one in fields(common) if one.name not in ("nodes", "places", "position")):
        mine, theirs = getattr(own, name), getattr(common, name)
        if isinstance(mine, dict) and isinstance(theirs, dict):
            changes[name] = {**theirs, **mine}
        elif mine is None and name not in instead:
            changes[name] = theirs
    return replace(own, nodes={**common.nodes, **own.nodes}, places={**common.places, **own.places}, **changes)


@dataclass(frozen=True)
class Placed:
    """Where a configuration stands: its path in the MTA's tree, the inline text (or None), the folder of a file, the node for errors."""

    path: str
    text: str | None
    folder: Path | None
    root: Path | None
    node: Scalar | None = None

    def position(self, found: Position | None) -> Position | None:
        """A place in the running configuration as the user knows it."""
        if found is None or not found.file.startswith("/"):
            return found
        if self.text is not None and found.file == self.path:
            return self.node.line_position(found.line - 1) if self.node is not None and found.line else found
        below = self.root / found.file.lstrip("/") if self.root is not None else None
        return Position(shown(below if below is not None and below.exists() else found.file), found.line, found.column)


def shown(path: str | Path) -> str:
    """A path of this machine as the user knows it: relative to where pytest runs, if it lies below."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def place(exim: Exim, work: Path) -> Placed:
    """Find the configuration; one that accepts everything where the scenario gives none."""
    root = (folder_of(exim, "root") / exim.root).resolve() if exim.root else None
    if exim.config_file is not None:
        file = (folder_of(exim, "config_file") / exim.config_file).resolve()
        inside = root is not None and file.is_relative_to(root)
        path = "/" + str(file.relative_to(root)) if root is not None and inside else str(file)
        return Placed(path, None, file if file.is_dir() else file.parent, root)
    node = exim.nodes.get("config")
    text = exim.config if exim.config is not None else ACCEPT_ALL
    folder = folder_of(exim, "config") if node is not None else None
    return Placed(str(work / "configure"), text, folder, root, node if isinstance(node, Scalar) else None)


def folder_of(record: Record, name: str) -> Path:
    """The folder of the file in which a key stands: what relative paths start from."""
    node = record.nodes.get(name)
    path = node.source.path if node is not None else None
    return path.parent if path is not None else Path.cwd()


def fill(text: str, names: Mapping[str, str]) -> str:
    """`@DIR@` and the like in a text."""
    return _MACRO.sub(lambda found: names.get(found[0], found[0]), text) if "@" in text else text


@dataclass(frozen=True)
class FilledFiles:
    """The MTA's files, with `@DIR@` and the like filled in where the configuration is read."""

    files: Files
    names: Mapping[str, str]

    def read(self, path: str) -> bytes:
        data = self.files.read(path)
        return fill(data.decode("latin-1"), self.names).encode("latin-1") if b"@" in data else data

    def __getattr__(self, name: str) -> object:
        return getattr(self.files, name)


def release_of(exim: Exim, files: Files, placed: Placed) -> Choice:
    """The release that `version` names, or the one that the names in the configuration tell, with its reason.

    Raises ConfigError for names of two. Places are the user's.
    """
    if exim.version is not None:
        return Choice(exim.version, "the scenario's `version`")
    try:
        choice = choose_release(texts_of(files, placed.path))
    except ConfigError as error:
        raise ConfigError(_as_the_user_knows(error.message, placed), placed.position(error.position)) from None
    return Choice(choice.release_name, _as_the_user_knows(choice.reason, placed))


def _as_the_user_knows(text: str, placed: Placed) -> str:
    """A sentence with `(file:line)` in it."""
    return re.sub(r"\((/[^()]*):(\d+)\)", lambda found: f"({placed.position(Position(found[1], int(found[2])))})", text)


def texts_of(files: Files, path: str) -> Iterator[tuple[str, str]]:
    """A configuration and the files that it includes by their plain names; of a folder, all files."""
    pending, seen = [path], set()
    while pending:
        one = pending.pop(0)
        if one in seen:
            continue
        seen.add(one)
        try:
            if files.status(one).kind == "dir":
                pending += [f"{one.rstrip('/')}/{name}" for name in sorted(files.list(one)) if not name.startswith(".")]
                continue
            text = files.read(one).decode("latin-1")
        except OSError:
            continue
        yield one, text
        pending += [name if name.startswith("/") else os.path.join(os.path.dirname(one), name) for name in _INCLUDE.findall(text)]


def requires_proxy(exim: Exim, choice: Choice) -> Exim:
    """The same, with PROXY required from everybody: for connections whose server line sends it, where the scenario has no configuration."""
    name = "proxy_required_hosts" if choice.release_name == OLD else "hosts_proxy"
    return replace(exim, set={**(exim.set or {}), name: "*"})


def read(exim: Exim, files: Any, users: Users, placed: Placed, choice: Choice) -> Configuration:
    """Read it. Raises ConfigError, NotSimulated (with the user's own places) and ScenarioError (a `replace` text that does not occur)."""
    replacements = {old: fill(new or "", files.names) for old, new in (exim.replace or {}).items()}
    try:
        configuration = read_configuration(
            files, placed.path, release=RELEASES[choice.release_name], macros=exim.macros or {}, settings=exim.set or {},
            replace=replacements, build=build_of(exim), users=users, hostname=exim.hostname or HOSTNAME)
    except ConfigError as error:
        kind = NotSimulated if isinstance(error, NotSimulated) else ConfigError
        raise kind(error.message, placed.position(error.position), error.lines) from None
    for text in configuration.unused_replacements:
        raise ScenarioError(f"`replace`: the text {text!r} does not occur in the configuration", exim.place("replace"))
    return configuration


def build_of(exim: Exim) -> str:
    """`build`: a known name, or what a binary printed, from a file."""
    name = exim.build or "full"
    if name in BUILDS:
        return name
    try:
        return (folder_of(exim, "build") / name).read_text("latin-1")
    except OSError as error:
        text = f"`build`: neither a known build nor a file that can be read ({error.strerror}): {name}"
        raise ScenarioError(text, exim.place("build")) from None
