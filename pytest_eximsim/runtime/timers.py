"""A heap of timers for parked tasks. A timer whose task was woken by something else stays until it is swept; it never fires."""

from __future__ import annotations

import heapq
import itertools
from typing import Generic, Protocol, TypeVar

#: Dead timers that are worth no sweep.
FEW = 1000


class Parked(Protocol):
    """What a timer looks at in a task: `wakes` counts how often it was woken."""

    wakes: int


P = TypeVar("P", bound=Parked)


class Timers(Generic[P]):
    """Timers in the order of their time, those of the same time in the order in which they were set."""

    __slots__ = ("_heap", "_numbers", "stale")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, P, int]] = []
        self._numbers = itertools.count()
        self.stale = 0

    def add(self, when: float, task: P) -> None:
        heapq.heappush(self._heap, (when, next(self._numbers), task, task.wakes))
        if self.stale > FEW and self.stale * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].wakes == entry[3]]
            heapq.heapify(self._heap)
            self.stale = 0

    def next(self) -> float | None:
        """When the next one is due."""
        heap = self._heap
        while heap and heap[0][2].wakes != heap[0][3]:
            heapq.heappop(heap)
            self.stale -= 1
        return heap[0][0] if heap else None

    def due(self, until: float) -> list[P]:
        """Take out those that are due."""
        tasks = []
        while (when := self.next()) is not None and when <= until:
            tasks.append(heapq.heappop(self._heap)[2])
        return tasks

    def __len__(self) -> int:
        return len(self._heap)
