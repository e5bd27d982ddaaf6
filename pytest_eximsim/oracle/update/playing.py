"""A scenario played to write down what it expects: one run, its changes of the file, what is left to the author."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...scenario.loader import BoundCase
from ...scenario.outcome import Failure, Outcome
from ...scenario.runner import RunOptions
from .edits import Edits
from .recorder import Recorder

Play = Callable[[BoundCase, RunOptions], Outcome]


def record(bound: BoundCase, options: RunOptions, edits: Edits, play: Play) -> Outcome:
    """Play it; `edits` gets the changes, unless it could not be played to its end. What cannot be written by itself is a failure."""
    outcome = play(bound, replace(options, recorder=Recorder, forgiving=True))
    recorder = outcome.recorder if isinstance(outcome.recorder, Recorder) else Recorder()
    if not outcome.failures and not outcome.skipped:
        edits.update(recorder.edits)
    outcome.failures += [Failure(f"not updated: {reason}", position) for position, reason in recorder.left]
    return outcome


def summary(edits: Edits) -> list[str]:
    """Write the files; what was done, a line for each."""
    counts = edits.apply()
    lines = [f"updated {path}: {count} place{'s' if count > 1 else ''}" for path, count in sorted(counts.items())]
    lines += [f"not updated {path}:{line}:{column}: its scenarios disagree" for path, (line, column) in sorted(edits.conflicts)]
    lines += [f"not updated {path}: {why}" for path, why in sorted(edits.unwritten.items())]
    return lines or ["nothing to update"]
