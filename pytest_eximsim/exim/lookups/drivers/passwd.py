"""`passwd`: an account's line without its name and with `*` for the password (Exim chapter 9.3; case REDIS-083)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..result import NOT_FOUND, Found, Reply

if TYPE_CHECKING:
    from ...state import Process


def find(p: Process, file: str, key: str, options: str) -> Reply:
    user = p.world.users.by_name(key)
    if user is None:
        return Reply(NOT_FOUND)
    return Reply(Found(f"*:{user.uid}:{user.gid}:{user.gecos}:{user.home}:{user.shell}"))
