"""How much work one expansion may do. Exim knows no such limit; a test must come to an end, whatever its strings say.

Work is counted in characters: those of what a loop evaluates in each round, and those of long results. It is counted for the outermost
expansion of a process (`Process.work`), with all that it expands inside. What is counted, and how, no configuration that is meant to be
used comes near; it is no measure of time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ExpansionError

if TYPE_CHECKING:
    from ..state import Process

#: Some seconds of work.
LIMIT = 32_000_000
#: Shorter results are not counted: that would cost more than they do.
LONG = 4096
#: A regular expression that was given up: PCRE has tried millions of ways then.
HOPELESS = 1_000_000
TOO_MUCH = "expansion takes too much work (limit of the simulator)"


def spend(p: Process, characters: int) -> None:
    """Count work. Raises ExpansionError when there has been too much of it."""
    if p.work is None:
        return
    p.work -= characters
    if p.work < 0:
        raise ExpansionError(TOO_MUCH)
