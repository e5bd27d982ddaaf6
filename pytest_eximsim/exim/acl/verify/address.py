"""Verifying one address: through the routers, following a redirection to one address, then a callout (Exim chapter 44.45)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...addresses import qualify
from ...rewrite import rewrite_one
from ...routers import Deferred, Failed, Mode, Redirected, Routed, make_address, route
from ...routers.aside import copied
from ..verdict import Result
from .options import Options

if TYPE_CHECKING:
    from ...routers.result import Defer, Fail
    from ...state import Address, Process


@dataclass(slots=True)
class Verified:
    """What verification of an address found.

    `message` is for the log, `user_message` for the client; `tell`: a deferral's message may be shown; `failure` is the word of
    $sender_verify_failure; `kind` says what a refusal is about ("", "postmaster", "null sender"); `told`: the client heard of it.
    """

    address: str
    result: Result = Result.OK
    message: str | None = None
    user_message: str | None = None
    tell: bool = False
    callout: bool = False
    failure: str = ""
    kind: str = ""
    address_data: str = ""
    search: str | None = None
    told: bool = False
    with_callout: bool = False

    @property
    def deferred(self) -> bool:
        return self.result is Result.DEFER


def verify_address(p: Process, address: str, options: Options, *, recipient: bool, real_sender: bool = False) -> Verified:
    """Verify a sender or a recipient. `real_sender`: it is the message's own sender, which rewriting changes."""
    word = "recipient_verify_failure" if recipient else "sender_verify_failure"
    setattr(p.scratch, word, "")
    if "@" not in address and address:
        if not recipient:
            setattr(p.scratch, word, "qualify")
            return Verified(address, Result.FAIL)
        address = qualify(p, address, recipient=True)
    address = rewrite_one(p, address, "T" if recipient else "F").address if p.configuration.rewrite else address
    verified = Verified(address)
    if not recipient and real_sender and address != p.message.sender:
        p.message.sender_unrewritten, p.message.sender = p.message.sender, address
    if not address:
        return verified
    saved = p.message.sender, p.scratch.variables.get("verify_mode")
    p.scratch.variables["verify_mode"] = "R" if recipient else "S"
    if not recipient:
        p.message.sender = ""               # routers see a message without sender (chapter 15, senders)
    try:
        _follow(p, make_address(address), options, Mode.RECIPIENT if recipient else Mode.SENDER, verified)
    finally:
        p.message.sender = saved[0]
        p.scratch.variables["verify_mode"] = saved[1] or ""
    setattr(p.scratch, word, verified.failure)
    return verified


def _follow(p: Process, address: Address, options: Options, mode: Mode, verified: Verified) -> None:
    """Route; a single child (not a file or pipe) is followed, several are good."""
    while True:
        outcome = route(p, address, mode)
        verified.address_data = address.address_data
        match outcome:
            case Failed():
                verified.result = Result.FAIL
                _keep(verified, outcome.why)
                return
            case Deferred():
                verified.result = Result.DEFER
                verified.search = outcome.why.search
                _keep(verified, outcome.why)
                return
            case Routed():
                if options.callout:
                    from .callout import callout

                    callout(p, outcome, options, verified, recipient=mode is Mode.RECIPIENT)
                    if verified.result is not Result.OK:
                        return
                new = outcome.new
            case Redirected():
                new = outcome.new
        rerouted = isinstance(outcome, Redirected) and outcome.rerouted
        if not rerouted and (len(new) != 1 or new[0].kind or options.success_on_redirect):
            return
        address = new[0]


def _keep(verified: Verified, why: Fail | Defer) -> None:
    verified.message, verified.user_message, verified.tell = why.message, why.user_message, why.tell
    verified.failure = "route"


def verify_quietly(p: Process, address: str) -> bool:
    """Is an address good as a recipient, for a null sender? Nothing of this process changes (errors_to of a router)."""
    child = copied(p)
    child.message.sender = ""
    return verify_address(child, address, Options(), recipient=True).result is Result.OK
