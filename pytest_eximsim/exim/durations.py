"""Exim's time intervals: `1d2h30m`, read and printed."""

from __future__ import annotations

import re

_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"([0-9]+)([wdhms])")


def read(text: str) -> int | None:
    """Seconds of an interval; every number needs a unit, units may come in any order. None where it is none."""
    place, seconds = 0, 0
    while place < len(text):
        found = _PART.match(text, place)
        if not found:
            return None
        seconds += int(found.group(1)[:40]) * _UNITS[found.group(2)]
        place = found.end()
    seconds = (seconds + 2**31) % 2**32 - 2**31     # as an int holds it
    return seconds if text and seconds >= 0 else None


def show(seconds: int) -> str:
    """`1d1h1m1s`; `0s` for none. Negative ones get a minus sign."""
    sign, rest, found = ("-" if seconds < 0 else ""), abs(seconds), ""
    for letter, length in _UNITS.items():
        count, rest = divmod(rest, length)
        if count:
            found += f"{count}{letter}"
    return sign + (found or "0s")
