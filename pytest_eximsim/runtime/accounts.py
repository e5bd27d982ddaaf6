"""Accounts and groups of the simulated machine: the scenario's `users`, then /etc/passwd and /etc/group of its file tree, then the four
that every machine has. The real machine's accounts are never asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from ..exim.world import Files, User

#: As Debian's base-passwd makes them.
BUILT_IN = (
    User("root", 0, 0, "/root", "/bin/bash", "root"),
    User("daemon", 1, 1, "/usr/sbin", "/usr/sbin/nologin", "daemon"),
    User("mail", 8, 8, "/var/mail", "/usr/sbin/nologin", "mail"),
    User("nobody", 65534, 65534, "/nonexistent", "/usr/sbin/nologin", "nobody"),
)
BUILT_IN_GROUPS = {"root": 0, "daemon": 1, "mail": 8, "nogroup": 65534, "nobody": 65534}
FIRST_UID = 1000


class Accounts:
    """exim.world.Users. `users`: name → uid and home; None stands for the next free uid, and for /home/NAME."""

    def __init__(self, users: Mapping[str, tuple[int | None, str | None]] | None = None, files: Files | None = None) -> None:
        self._own = _numbered(users or {})
        self._files = files

    def by_name(self, name: str) -> User | None:
        return next((user for user in self._all() if user.name == name), None)

    def by_uid(self, uid: int) -> User | None:
        return next((user for user in self._all() if user.uid == uid), None)

    def group(self, name: str) -> int | None:
        """Every account of `users` has a group of its own, by its name."""
        own = next((user.gid for user in self._own if user.name == name), None)
        if own is not None:
            return own
        return {**BUILT_IN_GROUPS, **_groups(self._read("/etc/group"))}.get(name)

    def _all(self) -> Iterable[User]:
        yield from self._own
        yield from _accounts(self._read("/etc/passwd"))
        yield from BUILT_IN

    def _read(self, path: str) -> bytes:
        """Each time anew, as getpwnam does: the file may change."""
        try:
            return b"" if self._files is None else self._files.read(path)
        except OSError:
            return b""


def _numbered(users: Mapping[str, tuple[int | None, str | None]]) -> tuple[User, ...]:
    taken = {uid for uid, _ in users.values() if uid is not None}
    found = []
    for name, (uid, home) in users.items():
        if uid is None:
            uid = next(n for n in range(FIRST_UID, 65534) if n not in taken)
            taken.add(uid)
        found.append(User(name, uid, uid, home if home is not None else f"/home/{name}"))
    return tuple(found)


@lru_cache(maxsize=16)
def _accounts(content: bytes) -> tuple[User, ...]:
    """passwd(5); lines that are none are passed over."""
    found = []
    for line in content.decode("latin-1").splitlines():
        fields = line.split(":")
        if len(fields) == 7 and fields[2].isdigit() and fields[3].isdigit():
            name, password, uid, gid, gecos, home, shell = fields
            found.append(User(name, int(uid), int(gid), home, shell, gecos, password))
    return tuple(found)


@lru_cache(maxsize=16)
def _groups(content: bytes) -> dict[str, int]:
    """group(5)."""
    lines = [line.split(":") for line in content.decode("latin-1").splitlines()]
    found: dict[str, int] = {}
    for fields in lines:
        if len(fields) >= 3 and fields[2].isdigit():
            found.setdefault(fields[0], int(fields[2]))
    return found
