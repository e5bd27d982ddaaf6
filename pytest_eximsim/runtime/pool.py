"""Threads for calls that cannot be made to park a task: clients of databases, children. They are daemons, so that none holds up the end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

MOST_THREADS = 32


class Call:
    """One call under way. `finished` is set last."""

    __slots__ = ("error", "finished", "function", "started", "value")

    def __init__(self, function: Callable[[], Any], started: float) -> None:
        self.function = function
        self.started = started
        self.value: Any = None
        self.error: BaseException | None = None
        self.finished = False


class Pool:
    """Starts a thread when none is free, up to a limit; `finished` is called in the thread after each call."""

    def __init__(self, finished: Callable[[Call], None]) -> None:
        self._finished = finished
        self._waiting: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._free = threading.Semaphore(0)
        self._threads = 0

    def start(self, call: Call) -> None:
        if not self._free.acquire(blocking=False) and self._threads < MOST_THREADS:
            self._threads += 1
            threading.Thread(target=self._work, name=f"eximsim {self._threads}", daemon=True).start()
        self._waiting.put(call)

    def close(self) -> None:
        """Threads end when their call does."""
        for _ in range(self._threads):
            self._waiting.put(None)
        self._threads = 0

    def _work(self) -> None:
        while (call := self._waiting.get()) is not None:
            try:
                call.value = call.function()
            except BaseException as error:
                call.error = error
            call.finished = True
            self._finished(call)
            self._free.release()
