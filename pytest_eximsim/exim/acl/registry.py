"""Conditions and modifiers: one line a name (Exim chapters 44.22 to 44.25).

What they do is in conditions/, modifiers.py, controls.py and verify/.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ..release import Release, release_of
from ..where import not_simulated
from . import modifiers
from .conditions import dmarc, dnslists, matching, nested, ratelimit, scanning, seen, spf
from .controls import control
from .phases import all_but, phases
from .verdict import OK, Outcome
from .verify import verify

if TYPE_CHECKING:
    from .run import Run

Test = Callable[["Run", str], Outcome]


@dataclass(frozen=True, slots=True)
class Entry:
    """One condition or modifier.

    `expanded`: its value is expanded before `test` gets it; `forbidden`: the phases where it is an error, as bits.
    """

    name: str
    test: Test
    modifier: bool = False
    expanded: bool = True
    forbidden: int = 0
    since: str = ""
    until: str = ""


def _condition(name: str, test: Test, *, at: int = 0, expanded: bool = True, since: str = "", until: str = "") -> Entry:
    return Entry(name, test, False, expanded, at, since, until)


def _modifier(name: str, test: Test, *, at: int = 0, expanded: bool = True, since: str = "") -> Entry:
    return Entry(name, test, True, expanded, at, since)


def _by_engine(run: Run, value: str) -> Outcome:
    """Names that the engine handles itself; never called."""
    return OK


def _content(name: str, at: int) -> Entry:
    """A condition on the text of messages, refused where it is used: many configurations have it, few scenarios come by."""

    def test(run: Run, value: str) -> Outcome:
        raise not_simulated(run.p, f'the ACL condition "{name}"')

    return _condition(name, test, at=at)


_NO_CLIENT = phases("NOTSMTP NOTSMTP_START")
_NO_SENDER = phases("AUTH CONNECT HELO MAILAUTH QUIT ETRN EXPN STARTTLS VRFY")
_NO_HEADERS = all_but("MAIL RCPT PREDATA DATA PRDR MIME NOTSMTP DKIM NOTSMTP_START")
_NO_SPF = phases("AUTH CONNECT HELO MAILAUTH ETRN EXPN STARTTLS VRFY NOTSMTP NOTSMTP_START")
_NO_CONTENT = all_but("DATA PRDR NOTSMTP")

ENTRIES = (
    _condition("acl", nested.acl, expanded=False),
    _modifier("add_header", modifiers.add_header, at=_NO_HEADERS),
    _condition("authenticated", matching.authenticated, expanded=False, at=phases("NOTSMTP NOTSMTP_START CONNECT HELO")),
    _condition("condition", matching.condition),
    _modifier("continue", modifiers.no_effect),
    _modifier("control", control),
    _modifier("delay", modifiers.delay, at=phases("NOTQUIT")),
    _content("decode", all_but("MIME")),
    _condition("dnslists", dnslists.dnslists, at=_NO_CLIENT),
    _condition("domains", matching.domains, expanded=False, at=all_but("RCPT PRDR"), until="4.82+"),
    _condition("domains", matching.domains, expanded=False, at=all_but("RCPT VRFY PRDR"), since="4.96"),
    _condition("encrypted", matching.encrypted, expanded=False, at=phases("NOTSMTP NOTSMTP_START CONNECT HELO"), until="4.82+"),
    _condition("encrypted", matching.encrypted, expanded=False, at=phases("NOTSMTP NOTSMTP_START HELO"), since="4.96"),
    _condition("dmarc_status", dmarc.dmarc_status, at=all_but("DATA")),
    _modifier("endpass", _by_engine, expanded=False),
    _condition("hosts", matching.hosts, expanded=False, at=_NO_CLIENT),
    _condition("local_parts", matching.local_parts, expanded=False, at=all_but("RCPT PRDR"), until="4.82+"),
    _condition("local_parts", matching.local_parts, expanded=False, at=all_but("RCPT VRFY PRDR"), since="4.96"),
    _modifier("log_message", _by_engine, expanded=False),
    _modifier("log_reject_target", modifiers.log_reject_target),
    _modifier("logwrite", modifiers.logwrite),
    _condition("malware", scanning.malware, at=_NO_CONTENT),
    _modifier("message", _by_engine, expanded=False),
    _content("mime_regex", all_but("MIME")),
    _modifier("queue", modifiers.queue, at=phases("NOTSMTP PRDR DATA"), since="4.96"),
    _condition("ratelimit", ratelimit.ratelimit),
    _condition("recipients", matching.recipients, expanded=False, at=all_but("RCPT")),
    _content("regex", all_but("DATA PRDR NOTSMTP MIME")),
    _modifier("remove_header", modifiers.remove_header, at=_NO_HEADERS & ~phases("DKIM")),
    _condition("seen", seen.seen, since="4.96"),
    _condition("sender_domains", matching.sender_domains, expanded=False, at=_NO_SENDER),
    _condition("senders", matching.senders, expanded=False, at=_NO_SENDER),
    _modifier("set", _by_engine),
    _condition("spam", scanning.spam, at=_NO_CONTENT),
    _condition("spf", spf.spf, at=_NO_SPF),
    _condition("spf_guess", spf.spf_guess, at=_NO_SPF),
    _condition("verify", verify),
)

#: Known to Exim, refused by name when a configuration is read: name → (since, until).
NOT_SIMULATED: dict[str, tuple[str, str]] = {
    "atrn_domains": ("4.99", ""),
    "bmi_optin": ("", ""),
    "dcc": ("", ""),
    "demime": ("", "4.82+"),
    "dkim_signers": ("", ""),
    "dkim_status": ("", ""),
    "udpsend": ("", ""),
}


@lru_cache(maxsize=8)
def _entries(release_key: str) -> dict[str, Entry]:
    release = release_of(release_key)
    return {one.name: one for one in ENTRIES if release.has(one.since, one.until) and release.built_in(one.name)}


def find_entry(name: str, release: Release) -> Entry | None:
    """The condition or modifier of that name in this release; None for a name that it does not have or that is not simulated."""
    return _entries(release.key).get(name)


def entries_of(release: Release) -> dict[str, Entry]:
    """All of a release, by name."""
    return _entries(release.key)
