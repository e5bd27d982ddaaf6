"""Host names to the hosts that mail goes to: MX, SRV and address records, hosts to be ignored, this host itself (chapters 17 and 20).

Where Exim's order is random (MX records of one preference, randomize), the simulator keeps the order of the DNS or of the list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from ..hosts import HostAddresses, dns_addresses, dns_lookup, find_by_name, is_ip, local_literals
from ..lists import Matched, match_domain, match_host
from ..regexes import compile as compile_regex
from ..world import DnsAnswer, DnsStatus
from .result import NO_MX, Host

if TYPE_CHECKING:
    from ..state import Process

_AGAIN = (DnsStatus.SERVFAIL, DnsStatus.TIMEOUT)


class Status(Enum):
    """How a search for hosts ended. LOCAL: the first one is this host."""

    FOUND = "found"
    LOCAL = "local"
    FAILED = "failed"
    AGAIN = "again"


@dataclass(slots=True)
class Search:
    """`name` is the domain as the DNS spells it; `removed`: this host and what was behind it were taken off the list."""

    status: Status
    hosts: list[Host] = field(default_factory=list)
    name: str = ""
    removed: bool = False
    bad_name: bool = False          # dns_check_names_pattern does not match


@dataclass(slots=True)
class LocalCheck:
    """`local`: this host is first; `hosts`: what is left before it; `any`: some host has an address."""

    local: bool
    hosts: list[Host]
    removed: bool = False
    any: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for: SRV service, lists of domains whose failures count as "does not exist", hosts to be ignored."""

    ignore: str | None = None
    mx: bool = True
    addresses: bool = True
    service: str = ""
    srv_fail_domains: str | None = None
    mx_fail_domains: str | None = None
    family: str = ""            # "only": no IPv6 addresses; "prefer": they come after the others


def find_by_dns(p: Process, domain: str, wanted: Wanted) -> Search:
    """SRV, MX, then address records."""
    if not _good_name(p, domain):
        return Search(Status.FAILED, [Host(domain)], domain, bad_name=True)
    if wanted.service:
        answer = dns_lookup(p, f"_{wanted.service}._tcp.{domain}", "SRV")
        if _unclear(p, answer, domain, wanted.srv_fail_domains):
            return Search(Status.AGAIN, name=domain)
        if answer.status is DnsStatus.FOUND:
            return _resolve(p, _by_preference(answer, "SRV"), domain, wanted)
    if wanted.mx:
        answer = dns_lookup(p, domain, "MX")
        if _unclear(p, answer, domain, wanted.mx_fail_domains):
            return Search(Status.AGAIN, name=domain)
        if answer.status is DnsStatus.FOUND:
            return _resolve(p, _by_preference(answer, "MX"), _spelled(domain, answer), wanted)
    if not wanted.addresses:
        return Search(Status.FAILED, [Host(domain)], domain)
    return _by_address(p, domain, wanted)


def _spelled(domain: str, answer: DnsAnswer) -> str:
    """The domain in the letter case of the DNS."""
    name = answer.records[0].name
    return name if name.lower() == domain.lower() else domain


def _unclear(p: Process, answer: DnsAnswer, domain: str, listed: str | None) -> bool:
    """A temporary failure that does not count as "does not exist"."""
    return answer.status in _AGAIN and not (listed and isinstance(match_domain(p, listed, domain), Matched))


def _good_name(p: Process, name: str) -> bool:
    pattern = p.configuration.main.get("dns_check_names_pattern")
    return not isinstance(pattern, str) or not pattern or compile_regex(pattern).search(name.rstrip(".")) is not None


def _by_preference(answer: DnsAnswer, type: str) -> list[Host]:
    """A name that stands there twice counts once, with its best preference, but where it stood first."""
    hosts: dict[str, Host] = {}
    for record in answer.records:
        if record.type == type:
            new = Host(record.target, port=record.port, preference=record.preference)
            host = hosts.setdefault(record.target.lower(), new)
            host.preference = min(host.preference, record.preference)
    return sorted(hosts.values(), key=lambda host: host.preference)


def _resolve(p: Process, named: list[Host], domain: str, wanted: Wanted) -> Search:
    """The addresses of the targets; this host and worse ones are dropped."""
    if len(named) == 1 and not named[0].name:
        return Search(Status.FAILED, named, domain)
    status, hosts = Status.FAILED, []
    for host in named:
        found = _addresses(p, host, wanted)
        if found[0].why == "deferred":
            status = Status.AGAIN
        hosts += found
    kept = [host for host in hosts if host.why != "ignored"]
    return _checked(p, Search(status, kept or hosts[:1], domain))


def _by_address(p: Process, domain: str, wanted: Wanted) -> Search:
    found = _addresses(p, Host(domain), wanted)
    status = Status.AGAIN if found[0].why == "deferred" else Status.FAILED
    for type in ("AAAA", "A"):
        answer = dns_lookup(p, domain, type)
        if answer.status is DnsStatus.FOUND:
            domain = _spelled(domain, answer)
    return _checked(p, Search(status, found, domain))


def _checked(p: Process, search: Search) -> Search:
    """Look for this host among those that have an address."""
    checked = drop_local(p, search.hosts)
    if checked.local:
        return Search(Status.LOCAL, search.hosts, search.name)
    if checked.any:
        return Search(Status.FOUND, checked.hosts, search.name, checked.removed)
    return search


def _addresses(p: Process, host: Host, wanted: Wanted) -> list[Host]:
    """The host once for every address, IPv6 first; unusable where it has none (its name is then as it was)."""
    name, wanted_mx = host.name, host.preference != NO_MX
    if is_ip(name):
        if not p.configuration.main.get("allow_mx_to_ip") and wanted_mx:
            return [Host(name, "", host.port, host.preference, True, "failed")]
        found: tuple[str, ...] = (name,)
        final = name
    else:
        if not _good_name(p, name):
            return [Host(name, "", host.port, host.preference, True, "failed")]
        looked = dns_addresses(p, name)
        found = _of_family(looked.addresses, wanted.family)
        if not found:
            return [Host(name, "", host.port, host.preference, True, "deferred" if looked.deferred else "failed")]
        final = _final_name(p, name)
    kept = [address for address in found if not _ignored(p, wanted.ignore, final, address)]
    if not kept:
        return [Host(final, "", host.port, host.preference, True, "ignored")]
    return [Host(final, address, host.port, host.preference) for address in kept]


def _of_family(addresses: tuple[str, ...], family: str) -> tuple[str, ...]:
    if not family:
        return addresses
    old = tuple(address for address in addresses if ":" not in address)
    return old if family == "only" else (*old, *(address for address in addresses if ":" in address))


def _final_name(p: Process, name: str) -> str:
    """The name that the records have: what a CNAME leads to, in the DNS's own letter case (case DELIVERY-002)."""
    for type in ("AAAA", "A"):
        answer = dns_lookup(p, name, type)
        for record in answer.records if answer.status is DnsStatus.FOUND else ():
            if record.type == type:
                return name if record.name.lower() == name.lower() else record.name
    return name


def _ignored(p: Process, listed: str | None, name: str, address: str) -> bool:
    return bool(listed) and isinstance(match_host(p, listed or "", name=name, address=address), Matched)


def find_by_hosts_file(p: Process, host: Host, ignore: str | None) -> Search:
    """By name as the system finds it: an address is itself, the hosts file, the DNS."""
    looked = HostAddresses((host.name,)) if is_ip(host.name) else find_by_name(p, host.name)
    kept = [address for address in looked.addresses if not _ignored(p, ignore, host.name, address)]
    if not kept:
        return Search(Status.AGAIN if looked.deferred else Status.FAILED, [host], host.name)
    return _checked(p, Search(Status.FAILED, [Host(host.name, address, host.port, host.preference) for address in kept], host.name))


def drop_local(p: Process, hosts: list[Host]) -> LocalCheck:
    """Find this host in the list, by address or by hosts_treat_as_local. It, those of its preference and worse ones are taken off."""
    own = set(local_literals(p)) | {"0.0.0.0"}
    treated = p.configuration.main.get("hosts_treat_as_local")
    before, some = 0, False
    for place, host in enumerate(hosts):
        named = isinstance(treated, str) and treated and isinstance(match_domain(p, treated, host.name.lower()), Matched)
        if named or host.address in own:
            if not before:
                return LocalCheck(True, hosts, any=True)
            return LocalCheck(False, hosts[:before], removed=True, any=any(host.address for host in hosts[:before]))
        some = some or bool(host.address)
        if place + 1 < len(hosts) and hosts[place + 1].preference != host.preference:
            before = place + 1
    return LocalCheck(False, hosts, any=some)
