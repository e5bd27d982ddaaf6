"""Calls that cannot be made to park a task (clients of databases, children) run in threads here; and in which order they count as ended.

Threads are daemons, so that none holds up the end of the program.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

MOST_THREADS = 32
#: In simulated time calls end in the order in which they began, unless one takes so much longer than a later one (seconds).
GRACE = 1.0


class Call:
    """One call under way, of one task. `finished` is set last."""

    __slots__ = ("error", "finished", "function", "started", "task", "value")

    def __init__(self, function: Callable[[], Any], task: Any) -> None:
        self.function = function
        self.task = task
        self.started = time.monotonic()
        self.value: Any = None
        self.error: BaseException | None = None
        self.finished = False


class Calls:
    """The calls under way, in the order in which they began. `ring` is called in a thread after each call."""

    def __init__(self, ring: Callable[[Callable[[], object]], None], ended: Callable[[Call], None]) -> None:
        self._ring = ring
        self._ended = ended
        self._under_way: list[Call] = []
        self._queue: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._free = threading.Semaphore(0)
        self._threads = 0

    def __bool__(self) -> bool:
        return bool(self._under_way)

    def start(self, call: Call) -> None:
        """Begin it, in a thread of its own if none is free, up to a limit."""
        self._under_way.append(call)
        if not self._free.acquire(blocking=False) and self._threads < MOST_THREADS:
            self._threads += 1
            threading.Thread(target=self._work, name=f"eximsim {self._threads}", daemon=True).start()
        self._queue.put(call)

    def forget(self, call: Call) -> bool:
        """Nobody waits for it any more; false when nobody did."""
        before = len(self._under_way)
        self._under_way = [one for one in self._under_way if one is not call]
        return len(self._under_way) < before

    def next_ended(self) -> tuple[Call | None, float | None]:
        """For simulated time: the call to go on with; or how long to wait for an earlier one, None for ever."""
        first = self._under_way[0]
        ended = next((one for one in self._under_way if one.finished), None)
        left = first.started + GRACE - time.monotonic()
        if ended is None:
            return None, None
        return (ended, None) if first.finished or left <= 0 else (None, left)

    def close(self) -> None:
        """Threads end when their call does."""
        for _ in range(self._threads):
            self._queue.put(None)
        self._threads = 0

    def _work(self) -> None:
        while (call := self._queue.get()) is not None:
            try:
                call.value = call.function()
            except BaseException as error:
                call.error = error
            call.finished = True
            self._free.release()
            self._ring(lambda call=call: self._ended(call))  # type: ignore[misc]
