"""What came of a scenario: failures as values, and what a reader needs to understand them. How they look is `report/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import Position

if TYPE_CHECKING:
    from .runner import Recorder


@dataclass(frozen=True)
class Exchange:
    """One thing that happened on a connection: `who` is "C", "S" or "#" (an event)."""

    who: str
    text: str


#: What a client sends when the server has gone fails at once or later, as chance will have it.
SENT_IN_VAIN = Exchange("#", "(the client could not send: the connection is gone)")


@dataclass(frozen=True)
class Failure:
    """One thing that is not as expected. `expected` and `received` are shown one above the other; "" means nothing to show."""

    title: str
    position: Position
    expected: str = ""
    received: str = ""
    conversation: tuple[Exchange, ...] = ()
    notes: tuple[str, ...] = ()         # further lines: what was near, what was there instead
    unable: bool = False                # it could not be played at all, whatever is expected


class StepFailed(Exception):
    """A step cannot go on; carries what failed."""

    def __init__(self, *failures: Failure) -> None:
        super().__init__(failures[0].title if failures else "")
        self.failures = failures


class NotYetAvailable(Exception):
    """Something of the format whose machinery is not there yet; the scenario fails and says which."""

    def __init__(self, what: str, position: Position) -> None:
        super().__init__(f"`{what}` is not yet available")
        self.what, self.position = what, position


@dataclass
class Evidence:
    """All that an MTA did in a scenario, to be laid beside what another one did. Texts as they are, nothing munged."""

    conversations: list[tuple[str, list[Exchange]]] = field(default_factory=list)      # in the order in which they began
    answers: list[tuple[str, str]] = field(default_factory=list)        # what was asked without a session, and the answer
    remotes: dict[str, list[str]] = field(default_factory=dict)         # the dialogue of each
    files: Mapping[str, bytes] = field(default_factory=dict)            # those that it wrote
    queue: list[str] = field(default_factory=list)
    refusal: tuple[str, ...] | None = None                              # it does not take the configuration: its lines
    names: Mapping[str, str] = field(default_factory=dict)              # what @DIR@ and the like were


@dataclass
class Outcome:
    """The result of one run of one scenario."""

    failures: list[Failure] = field(default_factory=list)
    skipped: str = ""                   # a program that it needs is missing: how to get it
    unavailable: str = ""               # something that it uses is not there yet (a failure says so, too)
    mainlog: Sequence[str] = ()
    rejectlog: Sequence[str] = ()
    paniclog: Sequence[str] = ()
    missing: Sequence[str] = ()         # DNS names and files that were looked for and are not there
    unused: Sequence[tuple[Position, str]] = ()
    unread: Sequence[str] = ()          # files of the scenario that were not looked at, where the subject can know
    warnings: Sequence[tuple[Position, str]] = ()   # what a service said when it started
    trace: Sequence[str] = ()           # why each ACL statement did what it did (-v)
    services: Sequence[tuple[str, str]] = ()        # further sections: title and text (HAProxy's log, diffs)
    release: str = ""                   # which Exim it was or was imitated, and why
    release_reason: str = ""
    imitated: bool = True
    haproxy: str = ""                   # which HAProxy took part, and how
    queued: bool = False                # messages stayed on the queue
    evidence: Evidence = field(default_factory=Evidence)
    recorder: Recorder | None = None    # where one was asked for

    @property
    def passed(self) -> bool:
        return not self.failures and not self.skipped
