"""What DMARC says of a message (RFC 7489), as libopendmarc and each release of Exim decide it: the record, alignment, the outcome.

    From: domain → record (own name, then the organizational one where the release asks it) → alignment of SPF and DKIM → outcome

Where this is not the RFC, it is Exim's behaviour (cases DMARC-006 to -019). The From: domain, SPF and DKIM results come from outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..exim.world import DnsAnswer, DnsRecord, DnsStatus
from .dmarc_record import DmarcRecord, read_record
from .suffixes import Suffixes


class Resolver(Protocol):
    """What DMARC asks."""

    def query(self, name: str, type: str) -> DnsAnswer: ...


@dataclass(frozen=True)
class Verdict:
    """`outcome` is accept, none, quarantine, reject or norecord; `used_domain` is the name whose record was asked last."""

    outcome: str
    used_domain: str
    record: DmarcRecord | None = None
    spf_aligned: bool = False
    dkim_aligned: bool = False


@dataclass(frozen=True)
class Way:
    """How a release finds and reads records. `raw`: the data of a TXT record with its length octets, the last record of several."""

    asks_organization: bool
    raw: bool


def find_record(resolver: Resolver, domain: str, suffixes: Suffixes, way: Way) -> tuple[DmarcRecord | None, str]:
    """The record and the domain that was asked last; a record without a policy is none."""
    text = _text(resolver, domain, way)
    used, subdomain = domain, False
    if text is None and way.asks_organization:
        organization = suffixes.organizational(domain)
        if organization.lower() != domain.lower():
            used, subdomain = organization, True
            text = _text(resolver, organization, way)
    if text is None:
        return None, used
    record = read_record(text)
    if subdomain and record.subdomain_policy and record.policy:
        record.policy = record.subdomain_policy
    return (record if record.policy else None), used


def _text(resolver: Resolver, domain: str, way: Way) -> str | None:
    """The record's text; None where there is none, or where the DNS fails."""
    answer = resolver.query(f"_dmarc.{domain}", "TXT")
    records = [one for one in answer.records if one.type == "TXT"]
    if answer.status is not DnsStatus.FOUND or not records:
        return None
    if way.raw:
        return _raw(records[-1])
    text = "".join(records[0].strings)
    return text if len(text) > 2 and "v=DMARC" in text else None


def _raw(record: DnsRecord) -> str:
    """The data as it comes: every string behind its length octet (cases DMARC-014, -017)."""
    return "".join(chr(len(one)) + one for one in record.strings)


def aligned(domain: str, other: str, mode: str, suffixes: Suffixes) -> bool:
    """Does an SPF or DKIM domain align with the From: domain? `mode` is r, s, or anything else for neither."""
    mine, theirs = domain.lower(), other.lower()
    if mine == theirs:
        return True
    relaxed = mode == "r"
    if relaxed and (_below(mine, theirs) or _below(theirs, mine)):
        return True
    organization = suffixes.organizational(theirs)
    if mine == organization:
        return True
    return relaxed and (_below(mine, organization) or _below(organization, mine))


def _below(name: str, above: str) -> bool:
    return name.endswith(f".{_without_letter(above)}") or _without_letter(name) == _without_letter(above)


def _without_letter(name: str) -> str:
    """A label of one letter at the left end is lost (case DMARC-012)."""
    first, _, rest = name.partition(".")
    return rest if len(first) == 1 and rest else name


def survivor(signatures: Sequence[tuple[str, bool]], domain: str, mode: str, suffixes: Suffixes) -> tuple[str, bool] | None:
    """Of several signatures (d=, passed) the one that is looked at (case DMARC-095)."""
    held: tuple[str, bool] | None = None
    for one in signatures:
        name, passed = one
        if held is not None and held[1] and held[0].lower() == domain.lower():
            return held
        better = passed and aligned(domain, name, mode, suffixes)
        exact = name.lower() == domain.lower()
        if held is None or exact or better or not held[1]:
            held = one
    return held


def judge(resolver: Resolver, domain: str, suffixes: Suffixes, way: Way, *, spf: str, signatures: Sequence[tuple[str, bool]]) -> Verdict:
    """The outcome. `spf` is the domain that SPF passed for, or empty; signatures are (d=, passed), in the message's order."""
    record, used = find_record(resolver, domain, suffixes, way)
    if record is None:
        return Verdict("norecord", used)
    spf_aligned = bool(spf) and aligned(domain, spf, record.aspf or "r", suffixes)
    chosen = survivor(signatures, domain, record.adkim or "r", suffixes)
    dkim_aligned = chosen is not None and chosen[1] and aligned(domain, chosen[0], record.adkim or "r", suffixes)
    outcome = "accept" if spf_aligned or dkim_aligned else record.policy
    return Verdict(outcome, used, record, spf_aligned, dkim_aligned)
