"""PRDR: one answer a recipient at the end of the data (draft-hall-prdr; asked of Exim 4.96).

After `353 PRDR content analysis beginning` the ACL acl_smtp_data_prdr is run for each recipient and its answer sent; who is not accepted is
no recipient any more. Then the data ACL is run as ever; where it accepts, a last line tells of the whole message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..acl import Phase, Result, Verdict
from ..log import log
from . import replies

if TYPE_CHECKING:
    from .session import Session

_CODES = {Result.OK: "250", Result.DISCARD: "250", Result.DEFER: "450"}
_WORDS = {"250": "acceptance", "450": "temporary refusal", "550": "refusal"}


def wanted(s: Session) -> bool:
    """Was it asked for, and is there more than one recipient to answer for?"""
    return s.p.message.prdr and len(s.p.message.recipients) > 1 and s.main.get("acl_smtp_data_prdr") is not None


def analyse(s: Session) -> str:
    """Ask for each recipient and answer. Returns the last line, which is to be sent where nothing else refuses the message."""
    message = s.p.message
    s.say("353 PRDR content analysis beginning")
    results = []
    for recipient in list(message.recipients):
        verdict = s.acl(Phase.PRDR, "acl_smtp_data_prdr", recipient=recipient.address)
        results.append(verdict.result)
        _answer(s, recipient.address, verdict)
        if verdict.result is not Result.OK:
            message.recipients.remove(recipient)
    # Exim counts a discarded recipient as a refused one here.
    refused = all(result not in (Result.OK, Result.DEFER) for result in results)
    accepted = all(result is Result.OK for result in results)
    what = "rejected for all recipients" if refused else "accepted" if accepted else "accepted for some recipients"
    return f"{'550' if refused else '250'} id={message.id} message {what}"


def _answer(s: Session, address: str, verdict: Verdict) -> None:
    code = _CODES.get(verdict.result, "550")
    text = f"PRDR R=<{address}> {_WORDS[code]}"
    replies.user_message(s, code, text if verdict.user_message is None else verdict.user_message)
    why = verdict.log_message if verdict.log_message is not None else verdict.user_message
    log(s.p, text if why is None else f"PRDR {address} {why}")
