"""`@mx_any`, `@mx_primary`, `@mx_secondary` with `/ignore=`: domains whose mail exchangers are this host (Exim chapter 10.8; case
LISTS-007).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hosts import dns_addresses, dns_lookup, local_literals
from ..world import DnsStatus
from .result import NOT_MATCHED, ListDeferred, Matched, Result

if TYPE_CHECKING:
    from ..state import Process

_KINDS = ("any", "primary", "secondary")


def match_mx(p: Process, domain: str, pattern: str) -> Result | None:
    """None where the pattern is no item of this kind: then it is an ordinary name."""
    rest = pattern[4:]
    kind = next((kind for kind in _KINDS if rest.lower().startswith(kind)), "")
    rest = rest[len(kind):]
    if not kind or (rest and not rest.lower().startswith("/ignore=")):
        return None
    preferences = _local_preferences(p, domain, rest[8:])
    if preferences is None:
        return ListDeferred(f'DNS lookup of "{domain}" deferred')
    ours, others = preferences
    if not ours:
        return NOT_MATCHED
    primary = not others or min(ours) <= min(others)
    matches = {"any": True, "primary": primary, "secondary": not primary}[kind]
    return Matched(pattern if p.release.list_match_data else None) if matches else NOT_MATCHED


def _local_preferences(p: Process, domain: str, ignored: str) -> tuple[list[int], list[int]] | None:
    """The preferences of the MX records that lead here, and of those that lead elsewhere; None when the DNS cannot say."""
    from . import match_host

    answer = dns_lookup(p, domain, "MX")
    if answer.status in (DnsStatus.SERVFAIL, DnsStatus.TIMEOUT):
        return None
    ours: list[int] = []
    others: list[int] = []
    own = set(local_literals(p))
    for record in answer.records if answer.status is DnsStatus.FOUND else ():
        found = dns_addresses(p, record.target)
        addresses = [
            address for address in found.addresses
            if not (ignored and isinstance(match_host(p, ignored, name=record.target, address=address), Matched))
        ]
        if not addresses and not found.deferred:
            continue
        (ours if own.intersection(addresses) else others).append(record.preference)
    return ours, others
