"""String expansion (chapter 11 of Exim's specification): text with `$` and `${…}` to text, for one process at one moment.

    cursor.py    reading characters        parser*.py   text → tree, total; the first structural error is in the tree
    nodes.py     the tree                  evaluator.py tree → text; the walk over skipped branches
    registry.py  the tables of a release   items/ operators/ conditions/ variables/   one line a name
    explain.py   a readable tree with the results of all parts

`expand` and `expand_condition` are what the rest of the MTA calls; `syntax_error` is what `eximsim check` calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ExpansionError, ForcedFailure
from .conditions.comparing import folded
from .evaluator import expand
from .evaluator import syntax_error as _syntax_error
from .explain import expand_traced

if TYPE_CHECKING:
    from ..release import Release
    from ..state import Process

__all__ = ["expand", "expand_condition", "expand_traced", "syntax_error"]


def expand_condition(p: Process, text: str, what: str) -> bool:
    """The truth of a router's `condition` or another option of that kind; `what` is as `router r` for the panic log.

    False for an empty text, `0`, `no`, `false`; false, and logged, where the expansion fails; false where failure is forced or
    a lookup defers.
    """
    try:
        value = expand(p, text)
    except ForcedFailure:
        return False
    except ExpansionError as error:
        if error.defer is None:
            from ..log import log

            log(p, f'failed to expand condition "{text}" for {what}: {error.message}', main=True, panic=True)
        return False
    return bool(value) and value != "0" and folded(value) not in ("no", "false")


def syntax_error(text: str, release: Release) -> str | None:
    """The first structural error of a string, in Exim's words; nothing is evaluated. None where it is well-formed."""
    return _syntax_error(text, release.key)
