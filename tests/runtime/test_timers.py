"""The heap of timers."""

from pytest_eximsim.runtime.timers import FEW, Timers


class Task:
    def __init__(self, name: str = "") -> None:
        self.name = name
        self.wakes = 0


def test_order_of_time_then_of_setting() -> None:
    timers: Timers[Task] = Timers()
    for when, name in ((3.0, "c"), (1.0, "a"), (3.0, "d"), (2.0, "b")):
        timers.add(when, Task(name))
    assert timers.next() == 1.0
    assert [task.name for task in timers.due(2.0)] == ["a", "b"]
    assert [task.name for task in timers.due(99.0)] == ["c", "d"]
    assert timers.next() is None


def test_who_was_woken_is_never_due() -> None:
    timers: Timers[Task] = Timers()
    one, other = Task("one"), Task("other")
    timers.add(1.0, one)
    timers.add(2.0, other)
    one.wakes += 1
    assert timers.next() == 2.0
    timers.add(3.0, one)
    assert [task.name for task in timers.due(9.0)] == ["other", "one"]


def test_dead_timers_are_swept() -> None:
    timers: Timers[Task] = Timers()
    task, late = Task(), Task()
    timers.add(9.0, late)
    for _ in range(FEW * 5):
        timers.add(300.0, task)
        task.wakes += 1
        timers.stale += 1
    assert len(timers) < FEW * 3
    assert timers.next() == 9.0
    assert timers.due(1000.0) == [late]
