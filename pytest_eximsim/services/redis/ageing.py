"""A real Redis lives in its own time; the scenario's may stand still, jump, or lie years away. This keeps the two together.

Before a command it is seen how far the scenario's clock has moved against the server's: by that much keys age, or get younger. Points in
time that commands name (EXPIREAT, SET … EXAT …) and that replies give (EXPIRETIME, TIME) are moved by the distance of the two clocks. What
a Lua script itself asks of the clock, and the ids that XADD makes, stay the server's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from ...errors import ServiceError
from ...exim.world import Clock, RedisError, RedisReply

#: So far the clocks may drift apart before keys are touched, in seconds.
TOLERANCE = 0.1
#: Every key of the database that expires does so ARGV[1] milliseconds earlier.
_AGE = b"""
local cursor = '0'
repeat
  local found = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = found[1]
  for _, key in ipairs(found[2]) do
    local left = redis.call('PTTL', key)
    if left >= 0 then
      left = left - tonumber(ARGV[1])
      if left > 0 then redis.call('PEXPIRE', key, string.format('%.0f', left)) else redis.call('DEL', key) end
    end
  end
until cursor == '0'
"""
#: Where a point in time stands among the arguments, and how many of its units make a second.
_POINTS = {b"EXPIREAT": (2, 1), b"PEXPIREAT": (2, 1000)}
_WORDS = {b"EXAT": 1, b"PXAT": 1000}
#: Commands that take these words, and where the first may stand.
_WITH_WORDS = {b"SET": 3, b"GETEX": 2}
_REPLIES = {b"EXPIRETIME": 1, b"PEXPIRETIME": 1000}

Send = Callable[[Sequence[bytes]], RedisReply]


class Ageing:
    """One server's clock against the scenario's. `server_time`: the server's epoch time when this is made."""

    def __init__(self, clock: Clock, server_time: float | None = None) -> None:
        self._clock = clock
        self._skew = 0.0 if server_time is None else server_time - time.time()
        self._ahead = self._distance()

    def _distance(self) -> float:
        """How far the scenario's clock is ahead of the server's."""
        return self._clock.now() - time.time() - self._skew

    def catch_up(self, send: Send, databases: Iterable[int]) -> None:
        """Let keys age by what the scenario's clock has moved."""
        ahead = self._distance()
        moved = ahead - self._ahead
        if abs(moved) < TOLERANCE:
            return
        self._ahead = ahead
        for number in databases:
            send([b"SELECT", b"%d" % number])
            reply = send([b"EVAL", _AGE, b"0", b"%d" % round(moved * 1000)])
            if isinstance(reply, RedisError):
                raise ServiceError(f"Redis cannot be made to follow the scenario's clock: {reply}")

    def arguments(self, arguments: Sequence[bytes]) -> Sequence[bytes]:
        """The command with the server's points in time."""
        verb = arguments[0].upper()
        if verb in _POINTS:
            place, units = _POINTS[verb]
            return self._moved(arguments, place, units)
        if verb in _WITH_WORDS:
            first = _WITH_WORDS[verb]
            for place, word in enumerate(arguments[first:-1], first + 1):
                if word.upper() in _WORDS:
                    return self._moved(arguments, place, _WORDS[word.upper()])
        return arguments

    def _moved(self, arguments: Sequence[bytes], place: int, units: int) -> Sequence[bytes]:
        try:
            point = int(arguments[place])
        except (IndexError, ValueError):
            return arguments
        if point <= 0:
            return arguments
        return [*arguments[:place], b"%d" % round(point - self._ahead * units), *arguments[place + 1:]]

    def reply(self, verb: bytes, reply: RedisReply) -> RedisReply:
        """The reply with the scenario's points in time."""
        if verb in _REPLIES and isinstance(reply, int) and reply > 0:
            return round(reply + self._ahead * _REPLIES[verb])
        if verb == b"TIME" and isinstance(reply, list):
            now = self._clock.now()
            return [b"%d" % int(now), b"%d" % int(now % 1 * 1_000_000)]
        return reply
