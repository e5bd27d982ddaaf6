"""What the head of a run says of its scenarios: how many, what they are played on, which Exim is imitated and why, which HAProxy, how many
YAML files of others.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EximsimError
from ..exim.world import FileStatus
from ..scenario import configuration
from ..scenario.model import EXIM, Exim
from ..scenario.schema import Binding
from ..scenario.yamltree import Mistakes, Node, Table

if TYPE_CHECKING:
    from ..exim.world import Files
    from ..scenario.loader import Case

#: Where the sentence about delivery goes once messages leave the queue.
QUEUE = "accepted messages stay on the simulated queue, they are not delivered"


def header(cases: Sequence[Case], foreign: int, played: str = "") -> list[str]:
    """The lines; none where there is nothing to say. `played`: on what, where that is not the simulator alone, which imitates the real
    one's release then.
    """
    lines = []
    if cases:
        files = len({case.path for case in cases})
        lines.append(f"{_many(len(cases), 'scenario')} in {_many(files, 'file')}; {played or QUEUE}")
        for (release, reason), count in _releases(cases).items() if not played else ():
            lines.append(f"imitates Exim {release}: {reason} ({_many(count, 'scenario')})")
        if any(case.tree.get("haproxy") is not None for case in cases):
            lines.append(_haproxy())
    if foreign:
        lines.append(f"{_many(foreign, 'other YAML file')} left alone")
    return [f"eximsim: {line}" for line in lines]


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _haproxy() -> str:
    from ..services.haproxy.binary import find_binary

    try:
        binary = find_binary()
    except EximsimError as error:
        return f"{error.message}; scenarios that need it are skipped"
    return f"HAProxy {binary.version} ({binary.path})"


def _releases(cases: Sequence[Case]) -> Counter[tuple[str, str]]:
    """Release and reason → how many scenarios. What cannot be told is told when the scenario runs."""
    told: dict[tuple[int, ...], list[tuple[str, str]]] = {}
    found: Counter[tuple[str, str]] = Counter()
    for case in cases:
        if case.skip is None:
            mtas = case.tree.get("mtas")
            nodes = (case.tree.get("exim"), *((value for _, value in mtas.items) if isinstance(mtas, Table) else ()))
            key = tuple(id(node) for node in nodes)
            if key not in told:
                told[key] = sorted(set(_told(nodes[0], nodes[1:])))
            found.update(told[key])
    return found


def _told(common: Node | None, several: Sequence[Node]) -> Iterable[tuple[str, str]]:
    base = _bound(common)
    for own in [configuration.combined(base, _bound(node)) for node in several] or [base]:
        exim = own if own is not None else Exim()
        placed = configuration.place(exim, Path("/"))
        if placed.text is None or exim.version is not None:
            files: Files = _OnDisk(placed.root)  # type: ignore[assignment]
        else:
            files = _Inline(placed.path, placed.text)  # type: ignore[assignment]
        with contextlib.suppress(EximsimError):
            choice = configuration.release_of(exim, files, placed)
            yield choice.release_name, choice.reason


def _bound(node: Node | None) -> Exim | None:
    if node is None:
        return None
    made = EXIM.bind(node, node.position, Binding(Mistakes(), wild=True))
    return made if isinstance(made, Exim) else None


@dataclass(frozen=True)
class _OnDisk:
    """The part of exim.world.Files that reading a configuration's text needs, on the user's files; `root` as in a scenario."""

    root: Path | None

    def _real(self, path: str) -> str:
        inside = f"{self.root}{path}" if self.root is not None else ""
        return inside if inside and os.path.exists(inside) else path

    def read(self, path: str) -> bytes:
        return Path(self._real(path)).read_bytes()

    def list(self, path: str) -> Sequence[str]:
        return os.listdir(self._real(path))

    def status(self, path: str) -> FileStatus:
        found = os.stat(self._real(path))
        return FileStatus("dir" if stat.S_ISDIR(found.st_mode) else "file", found.st_mode, 0, 0, 1, 0, 0, found.st_size, 0, 0, 0)


@dataclass(frozen=True)
class _Inline:
    """A configuration that stands in the YAML file."""

    path: str
    text: str

    def read(self, path: str) -> bytes:
        if path != self.path:
            raise FileNotFoundError(path)
        return self.text.encode("utf-8")

    def list(self, path: str) -> Sequence[str]:
        return ()

    def status(self, path: str) -> FileStatus:
        return FileStatus("file", 0o644, 0, 0, 1, 0, 0, len(self.text), 0, 0, 0)
