"""`acl = name argument …`: another ACL as a condition (Exim chapter 44.6; cases ACL-019, ACL-020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....errors import ExpansionError, ForcedFailure
from ...expansion import expand
from ...quoting import dequote
from ..verdict import Outcome, Result, error

if TYPE_CHECKING:
    from ..run import Run

MOST_ARGUMENTS = 9


def acl(run: Run, value: str) -> Outcome:
    """Each word is taken out of its quotes, then expanded by itself; a tenth argument and those behind it are not looked at."""
    from ..engine import call

    words: list[str] = []
    place = 0
    while not words or (len(words) <= MOST_ARGUMENTS and value[place:].strip()):
        word, place = dequote(value, place)
        try:
            words.append(expand(run.p, word))
        except ForcedFailure:
            return Outcome(Result.ERROR)
        except ExpansionError as failed:
            shown = words[0] if words else word
            text = f'failed to expand ACL string "{shown}": {failed.message}'
            return error(text) if failed.defer is None else Outcome(Result.DEFER, failed.defer or text)
    verb = run.verb
    outcome = call(run, words[0], words[1:])
    if outcome.result is Result.DISCARD and verb not in ("accept", "discard"):
        return error(f'nested ACL returned "discard" for "{verb}" command (only allowed with "accept" or "discard")')
    return outcome
