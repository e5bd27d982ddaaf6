"""A database of a real server that is made for one scenario and dropped at its end, so that none sees what another did.

Its name says whose it is; what a killed run of this machine left is dropped at the next start. Nothing else on the server is touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import re
from collections.abc import Callable

from ...errors import ServiceError
from ...exim.world import SqlError, SqlResult
from ...runtime.owner import Owner
from .client import Client

_NUMBERS = itertools.count(1)
_NAME = re.compile(r"eximsim_([0-9a-f]{6})_([0-9a-f]{6})_([0-9]+)_([0-9a-z]+)_[0-9]+")


class OwnDatabase:
    """`server` is connected to some database of the server, `open` makes a connection to one by name."""

    def __init__(self, server: Client, open: Callable[[str], Client], quoted: Callable[[str], str]) -> None:
        self._server = server
        self._database = quoted(database_name(Owner.current(), next(_NUMBERS)))
        try:
            server.execute(f"CREATE DATABASE {self._database}")
        except SqlError as error:
            reason = error.text.strip()
            raise ServiceError(f"{server.name}: `setup` needs a database of its own, which cannot be made: {reason}") from None
        self._client = open(self._database[1:-1])
        self.name = server.name

    def execute(self, statement: str) -> SqlResult:
        return self._client.execute(statement)

    def script(self, text: str) -> None:
        self._client.script(text)

    def another(self) -> Client:
        return self._client.another()

    def close(self) -> None:
        """Drop it. A server that has died meanwhile is no matter."""
        self._client.close()
        try:
            self._server.execute(f"DROP DATABASE {self._database}")
        except SqlError:
            pass
        finally:
            self._server.close()


def database_name(owner: Owner, number: int) -> str:
    return f"eximsim_{_digest(owner.host)}_{_digest(owner.boot)}_{owner.pid}_{owner.started or 'unknown'}_{number}"


def is_left_behind(name: str) -> bool:
    """Is it a database of a process of this machine that is gone?"""
    found = _NAME.fullmatch(name)
    here = Owner.current()
    if found is None or found[1] != _digest(here.host):
        return False
    return found[2] != _digest(here.boot) or Owner(here.host, here.boot, int(found[3]), found[4]).gone()


def sweep(server: Client, names: str, quoted: Callable[[str], str]) -> list[str]:
    """Drop the databases of killed runs; `names` is the statement that lists all. Gives what was dropped."""
    dropped = []
    for name in [name for row in server.execute(names).rows if (name := row[0]) is not None and is_left_behind(name)]:
        with contextlib.suppress(SqlError):
            server.execute(f"DROP DATABASE {quoted(name)}")
            dropped.append(name)
    return dropped


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:6]
