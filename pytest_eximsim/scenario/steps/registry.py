"""The table of steps: what a key of a step does. Environment keys are all the same: `passing.environment`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...errors import Position
from . import asking, delivering, passing, send, session

if TYPE_CHECKING:
    from ..runner import Run

STEPS: dict[str, Callable[[Run, Any, Position], None]] = {
    "expand": asking.expand,
    "expect": passing.expect,
    "options": asking.options,
    "parallel": passing.parallel,
    "queue_run": delivering.queue_run,
    "rewrite": asking.rewrite,
    "route": asking.route,
    "run": passing.program,
    "send": send.run,
    "sendmail": delivering.sendmail,
    "session": session.run,
    "wait": passing.wait,
}
