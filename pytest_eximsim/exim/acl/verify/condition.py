"""The condition itself: which verification, where it is allowed, with which options; what its result says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ....errors import NotSimulated
from ...expansion.splitting import split
from ..phases import ALL, phases
from ..verdict import OK, Outcome, Result, error, truth
from . import headers, hosts
from .address import Verified, verify_address
from .options import OptionError, Options, read_options

if TYPE_CHECKING:
    from ..run import Run

_AFTER_DATA = phases("DATA NOTSMTP")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of verification: `test` gets words and value; `at`: where it may stand; without `options` no slash may follow."""

    name: str
    test: Callable[[Run, list[str], str], Outcome]
    at: int = ALL
    options: bool = True
    since: str = ""


def _not_simulated(run: Run, words: list[str], argument: str) -> Outcome:
    raise NotSimulated(f"verify = {argument.partition('/')[0]} is not simulated", run.clause.position if run.clause else None)


def _certificate(run: Run, words: list[str], argument: str) -> Outcome:
    """The handshake is over: was the client's certificate good?"""
    tls = run.p.connection.tls
    return OK if tls is not None and tls.verified else Outcome(Result.FAIL, None, "no verified certificate")


def _recipient(run: Run, words: list[str], argument: str) -> Outcome:
    p, address = run.p, run.recipient
    assert address is not None
    options = read_options(words[1:], argument, header=False)
    verified = verify_address(p, address.address, options, recipient=True)
    address.address_data = verified.address_data
    if _overridden(verified, options):
        return OK
    if verified.result is Result.OK:
        return OK
    said = verified.user_message if verified.user_message is not None else verified.message
    log_message = (verified.search if verified.deferred and not verified.callout else None) or verified.message
    return Outcome(verified.result, log_message, said, verified.callout and verified.deferred, verified.tell and verified.deferred)


def _sender(run: Run, words: list[str], argument: str) -> Outcome:
    p = run.p
    options = read_options(words[1:], argument, header=False)
    given = words[0][len("sender"):].lstrip()
    wanted = given[1:].lstrip() if given else p.message.sender
    verified = p.message.sender_verified.get(wanted)
    if verified is None or options.callout:
        verified = _verify_sender(run, wanted, not given, options)
    p.scratch.variables["sender_address_data"] = verified.address_data
    if _overridden(verified, options) or verified.result is Result.OK:
        return OK
    p.message.sender_verify_failed = verified
    if not verified.deferred:
        return Outcome(Result.FAIL, "Sender verify failed", "Sender verify failed")
    if not verified.callout:
        said = "Could not complete sender verify"
        return Outcome(Result.DEFER, verified.search or said, said)
    said = "Could not complete sender verify callout"
    details = p.configuration.main.get("smtp_return_error_details")
    return Outcome(Result.DEFER, said, verified.user_message if details else said, callout=True)


def _verify_sender(run: Run, wanted: str, real: bool, options: Options) -> Verified:
    p = run.p
    verified = verify_address(p, wanted, options, recipient=False, real_sender=real) if wanted else Verified("")
    verified.told = options.no_details
    verified.with_callout = bool(options.callout)
    p.message.sender_verified[wanted] = verified
    return verified


def _overridden(verified: Verified, options: Options) -> bool:
    """defer_ok, callout=defer_ok."""
    return verified.deferred and (options.defer_ok or (options.callout_defer_ok and verified.callout))


def _header_sender(run: Run, words: list[str], argument: str) -> Outcome:
    return headers.header_sender(run, read_options(words[1:], argument, header=True))


def _not_blind(run: Run, words: list[str], argument: str) -> Outcome:
    case_sensitive = True
    for word in words[1:]:
        if word.lower() != "case_insensitive" or not run.p.release.has("4.96"):
            raise OptionError(f'unknown option "{word}" in ACL condition "verify {argument}"')
        case_sensitive = False
    return headers.not_blind(run, case_sensitive)


def _helo(run: Run, words: list[str], argument: str) -> Outcome:
    return truth(hosts.helo(run.p))


def _reverse(run: Run, words: list[str], argument: str) -> Outcome:
    found = hosts.reverse_host_lookup(run.p)
    if found.result is Result.DEFER and any(word.lower() == "defer_ok" for word in words[1:]):
        return OK
    return found


KINDS = (
    Kind("arc", _not_simulated, phases("DATA"), since="4.96"),
    Kind("certificate", _certificate, options=False),
    Kind("csa", _not_simulated),
    Kind("header_names_ascii", lambda run, words, argument: headers.names_ascii(run), _AFTER_DATA, options=False, since="4.96"),
    Kind("header_sender", _header_sender, _AFTER_DATA),
    Kind("header_syntax", lambda run, words, argument: headers.header_syntax(run), _AFTER_DATA, options=False),
    Kind("helo", _helo, options=False),
    Kind("not_blind", _not_blind, _AFTER_DATA),
    Kind("recipient", _recipient, phases("RCPT")),
    Kind("reverse_host_lookup", _reverse),
    Kind("sender", _sender, phases("MAIL RCPT PREDATA DATA NOTSMTP")),
)


def verify(run: Run, value: str) -> Outcome:
    """`verify = value`."""
    words = split("</" + value)[1]
    release = run.p.release
    kind = next((kind for kind in KINDS if words and release.has(kind.since) and _is(kind, words[0])), None)
    if kind is None:
        ascii_names = '"header_sender", "header_names_ascii" or' if release.has("4.96") else '"header_sender" or'
        return error(f'expected "sender[=address]", "recipient", "helo", "header_syntax", {ascii_names} "reverse_host_lookup" at start '
                     f'of ACL condition "verify {value}"')
    if not kind.options and "/" in value:
        return error(f"unexpected '/' found in \"{value}\" (this verify item has no options)")
    if not kind.at & run.phase.bit:
        return error(f"cannot verify {kind.name} in ACL for {run.phase.words}")
    try:
        outcome = kind.test(run, words, value)
    except OptionError as wrong:
        return error(str(wrong))
    if outcome.user_message is not None:
        run.p.scratch.acl_verify_message = outcome.user_message
    return outcome


def _is(kind: Kind, word: str) -> bool:
    word = word.lower()
    if kind.name != "sender":
        return word == kind.name
    rest = word[len("sender"):].lstrip()
    return word.startswith("sender") and (not rest or rest.startswith("="))

