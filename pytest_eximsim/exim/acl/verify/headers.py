"""Verification of header lines: syntax, a good sender, names in ASCII, recipients that are named (Exim chapter 44.45; case ACL-036)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ...addresses import AddressSyntaxError, Syntax, syntax_of
from ...log import printing
from ..verdict import OK, Outcome, Result
from .address import Verified, verify_address
from .headerlist import addresses
from .options import Options

if TYPE_CHECKING:
    from ...state import Header, Process
    from ..run import Run

_SPACES = " \t\n\v\f\r"
_SENDERS = ("S", "R", "F")          # Sender:, Reply-To:, From:, in this order
_ADDRESSES = frozenset("FRSTCB")
LONGEST = 1024


def _failed(p: Process, said: str) -> Outcome:
    """The client hears the reason only where smtp_return_error_details is set."""
    user = f"Rejected after DATA: {said}" if p.configuration.main.get("smtp_return_error_details") else None
    return Outcome(Result.FAIL, said, user)


def header_syntax(run: Run) -> Outcome:
    """Every address of From:, Reply-To:, Sender:, To:, Cc: and Bcc: can be read, and has a domain unless the client need not give one."""
    p = run.p
    for header in p.message.headers:
        if header.type not in _ADDRESSES:
            continue
        name, _, body = header.text.partition(":")
        for text, parsed in addresses(body, _syntax(p)):
            wrong = str(parsed) if isinstance(parsed, AddressSyntaxError) else ""
            if not isinstance(parsed, AddressSyntaxError) and not parsed.domain and not _may_be_unqualified(p, header):
                wrong = "unqualified address not permitted"
            if wrong and wrong != "empty address":
                said = _syntax_failure(name.rstrip(_SPACES), text.rstrip(_SPACES), wrong)
                outcome = _failed(p, said)
                p.scratch.acl_verify_message = said
                return outcome
    return OK


def _syntax(p: Process) -> Syntax:
    """Header lines may have domain literals, whatever allow_domain_literals says."""
    return replace(syntax_of(p), domain_literals=True)


def _may_be_unqualified(p: Process, header: Header) -> bool:
    c = p.connection
    return not c.host_address or (c.unqualified_sender if header.type in ("F", "S") else c.unqualified_recipient)


def _syntax_failure(name: str, text: str, wrong: str) -> str:
    verb = "begins" if len(text) > LONGEST else "is"
    return printing(f'{wrong}: failing address in "{name}:" header {verb}: {text[:LONGEST]}')


def header_sender(run: Run, options: Options) -> Outcome:
    """One of the addresses in Sender:, Reply-To: and From: verifies as a sender; the first that does ends it, so does a wrong one."""
    p = run.p
    details = p.configuration.main.get("smtp_return_error_details")
    result, user, callout = Result.FAIL, None, False
    for header in _sender_headers(p):
        name, _, body = header.text.partition(":")
        for text, parsed in addresses(body, _syntax(p), trimmed=True):
            if isinstance(parsed, AddressSyntaxError):
                if str(parsed) == "empty address":
                    continue
                return _failed(p, f"syntax error in '{name}:' header when scanning for sender: {parsed} in \"{text}\"")
            verified = _verify(p, text, parsed.address, options)
            if verified.result is Result.OK or _overridden(verified, options):
                return OK
            if details:
                user = f'Rejected after DATA: could not verify "{name}:" header address\n{verified.address}: {verified.message or "NULL"}'
            if verified.deferred:
                result, callout = Result.DEFER, verified.callout
    if result is Result.DEFER:
        return Outcome(result, "all attempts to verify a sender in a header line deferred", user, callout, details=bool(details))
    said = "there is no valid sender in any header line"
    return Outcome(result, said, user) if user is not None else _failed(p, said)


def _sender_headers(p: Process) -> Iterator[Header]:
    for kind in _SENDERS:
        yield from (header for header in p.message.headers if header.type == kind)


def _verify(p: Process, text: str, address: str, options: Options) -> Verified:
    """What is known of the address as the envelope's sender, or a verification of its own."""
    known: Verified | None = p.message.sender_verified.get(text)
    if known is not None and (not options.callout or known.with_callout):
        return known
    return verify_address(p, address, options, recipient=False)


def _overridden(verified: Verified, options: Options) -> bool:
    return verified.deferred and (options.defer_ok or (options.callout_defer_ok and verified.callout))


def names_ascii(run: Run) -> Outcome:
    """No header line's name has characters beyond those that print in ASCII."""
    for header in run.p.message.headers:
        name = header.text.partition(":")[0]
        if not all("!" <= char <= "~" for char in name):
            return _failed(run.p, f'Invalid character in header "{name}" found')
    return OK


def not_blind(run: Run, case_sensitive: bool) -> Outcome:
    """Every recipient stands in To: or Cc: (or Resent-To:, Resent-Cc:)."""
    p = run.p
    named = {
        _folded(parsed.address, case_sensitive)
        for header in p.message.headers if header.type in ("T", "C")
        for _, parsed in addresses(header.text.partition(":")[2], _syntax(p))
        if not isinstance(parsed, AddressSyntaxError) and parsed.domain
    }
    if all(_folded(recipient.address, case_sensitive) in named for recipient in p.message.recipients):
        return OK
    return _failed(p, "bcc recipient detected")


def _folded(address: str, case_sensitive: bool) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local if case_sensitive else local.lower()}@{domain.lower()}"
