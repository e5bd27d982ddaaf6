"""Message ids: time, process and fraction in base 62 (Exim chapter 3, "Message identification").

`XXXXXX-XXXXXX-XX` up to 4.96 (fraction in 1/2000 s), `XXXXXX-XXXXXXXXXXX-XXXX` from 4.97 on (microseconds).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .state import Process

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62(number: int, width: int) -> str:
    """The last `width` digits of a number in base 62."""
    text = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        text = DIGITS[digit] + text
    return text


def id_text(second: int, pid: int, fraction: int, *, long: bool) -> str:
    """An id of its three parts."""
    if long:
        return f"{base62(second, 6)}-{base62(pid, 11)}-{base62(fraction, 4)}"
    return f"{base62(second, 6)}-{base62(pid, 6)}-{base62(fraction, 2)}"


def new_id(p: Process) -> str:
    """A message id for now; a process never gives the same one twice (Exim waits for the next tick, here it is counted)."""
    long = p.release.long_ids
    per_second = 1_000_000 if long else 2_000
    tick = max(int(p.mta.world.clock.now() * per_second), p.last_id_tick + 1)
    p.last_id_tick = tick
    return id_text(tick // per_second, p.pid, tick % per_second, long=long)
