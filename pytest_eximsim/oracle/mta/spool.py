"""The spool of a real Exim: which messages wait, and every message that was ever accepted, kept before a delivery removes it.

A message's two files are linked to a folder of ours as soon as its header file appears; a thread waits for that, since a delivery may begin
at once.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

IN_MOVED_TO, IN_CREATE, IN_ISDIR = 0x80, 0x100, 0x40000000
IN_CLOEXEC = 0o2000000
HEADER_FILE = re.compile(r"([0-9A-Za-z]{6}-(?:[0-9A-Za-z]{11}-[0-9A-Za-z]{4}|[0-9A-Za-z]{6}-[0-9A-Za-z]{2}))-H")
_EVENT = struct.Struct("iIII")


@dataclass(frozen=True)
class Kept:
    """scenario.subject.SeenMessage from the files of the spool. `ask` expands a string for it."""

    id: str
    header: bytes
    data: bytes
    ask: Callable[[str, str], str]

    @property
    def sender(self) -> str:
        return self.header.split(b"\n")[2].decode("latin-1").strip("<>")

    @property
    def recipients(self) -> Sequence[str]:
        """Behind the tree of those that were delivered (each of its lines begins with two letters Y or N) and their number."""
        lines = self._envelope.decode("latin-1").split("\n")
        for index, line in enumerate(lines):
            if line.isdigit() and index and (lines[index - 1] == "XX" or re.match(r"[YN][YN] ", lines[index - 1])):
                return [re.sub(r" \d+,\d+#\d+$", "", one) for one in lines[index + 1:index + 1 + int(line)]]
        return []

    @property
    def headers(self) -> list[str]:
        """Three digits or more with the length, a letter, a blank, the text; those that were removed have `*`."""
        rest, found = self.header[len(self._envelope) + 2:], []
        while start := re.match(rb"(\d{3,})(.) ", rest):
            size = int(start[1])
            text, rest = rest[start.end():start.end() + size], rest[start.end() + size:]
            if start[2] != b"*":
                found.append(text.decode("latin-1"))
        return found

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\n")[2]

    def variable(self, name: str) -> str:
        return self.ask(self.id, name)

    @property
    def _envelope(self) -> bytes:
        return self.header.partition(b"\n\n")[0]


@dataclass(eq=False)
class Spool:
    """`path` is the spool directory as it is seen from here, `side` a folder on the same file system."""

    path: str
    side: str
    _descriptor: int = -1
    _watched: dict[int, str] = field(default_factory=dict)
    _thread: threading.Thread | None = None
    _wake: tuple[int, int] = (-1, -1)

    def watch(self) -> None:
        """Keep messages from now on."""
        os.makedirs(self.side, exist_ok=True)
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(IN_CLOEXEC)
        self._add(libc, self.path)
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._look, args=(libc,), name="spool", daemon=True)
        self._thread.start()

    def _add(self, libc: ctypes.CDLL, folder: str) -> None:
        """A folder, and the folders in it: `input`, parts of a split one, named queues."""
        number = libc.inotify_add_watch(self._descriptor, os.fsencode(folder), IN_MOVED_TO | IN_CREATE)
        if number < 0:
            return
        self._watched[number] = folder
        with contextlib.suppress(OSError):
            for one in os.scandir(folder):
                if one.is_dir(follow_symlinks=False):
                    self._add(libc, one.path)
                else:
                    self._keep(folder, one.name)

    def _look(self, libc: ctypes.CDLL) -> None:
        import select

        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(self._wake[0], select.POLLIN)
        while self._wake[0] not in {one for one, _ in poll.poll()}:
            data = os.read(self._descriptor, 65536)
            while data:
                number, mask, _, size = _EVENT.unpack_from(data)
                name = os.fsdecode(data[_EVENT.size:_EVENT.size + size].rstrip(b"\0"))
                data = data[_EVENT.size + size:]
                folder = self._watched.get(number, "")
                if mask & IN_ISDIR:
                    self._add(libc, f"{folder}/{name}")
                else:
                    self._keep(folder, name)

    def _keep(self, folder: str, name: str) -> None:
        found = HEADER_FILE.fullmatch(name)
        if found is None or os.path.exists(f"{self.side}/{name}"):
            return
        with contextlib.suppress(OSError):
            os.link(f"{folder}/{found[1]}-D", f"{self.side}/{found[1]}-D")
            os.link(f"{folder}/{name}", f"{self.side}/{name}")

    def messages(self, ask: Callable[[str, str], str]) -> list[Kept]:
        """All that were accepted, in the order of their ids."""
        found = []
        for name in sorted(os.listdir(self.side)) if os.path.isdir(self.side) else ():
            if one := HEADER_FILE.fullmatch(name):
                found.append(Kept(one[1], Path(self.side, name).read_bytes(), Path(self.side, f"{one[1]}-D").read_bytes(), ask))
        return found

    def waiting(self) -> list[str]:
        """The ids of messages on the queue, on named ones too."""
        return sorted(one[1] for _, _, names in os.walk(self.path) for name in names if (one := HEADER_FILE.fullmatch(name)))

    @contextlib.contextmanager
    def restored(self, id: str):  # type: ignore[no-untyped-def]
        """A message that was kept is on the queue, for as long as the block lasts."""
        missing = [part for part in ("H", "D") if not os.path.exists(f"{self.path}/input/{id}-{part}")]
        if id in self.waiting():
            missing = []
        for part in missing:
            os.link(f"{self.side}/{id}-{part}", f"{self.path}/input/{id}-{part}")
        try:
            yield
        finally:
            for part in missing:
                with contextlib.suppress(OSError):
                    os.unlink(f"{self.path}/input/{id}-{part}")

    def close(self) -> None:
        if self._thread is not None:
            os.write(self._wake[1], b"x")
            self._thread.join(5)
            self._thread = None
            for one in (self._descriptor, *self._wake):
                os.close(one)
