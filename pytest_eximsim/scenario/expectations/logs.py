"""`log`, `mainlog`, `rejectlog`, `paniclog`: lines of the MTA's logs against patterns, without time stamps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import AnyOrder
from ..outcome import Failure
from ..patterns import Difference, Ids, Pattern, match_any_order, match_exactly, match_in_order, negatives, shown, without_stamp

if TYPE_CHECKING:
    from .registry import Look

#: How many lines around a difference are shown.
NEAR = 4


@dataclass(frozen=True)
class LogPattern(Pattern):
    """A pattern on a log line: `* ` at its beginning stands for the time stamp and a message's id, either of which may not be there."""

    def match(self, line: str, ids: Ids | None = None, names: Mapping[str, str] | None = None) -> Ids | None:
        found = super().match(line, ids, names)
        if found is None and self.kind != "~" and self.text.startswith("* "):
            found = super().match(f" {line}", ids, names)
        return found


def of_log(patterns: Sequence[Pattern]) -> list[Pattern]:
    """Patterns for lines of a log."""
    return [LogPattern(one.text, one.position, one.kind) for one in patterns]


def lines_of(look: Look, name: str) -> list[str]:
    """The lines of a log as patterns see them."""
    return [without_stamp(shown(line)) for line in look.run.subject.log(name, look.mta)]


def whole(name: str) -> Callable[[Look, tuple[Pattern, ...] | AnyOrder], list[Failure]]:
    """A whole log, line by line, or in any order."""

    def check(look: Look, value: tuple[Pattern, ...] | AnyOrder) -> list[Failure]:
        lines = lines_of(look, name)
        if isinstance(value, AnyOrder):
            return compare(look, f"{name}log", of_log(value.any_order or ()), lines, match_any_order)
        return compare(look, f"{name}log", of_log(value), lines, match_exactly)

    return check


def in_order(look: Look, value: tuple[Pattern, ...]) -> list[Failure]:
    """`log`: these lines of the main log, in this order."""
    return compare(look, "the log", of_log(value), lines_of(look, "main"), match_in_order)


def compare(look: Look, what: str, patterns: Sequence[Pattern], lines: Sequence[str],
            match: Callable[[Sequence[Pattern], Sequence[str], Ids, dict[str, str]], Ids | Difference]) -> list[Failure]:
    """Lines against patterns; ids that were found are kept."""
    failures = [Failure(f"{what}: {one.text}", one.expected.position, f"! {one.expected.text}", one.received or "")
                for one in negatives(patterns, lines, look.ids, look.run.names) if one.expected is not None]
    found = match(patterns, lines, look.ids, look.run.names)
    if isinstance(found, Difference):
        failures.append(_difference(look, what, found, lines))
    else:
        look.ids.known.update(found.known)
    return failures


def _difference(look: Look, what: str, found: Difference, lines: Sequence[str]) -> Failure:
    wanted, got = found.expected, found.received
    place = wanted.position if wanted is not None else look.position
    if wanted is not None and got is None and found.index < 0:
        near = "(no such line)" if lines else "(the log is empty)"
    else:
        near = got if got is not None else "(nothing more)"
    title = f"{what}: a line is missing" if got is None else f"{what}: one line too many" if wanted is None else f"{what}: another line"
    return Failure(title, place, str(wanted) if wanted is not None else "(nothing more)", near, notes=_around(lines, found.index))


def _around(lines: Sequence[str], index: int) -> tuple[str, ...]:
    """The lines near a difference, the one in question marked."""
    if index < 0:
        shown = lines[-2 * NEAR:]
        return tuple(f"  {line}" for line in shown)
    first = max(0, index - NEAR)
    return tuple(f"{'>' if first + offset == index else ' '} {line}" for offset, line in enumerate(lines[first:index + NEAR + 1]))
