"""A zone as a name server: one request in, one response out, as bytes (RFC 1035). Sockets are the business of whoever calls this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..exim.world import DnsRecord, DnsStatus
from .zone import Zone

if TYPE_CHECKING:
    import dns.message

UDP_LIMIT = 512


def respond(zone: Zone, request: bytes, *, udp: bool = True) -> bytes | None:
    """The response, truncated (TC) where it is too long for UDP; None where none is given: a forced TIMEOUT, or a request that cannot be
    read.
    """
    import dns.exception
    import dns.flags
    import dns.message
    import dns.opcode
    import dns.rcode
    import dns.rdatatype

    try:
        query = dns.message.from_wire(request)
    except dns.exception.DNSException:
        return None
    response = dns.message.make_response(query, recursion_available=True)
    if query.opcode() != dns.opcode.QUERY or len(query.question) != 1:
        response.set_rcode(dns.rcode.NOTIMP)
        return response.to_wire()
    question = query.question[0]
    name = question.name.to_text(omit_final_dot=True)
    if zone.forced.get(name.lower()) == "REFUSED":
        response.set_rcode(dns.rcode.REFUSED)
        return response.to_wire()
    if not _fill(zone, response, name, dns.rdatatype.to_text(question.rdtype)):
        return None
    wire = response.to_wire(want_shuffle=False)
    limit = max(query.payload, UDP_LIMIT) if query.edns >= 0 else UDP_LIMIT
    if udp and len(wire) > limit:
        response.answer.clear()
        response.authority.clear()
        response.flags |= dns.flags.TC
        wire = response.to_wire()
    return wire


def _fill(zone: Zone, response: dns.message.Message, name: str, type: str) -> bool:
    """Puts the answer in; false where there is to be none."""
    import dns.rcode

    answer = zone.question(name, type)
    if answer.status is DnsStatus.TIMEOUT:
        return False
    for place, target in zip(answer.chain, (*answer.chain[1:], ""), strict=True):
        if target:
            _add(response.answer, DnsRecord(place, "CNAME", target, target=target))
    for record in answer.records:
        _add(response.answer, record)
    if answer.soa is not None:
        _add(response.authority, answer.soa)
    match answer.status:
        case DnsStatus.NXDOMAIN:
            response.set_rcode(dns.rcode.NXDOMAIN)
        case DnsStatus.SERVFAIL:
            response.set_rcode(dns.rcode.SERVFAIL)
    return True


def _add(section: list[dns.rrset.RRset], record: DnsRecord) -> None:
    """Records of one name and type are one set."""
    import dns.name
    import dns.rrset

    name = dns.name.from_text(record.name + ".")
    found = dns.rrset.from_text(name, record.ttl, "IN", record.type, _master_text(record))
    for known in section:
        if known.name == found.name and known.rdtype == found.rdtype:
            for data in found:
                known.add(data, found.ttl)
            return
    section.append(found)


def _master_text(record: DnsRecord) -> str:
    """The data with final dots on its names again."""
    match record.type:
        case "MX" | "SRV" | "NS" | "PTR" | "CNAME" | "DNAME":
            return record.data + "."
        case "SOA":
            primary, mailbox, *numbers = record.data.split()
            return " ".join([primary + ".", mailbox + ".", *numbers])
        case _:
            return record.data
