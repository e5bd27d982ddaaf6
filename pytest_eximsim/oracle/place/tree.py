"""The file tree of a machine of namespaces.py, seen and changed from outside: every link is followed inside of it."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import ServiceMissing
from ...exim.world import FileStatus
from ...runtime.files import status_of

MOST_LINKS = 40
#: Folders whose files are not ours to give.
KERNEL = ("/proc/", "/sys/", "/dev/")


@dataclass(frozen=True)
class Tree:
    """`root` is where the tree begins, `directory` what relative paths start from there; `given` are the marks of files that `give` made.
    Paths are latin-1 text.
    """

    root: str
    directory: str
    given: dict[str, tuple[int, int, int]] = field(default_factory=dict, compare=False)

    def real(self, path: str) -> bytes:
        """Where a path of the tree is seen from here, links resolved. Raises OSError for a loop."""
        place, links = b"", 0
        absolute = path if path.startswith("/") else f"{self.directory}/{path}"
        rest = absolute.encode("latin-1").split(b"/")[::-1]
        while rest:
            name = rest.pop()
            if name in (b"", b"."):
                continue
            if name == b"..":
                place = place.rpartition(b"/")[0]
                continue
            try:
                target = os.readlink(os.fsencode(self.root) + place + b"/" + name)
            except OSError:
                place += b"/" + name
                continue
            links += 1
            if links > MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            place = b"" if target.startswith(b"/") else place
            rest += target.split(b"/")[::-1]
        return os.fsencode(self.root) + place

    def read(self, path: str) -> bytes:
        return Path(os.fsdecode(self.real(path))).read_bytes()

    def status(self, path: str) -> FileStatus:
        return status_of(self.real(path))

    def list(self, path: str) -> list[str]:
        return [".", "..", *sorted(os.fsdecode(name) for name in os.listdir(self.real(path)))]

    def give(self, path: str, content: bytes, mode: int | None = None) -> None:
        """A file of root's; programs (`#!`) can be run, folders above it are made."""
        target = self.real(path)
        if path.startswith(KERNEL):
            return self._given_by_kernel(target, path, content)
        try:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(content)
        except OSError as error:
            if error.errno != errno.EROFS:
                raise
            raise ServiceMissing(f"{path} is in a folder of this machine, which a real Exim sees and nobody can write to") from None
        os.chmod(target, mode if mode is not None else 0o755 if content.startswith(b"#!") else 0o644)
        self.given[target[len(os.fsencode(self.root)):].decode("latin-1")] = _mark(os.stat(target))

    def _given_by_kernel(self, target: bytes, path: str, content: bytes) -> None:
        try:
            with open(target, "rb") as file:
                same = file.read() == content
        except OSError:
            same = False
        if not same:
            raise ServiceMissing(f"{path} is the kernel's on the machine of a real Exim, and says something else than the scenario")

    def real_path(self, path: str) -> str:
        """The absolute path, as whoever is on the machine knows it."""
        return path if path.startswith("/") else f"{self.directory}/{path}"

    def database(self, path: str) -> str:
        """`real_path` of a scenario's own SQLite file, which is made, empty, where it is not there. Whatever user the MTA is can write to
        it, and to its folder, where SQLite has its journal.
        """
        target = self.real(path)
        folder = os.path.dirname(target)
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o777)
        with open(target, "ab"):
            os.chmod(target, 0o666)
        return self.real_path(path)

    def copy(self, folder: Path) -> None:
        """Everything below a folder of this machine, at the same paths, root's; links stay links."""
        for place, folders, names in os.walk(folder):
            inside = "/" + os.path.relpath(place, folder)
            target = os.fsdecode(self.real(inside))
            os.makedirs(target, exist_ok=True)
            for name in (*names, *(one for one in folders if os.path.islink(f"{place}/{one}"))):
                with contextlib.suppress(FileExistsError):
                    shutil.copy2(f"{place}/{name}", f"{target}/{name}", follow_symlinks=False)

    def files(self) -> Iterator[tuple[str, os.stat_result]]:
        """All files that are the tree's own, not another file system's, with their paths."""
        top = os.fsencode(self.root)
        own = os.stat(top + b"/").st_dev
        for place, folders, names in os.walk(top + b"/"):
            folders[:] = [name for name in folders if os.lstat(place + b"/" + name).st_dev == own]
            for name in names:
                full = os.path.join(place, name)
                with contextlib.suppress(OSError):
                    found = os.lstat(full)
                    if stat.S_ISREG(found.st_mode) and found.st_dev == own:
                        yield full[len(top):].decode("latin-1"), found

    def marks(self) -> dict[str, tuple[int, int, int]]:
        """What tells whether a file has changed."""
        return {path: _mark(found) for path, found in self.files()}


def _mark(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns
