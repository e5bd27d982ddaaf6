"""Whose is what a run leaves outside of its process: containers, servers, databases. A killed run's leftovers are known by their owner.

An owner is gone when that process is provably dead: same host, and another boot, no such process, or one that was started at another time.
"""

from __future__ import annotations

import contextlib
import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Owner:
    """The process that something belongs to; `str()` is a label's value."""

    host: str
    boot: str
    pid: int
    started: str

    def __str__(self) -> str:
        return f"{self.host}|{self.boot}|{self.pid}|{self.started}"

    @classmethod
    def parse(cls, text: str) -> Owner | None:
        parts = text.split("|")
        return cls(parts[0], parts[1], int(parts[2]), parts[3]) if len(parts) == 4 and parts[2].isdigit() else None

    @classmethod
    def current(cls) -> Owner:
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> Owner:
        """A process that runs."""
        return cls(platform.node(), _boot_id(), pid, _started(pid))

    def gone(self) -> bool:
        """Is that process provably dead? Never true for another host."""
        if self.host != platform.node():
            return False
        return self.boot != _boot_id() or _started(self.pid) != self.started


def is_stale(label: str) -> bool:
    """Is it an owner's label, and the owner gone?"""
    owner = Owner.parse(label)
    return owner is not None and owner.gone()


@contextlib.contextmanager
def sweeping() -> Iterator[None]:
    """One sweep at a time on this machine; where files cannot be locked, a sweep is harmless when it runs twice."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with open(Path(tempfile.gettempdir()) / f"eximsim-{os.getuid()}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown"


def _started(pid: int) -> str:
    """The process' start time in clock ticks since boot, or "" when there is no such process; one that has ended and only its parent does
    not know it yet is none.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    except OSError:
        with contextlib.suppress(OSError):
            os.kill(pid, 0)
            return "unknown"
        return ""
