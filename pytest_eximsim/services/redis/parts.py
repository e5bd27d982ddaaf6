"""Which part of a real server is a scenario's: all of one that we started, or databases of a shared one that were found empty and claimed.

A claim is a key in the database that the URL names (0 by default), which holds nothing else of ours; its value is the owner's label. What a
killed run claimed is taken over, and only that. Outside of claimed databases nothing is ever read, written or flushed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ...errors import ServiceError
from ...exim.world import RedisError, RedisReply
from ...runtime.owner import Owner, is_stale

CLAIM = b"eximsim:database:%d"
CLAIM_SECONDS = b"86400"
MOST_DATABASES = 1024
#: What a server has unless it is told otherwise; a scenario sees as many.
DATABASES = 16
OUT_OF_RANGE = RedisError("ERR DB index is out of range")
_TAKE_OVER = b"if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) return 1"
#: Commands that reach beyond a database; those with words only with these.
_FAR: dict[bytes, tuple[bytes, ...]] = {
    b"ACL": (), b"BGREWRITEAOF": (), b"BGSAVE": (), b"CLIENT": (b"KILL", b"PAUSE", b"UNPAUSE"), b"CLUSTER": (), b"DEBUG": (),
    b"CONFIG": (b"SET", b"RESETSTAT", b"REWRITE"), b"FAILOVER": (), b"FUNCTION": (b"DELETE", b"FLUSH", b"LOAD", b"RESTORE"), b"MIGRATE": (),
    b"MODULE": (), b"MONITOR": (), b"PSYNC": (), b"REPLICAOF": (), b"SAVE": (), b"SCRIPT": (b"FLUSH", b"KILL"), b"SHUTDOWN": (),
    b"SLAVEOF": (), b"SYNC": (),
}
_FAR_IN_LUA = re.compile(
    rb"['\"](?:flushall|select|swapdb|move|acl|bgsave|client|cluster|config|debug|failover|function|migrate|module|replicaof|save|script"
    rb"|shutdown|slaveof)['\"]", re.IGNORECASE)

Send = Callable[[Sequence[bytes]], RedisReply]


class Part(Protocol):
    """`used`: the server's numbers of the databases that the scenario has touched."""

    @property
    def used(self) -> Iterable[int]: ...

    def number(self, wanted: int) -> int:
        """The server's number of a scenario's database. Raises ServiceError."""
        ...

    def arguments(self, arguments: Sequence[bytes]) -> Sequence[bytes] | RedisError:
        """A command in the server's numbers. Raises ServiceError for one that reaches beyond this part."""
        ...

    def clear(self, send: Send) -> None:
        """Leave it empty, for the next one."""
        ...


@dataclass
class Whole:
    """All of a server that is ours."""

    used: set[int] = field(default_factory=lambda: {0})

    def number(self, wanted: int) -> int:
        self.used.add(wanted)
        return wanted

    def arguments(self, arguments: Sequence[bytes]) -> Sequence[bytes]:
        if arguments[0].upper() in (b"SELECT", b"SWAPDB", b"MOVE", b"COPY"):
            self.used.update(int(word) for word in arguments[1:] if word.isdigit())
        return arguments

    def clear(self, send: Send) -> None:
        _done(send([b"FLUSHALL"]))
        _done(send([b"SCRIPT", b"FLUSH"]))


@dataclass
class Claimed:
    """Databases of a shared server. `claim` finds one more; `by_number`: the scenario's number → the server's."""

    claim: Callable[[], int]
    release: Callable[[int], None]
    by_number: dict[int, int] = field(default_factory=dict)

    @property
    def used(self) -> list[int]:
        return list(self.by_number.values())

    def number(self, wanted: int) -> int:
        if wanted not in self.by_number:
            self.by_number[wanted] = self.claim()
        return self.by_number[wanted]

    def arguments(self, arguments: Sequence[bytes]) -> Sequence[bytes] | RedisError:
        verb = arguments[0].upper()
        places = _database_places(verb, arguments)
        if any(arguments[place].isdigit() and int(arguments[place]) >= DATABASES for place in places):
            return OUT_OF_RANGE
        if places:
            return [b"%d" % self.number(int(word)) if place in places and word.isdigit() else word for place, word in enumerate(arguments)]
        if _is_far(verb, arguments):
            raise ServiceError(f"{arguments[0].decode('latin-1')} would reach beyond the scenario's part of a shared Redis")
        return arguments

    def clear(self, send: Send) -> None:
        for number in self.used:
            _done(send([b"SELECT", b"%d" % number]))
            _done(send([b"FLUSHDB"]))
            self.release(number)
        self.by_number.clear()


def _database_places(verb: bytes, arguments: Sequence[bytes]) -> list[int]:
    """Where numbers of databases stand."""
    match verb, len(arguments):
        case b"SELECT", 2:
            return [1]
        case b"SWAPDB", 3:
            return [1, 2]
        case b"MOVE", 3:
            return [2]
        case b"COPY", _:
            return [place + 1 for place, word in enumerate(arguments[:-1]) if place > 2 and word.upper() == b"DB"]
    return []


def _is_far(verb: bytes, arguments: Sequence[bytes]) -> bool:
    if verb in (b"EVAL", b"EVAL_RO") and len(arguments) > 1:
        return _FAR_IN_LUA.search(arguments[1]) is not None
    if verb not in _FAR:
        return False
    words = _FAR[verb]
    return not words or (len(arguments) > 1 and arguments[1].upper() in words)


class Claims:
    """The claims of this process on one shared server; `home` is the database where they are kept."""

    def __init__(self, send: Send, home: int) -> None:
        self._send = send
        self._home = home
        self._free: list[int] = []
        self._owner = str(Owner.current()).encode()
        self._claimed: set[int] = set()

    def claim(self) -> int:
        """A database that is empty and nobody else's."""
        if self._free:
            return self._free.pop()
        for number in range(MOST_DATABASES):
            if isinstance(self._send([b"SELECT", b"%d" % number]), RedisError):
                break
            if number != self._home and self._take(number):
                self._claimed.add(number)
                return number
        raise ServiceError(f"no empty database is left on the shared Redis (database {self._home} keeps who has which): "
                           "it needs `databases 64` or so, or fewer workers")

    def release(self, number: int) -> None:
        """It was left empty; it stays this process'."""
        self._free.append(number)

    def give_back(self) -> None:
        """All of them, and what is in them."""
        for number in self._claimed:
            self._send([b"SELECT", b"%d" % number])
            self._send([b"FLUSHDB"])
            self._at_home([b"DEL", CLAIM % number])
        self._claimed.clear()
        self._free.clear()

    def _take(self, number: int) -> bool:
        key = CLAIM % number
        before = self._at_home([b"GET", key])
        if isinstance(before, bytes):
            if not is_stale(before.decode("latin-1")):
                return False
            if self._at_home([b"EVAL", _TAKE_OVER, b"1", key, before, self._owner, CLAIM_SECONDS]) != 1:
                return False
            self._send([b"SELECT", b"%d" % number])
            self._send([b"FLUSHDB"])
            return True
        if self._at_home([b"SET", key, self._owner, b"NX", b"EX", CLAIM_SECONDS]) != b"OK":
            return False
        self._send([b"SELECT", b"%d" % number])
        if self._send([b"DBSIZE"]) == 0:
            return True
        self._at_home([b"DEL", key])
        return False

    def _at_home(self, arguments: Sequence[bytes]) -> RedisReply:
        self._send([b"SELECT", b"%d" % self._home])
        return self._send(arguments)


def _done(reply: RedisReply) -> None:
    if isinstance(reply, RedisError):
        raise ServiceError(f"Redis cannot be cleared: {reply}")
