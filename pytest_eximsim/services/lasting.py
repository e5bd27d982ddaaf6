"""Servers that serve one scenario after the other: one of a kind in this process (an xdist worker), started when the first is wanted.

They end with the process, or earlier by `close_all` (the plugin's, at the end of the session). What a scenario leaves in them is cleared
away by whoever uses them.
"""

from __future__ import annotations

import atexit
import contextlib
from collections.abc import Callable, Hashable
from typing import Any, Protocol, TypeVar


class Closable(Protocol):
    @property
    def alive(self) -> bool:
        """Does it still answer, as far as one can tell without asking?"""
        ...

    def close(self) -> None: ...


S = TypeVar("S", bound=Closable)
_servers: dict[Hashable, Any] = {}


def get(key: Hashable, make: Callable[[], S]) -> S:
    """The server of that name; made where there is none, or where it has died."""
    server: S | None = _servers.get(key)
    if server is None or not server.alive:
        if server is not None:
            del _servers[key]
            server.close()
        if not _servers:
            atexit.register(close_all)
        server = _servers[key] = make()
    return server


def close_all() -> None:
    """End them all; whoever wants one afterwards gets a new one."""
    while _servers:
        _, server = _servers.popitem()
        with contextlib.suppress(Exception):
            server.close()
