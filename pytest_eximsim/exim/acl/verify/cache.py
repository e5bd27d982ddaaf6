"""The callout cache: what is known of a domain and of an address, and for how long (Exim chapter 44.48)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...hints import CalloutRecord
from ..verdict import Result
from .address import Verified
from .options import Options

if TYPE_CHECKING:
    from ...state import Process

#: A domain's result: HELO or everything refused; MAIL FROM:<> refused; accepted.
REJECT, REJECT_NULL, ACCEPT = "reject", "reject_mfnull", "accept"


def _get(p: Process, key: str, kind: str) -> CalloutRecord | None:
    """An entry that has not expired. For a domain: parts of it may have expired on their own."""
    record = p.mta.hints.callout.get(key)
    if record is None:
        return None
    domain = "domain_" if kind == "domain" else ""
    negative = record.result != ACCEPT or (bool(domain) and record.postmaster == REJECT)
    expire = p.configuration.main[f"callout_{domain}{'negative' if negative else 'positive'}_expire"]
    limit = expire if isinstance(expire, int) else 0
    now = int(p.world.clock.now())
    if now - int(record.at) > limit:
        return None
    if domain and record.result != REJECT:
        if now - int(record.postmaster_at) > limit:
            record.postmaster = ""
        if now - int(record.random_at) > limit:
            record.random = ""
    return record


def look_up(p: Process, key: str, domain: str, sender: str, options: Options, verified: Verified, new: CalloutRecord) -> bool:
    """Does the cache decide? Then `verified` says so. Else `options` lose what need not be asked, `new` keeps what is known.

    `new.result` is the old result of the domain afterwards: a domain that refuses MAIL FROM:<> is not forgotten.
    """
    record = _get(p, domain, "domain")
    if record is not None:
        new.result = record.result
        found = _by_domain(record, sender, options, verified, new)
        if found is not None:
            return found
    entry = _get(p, key, "address")
    if entry is None:
        return False
    if entry.result != ACCEPT:
        _fail(verified, "recipient", "Previous (cached) callout verification failure")
    return True


def _by_domain(record: CalloutRecord, sender: str, options: Options, verified: Verified, new: CalloutRecord) -> bool | None:
    """True: decided; False: a callout is needed; None: the address's entry decides."""
    if record.result == REJECT or (not sender and record.result == REJECT_NULL):
        verified.kind = "null sender"
        _fail(verified, "mail", "(result of an earlier callout reused).")
        return True
    if options.random:
        if record.random == ACCEPT:
            verified.failure = "random"
            return True
        if record.random != REJECT:
            return False
        options.random = False
        new.random, new.random_at = REJECT, record.random_at
    if options.postmaster is None:
        return None
    if record.postmaster == REJECT:
        verified.kind = "postmaster"
        _fail(verified, "postmaster", "(result of earlier verification reused).")
        return True
    if not record.postmaster:
        return False
    options.postmaster = None
    new.postmaster, new.postmaster_at = ACCEPT, record.postmaster_at
    return None


def _fail(verified: Verified, failure: str, said: str) -> None:
    verified.result, verified.failure, verified.user_message, verified.message = Result.FAIL, failure, said, None


def store(p: Process, domain: str, new: CalloutRecord, key: str, result: str) -> None:
    """Keep what was found out; "" is nothing."""
    now = p.world.clock.now()
    if new.result:
        new.at = now
        p.mta.hints.callout[domain] = new
    if result:
        p.mta.hints.callout[key] = CalloutRecord(now, result)
