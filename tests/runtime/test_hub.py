"""Tasks: running, joining, failing, waiting, ending. How time passes is test_loop.py."""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator

import pytest

from pytest_eximsim.runtime.clock import SystemClock, VirtualClock
from pytest_eximsim.runtime.hub import Deadlock, Event, Hub, HubTask


@pytest.fixture(params=["simulated", "real"])
def hub(request: pytest.FixtureRequest) -> Iterator[Hub]:
    one = Hub(VirtualClock(1000.0) if request.param == "simulated" else SystemClock())
    yield one
    one.close()


# ---- run


def test_run_gives_the_value_or_raises(hub: Hub) -> None:
    assert hub.run(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        hub.run(lambda: 1 // 0)
    assert hub.run(lambda: 8) == 8
    assert hub.failures == []


def test_a_run_in_a_task_is_a_call(hub: Hub) -> None:
    seen: list[HubTask | None] = []

    def main() -> int:
        seen.append(hub.current)
        return hub.run(lambda: (seen.append(hub.current), 5)[1])

    assert hub.run(main) == 5
    assert seen[0] is seen[1] is not None
    assert hub.current is None


def test_tasks_of_earlier_runs_go_on(hub: Hub) -> None:
    event, log = Event(hub), []

    def beside() -> None:
        log.append("begun")
        event.wait()
        log.append("ended")

    hub.spawn(beside, "beside")
    assert log == []
    hub.run(lambda: hub.sleep(0))
    assert log == ["begun"]
    hub.run(event.set)
    assert log == ["begun"]
    hub.run(lambda: hub.sleep(0))
    assert log == ["begun", "ended"]


def test_the_run_ends_with_its_function_and_no_later(simulated: Hub) -> None:
    log: list[str] = []
    simulated.run(lambda: simulated.spawn(lambda: log.append("too late")))
    assert log == []


def test_from_outside_waiting_runs_the_hub(hub: Hub) -> None:
    log: list[str] = []
    task = hub.spawn(lambda: log.append("a"))
    task.join()
    hub.spawn(lambda: log.append("b"))
    hub.sleep(0.001)
    hub.spawn(lambda: log.append("c"))
    hub.settle()
    hub.spawn(lambda: log.append("d"))
    hub.real_sleep(0.001)
    event = Event(hub)
    hub.spawn(event.set)
    assert event.wait(5)
    assert log == ["a", "b", "c", "d"]


# ---- order


def test_first_ready_first_served(hub: Hub) -> None:
    log: list[str] = []

    def turns(name: str) -> None:
        for number in range(3):
            log.append(f"{name}{number}")
            hub.sleep(0)

    def main() -> None:
        for task in [hub.spawn(lambda name=name: turns(name), name) for name in "abc"]:  # type: ignore[misc]
            task.join()

    hub.run(main)
    if hub.clock.simulated:
        assert log == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]
    else:
        assert sorted(log) == sorted(f"{name}{number}" for name in "abc" for number in range(3))


def _program(seed: int) -> list[tuple[float, str, int]]:
    """What happens when tasks that a random number generator wrote play with each other."""
    hub, choose, log = Hub(VirtualClock(0.0)), random.Random(seed), []
    events = [Event(hub) for _ in range(4)]

    def task(name: str, own: random.Random) -> None:
        for number in range(own.randrange(1, 8)):
            log.append((hub.now(), name, number))
            match own.randrange(6):
                case 0:
                    hub.sleep(own.choice([0.0, 1.0, 2.0, 2.0, 5.5]))
                case 1:
                    own.choice(events).wait(own.choice([1.0, 3.0]))
                case 2:
                    own.choice(events).set()
                case 3:
                    own.choice(events).clear()
                case 4:
                    busy = own.random() / 500
                    hub.call_blocking(lambda busy=busy: time.sleep(busy))  # type: ignore[misc]
                case _ if len(name) < 3:
                    spawn(f"{name}{number}", own)

    def spawn(name: str, random_: random.Random) -> HubTask:
        own = random.Random(random_.random())
        return hub.spawn(lambda: task(name, own), name)

    def main() -> None:
        for one in [spawn(name, choose) for name in "abcdef"]:
            one.join()
        hub.sleep(100.0)

    hub.run(main)
    hub.close()
    assert hub.failures == []
    return log


@pytest.mark.parametrize("seed", range(12))
def test_simulated_time_is_the_same_in_every_run(seed: int) -> None:
    first = _program(seed)
    assert len(first) > 6
    assert all(_program(seed) == first for _ in range(3))


# ---- joining and failures


def test_join_raises_what_the_task_raised(hub: Hub) -> None:
    def fail() -> None:
        hub.sleep(0.001)
        raise ValueError("no")

    def main() -> None:
        task = hub.spawn(fail, "failing")
        with pytest.raises(ValueError, match="no"):
            task.join()
        with pytest.raises(ValueError, match="no"):
            task.join()

    hub.run(main)
    assert hub.failures == []


def test_failures_that_nobody_joins_are_kept(hub: Hub) -> None:
    def fail() -> None:
        raise ValueError("no")

    task = hub.spawn(fail, "failing")
    hub.run(hub.settle)
    (name, error), = hub.failures
    assert (name, str(error)) == ("failing", "no")
    with pytest.raises(ValueError, match="no"):
        task.join()
    assert hub.failures == []


def test_many_may_join_one(hub: Hub) -> None:
    log: list[int] = []
    task = hub.spawn(lambda: hub.sleep(0.001))

    def join(number: int) -> None:
        task.join()
        log.append(number)

    for joiner in [hub.spawn(lambda number=number: join(number)) for number in range(3)]:  # type: ignore[misc]
        joiner.join()
    assert log == [0, 1, 2]
    assert task.done


class Stop(BaseException):
    """Like pytest's own exceptions, and KeyboardInterrupt."""


def test_what_is_no_exception_ends_the_run(hub: Hub) -> None:
    def stop() -> None:
        raise Stop

    hub.spawn(stop)
    with pytest.raises(Stop):
        hub.run(lambda: hub.sleep(100))
    assert hub.run(lambda: 1) == 1


def test_control_c_while_everybody_waits() -> None:
    hub = Hub(SystemClock())
    threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        hub.run(hub.wait_for_ever)
    hub.close()


# ---- waiting


def test_events(hub: Hub) -> None:
    event = Event(hub)

    def main() -> tuple[bool, bool, bool]:
        late = event.wait(0.001)
        hub.spawn(event.set)
        seen = event.wait(100)
        event.clear()
        return late, seen, event.is_set

    assert hub.run(main) == (False, True, False)


def test_a_timer_that_was_not_needed_wakes_nobody(simulated: Hub) -> None:
    event, other = Event(simulated), Event(simulated)

    def main() -> float:
        simulated.spawn(event.set)
        assert event.wait(5.0)
        assert not other.wait(20.0)
        return simulated.now()

    assert simulated.run(main) == 1020.0


def test_who_gave_up_is_not_woken_later(simulated: Hub) -> None:
    waiters: list[HubTask] = []

    def main() -> None:
        assert not simulated.wait_among(waiters, 1.0)
        assert waiters == []
        with pytest.raises(Deadlock):
            simulated.wait_among(waiters)
        assert waiters == []

    simulated.run(main)


def test_post_from_another_thread(hub: Hub) -> None:
    event = Event(hub)
    thread = threading.Thread(target=lambda: hub.post(event.set))

    def main() -> bool:
        hub.post(lambda: None)
        thread.start()
        while not event.is_set:
            hub.real_sleep(0.001)
        return True

    assert hub.run(main)
    thread.join()


def test_what_is_posted_must_not_wait(hub: Hub) -> None:
    hub.post(lambda: hub.sleep(1))
    with pytest.raises(RuntimeError, match="must not wait"):
        hub.run(lambda: hub.real_sleep(0.05))


# ---- threads


def test_blocking_calls_let_others_go_on(hub: Hub) -> None:
    gate = threading.Event()

    def main() -> str:
        hub.spawn(gate.set)
        return hub.call_blocking(lambda: f"{gate.wait(10)} {threading.current_thread() is threading.main_thread()}")

    assert hub.run(main) == "True False"


def test_blocking_calls_raise(hub: Hub) -> None:
    def main() -> None:
        with pytest.raises(ZeroDivisionError):
            hub.call_blocking(lambda: 1 // 0)

    hub.run(main)


def test_outside_of_a_run_it_is_a_call(hub: Hub) -> None:
    assert hub.call_blocking(threading.current_thread) is threading.current_thread()


# ---- the end


def test_close_ends_everybody_where_he_is(hub: Hub) -> None:
    log: list[str] = []

    def wait(name: str) -> None:
        try:
            hub.wait_for_ever()
        finally:
            log.append(name)
            hub.sleep(1)
            log.append("never")

    tasks = [hub.spawn(lambda name=name: wait(name), name) for name in "ab"]  # type: ignore[misc]
    hub.settle()
    late = hub.spawn(lambda: log.append("never"))
    tasks.append(late)
    hub.close()
    hub.close()
    assert log == ["a", "b"]
    assert [task.done for task in tasks] == [True, True, True]
    with pytest.raises(RuntimeError, match="closed"):
        hub.run(lambda: 1)


def test_close_runs_what_is_finally(hub: Hub) -> None:
    log: list[str] = []

    def wait() -> None:
        try:
            hub.wait_for_ever()
        finally:
            log.append("finally")
            hub.spawn(lambda: log.append("never"))

    hub.spawn(wait)
    hub.settle()
    hub.close()
    assert log == ["finally"]
    assert hub.failures == []


def test_close_inside_of_a_run_ends_it(hub: Hub) -> None:
    log: list[str] = []

    def closing() -> None:
        hub.close()
        log.append("closed")

    def main() -> str:
        hub.spawn(closing)
        hub.wait_for_ever()
        return "never"

    assert hub.run(main) is None
    assert log == ["closed"]


def test_close_by_post_ends_the_run(hub: Hub) -> None:
    hub.post(hub.close)
    assert hub.run(lambda: hub.real_sleep(60)) is None


def test_close_with_a_call_under_way(hub: Hub) -> None:
    gate, log = threading.Event(), []
    hub.spawn(lambda: log.append(hub.call_blocking(lambda: gate.wait(10))))
    hub.run(lambda: hub.sleep(0))
    hub.close()
    gate.set()
    assert log == []


def test_descriptors_are_given_back() -> None:
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc")
    before = os.listdir("/proc/self/fd")
    hub = Hub(SystemClock())
    hub.run(lambda: hub.call_blocking(lambda: 1))
    hub.run(lambda: hub.sleep(0.001))
    assert len(os.listdir("/proc/self/fd")) > len(before)
    hub.close()
    assert sorted(os.listdir("/proc/self/fd")) == sorted(before)


def test_tasks_that_have_ended_are_not_kept(simulated: Hub) -> None:
    class Big:
        pass

    big = Big()
    gone = weakref.ref(big)
    task = simulated.spawn(lambda big=big: simulated.sleep(1))  # type: ignore[misc]
    del big
    task.join()
    gc.collect()
    assert gone() is None


def test_greenlets_are_imported_when_a_hub_is_made() -> None:
    program = ("import sys, pytest_eximsim.runtime.hub as h, pytest_eximsim.runtime.network\n"
               "from pytest_eximsim.runtime.clock import VirtualClock\n"
               "heavy = {'greenlet', 'asyncio', 'ssl', 'cryptography', 'trustme', 'concurrent.futures'}\n"
               "print(sorted(heavy & set(sys.modules)))\nh.Hub(VirtualClock(0)).close()\nprint('greenlet' in sys.modules)\n")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "True"]
