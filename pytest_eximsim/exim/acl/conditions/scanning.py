"""spam and malware: answers of scanners that the scenario gives (Exim chapter 45). Nothing is scanned here.

    spam     = user [:true] [/defer_ok]        malware = pattern [/defer_ok] [/tmo=time]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ....errors import NotSimulated
from ... import durations, regexes
from ...expansion.conditions.comparing import folded
from ...lists import split_list
from ..verdict import FAIL, Outcome, error, truth

if TYPE_CHECKING:
    from ..run import Run

#: What spamd holds for spam where its own configuration does not say otherwise.
REQUIRED_SCORE = 5.0
LONGEST_BAR = 50
CLEAN = "clean"


def _answers(run: Run, kind: str) -> object:
    """What the scenario's scanner says. Raises NotSimulated where it says nothing."""
    scanners = run.p.world.scanners
    found: object = getattr(scanners, kind, None) if scanners is not None else None
    if found is None:
        where = run.clause.position if run.clause is not None else None
        raise NotSimulated(f'the ACL condition "{kind}" needs the answer of a scanner: give one with scanners: {{{kind}: …}}', where)
    return found


def _parts(value: str) -> tuple[str, list[str]]:
    """The argument and its options; both are separated by slashes."""
    first, *options = split_list("</" + value) or [""]
    return first, options


def spam(run: Run, value: str) -> Outcome:
    """Is the score what is called spam? A user `0`, `false` or none at all: nothing is asked. `:true`: always true, for the variables."""
    text, _ = _parts(value)
    words = split_list(text)
    if not words or words[0] == "0" or folded(words[0]) == "false":
        return FAIL
    answer = _answers(run, "spam")
    assert isinstance(answer, Mapping)
    score = float(str(answer["score"]))
    variables = run.p.scratch.variables
    variables["spam_score"] = f"{score:.1f}"
    rounded = run.p.release.spam_score_rounded
    variables["spam_score_int"] = f"{score * 10:.0f}" if rounded else str(int((score + 0.001) * 10))
    variables["spam_bar"] = _bar(score, LONGEST_BAR if rounded else LONGEST_BAR + 1)
    variables["spam_report"] = str(answer.get("report", ""))
    is_spam = score >= float(str(answer.get("required", REQUIRED_SCORE)))
    variables["spam_action"] = "reject" if is_spam else "no action"
    return truth(is_spam or (len(words) > 1 and folded(words[1]) == "true"))


def _bar(score: float, longest: int) -> str:
    """A sign a point, `/` between -1 and 1."""
    length = min(int(abs(score)), longest)
    return ("+" if score > 0 else "-") * length or "/"


def malware(run: Run, value: str) -> Outcome:
    """Does the malware's name match? `0`, `false` and an empty pattern: nothing is asked; `*`, `1`, `true`: any."""
    pattern, options = _parts(value)
    for option in options:
        if option[:4].lower() == "tmo=" and durations.read(option[4:]) is None:
            run.complain(f"malware acl condition: bad timeout value '{option}'")
            return FAIL
    if not pattern or pattern == "0" or folded(pattern) == "false":
        return FAIL
    name = str(_answers(run, "malware"))
    if name == CLEAN:
        return FAIL
    run.p.scratch.variables["malware_name"] = name
    if pattern in ("1", "*") or folded(pattern) == "true":
        return truth(True)
    try:
        return truth(regexes.compile(pattern).search(name) is not None)
    except regexes.RegexError as wrong:
        return error(f'malware acl condition: regular expression error in "{pattern}": {wrong.message} at offset {wrong.offset}')
