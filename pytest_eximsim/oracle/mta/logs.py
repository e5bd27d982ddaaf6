"""The logs of a real Exim: where its `log_file_path` puts them, and their lines without those that a daemon's start writes."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..place.tree import Tree

STARTED = re.compile(rb"exim \S+ daemon started: pid=")
WAITS = re.compile(rb"waiting \d+s before trying again")


def file_of(value: str, name: str, spool: str, default: str = "") -> str:
    """The file that a log goes to; `syslog` is passed over, an empty item is the compiled-in `default`."""
    for item in value.split(":"):
        item = item.strip()
        if item != "syslog":
            path = item or default or "$spool_directory/log/%slog"
            return path.replace("$spool_directory", spool).replace("${spool_directory}", spool).replace("%s", name)
    return ""


@dataclass
class Logs:
    """`skipped` are the pieces of each log that belong to a start: from the place where it was to the one where it ended."""

    paths: dict[str, str] = field(default_factory=dict)
    tree: Tree | None = None
    skipped: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)

    def place(self, tree: Tree, paths: Mapping[str, str]) -> None:
        self.tree, self.paths = tree, dict(paths)

    def begin(self) -> None:
        """A daemon is about to start."""
        self.starts = {name: len(self._read(name)) for name in self.paths}

    def started(self) -> bool:
        """Has it said that it listens?"""
        return STARTED.search(self._read("main"), self.starts.get("main", 0)) is not None

    def waits(self) -> bool:
        """Does it wait for a place to listen at that it will never get?"""
        return WAITS.search(self._read("main"), self.starts.get("main", 0)) is not None

    def skip(self) -> None:
        """What was written since `begin` is nobody's business."""
        for name, start in self.starts.items():
            self.skipped.setdefault(name, []).append((start, len(self._read(name))))

    def _read(self, name: str) -> bytes:
        with contextlib.suppress(OSError):
            if self.tree is not None and self.paths.get(name):
                return self.tree.read(self.paths[name])
        return b""

    def lines(self, name: str) -> list[str]:
        """Latin-1 lines, with their time stamps."""
        data, end, kept = self._read(name), 0, b""
        for start, stop in self.skipped.get(name, ()):
            kept += data[end:start]
            end = stop
        text = (kept + data[end:]).decode("latin-1")
        return text.removesuffix("\n").split("\n") if text else []
