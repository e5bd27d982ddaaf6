"""Tasks that read as blocking code, on one thread: greenlets, a FIFO of those that are ready, timers, sockets, calls in threads.

A task runs until it parks (sleep, a stream's receive, Event.wait, join …). Then the others go on in the order in which they became ready.
In simulated time nothing but that order decides what comes next, so every run is the same: the clock jumps to the next timer when nobody is
ready, and stands still while a call in a thread or a `real_sleep` is under way.

`run` drives everything until its function ends; what must wait outside of a `run` makes one for itself. Here are no streams (network.py).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..errors import EximsimError
from .clock import HubTime
from .pool import Call, Pool
from .readiness import READ, WRITE, Pollable, Readiness
from .timers import Timers

if TYPE_CHECKING:
    import greenlet

T = TypeVar("T")
#: Simulated time: calls in threads end in the order in which they began, unless one takes so much longer than a later one (seconds).
GRACE = 1.0


class Deadlock(EximsimError):
    """Who runs waits for something that cannot happen any more."""


class HubTask:
    """Something that runs beside its caller. `wakes` counts how often it was woken; a killed task is `done` without an error."""

    __slots__ = ("_greenlet", "_hub", "_joiners", "_timers", "_woken", "done", "error", "for_ever", "function", "name", "parked", "value",
                 "wakes")

    def __init__(self, hub: Hub, function: Callable[[], Any], name: str, greenlet_class: Callable[..., greenlet.greenlet]) -> None:
        self.function: Callable[[], Any] | None = function
        self.name = name
        self.done = False
        self.error: BaseException | None = None
        self.value: Any = None
        self.parked = False
        self.for_ever = False
        self.wakes = 0
        self._hub = hub
        self._joiners: list[HubTask] = []
        self._timers: Timers[HubTask] | None = None
        self._woken = False
        self._greenlet = greenlet_class(self._run, hub._scheduler)

    def join(self) -> None:
        """Wait for its end; re-raises what it raised."""
        if not self.done:
            self._hub.wait_among(self._joiners)
        if self.error is not None:
            self._hub.failures = [one for one in self._hub.failures if one[1] is not self.error]
            raise self.error

    def _run(self) -> None:
        hub, function = self._hub, self.function
        assert function is not None
        try:
            self.value = function()
        except hub._killed:
            pass
        except BaseException as error:
            self.error = error
        finally:
            self.done = True
            self.function = None
            self.wakes += 1
            hub._ended(self)


class Hub:
    """`failures` keeps, with their tasks' names, exceptions of tasks that nobody joined. `current` is the task that runs."""

    def __init__(self, clock: HubTime) -> None:
        import greenlet

        self.clock = clock
        self.failures: list[tuple[str, BaseException]] = []
        self.current: HubTask | None = None
        self.closed = False
        self._ready: deque[HubTask] = deque()
        self._alive: dict[HubTask, None] = {}
        self._timers: Timers[HubTask] = Timers()
        self._real_timers: Timers[HubTask] = Timers()
        self._readiness = Readiness(self.wake)
        self._settling: list[HubTask] = []
        self._calls: list[tuple[Call, HubTask]] = []
        self._pool: Pool | None = None
        self._make_greenlet = greenlet.greenlet
        self._here = greenlet.getcurrent
        self._killed: type[BaseException] = greenlet.GreenletExit
        self._main: HubTask | None = None
        self._fatal: BaseException | None = None
        self._caller = greenlet.getcurrent()
        self._scheduler = greenlet.greenlet(self._schedule)

    # ---- tasks

    def run(self, function: Callable[[], T]) -> T:
        """Run `function` to its end and everything else beside it; re-raises. Tasks of earlier runs go on. In a task: just calls it."""
        if self.current is not None:
            return function()
        if self.closed or self._here() is self._scheduler:
            raise RuntimeError("this hub is closed" if self.closed else "what the hub itself calls must not wait")
        before, self._caller = self._caller, self._here()
        self._main = main = self.spawn(function, "main")
        try:
            self._scheduler.switch()
        finally:
            self._main, self._caller = None, before
        if self._fatal is not None:
            error, self._fatal = self._fatal, None
            raise error
        if main.error is not None:
            raise main.error
        return cast(T, main.value)

    def spawn(self, function: Callable[[], Any], name: str = "") -> HubTask:
        """Let `function` run beside the caller; it begins when the caller parks."""
        task = HubTask(self, function, name, self._make_greenlet)
        if self.closed:
            task.done = True
            return task
        self._alive[task] = None
        self._ready.append(task)
        return task

    def _ended(self, task: HubTask) -> None:
        self._alive.pop(task, None)
        error = task.error
        if error is not None and task is not self._main:
            if not isinstance(error, Exception):
                self._fatal = error
            elif not task._joiners:
                self.failures.append((task.name, error))
        self.wake(task._joiners)

    # ---- waiting

    def wait_among(self, waiters: list[HubTask], timeout: float | None = None) -> bool:
        """Park until somebody wakes these waiters; false when the timeout passed, or they were told that it is no use."""
        task = self.current
        if task is None:
            return self.run(lambda: self.wait_among(waiters, timeout))
        waiters.append(task)
        if timeout is not None:
            self._timers.add(self.clock.ticks() + timeout, task)
            task._timers = self._timers
        woken = False
        try:
            woken = self._park(task)
        finally:
            if not woken and task in waiters:
                waiters.remove(task)
        return woken

    def wake(self, waiters: list[HubTask], value: bool = True) -> None:
        """All of them are ready to go on, in order."""
        if waiters:
            for task in waiters:
                self._wake(task, value)
            waiters.clear()

    def _park(self, task: HubTask) -> bool:
        if self.closed:
            raise self._killed
        task.parked = True
        self._scheduler.switch()
        return task._woken

    def _wake(self, task: HubTask, value: bool) -> None:
        if task.parked:
            task.parked = False
            task.wakes += 1
            task._woken = value
            if task._timers is not None:
                task._timers.stale += 1
                task._timers = None
            self._ready.append(task)

    def now(self) -> float:
        """What the scenario's clock says."""
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        """Let so much time pass on the scenario's clock; with 0 the others take their turn."""
        self.wait_among([], max(0.0, seconds))

    def real_now(self) -> float:
        """Seconds of real time, from anywhere."""
        return time.monotonic()

    def real_sleep(self, seconds: float) -> None:
        """Let so much real time pass."""
        task = self.current
        if task is None:
            self.run(lambda: self.real_sleep(seconds))
            return
        self._real_timers.add(time.monotonic() + seconds, task)
        task._timers = self._real_timers
        self._park(task)

    def wait_for_ever(self) -> None:
        """Park until the hub is closed. In real time this is no deadlock: a signal may come."""
        task = self.current
        if task is None:
            self.run(self.wait_for_ever)
            return
        task.for_ever = True
        self.wait_among([])

    def settle(self, real: float = 0.0) -> None:
        """Until no other task could go on now. Simulated: calls in threads are waited for, timers of later are not.

        In real time sockets are looked at once, and once more when `real` seconds have passed.
        """
        self.wait_among(self._settling)
        if real:
            self.real_sleep(real)
            self.wait_among(self._settling)

    def idle(self) -> bool:
        """Nobody is ready and no call in a thread is under way."""
        return not self._ready and not self._calls

    # ---- sockets

    def wait_readable(self, sock: Pollable, timeout: float | None = None) -> bool:
        """False: the timeout passed, or the socket was closed or forgotten."""
        waiters = self._readiness.waiters(sock, READ)
        return waiters is not None and self.wait_among(waiters, timeout)

    def wait_writable(self, sock: Pollable, timeout: float | None = None) -> bool:
        """False: the timeout passed, or the socket was closed or forgotten."""
        waiters = self._readiness.waiters(sock, WRITE)
        return waiters is not None and self.wait_among(waiters, timeout)

    def forget(self, sock: Pollable) -> None:
        """Before a socket is closed: who waits for it goes on, with False."""
        self.wake(self._readiness.forget(sock), False)

    # ---- threads

    def call_blocking(self, function: Callable[[], T]) -> T:
        """Run it in a thread while this task is parked; outside of a run just call it."""
        task = self.current
        if task is None:
            return function()
        if self._pool is None:
            self._readiness.prepare_bell()
            self._pool = Pool(lambda call: self._readiness.ring(lambda: self._called(call)))
        call = Call(function, time.monotonic())
        self._calls.append((call, task))
        self._pool.start(call)
        try:
            self._park(task)
        finally:
            self._calls = [one for one in self._calls if one[0] is not call]
        if call.error is not None:
            raise call.error
        return cast(T, call.value)

    def post(self, function: Callable[[], object]) -> None:
        """Have it called soon by the hub, outside of all tasks: it must not wait. For other threads and signal handlers."""
        self._readiness.prepare_bell()
        self._readiness.ring(function)

    def _called(self, call: Call) -> None:
        if not self.clock.simulated:
            for one, task in self._calls:
                if one is call:
                    self._wake(task, True)

    def _end_call(self) -> None:
        """Simulated: the call that began first ends, else one that has ended long before it. Waits where there is none yet."""
        first = self._calls[0][0]
        left = max(0.0, first.started + GRACE - time.monotonic())
        ended = [one for one in self._calls if one[0].finished]
        if first.finished or (ended and not left):
            self._wake(ended[0][1], True)
        else:
            self._readiness.poll(left if ended else None)

    # ---- the loop

    def _schedule(self) -> None:
        while True:
            try:
                while self._main is not None and not self._main.done and self._fatal is None:
                    self._step()
            except BaseException as error:
                self._fatal = error
            self._caller.switch()

    def _step(self) -> None:
        ready, simulated = self._ready, self.clock.simulated
        for _ in range(len(ready)):
            task = ready.popleft()
            if not task.done:
                self._resume(task)
                if self._main is None or self._main.done or self._fatal is not None:
                    return
        if ready:
            if not simulated:
                self._fire()
                self._look()
            return
        if self._fire():
            return
        if simulated:
            self._pass_simulated_time()
        elif self._settling:
            self._look()
            if not ready:
                self._settle_one()
        else:
            self._pass_real_time()

    def _resume(self, task: HubTask) -> None:
        self.current = task
        try:
            task._greenlet.switch()
        finally:
            self.current = None

    def _fire(self) -> bool:
        """Wake those whose time has come."""
        for timers, now in ((self._timers, self.clock.ticks()), (self._real_timers, time.monotonic() if len(self._real_timers) else 0.0)):
            for task in timers.due(now):
                task._timers = None
                self._wake(task, False)
        return bool(self._ready)

    def _look(self) -> None:
        if self._readiness.any:
            self._readiness.poll(0)

    def _settle_one(self) -> None:
        self._wake(self._settling.pop(0), True)

    def _pass_simulated_time(self) -> None:
        self._look()
        if self._ready:
            return
        if self._calls:
            self._end_call()
        elif self._settling:
            self._settle_one()
        elif (real := self._real_timers.next()) is not None:
            self._readiness.poll(max(0.0, real - time.monotonic()))
        elif (when := self._timers.next()) is not None:
            self.clock.advance_to(when)
        else:
            self._wait_outside()

    def _pass_real_time(self) -> None:
        waits = []
        if (when := self._timers.next()) is not None:
            waits.append(when - self.clock.ticks())
        if (when := self._real_timers.next()) is not None:
            waits.append(when - time.monotonic())
        if waits or self._calls:
            self._readiness.poll(max(0.0, min(waits)) if waits else None)
        else:
            self._wait_outside()

    def _wait_outside(self) -> None:
        """Only a socket or another thread can help now."""
        main = self._main
        assert main is not None
        if self._readiness.awaited or (main.for_ever and not self.clock.simulated):
            self._readiness.prepare_bell()
            self._readiness.poll(None)
            return
        others = ", ".join(sorted({one.name for one in self._alive if one.name and one is not main}))
        main.parked = False
        main.wakes += 1
        self.current = main
        try:
            main._greenlet.throw(Deadlock("everybody waits, and nothing can happen any more" + (f" ({others})" if others else "")))
        finally:
            self.current = None

    # ---- the end

    def close(self) -> None:
        """End all tasks, where they are, and give everything back. Safe to call twice, and inside of a task or post()."""
        if self.closed:
            return
        self.closed = True
        here, current = self._here(), self.current
        for task in list(self._alive):
            if task is not current:
                task._greenlet.parent = here
                self.current = task
                task._greenlet.throw()
                self._alive.pop(task, None)
                task.done = True
        self.current = current
        self._ready.clear()
        if self._pool is not None:
            self._pool.close()
        self._readiness.close()


class Event:
    """Something that happens once, or again after `clear()`."""

    __slots__ = ("_hub", "_waiters", "is_set")

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._waiters: list[HubTask] = []
        self.is_set = False

    def set(self) -> None:
        self.is_set = True
        self._hub.wake(self._waiters)

    def clear(self) -> None:
        self.is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        """False when the timeout passed first."""
        return self.is_set or self._hub.wait_among(self._waiters, timeout)
