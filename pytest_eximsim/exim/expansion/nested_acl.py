"""${acl{name}{argument}…} and the condition acl{{name}…}: calling the ACL engine from an expansion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ExpansionError, ForcedFailure
from ..taint import is_tainted

if TYPE_CHECKING:
    from ..state import Process


def run(p: Process, strings: list[str]) -> tuple[bool, str | None]:
    """Run the ACL named by the first string. Returns whether it accepts, and its message.

    Raises ForcedFailure where it defers, ExpansionError where it fails otherwise (case ACL-019, REDIS-064).
    """
    from ..acl import run_nested

    verdict = run_nested(p, strings[0], strings[1:])
    result = verdict.result.name
    if result in ("OK", "FAIL"):
        return result == "OK", verdict.user_message
    word = result if p.release.brace_reasons else result.lower()
    name = strings[0]
    if not is_tainted(name):        # reading a text of several lines has cut it behind the first one
        blank = len(name) - len(name.lstrip(" \t\n"))
        name = name[:blank] + name[blank:].partition("\n")[0]
    text = f'{word} from acl "{name}"'
    raise ForcedFailure(text) if result == "DEFER" else ExpansionError(text)
