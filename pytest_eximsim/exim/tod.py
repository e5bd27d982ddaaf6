"""Exim's times of day: log stamps, RFC 2822 dates, the $tod_ variables. Times are seconds since the epoch, zones are names as in TZ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from .state import Process

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=32)
def _zone(name: str) -> tzinfo:
    if name in ("", "UTC", "utc", "GMT", "UTC0"):
        return UTC
    try:
        return ZoneInfo(name.removeprefix(":"))
    except (KeyError, ValueError, OSError):
        return UTC


def zone(p: Process) -> str:
    """The zone that log lines and $tod_ show: the option timezone where it is set, else the machine's."""
    option = p.configuration.main.get("timezone")
    return str(option) if option else p.world.zone


def local(now: float, zone_name: str) -> datetime:
    """The moment in a zone; cut to what a year of four digits can say."""
    try:
        return datetime.fromtimestamp(int(now), _zone(zone_name))
    except (OverflowError, ValueError, OSError):
        return datetime(1970, 1, 1, tzinfo=_zone(zone_name)) + timedelta(0)


def offset(now: float, zone_name: str) -> str:
    """`+0200`"""
    delta = local(now, zone_name).utcoffset() or timedelta(0)
    minutes = int(delta.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"


def log_stamp(now: float, zone_name: str, *, with_zone: bool = False, milliseconds: bool = False) -> str:
    """`2013-11-04 09:25:06`, with `.123` (log_selector +millisec) and ` +0000` (log_timezone) where they are wanted."""
    at = local(now, zone_name)
    text = f"{at.year:04d}-{at.month:02d}-{at.day:02d} {at.hour:02d}:{at.minute:02d}:{at.second:02d}"
    if milliseconds:
        text += f".{int(now * 1000) % 1000:03d}"
    return f"{text} {offset(now, zone_name)}" if with_zone else text


def rfc2822(now: float, zone_name: str) -> str:
    """`Mon, 04 Nov 2013 09:25:06 +0000`"""
    at = local(now, zone_name)
    day = f"{_DAYS[at.weekday()]}, {at.day:02d} {_MONTHS[at.month - 1]} {at.year}"
    return f"{day} {at.hour:02d}:{at.minute:02d}:{at.second:02d} {offset(now, zone_name)}"


def bsd_inbox(now: float, zone_name: str) -> str:
    """`Mon Nov 04 09:25:06 2013`, as in the From line of a mailbox."""
    at = local(now, zone_name)
    return f"{_DAYS[at.weekday()]} {_MONTHS[at.month - 1]} {at.day:02d} {at.hour:02d}:{at.minute:02d}:{at.second:02d} {at.year}"


def log_file(now: float, zone_name: str) -> str:
    """`20131104`"""
    at = local(now, zone_name)
    return f"{at.year:04d}{at.month:02d}{at.day:02d}"


def zulu(now: float) -> str:
    """`20131104092506Z`"""
    at = local(now, "UTC")
    return f"{at.year:04d}{at.month:02d}{at.day:02d}{at.hour:02d}{at.minute:02d}{at.second:02d}Z"


def epoch_long(now: float) -> str:
    """Microseconds since the epoch."""
    return str(round(now * 1_000_000))
