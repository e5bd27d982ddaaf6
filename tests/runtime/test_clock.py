"""Clocks: what they say, and that timers' ticks never go back."""

import time
from datetime import datetime

import pytest

from pytest_eximsim.runtime.clock import SystemClock, VirtualClock


def test_a_virtual_clock_stands_until_it_is_moved_and_never_goes_back() -> None:
    clock = VirtualClock(1000.0)
    assert (clock.now(), clock.ticks(), clock.simulated) == (1000.0, 1000.0, True)
    clock.advance_to(1003.5)
    clock.advance_to(1002.0)
    assert clock.now() == 1003.5


def test_a_system_clock_begins_where_it_is_told_and_runs() -> None:
    clock = SystemClock(start=1_000_000.0)
    first = clock.now()
    assert 1_000_000.0 <= first < 1_000_060.0
    while clock.now() == first:
        pass
    assert clock.now() > first
    assert not clock.simulated


def test_the_machines_own_time() -> None:
    assert abs(SystemClock().now() - datetime.now().timestamp()) < 60


@pytest.mark.parametrize("start", [None, 1_000_000.0])
def test_shifting_moves_time_and_timers(start: float | None) -> None:
    clock = SystemClock(start)
    now, ticks = clock.now(), clock.ticks()
    clock.shift(7200.0)
    assert 7200.0 <= clock.now() - now < 7260.0
    assert 7200.0 <= clock.ticks() - ticks < 7260.0


def test_ticks_do_not_follow_the_machines_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    ticks = clock.ticks()
    monkeypatch.setattr(time, "time", lambda: 5.0)
    assert clock.now() == 5.0
    assert clock.ticks() >= ticks
