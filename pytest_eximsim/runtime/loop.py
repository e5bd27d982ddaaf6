"""What comes next: the FIFO of ready tasks, timers, sockets, calls in threads, and how time passes when nobody is ready.

Knows tasks only as something that is parked, woken and resumed; what a task can ask for is hub.py.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from ..errors import EximsimError
from .clock import HubTime
from .pool import Call, Calls
from .readiness import Readiness
from .timers import Timers

if TYPE_CHECKING:
    from .hub import HubTask


class Deadlock(EximsimError):
    """Who runs waits for something that cannot happen any more."""


class OutOfTime(EximsimError):
    """A run took longer than it may."""


#: How long a run may take to end after it was told that it is out of time (seconds).
OVERTIME = 5.0


class Loop:
    """`current` is the task that runs; `deadline` is when the run must be over, in real time."""

    def __init__(self, clock: HubTime) -> None:
        self.clock = clock
        self.current: HubTask | None = None
        self.deadline: float | None = None
        self.late = False
        self.alive: dict[HubTask, None] = {}
        self.ready: deque[HubTask] = deque()
        self.timers: Timers[HubTask] = Timers()
        self.real_timers: Timers[HubTask] = Timers()
        self.settling: list[HubTask] = []
        self.readiness = Readiness(self.wake)
        self.calls = Calls(self.readiness.ring, self._call_ended)

    def add(self, task: HubTask, *, first: bool = False) -> None:
        """A task that is to begin, after all others that are ready, or before them."""
        self.alive[task] = None
        if first:
            self.ready.appendleft(task)
        else:
            self.ready.append(task)

    def wake(self, waiters: list[HubTask], value: bool = True) -> None:
        """All of them can go on, in order; `value` is what their waiting gives."""
        if waiters:
            for task in waiters:
                self.wake_one(task, value)
            waiters.clear()

    def wake_one(self, task: HubTask, value: bool) -> None:
        if task.parked:
            task.parked = False
            task.wakes += 1
            task.woken = value
            if task.timers is not None:
                task.timers.stale += 1
                task.timers = None
            self.ready.append(task)

    def step(self, main: HubTask) -> None:
        """Let those that are ready run until they park, or until `main` has ended; where nobody is, let time pass up to the next event."""
        ready = self.ready
        if self.deadline is not None and time.monotonic() >= self.deadline:
            self._out_of_time(main, self.deadline)
        for _ in range(len(ready)):
            task = ready.popleft()
            if not task.done:
                self._resume(task)
                if main.done or main.interrupted is not None:
                    return
        if self.clock.simulated:
            if not ready:
                self._pass_simulated_time(main)
        elif ready:
            self._fire()
            self._look()
        else:
            self._pass_real_time(main)

    def _out_of_time(self, main: HubTask, deadline: float) -> None:
        """First `main` is told where it waits; if that does not end it soon, the run is over."""
        error = OutOfTime("not done in time" + self._who_waits(main))
        if self.late:
            self.deadline, main.interrupted = None, error
        elif main.parked:
            self.deadline, self.late = deadline + OVERTIME, True
            self._raise(main, error)

    def _resume(self, task: HubTask, error: BaseException | None = None) -> None:
        self.current = task
        try:
            task.resume(error)
        finally:
            self.current = None

    # ---- time

    def _pass_simulated_time(self, main: HubTask) -> None:
        if self._fire() or self._look() or main.done:
            return
        if self.calls:
            self._await_call()
        elif self.settling:
            self._settle()
        elif (real := self.real_timers.next()) is not None:
            self._poll(max(0.0, real - time.monotonic()))
        elif (when := self.timers.next()) is not None:
            self.clock.advance_to(when)
        elif self.readiness.awaited:
            self._poll(None)
        else:
            self._deadlock(main)

    def _pass_real_time(self, main: HubTask) -> None:
        if self._fire():
            return
        if self.settling:
            if not self._look():
                self._settle()
            return
        waits = []
        if (when := self.timers.next()) is not None:
            waits.append(when - self.clock.ticks())
        if (when := self.real_timers.next()) is not None:
            waits.append(when - time.monotonic())
        if waits:
            self._poll(max(0.0, min(waits)))
        elif self.calls or self.readiness.awaited or main.for_ever:
            self._poll(None)
        else:
            self._deadlock(main)

    def _fire(self) -> bool:
        """Wake those whose time has come."""
        for task in self.timers.due(self.clock.ticks()):
            task.timers = None
            self.wake_one(task, False)
        if self.real_timers:
            for task in self.real_timers.due(time.monotonic()):
                task.timers = None
                self.wake_one(task, False)
        return bool(self.ready)

    def _look(self) -> bool:
        """Wake those whose sockets are ready now."""
        if self.readiness.any:
            self.readiness.poll(0)
        return bool(self.ready)

    def _settle(self) -> None:
        """One after the other, so that what the first of them starts is over before the second goes on."""
        self.wake_one(self.settling.pop(0), True)

    def _raise(self, main: HubTask, error: EximsimError) -> None:
        main.parked = False
        main.wakes += 1
        self._resume(main, error)

    def _deadlock(self, main: HubTask) -> None:
        self._raise(main, Deadlock("everybody waits, and nothing can happen any more" + self._who_waits(main)))

    def _who_waits(self, main: HubTask) -> str:
        names = list(dict.fromkeys(one.name for one in self.alive if one.name and one is not main))
        return f" ({', '.join(names)})" if names else ""

    def _poll(self, timeout: float | None) -> None:
        """Wait for sockets, threads and signals, no longer than the run may last."""
        if self.deadline is not None:
            left = max(0.0, self.deadline - time.monotonic())
            timeout = left if timeout is None else min(timeout, left)
        self.readiness.poll(timeout)

    # ---- calls in threads

    def _await_call(self) -> None:
        """Simulated time stands still until one has ended."""
        call, left = self.calls.next_ended()
        if call is None:
            self._poll(left)
        else:
            self.calls.forget(call)
            self.wake_one(call.task, True)

    def _call_ended(self, call: Call) -> None:
        if not self.clock.simulated and self.calls.forget(call):
            self.wake_one(call.task, True)
