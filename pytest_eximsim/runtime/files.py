"""The MTA's file tree: layers of a scenario's own files, of which only the uppermost is ever written.

A path is looked for in this order: what this run has written or was given (files in the run's folder), the copy of the server's files
(`root`), for a relative path the configuration's folder, and, only where the scenario allows it, the machine's own files. Files that are
changed are copied to the run's folder first. No permissions are imitated but one: nothing can be made below /proc, /sys and /dev.

Paths of the MTA are latin-1 text, a character a byte, as everywhere in `exim/`; on disk they are the same bytes.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ..exim.world import FileStatus

#: Where in the run's folder files are kept that are not below it for the MTA.
TREE = ".tree"
SEALED = ("/proc", "/sys", "/dev")
NULL = "/dev/null"
#: Folders that every machine has.
STANDARD = ("/bin", "/dev", "/etc", "/home", "/lib", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/bin",
            "/usr/lib", "/usr/sbin", "/var", "/var/lib", "/var/log", "/var/mail", "/var/spool", "/var/tmp")
MOST_LINKS = 40
Names = list[str]       # the class below has a method `list`


def status_of(path: str | bytes) -> FileStatus:
    """As stat(2) tells. Raises OSError."""
    found = os.stat(path)
    kind = "file" if stat.S_ISREG(found.st_mode) else "dir" if stat.S_ISDIR(found.st_mode) else "other"
    return FileStatus(kind, found.st_mode, found.st_ino, found.st_dev, found.st_nlink, found.st_uid, found.st_gid, found.st_size,
                      int(found.st_atime), int(found.st_mtime), int(found.st_ctime))


class FileTree:
    """exim.world.Files. `given`: contents by absolute path, or by a path relative to `work`, the run's folder, which is @DIR@."""

    def __init__(self, work: Path, *, given: Mapping[str, bytes] | None = None, root: Path | None = None, folder: Path | None = None,
                 outside: bool = False, folders: Iterable[str] = ()) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self.directory = _text(os.path.abspath(os.fsencode(work)))        # @DIR@
        self.missing: dict[str, None] = {}
        self.written: list[str] = []
        self._asked: set[str] = set()
        self._tree = f"{self.directory}/{TREE}"
        self._root = None if root is None else os.path.abspath(os.fsencode(root))
        self._folder = None if folder is None else _text(os.path.abspath(os.fsencode(folder)))
        self._outside = outside
        self._removed: set[str] = set()
        self._resolved: dict[str, str] = {}
        self._implicit = {"/", *STANDARD, *folders, *_ancestors(self.directory)}
        for path, content in (given or {}).items():
            self.give(path, content)

    def give(self, path: str, content: bytes) -> None:
        """One more file of the scenario, also where the MTA itself can write nothing."""
        target = self._upper(self._entry(path))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content)
        os.chmod(target, 0o755 if content.startswith(b"#!") else 0o644)
        self._resolved.clear()

    def has(self, path: str) -> bool:
        """Is it there? Asked by the simulator itself: not one of the `missing`."""
        return self._layer(self._resolve(path), _is_relative(path)) is not None

    def asked_for(self, path: str) -> bool:
        """Has the MTA looked at it, or at what is in its folder?"""
        place = self._resolve(path)
        return place in self._asked or os.path.dirname(place) in self._asked

    # --- the port ------------------------------------------------------------------------------

    def read(self, path: str) -> bytes:
        with open(self._find(path), "rb") as file:
            return file.read()

    def write(self, path: str, data: bytes, *, append: bool = False, mode: int = 0o600) -> None:
        place = self._resolve(path)
        if place == NULL:
            return
        target = self._writable(place, _is_relative(path), keep=append)
        is_new = not os.path.lexists(target)
        with open(os.open(target, os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC), mode), "wb") as file:
            if is_new:
                os.chmod(target, mode)          # whatever this process' umask is
            file.write(data)
        self._note(place)

    def status(self, path: str) -> FileStatus:
        return status_of(self._find(path))

    def list(self, path: str) -> Sequence[str]:
        if not os.path.isdir(self._find(path)):
            raise _failure(errno.ENOTDIR)
        return [".", "..", *self._names(self._resolve(path), _is_relative(path))]

    def make_directory(self, path: str, mode: int = 0o700) -> None:
        place = self._resolve(path)
        if self._layer(place, _is_relative(path)) is not None:
            raise _failure(errno.EEXIST)
        target = self._writable(place, _is_relative(path), keep=False)
        os.mkdir(target)
        os.chmod(target, mode)
        self._note(place)

    def rename(self, old: str, new: str) -> None:
        self._find(old)
        source, place = self._entry(old), self._entry(new)
        self._refuse_sealed(source)
        from_path = self._writable(self._resolve(old), _is_relative(old), keep=True)
        os.rename(from_path, self._writable(place, _is_relative(new), keep=False))
        self._hide(source, _is_relative(old))
        self._note(place)

    def remove(self, path: str) -> None:
        """A file, a link (not what it leads to), or an empty folder."""
        place, relative = self._entry(path), _is_relative(path)
        if not any(os.path.lexists(layer) for layer in self._layers(place, relative)):
            self._find(path)
        self._refuse_sealed(place)
        upper = self._upper(place)
        if self._resolve(path) == place and os.path.isdir(self._find(path)):
            if self._names(place, relative):
                raise _failure(errno.ENOTEMPTY)
            if os.path.isdir(upper):
                os.rmdir(upper)
        elif os.path.lexists(upper):
            os.unlink(upper)
        self._hide(place, relative)

    def real_path(self, path: str) -> str:
        """A file is copied to the run's folder first: the library may write to it. For one that is not there: where it would be made,
        but no folder is made for it (case REDIS-085).
        """
        place = self._resolve(path)
        self._asked.add(place)
        found = self._layer(place, _is_relative(path))
        if found is not None and (os.path.isdir(found) or place == NULL):
            return os.fsdecode(found)
        if found is None and self._layer(os.path.dirname(place), _is_relative(path)) is None:
            return os.fsdecode(self._upper(place))
        try:
            target = os.fsdecode(self._writable(place, _is_relative(path), keep=True))
            if found is None:
                self._note(place)
            return target
        except PermissionError:
            return os.fsdecode(self._upper(place))

    def database(self, path: str) -> str:
        """The real path of a scenario's own SQLite file, which is made, empty, where it is not there, with the folders above it."""
        if not self.has(path):
            self.give(path, b"")
        return self.real_path(path)

    # --- where a path is -----------------------------------------------------------------------

    def _absolute(self, path: str) -> str:
        """Without what stands behind a NUL, as C strings end there."""
        path = path.partition("\0")[0]
        return os.path.normpath("/" + (path if path.startswith("/") else f"{self.directory}/{path}").lstrip("/"))

    def _resolve(self, path: str) -> str:
        """The absolute path without symbolic links; those of `root` mean paths of this tree and lead nowhere else."""
        if self._root is None:
            return self._absolute(path)
        if path not in self._resolved:
            self._resolved[path] = self._without_links(path.partition("\0")[0])
        return self._resolved[path]

    def _entry(self, path: str) -> str:
        """As _resolve, but a link at its end stays: the entry of a folder that rename and remove speak of."""
        folder, _, name = self._absolute(path).rpartition("/")
        return self._absolute(f"{self._resolve(folder or '/')}/{name}")

    def _without_links(self, path: str) -> str:
        rest = (path if path.startswith("/") else f"{self.directory}/{path}").split("/")[::-1]
        place, links = "", 0
        while rest:
            name = rest.pop()
            if name in ("", "."):
                continue
            if name == "..":
                place = place.rpartition("/")[0]
                continue
            target = self._link(f"{place}/{name}")
            if target is None:
                place = f"{place}/{name}"
                continue
            links += 1
            if links > MOST_LINKS:
                raise _failure(errno.ELOOP)
            place = "" if target.startswith("/") else place
            rest += target.split("/")[::-1]
        return place or "/"

    def _link(self, place: str) -> str | None:
        """Where a link of `root` leads, unless something of this run stands in its place."""
        if self._is_hidden(place) or os.path.lexists(self._upper(place)):
            return None
        try:
            return _text(os.readlink((self._root or b"") + _bytes(place)))
        except OSError:
            return None

    def _upper(self, place: str) -> bytes:
        return _bytes(place if _is_below(place, self.directory) else f"{self._tree}{place}")

    def _layers(self, place: str, relative: bool) -> Iterator[bytes]:
        """Where the layers would have it, from the uppermost downwards; `relative`: the MTA used a relative path."""
        yield self._upper(place)
        if self._is_hidden(place):
            return
        if self._root is not None and not _is_below(place, self.directory):
            yield self._root + _bytes(place)
        if self._folder is not None and relative:
            yield _bytes(f"{self._folder}/{os.path.relpath(place, self.directory)}")
        if self._outside or (self._folder is not None and _is_below(place, self._folder)):
            yield _bytes(place)

    def _layer(self, place: str, relative: bool) -> bytes | None:
        """Where it really is, or None."""
        if place == NULL:
            return _bytes(NULL)
        for candidate in self._layers(place, relative):
            if os.path.exists(candidate):
                return candidate
        if place in self._implicit and not self._is_hidden(place):
            os.makedirs(self._upper(place), exist_ok=True)
            return self._upper(place)
        return None

    def _find(self, path: str) -> bytes:
        """Where an existing file or folder is. Raises the system's error for one that does not exist."""
        if not path.partition("\0")[0]:
            raise _failure(errno.ENOENT)
        place = self._resolve(path)
        found = self._layer(place, _is_relative(path))
        if found is None:
            self.missing[path] = None
            raise _failure(errno.ENOTDIR if self._in_a_file(place, _is_relative(path)) else errno.ENOENT)
        self._asked.add(place)
        if path.endswith("/") and not os.path.isdir(found):
            raise _failure(errno.ENOTDIR)
        return found

    def _in_a_file(self, place: str, relative: bool) -> bool:
        """Is what should be a folder on the way there a file?"""
        while place != "/":
            place = os.path.dirname(place)
            found = self._layer(place, relative)
            if found is not None:
                return not os.path.isdir(found)
        return False

    def _names(self, place: str, relative: bool) -> Names:
        """What is in a folder, all layers together."""
        names: set[str] = set()
        for layer in self._layers(place, relative):
            if os.path.isdir(layer):
                names.update(_text(name) for name in os.listdir(layer))
        if place == self.directory:
            names.discard(TREE)
        inside = {name: f"{place.rstrip('/')}/{name}" for name in sorted(names)}
        return [name for name, path in inside.items() if not self._is_hidden(path) or os.path.lexists(self._upper(path))]

    # --- changing ------------------------------------------------------------------------------

    def _writable(self, place: str, relative: bool, *, keep: bool) -> bytes:
        """Where it may be written, with all folders above; `keep`: with what the lower layers have there."""
        self._refuse_sealed(place)
        if self._in_a_file(place, relative):
            raise _failure(errno.ENOTDIR)
        target, found = self._upper(place), self._layer(place, relative)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if found is None:
            return target
        if os.path.isdir(found):
            os.makedirs(target, exist_ok=True)      # at least there: the system then says what it says of a folder
            for name in self._names(place, relative) if keep else ():
                self._writable(f"{place}/{name}", relative, keep=True)
        elif keep and found != target:
            shutil.copy2(found, target)
        return target

    def _refuse_sealed(self, place: str) -> None:
        """What Exim's user, who is not root, is told there, whether the folder in question exists or not (case DMARC-061)."""
        if any(_is_below(place, sealed) for sealed in SEALED):
            raise _failure(errno.EACCES)

    def _note(self, place: str) -> None:
        if place not in self.written:
            self.written.append(place)

    def _hide(self, place: str, relative: bool) -> None:
        """From now on the lower layers have it no more."""
        if any(os.path.lexists(layer) for layer in self._layers(place, relative)):
            self._removed.add(place)
        self._resolved.clear()

    def _is_hidden(self, place: str) -> bool:
        return bool(self._removed) and (place in self._removed or any(folder in self._removed for folder in _ancestors(place)))


def _is_below(place: str, folder: str) -> bool:
    """Is it that folder, or in it?"""
    return place == folder or place.startswith(folder.rstrip("/") + "/")


def _ancestors(place: str) -> list[str]:
    parts = place.split("/")
    return ["/".join(parts[:n]) for n in range(2, len(parts) + 1)]


def _is_relative(path: str) -> bool:
    return not path.startswith("/")


def _failure(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _text(name: bytes) -> str:
    return name.decode("latin-1")


def _bytes(path: str) -> bytes:
    try:
        return path.encode("latin-1")
    except UnicodeEncodeError:
        return os.fsencode(path)
