"""A scenario's time, from `clock:`: which clock it runs on, and when it begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import ScenarioError
from ..runtime.clock import SystemClock, VirtualClock

if TYPE_CHECKING:
    from .model import Clock

#: When a scenario begins where nothing says it; the same in every run.
START = "2013-11-04 09:25:06"


@dataclass(frozen=True)
class ScenarioClock:
    """`mode` is simulated, shifted or real."""

    mode: str
    clock: Any

    def shift(self, seconds: float) -> None:
        """Move a shifted clock."""
        self.clock.shift(seconds)


def make_clock(clock: Clock | None, *, outside: bool) -> ScenarioClock:
    """`outside`: a program beside the MTA takes part, so time cannot be simulated. Raises ScenarioError."""
    mode = (clock.mode if clock is not None else None) or "auto"
    if mode == "simulated" and outside:
        assert clock is not None
        raise ScenarioError("`mode: simulated` with HAProxy or another program: its time is real", clock.place("mode"))
    if mode == "auto":
        mode = "shifted" if outside else "simulated"
    start = _start(clock)
    if mode == "simulated":
        return ScenarioClock(mode, VirtualClock(start if start is not None else _seconds(START, "UTC")))
    return ScenarioClock(mode, SystemClock(start if start is not None or mode == "real" else _seconds(START, "UTC")))


def _start(clock: Clock | None) -> float | None:
    if clock is None or clock.start is None:
        if clock is not None and clock.zone is not None:
            _seconds_at(clock, START)
        return None
    return _seconds_at(clock, clock.start)


def _seconds_at(clock: Clock, text: str) -> float:
    try:
        return _seconds(text, clock.zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        name = "zone" if isinstance(error, ZoneInfoNotFoundError) else "start"
        raise ScenarioError(f"`{name}`: {error}", clock.place(name)) from None


def _seconds(text: str, zone: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()
