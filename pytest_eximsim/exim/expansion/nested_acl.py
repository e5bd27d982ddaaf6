"""${acl{name}{argument}…} and the condition acl{{name}…}: calling the ACL engine from an expansion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ExpansionError, ForcedFailure

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
    text = f'{word} from acl "{strings[0]}"'
    raise ForcedFailure(text) if result == "DEFER" else ExpansionError(text)
