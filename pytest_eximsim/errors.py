"""The tree of exceptions. Everything that eximsim raises on purpose is one of these.

    EximsimError              carries a Position (may be unknown) and one clear sentence
    ├── ConfigError           an Exim configuration that Exim itself refuses; `lines` is Exim's own text
    │   └── NotSimulated      a configuration that Exim takes and this simulator refuses, with its place
    ├── ScenarioError         a mistake in a scenario file
    ├── ServiceError          a neighbour (HAProxy, Redis, SQL, a container) could not be started or used
    │   └── ServiceMissing    ... because a program, package or Docker is not there: the scenario is skipped
    ├── ExpansionError        the expansion of a string failed; `defer` holds the search error of a deferring lookup
    │   └── ForcedFailure     ... because the string says `fail`
    └── Died                  Exim's process would die here ("Unexpected failure, please try later")
        └── Crashed           ... by a signal: the connection ends, nothing is said or logged

Outcomes (an ACL's verdict, a lookup's answer, a router's decision) are values, never exceptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a file: `line` and `column` count from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n)]
        return ":".join(parts)


class EximsimError(Exception):
    """Base of all; `str()` is `file:line:column: message` where a position is known."""

    def __init__(self, message: str, position: Position | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position

    def __str__(self) -> str:
        return f"{self.position}: {self.message}" if self.position else self.message


class ConfigError(EximsimError):
    """Exim refuses this configuration; `lines` are the lines that Exim prints (chapter 6 of its specification)."""

    def __init__(self, message: str, position: Position | None = None, lines: Sequence[str] = ()) -> None:
        super().__init__(message, position)
        self.lines = tuple(lines) or (message,)


class NotSimulated(ConfigError):
    """Known to Exim, refused by the simulator."""


class ScenarioError(EximsimError):
    """A mistake in a scenario file. `others` are further mistakes that were found in the same reading."""

    def __init__(self, message: str, position: Position | None = None, others: Sequence[ScenarioError] = ()) -> None:
        super().__init__(message, position)
        self.others = tuple(others)


class ServiceError(EximsimError):
    """A neighbour could not be started or used. `others` is what else it says."""

    def __init__(self, message: str, position: Position | None = None, others: Sequence[ServiceError] = ()) -> None:
        super().__init__(message, position)
        self.others = tuple(others)


class ServiceMissing(ServiceError):
    """A program, package or daemon is not there; the message says how to get it."""


class ExpansionError(EximsimError):
    """`message` is Exim's text as `exim -be` prints it behind `Failed: `.

    `defer` is the search error of a lookup that deferred (Exim's search_error_message), else None.
    """

    def __init__(self, message: str, *, defer: str | None = None) -> None:
        super().__init__(message)
        self.defer = defer

    @property
    def search(self) -> str | None:
        """What a lookup said that deferred, could not open its file or is of no known type (Exim's search_error_message), None for none."""
        if self.defer is not None:
            return self.defer
        return self.message if self.message.startswith(("failed to open ", "unknown lookup type ")) else None


class ForcedFailure(ExpansionError):
    """The string asked for failure (`fail`)."""


class Died(EximsimError):
    """Exim logs `message` to main and panic log and its process ends (LOG_PANIC_DIE)."""


class Crashed(Died):
    """A fault of Exim's own ends its process; `message` says which, for who runs the simulator."""
