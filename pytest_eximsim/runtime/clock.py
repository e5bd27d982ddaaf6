"""The clocks that a scenario can run on. They tell the time; who waits for it is the hub (hub.py).

`now()` is what the MTA believes, seconds since the epoch. `ticks()` never goes back and is what timers are set by.
"""

from __future__ import annotations

import time
from typing import Protocol


class HubTime(Protocol):
    """A clock that a hub can run on."""

    @property
    def simulated(self) -> bool:
        """The hub moves it; it does not run by itself."""
        ...

    def now(self) -> float: ...

    def ticks(self) -> float: ...

    def advance_to(self, ticks: float) -> None:
        """Simulated: be there now. Never called for a clock that runs by itself."""
        ...


class VirtualClock:
    """Moves only when the hub says so: `clock.mode: simulated`."""

    simulated = True

    def __init__(self, start: float) -> None:
        self._now = start

    def now(self) -> float:
        return self._now

    def ticks(self) -> float:
        return self._now

    def advance_to(self, ticks: float) -> None:
        """Be there now; never back."""
        self._now = max(self._now, ticks)


class SystemClock:
    """Runs by itself: from `start` (`clock.mode: shifted`) or as the machine's own (`real`); a `wait` step shifts it."""

    simulated = False

    def __init__(self, start: float | None = None) -> None:
        self._shifted = 0.0
        self._start = None if start is None else start - time.monotonic()

    def now(self) -> float:
        if self._start is None:
            return time.time() + self._shifted
        return self._start + time.monotonic() + self._shifted

    def ticks(self) -> float:
        return time.monotonic() + self._shifted

    def shift(self, seconds: float) -> None:
        """So much time has passed; timers that are due by then are due now."""
        assert seconds >= 0
        self._shifted += seconds

    def advance_to(self, ticks: float) -> None:
        raise AssertionError("a clock that runs by itself")
