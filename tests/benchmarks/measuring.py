"""What the benchmarks share: the best of several rounds, a line for each figure, exit code 1 where one is over its limit."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "exim"))

import fake_world

__all__ = ["best", "fake_world", "figure", "finish"]

_over: list[str] = []


def best(function: Callable[[], object], *, number: int, repeat: int = 5) -> float:
    """Seconds for one call, in the best of the rounds."""
    rounds = []
    for _ in range(repeat):
        started = time.perf_counter()
        for _ in range(number):
            function()
        rounds.append((time.perf_counter() - started) / number)
    return min(rounds)


def figure(name: str, seconds: float, limit: float) -> None:
    """One line, in microseconds."""
    mark = "" if seconds <= limit else "  OVER THE LIMIT"
    print(f"{name:42}{seconds * 1e6:12.2f} µs   limit {limit * 1e6:10.0f} µs{mark}")
    if mark:
        _over.append(name)


def finish() -> None:
    """The end of a benchmark."""
    sys.exit(1 if _over else 0)
