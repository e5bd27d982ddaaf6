"""Which patterns of an author stay: those that still match what the MTA did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...scenario.patterns import Pattern

if TYPE_CHECKING:
    from ...scenario.runner import Run


def matches(pattern: Pattern, text: str, run: Run) -> bool:
    """Does it match, perhaps but for line breaks at the end? Message ids found are kept."""
    found = pattern.match(text, run.ids, run.names)
    if found is None and pattern.text.endswith("\n"):
        found = Pattern(pattern.text.rstrip("\n"), pattern.position).match(text.rstrip("\n"), run.ids, run.names)
    if found is not None:
        run.ids.known.update(found.known)
    return found is not None


def kept(old: Sequence[Pattern], got: Sequence[str], run: Run) -> list[int | None]:
    """For each line the index of the pattern that still matches it: the longest such sequence, in order. `! pattern` is nobody's."""
    able = [[one.kind != "!" and one.match(line, run.ids.copy(), run.names) is not None for line in got] for one in old]
    best = _longest(able, len(got))
    found: list[int | None] = [None] * len(got)
    i = j = 0
    while i < len(old) and j < len(got):
        if able[i][j] and best[i][j] == best[i + 1][j + 1] + 1:
            if matches(old[i], got[j], run):
                found[j] = i
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return found


def _longest(able: Sequence[Sequence[bool]], width: int) -> list[list[int]]:
    """How many pairs there can be from each place on."""
    best = [[0] * (width + 1) for _ in range(len(able) + 1)]
    for i in range(len(able) - 1, -1, -1):
        for j in range(width - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + 1 if able[i][j] else 0)
    return best
