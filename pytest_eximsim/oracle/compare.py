"""Two outcomes of one scenario side by side: dialogues, answers, logs, remotes, files, the queue. What both do is no difference.

Logs: the lines of one message are in order, and so are those of none; how they stand between each other is chance, where several processes
write. With a HAProxy in front, whose checks come when they come, lines of no message count once and in any order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ..scenario.outcome import SENT_IN_VAIN, Evidence, Exchange, Outcome
from ..scenario.patterns import shown
from .mta.configuration import SETTINGS
from .munging import Munger

LOGS = ("mainlog", "rejectlog", "paniclog")
#: How many equal lines stand around a difference in a report.
AROUND = 2
NOTHING, REFUSED = "(nothing)", "the configuration is refused"
_OWNER = re.compile(r"(<id\d*>) ")
#: How many there are at a time, and whether a check ends by a reset when it was carried on.
_CHECKS = re.compile(r" \(TCP/IP connection count = \d+\)| \(error: Connection reset by peer\)")
#: What `set` gives is an included file for the real Exim; for the simulator it has the place of what it replaces, or none.
_SET = re.compile(rf"line \d+ of {SETTINGS}")
_PLACE = re.compile(r" in line \d+ of \S+(?=:)")


@dataclass(frozen=True)
class Difference:
    """`what` differs: the lines of both, all of them; `first` and `second` are the first ones that differ."""

    what: str
    simulated: tuple[str, ...]
    real: tuple[str, ...]

    @property
    def first(self) -> tuple[str, str]:
        """The first line that differs: simulated, real."""
        for index in range(max(len(self.simulated), len(self.real))):
            one = self.simulated[index] if index < len(self.simulated) else NOTHING
            other = self.real[index] if index < len(self.real) else NOTHING
            if one != other:
                return one, other
        return NOTHING, NOTHING

    def side_by_side(self) -> list[str]:
        """Lines of both with a mark: `r` only the real Exim, `s` only the simulator, blank both."""
        lines: list[str] = []
        for kind, a, b, c, d in SequenceMatcher(a=self.real, b=self.simulated, autojunk=False).get_opcodes():
            if kind == "equal":
                same = [f"  {one}" for one in self.real[a:b]]
                lines += same if len(same) <= 2 * AROUND + 1 else [*same[:AROUND], f"  … ({len(same) - 2 * AROUND} lines)", *same[-AROUND:]]
            else:
                lines += [f"r {one}" for one in self.real[a:b]] + [f"s {one}" for one in self.simulated[c:d]]
        return lines


def differences(simulated: Outcome, real: Outcome) -> list[Difference]:
    """All of them."""
    one, other = _munged(simulated), _munged(real)
    if any(_SET.search(line) for line in other.get(REFUSED, ())):
        one, other = ({**side, REFUSED: tuple(_PLACE.sub("", line) for line in side.get(REFUSED, ()))} for side in (one, other))
    checked = bool(simulated.haproxy)
    return [Difference(what, one.get(what, ()), other.get(what, ())) for what in dict.fromkeys((*one, *other))
            if not _same(what, one.get(what, ()), other.get(what, ()), checked)]


def _same(what: str, one: Sequence[str], other: Sequence[str], checked: bool) -> bool:
    """`checked`: by a HAProxy, as often as time allows."""
    if one == other:
        return True
    if what in LOGS:
        return _by_owner(one, checked) == _by_owner(other, checked)
    if what.startswith("remote "):
        return sorted(_connections(one)) == sorted(_connections(other))
    return False


def _by_owner(lines: Iterable[str], checked: bool) -> dict[str, list[str]]:
    """The lines of each message; those of no message are at ""."""
    found: dict[str, list[str]] = {}
    for line in lines:
        owner = _OWNER.match(line)
        found.setdefault(owner[1] if owner else "", []).append(line)
    if checked and "" in found:
        found[""] = sorted({_CHECKS.sub("", line) for line in found[""]})
    return found


def _connections(lines: Iterable[str]) -> list[tuple[str, ...]]:
    found: list[list[str]] = []
    for line in lines:
        if line == "<connect>" or not found:
            found.append([])
        found[-1].append(line)
    return [tuple(one) for one in found]


def _munged(outcome: Outcome) -> dict[str, tuple[str, ...]]:
    """Everything that is compared, as lines, by what it is."""
    evidence = outcome.evidence
    logs = {name: [shown(line) for line in getattr(outcome, name)] for name in LOGS}
    files = {path: shown(data.decode("latin-1")).split("\n") for path, data in evidence.files.items() if not _is_private(data)}
    munger = Munger.of(evidence.names, _texts(evidence, [*logs.values(), *files.values()]))
    found: dict[str, tuple[str, ...]] = {}
    if evidence.refusal is not None:
        found[REFUSED] = tuple(munger.log(shown(line)).strip() for line in evidence.refusal if line.strip())
    for index, (what, history) in enumerate(evidence.conversations, 1):
        found[f"{what} (connection {index})"] = tuple(part for one in history for part in _spoken(one, munger))
    for index, (what, answer) in enumerate(evidence.answers, 1):
        found[f"{what} (answer {index})"] = tuple(munger.text(answer).split("\n"))
    for name, lines in logs.items():
        found[name] = tuple(munger.log(line) for line in lines)
    for name, lines in evidence.remotes.items():
        found[f"remote {name}"] = tuple(munger.text(line) for line in lines)
    for path, lines in files.items():
        found[f"file {munger.text(path)}"] = tuple(munger.text(line) for line in lines)
    found["the queue"] = tuple(sorted(munger.text(id) for id in evidence.queue))
    return {what: lines for what, lines in found.items() if lines}


def _texts(evidence: Evidence, logs: Iterable[Sequence[str]]) -> Iterable[str]:
    """Everything in which message ids are looked for."""
    for _, history in evidence.conversations:
        yield from (one.text for one in history if one.who != "C")
    yield from evidence.queue
    for lines in logs:
        yield from lines


def _spoken(one: Exchange, munger: Munger) -> list[str]:
    """Whether an end is a reset depends on what came just then, so ends are ends."""
    if one == SENT_IN_VAIN:
        return []
    if one.who == "#" and one.text == "<reset>":
        return ["#: <eof>"]
    return [f"{one.who}: {munger.text(part)}" for part in one.text.split("\n")]


def _is_private(data: bytes) -> bool:
    """A database or other binary file: its octets are a library's business."""
    return b"\0" in data[:4096]


def kind_of(what: str) -> str:
    """The kind of a difference, in a word."""
    if "(connection" in what:
        return "dialogue"
    if "(answer" in what:
        return "answer"
    return {REFUSED: "configuration", "the queue": "queue"}.get(what, what.split()[0])
