"""VRFY and EXPN: what their replies need (cases ACL-010, SMTP-203)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...addresses import qualify
from ...rewrite import rewrite_recipient
from ...routers import Deferred, Failed, Mode, Routed, make_address, route
from ..verdict import Result
from .address import verify_address
from .options import Options

if TYPE_CHECKING:
    from ...state import Process


@dataclass(frozen=True, slots=True)
class VerifyOutcome:
    """`user_message` is what the router said, "" where it said nothing."""

    ok: bool
    deferred: bool = False
    user_message: str = ""


def verify_for_command(p: Process, address: str) -> VerifyOutcome:
    """VRFY: as verify = recipient."""
    verified = verify_address(p, address, Options(), recipient=True)
    return VerifyOutcome(verified.result is Result.OK, verified.deferred, verified.user_message or "")


def expand_for_command(p: Process, data: str) -> list[str]:
    """The lines of EXPN's reply: one level of redirection."""
    address = rewrite_recipient(p, qualify(p, data, recipient=True) if "@" not in data else data)
    outcome = route(p, make_address(address), Mode.EXPN)
    if isinstance(outcome, Failed):
        return [f"553 {address} is undeliverable"]
    if isinstance(outcome, Deferred):
        return [f"553 {address} cannot be resolved at this time"]
    children = [child.address for child in outcome.new]
    if not children:
        return [f"250 <{address}>" if isinstance(outcome, Routed) else f"250 mail to <{address}> is discarded"]
    return [f"250{'-' if child is not children[-1] else ' '}<{child}>" for child in children]
