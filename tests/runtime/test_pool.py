"""Threads for what cannot park, and the order in which their calls count as ended."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from pytest_eximsim.runtime import pool
from pytest_eximsim.runtime.pool import Call, Calls


class Bell:
    """What the hub does with calls that ended: they queue up."""

    def __init__(self) -> None:
        self.rung = threading.Semaphore(0)
        self.ended: list[Call] = []
        self.calls = Calls(self.ring, self.ended.append)

    def ring(self, function: Callable[[], Any]) -> None:
        function()
        self.rung.release()

    def wait(self) -> None:
        assert self.rung.acquire(timeout=10)


def test_values_and_errors() -> None:
    bell = Bell()
    good, bad = Call(lambda: 7, None), Call(lambda: 1 // 0, None)
    bell.calls.start(good)
    bell.wait()
    bell.calls.start(bad)
    bell.wait()
    assert (good.value, good.error, good.finished) == (7, None, True)
    assert isinstance(bad.error, ZeroDivisionError)
    assert bell.ended == [good, bad]
    bell.calls.close()


def test_calls_run_beside_each_other() -> None:
    bell, both = Bell(), threading.Barrier(8, timeout=10)
    for _ in range(8):
        bell.calls.start(Call(both.wait, None))
    for _ in range(8):
        bell.wait()
    assert [one.error for one in bell.ended] == [None] * 8
    bell.calls.close()


def test_free_threads_are_used_again() -> None:
    bell, names = Bell(), set()
    for _ in range(20):
        bell.calls.start(Call(lambda: names.add(threading.current_thread().name), None))
        bell.wait()
    assert len(names) == 1
    bell.calls.close()


def test_the_first_to_begin_is_the_first_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    bell, gate = Bell(), threading.Event()
    slow, quick = Call(lambda: gate.wait(10), None), Call(lambda: 1, None)
    bell.calls.start(slow)
    assert bell.calls.next_ended() == (None, None)
    bell.calls.start(quick)
    bell.wait()
    call, left = bell.calls.next_ended()
    assert call is None
    assert left is not None and 0 < left <= pool.GRACE
    monkeypatch.setattr(pool, "GRACE", 0.0)
    assert bell.calls.next_ended() == (quick, None)
    gate.set()
    bell.wait()
    assert bell.calls.next_ended() == (slow, None)
    assert bell.calls.forget(slow)
    assert not bell.calls.forget(slow)
    assert bell.calls.next_ended() == (quick, None)
    bell.calls.forget(quick)
    assert not bell.calls
    bell.calls.close()


def test_threads_end() -> None:
    bell = Bell()
    kept: list[threading.Thread] = []
    bell.calls.start(Call(lambda: kept.append(threading.current_thread()), None))
    bell.wait()
    bell.calls.close()
    kept[0].join(10)
    assert not kept[0].is_alive()
    assert kept[0].daemon
