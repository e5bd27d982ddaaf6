"""Commands that wait for data (BLPOP and its kin): asked without waiting, again and again while the scenario's time passes.

So they wait by the scenario's clock, whatever the server's is, and the other sessions go on. Inside MULTI nothing blocks: each look is a
transaction of one command.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...exim.world import Clock, RedisError, RedisReply

#: Where the time limit in seconds stands among the arguments.
LIMITS: dict[bytes, int] = {
    b"BLMOVE": 5, b"BLMPOP": 1, b"BLPOP": -1, b"BRPOP": -1, b"BRPOPLPUSH": -1, b"BZMPOP": 1, b"BZPOPMAX": -1, b"BZPOPMIN": -1,
}
#: These wait only with the word BLOCK and milliseconds behind it.
WITH_WORD = (b"XREAD", b"XREADGROUP")
LOOK_SECONDS = 0.1
_FOREVER = float("inf")

Send = Callable[[Sequence[bytes]], RedisReply]


def limit_of(arguments: Sequence[bytes]) -> float | None:
    """How long the command may wait, in seconds; None for one that never does (or whose limit is no number: the server says so)."""
    verb = arguments[0].upper()
    try:
        if verb in LIMITS:
            return float(arguments[LIMITS[verb]]) or _FOREVER
        if verb in WITH_WORD:
            words = [word.upper() for word in arguments]
            return int(arguments[words.index(b"BLOCK") + 1]) / 1000 or _FOREVER
    except (ValueError, IndexError):
        pass
    return None


def wait_for_reply(arguments: Sequence[bytes], limit: float, send: Send, clock: Clock) -> RedisReply:
    """Nil when the limit has passed. The longer it waits, the less often it looks."""
    begun = clock.now()
    while (reply := _look(arguments, send)) is None and (waited := clock.now() - begun) < limit:
        clock.sleep(min(max(LOOK_SECONDS, waited / 10), limit - waited))
    return reply


def _look(arguments: Sequence[bytes], send: Send) -> RedisReply:
    if isinstance(send([b"MULTI"]), RedisError):
        return send(arguments)      # a transaction of the client's own is under way
    queued = send(arguments)
    if isinstance(queued, RedisError):
        send([b"DISCARD"])
        return queued
    replies = send([b"EXEC"])
    return replies[0] if isinstance(replies, list) else replies
