"""What an ACL, a statement or a condition ends in, as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Result(Enum):
    """OK: accepted, true. FAIL: refused, false. FAIL_DROP: refused, and the connection is closed. DEFER: not now. ERROR: a mistake."""

    OK = "ok"
    FAIL = "fail"
    FAIL_DROP = "fail_drop"
    DEFER = "defer"
    ERROR = "error"
    DISCARD = "discard"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a whole ACL.

    `user_message` is for the client, split into lines, with its code if it has one; None: Exim's own text. `log_message` is the reason for
    the log. `temporary_details`: the client may be told the reason of a DEFER; `preliminary` comes before it then. `log_to`: main, reject,
    panic log.
    """

    result: Result
    user_message: str | None = None
    log_message: str | None = None
    temporary_details: bool = False
    preliminary: str | None = None
    log_to: tuple[bool, bool, bool] = (True, True, False)


@dataclass(slots=True)
class Outcome:
    """What one condition ends in, for the engine. `callout`: a DEFER comes from a callout, so details may be shown."""

    result: Result
    log_message: str | None = None
    user_message: str | None = None
    callout: bool = False
    details: bool = False


OK = Outcome(Result.OK)
FAIL = Outcome(Result.FAIL)


def truth(value: bool) -> Outcome:
    """A condition that is true or false without a message."""
    return OK if value else FAIL


def error(text: str) -> Outcome:
    """A mistake in the ACL; 451."""
    return Outcome(Result.ERROR, text)
