"""What a driver needs of the session: asking for data in base 64, and the ways in which an attempt ends."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from ...errors import ExpansionError, ForcedFailure
from ..expansion import expand

if TYPE_CHECKING:
    from ..state import Process

FIELDS = 3


class Result(Enum):
    """How an attempt ended."""

    OK = "ok"
    FAIL = "fail"
    DEFER = "defer"
    BAD64 = "no base 64"
    CANCELLED = "cancelled"
    UNEXPECTED = "unexpected initial data"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`user_text` is told to the client behind a 435, `log_text` only logged."""

    result: Result
    user_text: str = ""
    log_text: str = ""


class Stopped(Exception):
    """The exchange ended early."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


class Exchange:
    """`ask` sends `334 …` and reads a line of the client."""

    def __init__(self, p: Process, ask: Callable[[str], str]) -> None:
        self.p = p
        self._ask = ask
        self.values: list[str] = []

    def challenge(self, text: str) -> str:
        """Ask for data; the answer is decoded. Raises Stopped."""
        answer = self._ask(base64.b64encode(text.encode("latin-1")).decode("ascii"))
        if answer == "*":
            raise Stopped(Result.CANCELLED)
        return decoded(answer)

    def add(self, value: str) -> None:
        """One more of $auth1 … $auth3, which are $1 … too."""
        self.values.append(value)
        if len(self.values) <= FIELDS:
            self.p.scratch.variables[f"auth{len(self.values)}"] = value
        self.p.scratch.numbers = ["", *self.values]

    def check(self, condition: str) -> Outcome:
        """server_condition: "", 0, no, false fail; 1, yes, true succeed; anything else defers with itself as the text."""
        try:
            value = expand(self.p, condition)
        except ForcedFailure:
            return Outcome(Result.FAIL)
        except ExpansionError as error:
            return Outcome(Result.DEFER, log_text=error.message)
        match value.lower():
            case "" | "0" | "no" | "false":
                return Outcome(Result.FAIL)
            case "1" | "yes" | "true":
                return Outcome(Result.OK)
        return Outcome(Result.DEFER, f": {value}", value)


def decoded(text: str) -> str:
    """Base 64 → octets as text. Raises Stopped(BAD64)."""
    try:
        return base64.b64decode(text.encode("latin-1"), validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        raise Stopped(Result.BAD64) from None
