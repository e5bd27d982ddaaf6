"""What one run of an ACL carries with it: who asks, for which recipient, and what it has found out so far. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..log import log
from .phases import Phase

if TYPE_CHECKING:
    from ..config.model import Acl, Clause, Statement
    from ..state import Address, Process


@dataclass(slots=True)
class Run:
    """One run, nested ACLs included. `verb` and `clause` are what is being done now; `recipient` is the address of RCPT (and VRFY)."""

    p: Process
    phase: Phase
    recipient: Address | None = None
    verb: str = ""
    clause: Clause | None = None
    statement: Statement | None = None
    expanded: str = ""                       # the value of the clause, expanded
    details: bool = False                    # the client may be told the reason of a deferral
    nested: bool = False                     # another ACL has run in this statement: Exim has forgotten the line it is at
    log_to: tuple[bool, bool, bool] = (True, True, False)
    files: dict[str, Acl] = field(default_factory=dict)    # ACLs read from files

    def complain(self, text: str) -> None:
        """A line for main and panic log."""
        log(self.p, text, panic=True)

    def note(self, kind: str, text: str) -> None:
        """Tell who listens (eximsim explain) what happens at the clause at hand."""
        trace = self.p.world.trace
        if trace is not None:
            trace.note(kind, self.clause.position if self.clause else None, text)
