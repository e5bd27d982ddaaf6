"""`seen`: was this here before? (Exim chapter 44.39, since 4.96).

    seen = ["-"] interval { "/" option }       options: key=TEXT, readonly, write, refresh=INTERVAL
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ... import durations
from ...lists import split_list
from ..verdict import Outcome, error, truth

if TYPE_CHECKING:
    from ..run import Run

REFRESH = 10 * 24 * 3600


@dataclass(slots=True)
class _Question:
    """`before`: is the record older than the interval? Otherwise: is it younger? `write` None: as the test itself has it."""

    interval: int
    before: bool
    key: str
    write: bool | None = None
    refresh: int = REFRESH


def seen(run: Run, value: str) -> Outcome:
    """Looks for the record, and writes it where the test does so."""
    question = _read(run, value)
    if isinstance(question, Outcome):
        return question
    records, now = run.p.mta.hints.seen, int(run.p.world.clock.now())
    at = records.get(question.key)
    if at is None:
        if question.write is not False:
            records[question.key] = now
        return truth(False)
    found = (at <= now - question.interval) is question.before
    if question.write or (question.write is None and not question.before):
        records[question.key] = now
    elif question.write is None and found and at < now - question.refresh:
        records[question.key] = now - question.interval
    return truth(found)


def _read(run: Run, value: str) -> _Question | Outcome:
    """The question, or the error in it."""
    first, *options = split_list("</" + value) or [""]
    before = first.startswith("-")
    interval = durations.read(first[1:] if before else first)
    if interval is None:
        return error(f"failed to parse '{value}'")
    question = _Question(interval, before, run.p.connection.host_address)
    for option in options:
        name, _, text = option.partition("=")
        match name:
            case "key" if "=" in option:
                question.key = text
            case "refresh" if "=" in option:
                refresh = durations.read(text)
                if refresh is None:
                    return error(f"failed to parse '{value}'")
                question.refresh = refresh
            case "readonly" | "write" if name == option:
                question.write = name == "write"
            case _:
                return error(f"unrecognised option '{option}' in '{value}'")
    return question
