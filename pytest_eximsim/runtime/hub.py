"""Tasks that read as blocking code, on one thread: greenlets. Here is what a task can ask for; what comes next is decided in loop.py.

A task runs until it parks (sleep, a stream's receive, Event.wait, join …). Then the others go on in the order in which they became ready.
In simulated time nothing but that order decides what comes next, so every run is the same: the clock jumps to the next timer when nobody is
ready, and stands still while a call in a thread or a `real_sleep` is under way.

`run` drives everything until its function ends; what must wait outside of a `run` makes one for itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .clock import HubTime
from .loop import Deadlock, Loop, OutOfTime
from .pool import Call
from .readiness import READ, WRITE, Pollable
from .timers import Timers

if TYPE_CHECKING:
    import greenlet

__all__ = ["Deadlock", "Event", "Hub", "HubTask", "OutOfTime"]

T = TypeVar("T")


class HubTask:
    """Something that runs beside its caller. A task that was killed is `done` without an error.

    For the loop: `wakes` counts how often it was woken, `woken` is what its waiting gave, `interrupted` what ends the whole run.
    """

    __slots__ = ("_greenlet", "_hub", "done", "error", "for_ever", "function", "interrupted", "joiners", "name", "parked", "timers",
                 "value", "wakes", "woken")

    def __init__(self, hub: Hub, function: Callable[[], Any], name: str, greenlet_class: Callable[..., greenlet.greenlet],
                 parent: greenlet.greenlet) -> None:
        self.function: Callable[[], Any] | None = function
        self.name = name
        self.done = False
        self.error: BaseException | None = None
        self.value: Any = None
        self.joiners: list[HubTask] = []
        self.parked = False
        self.for_ever = False
        self.interrupted: BaseException | None = None
        self.timers: Timers[HubTask] | None = None
        self.wakes = 0
        self.woken = False
        self._hub = hub
        self._greenlet = greenlet_class(self._run, parent)

    def join(self) -> None:
        """Wait for its end; re-raises what it raised."""
        if not self.done:
            self._hub.wait_among(self.joiners)
        if self.error is not None:
            self._hub.failures = [one for one in self._hub.failures if one[1] is not self.error]
            raise self.error

    def resume(self, error: BaseException | None = None) -> None:
        """Go on where it parked, or raise there; comes back when it parks again or has ended. For the loop."""
        if error is None:
            self._greenlet.switch()
        else:
            self._greenlet.throw(error)

    def kill(self, killed: BaseException, here: greenlet.greenlet) -> None:
        """End it where it is. For Hub.close."""
        self._greenlet.parent = here
        self._greenlet.throw(killed)
        self.done, self.function = True, None

    def _run(self) -> None:
        function = self.function
        assert function is not None
        try:
            self.value = function()
        except self._hub.killed:
            pass
        except BaseException as error:
            self.error = error
        finally:
            self.done, self.function = True, None
            self.wakes += 1
            self._hub.ended(self)


class Hub:
    """`failures` keeps, with their tasks' names, exceptions of tasks that nobody joined."""

    def __init__(self, clock: HubTime) -> None:
        import greenlet

        self.clock = clock
        self.failures: list[tuple[str, BaseException]] = []
        self.closed = False
        self.killed = greenlet.GreenletExit
        self._loop = Loop(clock)
        self.wake = self._loop.wake
        self._main: HubTask | None = None
        self._greenlet_class = greenlet.greenlet
        self._here = greenlet.getcurrent
        self._caller = greenlet.getcurrent()
        self._scheduler = greenlet.greenlet(self._schedule)

    @property
    def current(self) -> HubTask | None:
        """The task that runs; None outside of `run`."""
        return self._loop.current

    # ---- tasks

    def run(self, function: Callable[[], T], timeout: float | None = None) -> T:
        """Run `function` to its end and everything else beside it; re-raises. Tasks of earlier runs go on. In a task: just calls it.

        After `timeout` seconds of real time OutOfTime is raised where the function waits, and here if that does not end it.
        """
        loop = self._loop
        if loop.current is not None:
            return function()
        loop.deadline, loop.late = None if timeout is None else time.monotonic() + timeout, False
        try:
            return self._drive(function, first=False)
        finally:
            loop.deadline = None

    def _drive(self, function: Callable[[], T], *, first: bool) -> T:
        """`first`: before all others that are ready, so that who begins to wait misses nothing."""
        if self.closed or self._here() is self._scheduler:
            raise RuntimeError("this hub is closed" if self.closed else "what the hub itself calls must not wait")
        main = HubTask(self, function, "main", self._greenlet_class, self._scheduler)
        self._loop.add(main, first=first)
        before, self._caller, self._main = self._caller, self._here(), main
        try:
            self._scheduler.switch()
        finally:
            self._main, self._caller = None, before
        error = main.interrupted or main.error
        if error is not None:
            raise error
        return cast(T, main.value)

    def spawn(self, function: Callable[[], Any], name: str = "") -> HubTask:
        """Let `function` run beside the caller; it begins when the caller parks."""
        task = HubTask(self, function, name, self._greenlet_class, self._scheduler)
        if self.closed:
            task.done = True
        else:
            self._loop.add(task)
        return task

    def ended(self, task: HubTask) -> None:
        """For the task, when it has ended."""
        self._loop.alive.pop(task, None)
        error, main = task.error, self._main
        if error is not None and task is not main:
            if main is not None and not isinstance(error, Exception):
                main.interrupted = error
            elif not task.joiners:
                self.failures.append((task.name, error))
        self.wake(task.joiners)

    # ---- waiting

    def after(self, timeout: float | None) -> float | None:
        """When a timeout of so many seconds that begins now ends, in ticks of the clock; None where there is none."""
        return None if timeout is None else self.clock.ticks() + timeout

    def wait_among(self, waiters: list[HubTask], timeout: float | None = None, *, until: float | None = None) -> bool:
        """Park until somebody wakes these waiters; false when the timeout passed, or they were told that it is no use.

        `until`: the end of a timeout that has begun before (see `after`).
        """
        loop = self._loop
        task = loop.current
        if task is None:
            return self._drive(lambda: self.wait_among(waiters, timeout, until=until), first=True)
        waiters.append(task)
        if timeout is not None:
            until = self.clock.ticks() + timeout
        if until is not None:
            task.timers = loop.timers
            task.timers.add(until, task)
        woken = False
        try:
            woken = self._park(task)
        finally:
            if not woken and task in waiters:
                waiters.remove(task)
        return woken

    def _park(self, task: HubTask) -> bool:
        if self.closed:
            raise self.killed
        task.parked = True
        self._scheduler.switch()
        return task.woken

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
        task = self._loop.current
        if task is None:
            self.run(lambda: self.real_sleep(seconds))
            return
        task.timers = self._loop.real_timers
        task.timers.add(time.monotonic() + seconds, task)
        self._park(task)

    def wait_for_ever(self) -> None:
        """Park until the hub is closed. In real time this is no deadlock: a signal may come."""
        task = self._loop.current
        if task is None:
            self.run(self.wait_for_ever)
            return
        task.for_ever = True
        self.wait_among([])

    def settle(self, real: float = 0.0) -> None:
        """Until no other task could go on now. Simulated: calls in threads are waited for, timers of later are not.

        In real time sockets are looked at once, and once more when `real` seconds have passed.
        """
        self.wait_among(self._loop.settling)
        if real:
            self.real_sleep(real)
            self.wait_among(self._loop.settling)

    # ---- sockets and threads

    def wait_readable(self, sock: Pollable, timeout: float | None = None, *, until: float | None = None) -> bool:
        """False: the timeout passed, or the socket was closed or forgotten."""
        waiters = self._loop.readiness.waiters(sock, READ)
        return waiters is not None and self.wait_among(waiters, timeout, until=until)

    def wait_writable(self, sock: Pollable, timeout: float | None = None, *, until: float | None = None) -> bool:
        """False: the timeout passed, or the socket was closed or forgotten."""
        waiters = self._loop.readiness.waiters(sock, WRITE)
        return waiters is not None and self.wait_among(waiters, timeout, until=until)

    def forget(self, sock: Pollable) -> None:
        """Before a socket is closed: who waits for it goes on, with False."""
        self.wake(self._loop.readiness.forget(sock), False)

    def call_blocking(self, function: Callable[[], T]) -> T:
        """Run it in a thread while this task is parked; outside of a run just call it."""
        task = self._loop.current
        if task is None or self.closed:
            return function()
        self._loop.readiness.prepare_bell()
        call = Call(function, task)
        self._loop.calls.start(call)
        try:
            self._park(task)
        finally:
            self._loop.calls.forget(call)
        if call.error is not None:
            raise call.error
        return cast(T, call.value)

    def post(self, function: Callable[[], object]) -> None:
        """Have it called soon by the hub, outside of all tasks: it must not wait. For other threads and signal handlers."""
        self._loop.readiness.prepare_bell()
        self._loop.readiness.ring(function)

    # ---- running and ending

    def _schedule(self) -> None:
        """The greenlet that all tasks come back to."""
        while True:
            main = self._main
            try:
                while main is not None and not main.done and main.interrupted is None:
                    self._loop.step(main)
            except BaseException as error:
                assert main is not None
                main.interrupted = error
            self._caller.switch()

    def close(self) -> None:
        """End all tasks, where they are, and give everything back. Safe to call twice, and inside of a task or post()."""
        if self.closed:
            return
        self.closed = True
        loop, here = self._loop, self._here()
        current = loop.current
        for task in [one for one in loop.alive if one is not current]:
            loop.current = task
            task.kill(self.killed(), here)
        loop.current = current
        loop.ready.clear()
        loop.calls.close()
        loop.readiness.close()


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
