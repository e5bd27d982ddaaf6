"""Verification of header lines: syntax, a good sender, names in ASCII, recipients that are named (Exim chapter 44.45; case ACL-036)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...addresses import AddressSyntaxError, Syntax, find_end, parse_address, syntax_of
from ...log import printing
from ..verdict import OK, Outcome, Result
from .address import verify_address
from .options import Options

if TYPE_CHECKING:
    from ...state import Header, Process
    from ..run import Run

_SPACES = " \t\n\v\f\r"
_SENDERS = ("S", "R", "F")          # Sender:, Reply-To:, From:, in this order
_ADDRESSES = "FRSTCB"
LONGEST = 1024


def header_syntax(run: Run) -> Outcome:
    """Every address of From:, Reply-To:, Sender:, To:, Cc: and Bcc: can be read, and has a domain unless the client need not give one."""
    p = run.p
    syntax = syntax_of(p)
    for header in p.message.headers:
        if len(header.type) != 1 or header.type not in _ADDRESSES:
            continue
        name, _, body = header.text.partition(":")
        for text in _items(body):
            wrong = _wrong(p, text, header, syntax)
            if wrong and wrong != "empty address":
                return _syntax_failure(p, name.rstrip(_SPACES), text.rstrip(_SPACES), wrong)
    return OK


def _wrong(p: Process, text: str, header: Header, syntax: Syntax) -> str:
    try:
        parsed = parse_address(_without_group(text), syntax)
    except AddressSyntaxError as error:
        return str(error)
    allowed = p.connection.unqualified_sender if header.type in "FS" else p.connection.unqualified_recipient
    return "" if parsed.domain or allowed or not p.connection.host_address else "unqualified address not permitted"


def _syntax_failure(p: Process, name: str, text: str, wrong: str) -> Outcome:
    verb = "begins" if len(text) > LONGEST else "is"
    said = printing(f'{wrong}: failing address in "{name}:" header {verb}: {text[:LONGEST]}')
    return _failed(p, said)


def _failed(p: Process, said: str) -> Outcome:
    """The client hears the reason only where smtp_return_error_details is set."""
    user = f"Rejected after DATA: {said}" if p.configuration.main.get("smtp_return_error_details") else None
    return Outcome(Result.FAIL, said, user)


def _items(body: str) -> Iterator[str]:
    """The addresses of a header's body as they stand there; the end of a group is left off."""
    place = 0
    while place < len(body):
        while place < len(body) and body[place] in _SPACES:
            place += 1
        if place >= len(body):
            return
        end = find_end(body, place)
        yield body[place:end]
        place = end + 1


def _without_group(text: str) -> str:
    """`Name: address` → address: a group begins where a phrase is followed by a colon."""
    place, quoted = 0, False
    while place < len(text):
        char = text[place]
        if char == "\\":
            place += 1
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "<@[":
            return text
        elif not quoted and char == ":":
            return text[place + 1:]
        place += 1
    return text


def header_sender(run: Run, options: Options) -> Outcome:
    """One of the addresses in Sender:, Reply-To: and From: verifies as a sender."""
    p = run.p
    result: Outcome | None = None
    for kind in _SENDERS:
        for header in p.message.headers:
            if header.type != kind:
                continue
            for text in _items(header.text.partition(":")[2]):
                found = _sender(p, text, options)
                if found is None:
                    continue
                if found.result is Result.OK:
                    return OK
                result = found
    if result is None:
        said = "there is no valid sender in any header line"
        return _failed(p, said)
    return result


def _sender(p: Process, text: str, options: Options) -> Outcome | None:
    try:
        parsed = parse_address(_without_group(text), syntax_of(p))
    except AddressSyntaxError:
        return None
    verified = verify_address(p, parsed.address, options, recipient=False)
    if verified.deferred and (options.defer_ok or (options.callout_defer_ok and verified.callout)):
        return OK
    return Outcome(verified.result, verified.message, verified.user_message, verified.callout)


def names_ascii(run: Run) -> Outcome:
    """No header line's name has characters beyond ASCII."""
    for header in run.p.message.headers:
        name = header.text.partition(":")[0]
        for char in name:
            if not "!" <= char <= "~":
                return _failed(run.p, f'Invalid character in header "{printing(name)}" found')
    return OK


def not_blind(run: Run, case_sensitive: bool) -> Outcome:
    """Every recipient stands in To: or Cc: (or Resent-…)."""
    p = run.p
    named = {_folded(address, case_sensitive) for address in _named_recipients(p)}
    for recipient in p.message.recipients:
        if _folded(recipient.address, case_sensitive) not in named:
            return _failed(p, "bcc recipient detected")
    return OK


def _folded(address: str, case_sensitive: bool) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local if case_sensitive else local.lower()}@{domain.lower()}"


def _named_recipients(p: Process) -> Iterator[str]:
    from ...addresses import qualify

    syntax = syntax_of(p)
    for header in p.message.headers:
        if header.type not in ("T", "C"):
            continue
        for text in _items(header.text.partition(":")[2]):
            try:
                parsed = parse_address(_without_group(text), syntax)
            except AddressSyntaxError:
                continue
            yield parsed.address if parsed.domain else qualify(p, parsed.address, recipient=True)
