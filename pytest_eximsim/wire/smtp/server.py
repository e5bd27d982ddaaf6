"""What an SMTP server knows of its client between two commands, as a table (RFC 5321, 4.1.4; RFC 3207, 4.2).

    accepted command    name    sender      recipients
    EHLO HELO LHLO      its     none        none
    MAIL                keeps   its         none
    RCPT                keeps   keeps       one more
    RSET, end of data   keeps   none        none
    STARTTLS            none    none        none

Any other command, and one that was refused, changes nothing. Whether a command may come now, and what is answered, is the server's policy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from .commands import Command, path

END_OF_DATA = "."


@dataclass(frozen=True, slots=True)
class State:
    """`helo` is the client's name, `sender` None where no transaction has begun."""

    helo: str = ""
    sender: str | None = None
    recipients: tuple[str, ...] = ()

    def after(self, command: Command) -> State:
        """The state when this command was accepted."""
        change = AFTER.get(command.verb)
        return self if change is None else change(self, command)


def _named(state: State, command: Command) -> State:
    return State(command.argument)


def _begun(state: State, command: Command) -> State:
    return State(state.helo, path(command.argument))


def _added(state: State, command: Command) -> State:
    return replace(state, recipients=(*state.recipients, path(command.argument)))


def _ended(state: State, command: Command) -> State:
    return State(state.helo)


def _forgotten(state: State, command: Command) -> State:
    return State()


AFTER: Mapping[str, Callable[[State, Command], State]] = {
    END_OF_DATA: _ended,
    "EHLO": _named,
    "HELO": _named,
    "LHLO": _named,
    "MAIL": _begun,
    "RCPT": _added,
    "RSET": _ended,
    "STARTTLS": _forgotten,
}
