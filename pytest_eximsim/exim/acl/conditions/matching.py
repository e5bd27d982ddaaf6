"""Conditions that match one thing against a list, and `condition` itself (Exim chapter 44.25; cases ACL-015, ACL-017).

Where a list cannot be gone through to its end the condition is deferred; the reason is the lookup's. What a lookup found is left in
$domain_data and its sisters, which a test without a lookup empties.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ....errors import Crashed
from ...expansion.conditions.comparing import folded
from ...lists import (
    ListDeferred,
    Matched,
    Result,
    data_after,
    match_address,
    match_domain,
    match_local_part,
    match_sender_host,
    match_string,
)
from ..phases import Phase
from ..verdict import FAIL, Outcome, truth
from ..verdict import Result as Ended

if TYPE_CHECKING:
    from ...state import Address
    from ..run import Run

_NUMBER = re.compile(r"-?[0-9]*")


def _outcome(result: Result) -> Outcome:
    if isinstance(result, ListDeferred):
        return Outcome(Ended.DEFER, result.message)
    return truth(isinstance(result, Matched))


def authenticated(run: Run, value: str) -> Outcome:
    """The name of the authenticator that the client used."""
    name = run.p.connection.authenticated_by
    return _outcome(match_string(run.p, value, name)) if name else FAIL


def condition(run: Run, value: str) -> Outcome:
    """A truth value: a number, yes, no, true, false; empty is false (case ACL-015)."""
    if _NUMBER.fullmatch(value) and not (value.startswith("-") and not run.p.release.negative_booleans):
        return truth(_as_int(value) != 0)
    match folded(value):
        case "yes" | "true":
            return truth(True)
        case "no" | "false":
            return FAIL
    return Outcome(Ended.DEFER, f'invalid "condition" value "{value}"')


def _as_int(text: str) -> int:
    """As atoi() has it on the machines that Exim runs on: 64 bits, clamped, of which 32 are kept."""
    number = int(text[:40]) if text not in ("", "-") else 0
    return max(-(1 << 63), min(number, (1 << 63) - 1)) & 0xFFFFFFFF


def _recipient(run: Run) -> Address:
    """The recipient; an ACL in an expansion has none in the PRDR ACL, where Exim then reads through a null pointer."""
    if run.recipient is None:
        raise Crashed(f"a test of the recipient in an expansion in the {run.phase.words} ACL")
    return run.recipient


def domains(run: Run, value: str) -> Outcome:
    """The recipient's domain."""
    recipient = _recipient(run)
    result = match_domain(run.p, value, recipient.domain, cache="domain")
    run.p.scratch.domain_data = data_after(result, run.p.scratch.domain_data)
    return _outcome(result)


def encrypted(run: Run, value: str) -> Outcome:
    """The cipher of the client's TLS session, as OpenSSL names it."""
    session = run.p.connection.tls
    return _outcome(match_string(run.p, value, session.cipher)) if session is not None else FAIL


def hosts(run: Run, value: str) -> Outcome:
    """The client."""
    result = match_sender_host(run.p, value)
    run.p.scratch.host_data = data_after(result, "")
    return _outcome(result)


def local_parts(run: Run, value: str) -> Outcome:
    """The recipient's local part, as the client wrote it; compared without case unless the list says `+caseful` (case ACL-046)."""
    recipient = _recipient(run)
    result = match_local_part(run.p, value, recipient.original_local_part, cache="local_part")
    run.p.scratch.local_part_data = data_after(result, run.p.scratch.local_part_data)
    return _outcome(result)


def recipients(run: Run, value: str) -> Outcome:
    """The recipient's whole address."""
    recipient = _recipient(run)
    result = match_address(run.p, value, recipient.address)
    if run.p.release.list_match_data:
        variables = run.p.scratch.variables
        variables["recipient_data"] = data_after(result, variables.get("recipient_data", ""))
    return _outcome(result)


def _need_sender(run: Run) -> None:
    """The not-QUIT ACL can run before there was a MAIL; Exim then reads through a null pointer (seen with 4.96)."""
    if run.phase is Phase.NOTQUIT and not run.p.message.sender_given:
        raise Crashed("senders and sender_domains without a sender in the not-QUIT ACL")


def sender_domains(run: Run, value: str) -> Outcome:
    """The sender's domain, empty for the null sender."""
    _need_sender(run)
    return _outcome(match_domain(run.p, value, run.p.message.sender.rpartition("@")[2], cache="sender_domain"))


def senders(run: Run, value: str) -> Outcome:
    """The sender's whole address, empty for the null sender."""
    _need_sender(run)
    result = match_address(run.p, value, run.p.message.sender, cache="sender")
    run.p.scratch.sender_data = data_after(result, run.p.scratch.sender_data)
    return _outcome(result)
