"""How time passes: simulated, shifted, real; settling; deadlocks; calls in threads and real sleeps that hold time still."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from pytest_eximsim.runtime.clock import SystemClock, VirtualClock
from pytest_eximsim.runtime.hub import Deadlock, Event, Hub, OutOfTime


@pytest.fixture
def shifted() -> Iterator[Hub]:
    one = Hub(SystemClock(1_000_000.0))
    yield one
    one.close()


# ---- simulated


def test_the_clock_jumps_from_timer_to_timer(simulated: Hub) -> None:
    log: list[tuple[str, float]] = []

    def sleep(name: str, seconds: float) -> None:
        simulated.sleep(seconds)
        log.append((name, simulated.now()))

    def main() -> None:
        tasks = [simulated.spawn(lambda name=name, seconds=seconds: sleep(name, seconds))  # type: ignore[misc]
                 for name, seconds in (("c", 86400.0), ("a", 30.0), ("b", 30.0), ("zero", 0.0), ("minus", -5.0))]
        for task in tasks:
            task.join()

    simulated.run(main)
    assert log == [("zero", 1000.0), ("minus", 1000.0), ("a", 1030.0), ("b", 1030.0), ("c", 87400.0)]


def test_nobodys_timer_is_passed_over_while_others_are_ready(simulated: Hub) -> None:
    log: list[float] = []

    def busy() -> None:
        for _ in range(100):
            simulated.sleep(0)
        log.append(simulated.now())

    simulated.spawn(busy)
    simulated.run(lambda: simulated.sleep(5))
    assert log == [1000.0]


def test_a_deadlock_is_told_with_who_waits(simulated: Hub) -> None:
    simulated.spawn(Event(simulated).wait, "the session")
    with pytest.raises(Deadlock, match=r"nothing can happen any more \(the session\)"):
        simulated.run(Event(simulated).wait)


def test_main_can_go_on_after_a_deadlock(simulated: Hub) -> None:
    def main() -> float:
        with pytest.raises(Deadlock):
            Event(simulated).wait()
        simulated.sleep(1)
        return simulated.now()

    assert simulated.run(main) == 1001.0


def test_waiting_for_ever_is_a_deadlock_in_simulated_time(simulated: Hub) -> None:
    with pytest.raises(Deadlock):
        simulated.run(simulated.wait_for_ever)


def test_a_wait_with_a_timeout_is_never_a_deadlock(simulated: Hub) -> None:
    assert simulated.run(lambda: Event(simulated).wait(300.0)) is False
    assert simulated.now() == 1300.0


def test_time_stands_still_while_a_call_is_under_way(simulated: Hub) -> None:
    gate, log = threading.Event(), []

    def late() -> None:
        simulated.sleep(1.0)
        log.append("timer")

    def main() -> None:
        simulated.spawn(late)
        threading.Timer(0.05, gate.set).start()
        simulated.call_blocking(lambda: gate.wait(10))
        log.append(simulated.now())
        simulated.sleep(2.0)

    simulated.run(main)
    assert log == [1000.0, "timer"]


def test_time_stands_still_in_a_real_sleep(simulated: Hub) -> None:
    log: list[float] = []
    simulated.spawn(lambda: (simulated.sleep(1.0), log.append(simulated.now())))

    def main() -> float:
        began = simulated.real_now()
        simulated.real_sleep(0.05)
        assert log == []
        return simulated.real_now() - began

    assert 0.05 <= simulated.run(main) < 5
    assert simulated.now() == 1000.0


def test_calls_go_on_in_the_order_in_which_they_began(simulated: Hub) -> None:
    """Also where the second one is quicker."""
    gate, log = threading.Event(), []

    def call(name: str, wait: bool) -> None:
        simulated.call_blocking(lambda: gate.wait(10) if wait else gate.set())
        log.append(name)

    for task in [simulated.spawn(lambda: call("slow", True)), simulated.spawn(lambda: call("quick", False))]:
        task.join()
    assert log == ["slow", "quick"]


def test_a_call_that_waits_for_a_later_one_is_no_deadlock(simulated: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_eximsim.runtime.pool.GRACE", 0.05)
    gate, log = threading.Event(), []

    def first() -> None:
        simulated.call_blocking(lambda: gate.wait(10))
        log.append("first")

    def second() -> None:
        simulated.call_blocking(lambda: None)
        log.append("second")
        gate.set()

    for task in [simulated.spawn(first), simulated.spawn(second)]:
        task.join()
    assert log == ["second", "first"]


def test_sockets_are_seen_before_time_moves(simulated: Hub) -> None:
    one, other = socket.socketpair()
    other.send(b"x")
    assert simulated.run(lambda: simulated.wait_readable(one, 60.0))
    assert simulated.now() == 1000.0
    one.recv(1)
    assert not simulated.run(lambda: simulated.wait_readable(one, 60.0))
    assert simulated.now() == 1060.0
    threading.Timer(0.05, lambda: other.send(b"y")).start()
    assert simulated.run(lambda: simulated.wait_readable(one))
    for sock in (one, other):
        simulated.forget(sock)
        sock.close()


# ---- settling


def test_settle_waits_for_everything_that_can_go_on_now(simulated: Hub) -> None:
    log: list[str] = []

    def work() -> None:
        for _ in range(10):
            simulated.sleep(0)
        simulated.call_blocking(lambda: time.sleep(0.01))
        log.append("done")
        simulated.sleep(1.0)
        log.append("later")

    simulated.spawn(work)
    simulated.run(simulated.settle)
    assert log == ["done"]
    assert simulated.now() == 1000.0


def test_those_who_settle_go_on_one_after_the_other(simulated: Hub) -> None:
    log: list[str] = []

    def step(name: str) -> None:
        simulated.settle()
        log.append(f"{name} begins")
        simulated.spawn(lambda: log.append(f"{name} works"))
        simulated.settle()
        log.append(f"{name} ends")

    for task in [simulated.spawn(lambda: step("a")), simulated.spawn(lambda: step("b"))]:
        task.join()
    assert log == ["a begins", "a works", "b begins", "b works", "a ends", "b ends"]


def test_settle_looks_at_sockets_once(shifted: Hub) -> None:
    one, other = socket.socketpair()
    log: list[bool] = []
    shifted.spawn(lambda: log.append(shifted.wait_readable(one)))
    shifted.settle()
    assert log == []
    other.send(b"x")
    shifted.settle()
    assert log == [True]
    shifted.spawn(lambda: log.append(shifted.wait_readable(one)))
    one.recv(1)
    threading.Timer(0.02, lambda: other.send(b"y")).start()
    shifted.settle(real=0.3)
    assert log == [True, True]
    for sock in (one, other):
        shifted.forget(sock)
        sock.close()


# ---- out of time


def endless(hub: Hub) -> None:
    while True:
        hub.sleep(1.0)


def stuck(hub: Hub) -> None:
    gate = threading.Event()
    hub.call_blocking(lambda: gate.wait(1))


@pytest.mark.parametrize("wait", [endless, stuck, Hub.wait_for_ever])
@pytest.mark.parametrize("clock", [VirtualClock(1000.0), SystemClock()])
def test_a_run_that_takes_too_long_is_told_where_it_waits(wait: Callable[[Hub], None], clock: VirtualClock | SystemClock) -> None:
    hub, log = Hub(clock), []

    def main() -> str:
        hub.spawn(lambda: endless(hub), "the other")
        try:
            wait(hub)
        except Deadlock:
            return "never here"
        except OutOfTime as error:
            log.append(str(error))
        hub.sleep(0)
        return "cleaned up"

    assert hub.run(main, timeout=0.05) == "cleaned up"
    assert log == ["not done in time (the other)"]
    assert hub.run(lambda: hub.real_sleep(0.1)) is None
    hub.close()


def test_who_does_not_listen_is_ended(simulated: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_eximsim.runtime.loop.OVERTIME", 0.05)

    def main() -> None:
        with contextlib.suppress(OutOfTime):
            endless(simulated)
        endless(simulated)

    with pytest.raises(OutOfTime):
        simulated.run(main, timeout=0.05)


# ---- real and shifted


def test_real_time_is_waited_for(shifted: Hub) -> None:
    began, now = shifted.real_now(), shifted.now()
    shifted.sleep(0.05)
    assert 0.05 <= shifted.real_now() - began < 5
    assert 0.05 <= shifted.now() - now < 5


def test_a_shift_makes_timers_due(shifted: Hub) -> None:
    clock = shifted.clock
    assert isinstance(clock, SystemClock)
    log: list[str] = []
    shifted.spawn(lambda: (shifted.sleep(3600.0), log.append("hour")))
    shifted.spawn(lambda: (shifted.sleep(7200.0), log.append("two")))
    shifted.spawn(lambda: (shifted.real_sleep(3600.0), log.append("real")))

    def main() -> None:
        shifted.sleep(0)
        clock.shift(3600.0)
        shifted.settle()

    shifted.run(main)
    assert log == ["hour"]


def test_a_deadlock_in_real_time(shifted: Hub) -> None:
    with pytest.raises(Deadlock):
        shifted.run(Event(shifted).wait)


def test_busy_tasks_do_not_starve_sockets_and_timers(shifted: Hub) -> None:
    one, other = socket.socketpair()
    other.send(b"x")
    seen: list[str] = []
    shifted.spawn(lambda: (shifted.wait_readable(one), seen.append("socket")))
    shifted.spawn(lambda: (shifted.sleep(0.01), seen.append("timer")))

    def main() -> None:
        while len(seen) < 2:
            for _ in range(10):
                waiting = Event(shifted)
                shifted.spawn(waiting.set)
                waiting.wait()

    shifted.run(main)
    assert sorted(seen) == ["socket", "timer"]
    for sock in (one, other):
        shifted.forget(sock)
        sock.close()


def test_forgetting_wakes_with_false(shifted: Hub) -> None:
    one, other = socket.socketpair()
    log: list[bool] = []
    tasks = [shifted.spawn(lambda: log.append(shifted.wait_readable(one))) for _ in range(2)]

    def main() -> None:
        shifted.sleep(0)
        shifted.forget(one)
        one.close()
        for task in tasks:
            task.join()
        log.append(shifted.wait_readable(one))

    shifted.run(main)
    other.close()
    assert log == [False, False, False]


def test_writing(shifted: Hub) -> None:
    one, other = socket.socketpair()
    one.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            one.send(bytes(1 << 16))
    assert not shifted.wait_writable(one, 0.01)
    other.recv(1 << 20)
    assert shifted.wait_writable(one, 10)
    for sock in (one, other):
        shifted.forget(sock)
        sock.close()
