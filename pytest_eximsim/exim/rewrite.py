"""Rewriting addresses by `begin rewrite` (Exim chapter 31): the flags, the rules, header lines, `-brw`.

    E F T   envelope: both, sender, recipient      h f t c b r s   header lines: all, From, To, Cc, Bcc, Reply-To, Sender      S   at
    SMTP time
    Q  an unqualified result is qualified          q  no rule after this one that matched          R  apply it again, ten times       w 
    with the display name
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..errors import ExpansionError, ForcedFailure
from .addresses import AddressSyntaxError, find_end, parse_address, qualify, syntax_of
from .expansion import expand
from .lists import Matched, match_rewriting, match_string
from .log import log
from .state import Address, Header

if TYPE_CHECKING:
    from .config.model import RewriteRule
    from .state import Process

HEADERS = "sftcbr"
#: `-brw`'s lines: flag, its word, the word of log lines.
PLACES = (
    ("s", "sender", "sender:"),
    ("f", "from", "from:"),
    ("t", "to", "to:"),
    ("c", "cc", "cc:"),
    ("b", "bcc", "bcc:"),
    ("r", "reply-to", "reply-to:"),
    ("F", "env-from", "env-from"),
    ("T", "env-to", "env-to"),
)
_LOGGED = {flag: logged for flag, _, logged in PLACES} | {"S": "SMTP"}
_TYPES = {"S": "s", "F": "f", "T": "t", "C": "c", "B": "b", "R": "r"}
REPEATS = 10

#: The name of a group in front of its first member.
_GROUP = re.compile(r"\s*[^<>\"@(),;:]*:")


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What an address became; `whole`: the display name is replaced with it (`text` then has it)."""

    address: str
    text: str = ""
    whole: bool = False


def flags_of(rule: RewriteRule) -> frozenset[str]:
    """The places of a rule as single letters, with its modes."""
    letters = set(rule.flags.replace(" ", ""))
    if not letters & set("EFThSsftcbr"):
        letters |= {"E", "h"}
    if "E" in letters:
        letters |= {"F", "T"}
    if "h" in letters:
        letters |= set(HEADERS)
    return frozenset(letters)


def rewrite_one(p: Process, address: str, flag: str) -> Rewritten:
    """Run all rules for one place over one qualified address."""
    result = Rewritten(address)
    for number, rule in enumerate(p.configuration.rewrite, 1):
        flags = flags_of(rule)
        if flag not in flags:
            continue
        for count in range(REPEATS + 1):
            if count == REPEATS:
                log(p, "rewriting rule repeat ignored after 10 times", panic=True)
                break
            new = _apply(p, rule, flags, flag, result.address)
            if new is None:
                break
            if isinstance(new, str):            # the last word: this rule, or all of them, keep their hands off
                return result
            log(p, f'"{result.address}" from {_LOGGED[flag]} rewritten as "{new.text}" by rule {number}', selector="address_rewrite")
            result = Rewritten(new.address, new.text, "w" in flags and flag in HEADERS)
            if "q" in flags:
                return result
            if "R" not in flags:
                break
    return result


def _apply(p: Process, rule: RewriteRule, flags: frozenset[str], flag: str, address: str) -> Rewritten | str | None:
    """None: no match; a text: stop here; else the new address."""
    if not _matches(p, rule, flag, address):
        return None
    if rule.replacement == "*" and flag != "S":
        return "stop"
    local, _, domain = address.rpartition("@")
    saved = p.address
    if flag != "S":
        p.address = Address(address, local, domain, original_local_part=local)
    try:
        new = expand(p, rule.replacement)
    except ForcedFailure:
        return "stop" if "q" in flags else None
    except ExpansionError as error:
        log(p, f"Expansion of {rule.replacement} failed while rewriting: {error.message}", panic=True)
        return "stop"
    finally:
        p.address = saved
    if flag == "S":
        return Rewritten(new, new)
    return _checked(p, flags, flag, address, new)


def _matches(p: Process, rule: RewriteRule, flag: str, address: str) -> bool:
    if flag == "S":
        return isinstance(match_string(p, rule.pattern, address), Matched)
    return isinstance(match_rewriting(p, rule.pattern, address), Matched)


def _checked(p: Process, flags: frozenset[str], flag: str, old: str, new: str) -> Rewritten | str:
    try:
        parsed = parse_address(new, syntax_of(p), allow_null=flag == "F")
    except AddressSyntaxError as error:
        log(p, f"Rewrite of {old} yielded unparseable address: {error} in address {new}", panic=True)
        return "stop"
    address = parsed.address
    if not parsed.domain and address:
        if "Q" not in flags:
            log(p, f'Rewrite of {old} yielded unqualified address "{address}"', panic=True)
            return "stop"
        address = qualify(p, address, recipient=True)
    return Rewritten(address, new)


def smtp_rewrite(p: Process, text: str) -> str:
    """Rules with S, on what stands behind MAIL FROM: or RCPT TO: before anything looks at it."""
    if not any("S" in rule.flags for rule in p.configuration.rewrite):
        return text
    return rewrite_one(p, text, "S").address


def rewrite_recipient(p: Process, address: str) -> str:
    """An envelope recipient."""
    return rewrite_one(p, address, "T").address if p.configuration.rewrite and address else address


def rewrite_envelope_sender(p: Process) -> None:
    """The envelope sender, once; the bounce address stays."""
    message = p.message
    if not p.configuration.rewrite or message.sender_unrewritten or not message.sender:
        return
    new = rewrite_one(p, message.sender, "F").address
    if new != message.sender:
        message.sender_unrewritten, message.sender = message.sender, new


def rewrite_headers(p: Process, headers: list[Header]) -> None:
    """Qualify (where this client may be unqualified) and rewrite the addresses of header lines, in place."""
    c = p.connection
    wanted = p.configuration.rewrite or c.unqualified_sender or c.unqualified_recipient
    if not wanted and not p.release.malformed_headers_logged:
        return
    for header in headers:
        flag = _TYPES.get(header.type)
        if flag is not None:
            header.text = _rewrite_line(p, header.text, flag)


def _rewrite_line(p: Process, text: str, flag: str) -> str:
    name, colon, body = text.partition(":")
    i, result, in_group = 0, "", False
    while i < len(body):
        in_group = in_group or _GROUP.match(body, i) is not None
        end = find_end(body, i)
        while body[end:end + 1] == ";" and not in_group:        # a semicolon ends groups only
            end = find_end(body, end + 1)
        in_group = in_group and body[end:end + 1] != ";"
        result += _rewrite_text(p, body[i:end], flag)
        result += body[end:end + 1]
        i = end + 1
    return name + colon + result


def _rewrite_text(p: Process, text: str, flag: str) -> str:
    try:
        parsed = parse_address(text, syntax_of(p))
    except AddressSyntaxError:
        _tell_malformed(p, text)
        return text
    address = parsed.address
    if not parsed.domain:
        recipient = flag in "tcb"
        if not (p.connection.unqualified_recipient if recipient else p.connection.unqualified_sender):
            return text
        address = qualify(p, address, recipient=recipient)
    new = rewrite_one(p, address, flag)
    if new.address == parsed.address and not new.whole:
        return text
    if new.whole:
        stripped = text.strip(" \t\n")
        return text.replace(stripped, new.text) if stripped else text
    return text[:parsed.start] + new.address + text[parsed.end:]


def _tell_malformed(p: Process, text: str) -> None:
    """A line about what is no address: later releases always, others where there are rewrite rules (case DMARC-123; asked of 4.96).

    The name of a group and literals are no mistakes here.
    """
    if not (p.configuration.rewrite or p.release.malformed_headers_logged):
        return
    group = _GROUP.match(text)
    one = text[group.end() if group else 0:].strip("\n").lstrip(" \t")
    try:
        parse_address(one, replace(syntax_of(p), domain_literals=True))
    except AddressSyntaxError as error:
        if str(error) != "empty address":
            log(p, f"{'qualify/' if p.release.malformed_headers_logged else ''}rewrite: {error}")


def brw_results(p: Process, text: str) -> dict[str, str]:
    """What `exim -brw TEXT` prints: place (`from`, `env-to` …, `SMTP` where there are such rules) → result. `error` where it is no
    address.
    """
    results: dict[str, str] = {}
    if any("S" in rule.flags for rule in p.configuration.rewrite):
        text = smtp_rewrite(p, text)
        results["SMTP"] = text
    try:
        parsed = parse_address(text, syntax_of(p))
    except AddressSyntaxError as error:
        return {**results, "error": f"Syntax error in {text}: {error}"}
    for flag, word, _ in PLACES:
        address = parsed.address
        if not parsed.domain:
            address = qualify(p, address, recipient=flag in "tcbT")
        new = rewrite_one(p, address, flag)
        if not new.address:
            results[word] = "<>"
        elif new.whole or flag in "FT":
            results[word] = new.text if new.whole else new.address
        else:
            results[word] = text[:parsed.start] + new.address + text[parsed.end:]
    return results
