"""`redis`: a command to a Redis server (specification of the Redis lookup; cases REDIS-001 … REDIS-066).

Not here: Redis itself (world.Redis).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...world import RedisConnection, RedisError, RedisReply
from ..result import NOT_FOUND, Found, Reply
from ..rows import Gathered
from ..servers import Tried, deferred, query_servers, take_apart

if TYPE_CHECKING:
    from ...release import Release
    from ...state import Process

MAX_ARGUMENTS = 32
INVALID_FORMAT = "Invalid format string"
_SPACE = " \t\n\v\f\r"
#: What hiredis takes for a conversion of a number, behind the percent sign; the end of the text counts as one.
_CONVERSION = re.compile(r"[#0\-+ ]*[0-9]*(?:\.[0-9]*)?(?:(?:hh|h|ll|l)?[diouxX]|[eEfFgGaA]|$)")


@dataclass(slots=True)
class Connected:
    """A connection of this process (or of the one that it was forked from).

    `broken` is hiredis' error text, which stays for good (case REDIS-042).
    """

    connection: RedisConnection
    pid: int
    broken: str = ""

    def close(self, p: Process) -> None:
        """Only its owner closes it; a child just forgets it."""
        if self.pid == p.pid:
            self.connection.close()


class _NoReply(Exception):
    """hiredis gives no reply; the text is its errstr."""


def find(p: Process, file: str, key: str, options: str) -> Reply:
    return query_servers(p, "Redis", "redis_servers", key, options, _perform)


def quote(text: str, release: Release) -> str:
    """A backslash before white space and backslashes; nothing at all in the older release (case REDIS-007)."""
    if not release.redis_words:
        return text
    return "".join("\\" + char if char == "\\" or char in _SPACE else char for char in text)


def _perform(p: Process, server: str, query: str) -> Tried:
    fields = take_apart("Redis", server, 2)
    if isinstance(fields, Tried):
        return fields
    host, database, password = fields
    connected = _connection(p, server.rpartition("/")[0], host)
    if isinstance(connected, Tried):
        return connected
    what = ""
    try:
        if password:
            what = "REDIS Authentication failed: "
            _send(connected, [b"AUTH", password.encode("latin-1")])
        if database:
            what = f"REDIS: Selecting database={database} failed: "
            _send(connected, [b"SELECT", database.encode("latin-1")])
        what = "REDIS: query failed: "
        reply = _send(connected, _arguments(connected, query, p.release))
    except _NoReply as error:
        return deferred(f"{what}{error}\n")
    return _result(reply, p.release)


def _connection(p: Process, name: str, host: str) -> Connected | Tried:
    """The connection of that name, made where there is none. hiredis connects at once and tells only when it is used (case REDIS-034)."""
    known: Connected | None = p.scratch.connections.get(("redis", name))
    if known is not None:
        return known
    place = place_of(host)
    if isinstance(place, Tried):
        return place
    made = Connected(p.world.redis.connect(*place), p.pid)
    p.scratch.connections["redis", name] = made
    return made


def place_of(text: str) -> tuple[str, int, str] | Tried:
    """`host:port(socket)`."""
    host, bracket, socket = text.partition("(")
    socket = socket.partition(")")[0] if bracket else ""
    host, colon, port = host.partition(":")
    if "/" in host:
        return deferred(f"unexpected slash in Redis server hostname: {host}", final=True)
    return host, _number(port) if colon else 6379, socket


def _number(text: str) -> int:
    digits = len(text) - len(text.lstrip("0123456789"))
    return int(text[:digits] or 0)


def _send(connected: Connected, arguments: list[bytes]) -> RedisReply:
    """Raises _NoReply; from then on the connection answers nothing else."""
    if not connected.broken:
        try:
            return connected.connection.command(arguments)
        except EOFError:
            connected.broken = "Server closed the connection"
        except OSError as error:
            connected.broken = error.strerror or str(error)
    raise _NoReply(connected.broken)


def _arguments(connected: Connected, query: str, release: Release) -> list[bytes]:
    if release.redis_words:
        return split_words(query)
    if connected.broken:
        raise _NoReply(connected.broken)
    arguments = split_format(query)
    if arguments is None:
        connected.broken = INVALID_FORMAT
        raise _NoReply(INVALID_FORMAT)
    return arguments


def split_words(query: str) -> list[bytes]:
    """Words at white space; a backslash protects the next character and goes away; 32 of them at most (case REDIS-006).

    >>> split_words("SET a\\\\ b  c")
    [b'SET', b'a b', b'c']
    """
    words: list[bytes] = []
    place, end = 0, len(query)
    while len(words) < MAX_ARGUMENTS:
        while place < end and query[place] in _SPACE:
            place += 1
        if place >= end:
            break
        word: list[str] = []
        while place < end and query[place] not in _SPACE:
            if query[place] == "\\":
                place += 1
            if place < end:
                word.append(query[place])
                place += 1
        words.append("".join(word).encode("latin-1"))
    return words


def split_format(query: str) -> list[bytes] | None:
    """Words at spaces, with hiredis' percent signs: `%%` is one, a final one is itself; None for an invalid format (cases REDIS-008,
    REDIS-059).

    A conversion of a number shows what happens to lie on the stack: here 0. One of a string reads memory at random: an invalid format here.
    """
    words: list[str] = []
    word: str | None = None
    place = 0
    while place < len(query):
        char = query[place]
        place += 1
        if char == " ":
            if word is not None:
                words.append(word)
            word = None
            continue
        if char == "%" and place < len(query):
            if query[place] == "%":
                place += 1
            else:
                conversion = _CONVERSION.match(query, place)
                if conversion is None:
                    return None
                char, place = "0", conversion.end()
        word = (word or "") + char
    if word is not None:
        words.append(word)
    return [text.encode("latin-1") for text in words]


def _result(reply: RedisReply, release: Release) -> Tried:
    """Cases REDIS-001 … REDIS-005: what each kind of reply becomes."""
    gathered = Gathered(release)
    match reply:
        case RedisError():
            return deferred(f"REDIS: lookup result failed: {reply}\n", final=release.redis_error_is_final)
        case None:
            return Tried(Reply(Found(""), keep=0))
        case int():
            return Tried(Reply(Found("true" if (reply != 0 if release.redis_any_integer else reply == 1) else "false")))
        case bytes():
            gathered.add(reply.decode("latin-1"))
        case list():
            _add_array(gathered, reply)
    return Tried(Reply(NOT_FOUND if gathered.text is None else Found(gathered.text)))


def _add_array(gathered: Gathered, elements: list[RedisReply], *, nested: bool = False) -> None:
    """Integers (32 bits) and strings by newlines; arrays in arrays one level deep; what cannot be shown leaves its newline."""
    for element in elements:
        gathered.next_line()
        match element:
            case int():
                gathered.add(str((element + 0x80000000) % 0x100000000 - 0x80000000))
            case bytes():
                gathered.add(element.decode("latin-1"))
            case list() if not nested:
                _add_array(gathered, element, nested=True)
            case _:
                pass
