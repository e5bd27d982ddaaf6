"""Hosts: IP addresses as texts and numbers, names to addresses and back, how log lines show the client (Exim chapters 10.13, 14.13, 44.1).

Lives here: what all parts of the MTA ask about hosts. Not here: host lists (`lists/`), MX processing (`routers/`), the DNS itself
(world.Resolver).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from .expansion.splitting import split
from .world import DnsAnswer, DnsStatus

if TYPE_CHECKING:
    from .release import Release
    from .state import Connection, Process

_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{1,8}")
_FOUR = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})", re.ASCII)
_MASK = re.compile(r"/\d+$", re.ASCII)
_GROUP = re.compile(r"[0-9A-Fa-f]{1,4}")


@dataclass(frozen=True, slots=True)
class HostAddresses:
    """What a host name leads to: its addresses, IPv6 first; `deferred` when the DNS could not say (then there are none)."""

    addresses: tuple[str, ...] = ()
    deferred: bool = False


# --- addresses as texts ------------------------------------------------------------------------


def is_ip(text: str, release: Release | None = None, *, mask: bool = False) -> int:
    """4, 6, or 0 where `text` is no IP address; with `mask`, `/bits` may follow.

    The older release looks at the shape alone: 999.2.3.4 and 12345::1 are addresses (cases PROXY-007, PROXY-008).
    """
    return address_kind(text, release is None or release.strict_addresses, mask)


@lru_cache(maxsize=16384)
def address_kind(text: str, strict: bool, mask: bool) -> int:
    """is_ip, where only `strict` is known of the release."""
    if not strict:
        return _shape(_MASK.sub("", text) if mask else text)
    address, slash, bits = text.partition("/")
    if slash and not (mask and re.fullmatch(r"\d*", bits, re.ASCII)):      # without digits: as /0
        return 0
    if ":" in address:
        address, percent, scope = address.partition("%")
        valid = not (percent and (slash or not all(33 <= ord(char) <= 126 for char in scope)))
        return 6 if valid and _six(address) is not None else 0
    match = _FOUR.fullmatch(address)
    return 4 if match and all(int(byte) <= 255 and str(int(byte)) == byte for byte in match.groups()) else 0


def _bits(digits: str) -> int:
    """The number behind the slash, 0 where there is none; of a long one enough to be too large."""
    return int(digits.lstrip("0")[:9] or "0")


def _shape(text: str) -> int:
    """The older test: up to eight groups that begin with one to four hexadecimal digits, `::` once; or four groups of digits."""
    if ":" not in text:
        return 4 if _FOUR.fullmatch(text) else 0
    rest = text.partition("%")[0]
    if rest.startswith(":"):
        if not rest.startswith("::"):
            return 0
        rest = rest[1:]
    double = False
    count = 0
    while count < 8:
        if not rest:
            return 6 if double else 0
        if rest[0] == ":":
            if double:
                return 0
            double, rest, count = True, rest[1:], count + 1
            continue
        if ":" not in rest and "." in rest:
            return 6 if _FOUR.fullmatch(rest) and (count <= 6 if double else count == 6) else 0
        match = _GROUP.match(rest)
        if match is None:
            return 0
        rest, count = rest[match.end():], count + 1
        if rest.startswith(":"):
            rest = rest[1:]
            if not rest:
                return 0
    return 0 if rest else 6


def _six(address: str) -> int | None:
    try:
        return int(IPv6Address(address))
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def number_of(address: str) -> tuple[int, int] | None:
    """(number of bits, value) of an address; None where it is none.

    IPv6 addresses that map IPv4 are IPv4 (a client's address is compared so).
    """
    found = _number(address)
    if found is not None and found[0] == 128 and found[1] >> 32 == 0xFFFF:
        return 32, found[1] & 0xFFFFFFFF
    return found


def _number(address: str) -> tuple[int, int] | None:
    match = _FOUR.fullmatch(address)
    if match:
        value = 0
        for byte in match.groups():
            value = value << 8 | int(byte)
        return 32, value & 0xFFFFFFFF
    address = address.partition("%")[0]
    value6 = _six(address)
    if value6 is None:
        value6 = _packed(address)
    return None if value6 is None else (128, value6)


def _packed(address: str) -> int | None:
    """What the older release takes for an IPv6 address though it is none (12345::1): two groups to 32 bits, what is more is lost."""
    head, double, tail = address.partition("::")
    sides: list[list[int]] = []
    for side in (head, tail):
        parts = side.split(":") if side else []
        if parts and (four := _FOUR.fullmatch(parts[-1])):
            a, b, c, d = map(int, four.groups())
            parts[-1:] = [f"{a << 8 | b:x}", f"{c << 8 | d:x}"]
        if not all(_HEXADECIMAL.fullmatch(part) for part in parts):
            return None
        sides.append([int(part, 16) for part in parts])
    missing = 8 - len(sides[0]) - len(sides[1])
    if missing < 0 or (missing and not double):
        return None
    groups = [*sides[0], *[0] * missing, *sides[1]]
    value = 0
    for high, low in zip(groups[::2], groups[1::2], strict=True):
        value = value << 32 | (high << 16) + low & 0xFFFFFFFF
    return value


@lru_cache(maxsize=4096)
def network_of(text: str) -> tuple[int, int, int] | None:
    """(number of bits, value without the host bits, number of bits that are kept) of `address/bits`; mapped IPv4 stays IPv6 here.

    None where it is no network; more bits than there are mean all of them (asked of Exim 4.96).
    """
    address, slash, bits = text.partition("/")
    found = _number(address)
    if found is None:
        return None
    width, value = found
    kept = min(_bits(bits), width) if slash and bits.isascii() and (bits.isdigit() or not bits) else width
    return width, value >> (width - kept), kept


def in_network(address: str, network: str) -> bool:
    """Is `address` that address, or in that network? An IPv6 address that maps an IPv4 one counts as IPv4; a network of that form matches
    nothing.
    """
    host, net = number_of(address), network_of(network)
    return host is not None and net is not None and host[0] == net[0] and host[1] >> (host[0] - net[2]) == net[1]


def masked(address: str, bits: int, separator: str) -> str:
    """`address/bits` as keys of net- lookups have it (all of the address without mask where `bits` is negative); IPv6 in eight groups of
    four digits.
    """
    found = _number(address)
    assert found is not None, address
    width, value = found
    kept = width if bits < 0 else min(bits, width)
    value = value >> (width - kept) << (width - kept)
    text = str(IPv4Address(value)) if width == 32 else separator.join(f"{value >> shift & 0xFFFF:04x}" for shift in range(112, -1, -16))
    return text if bits < 0 else f"{text}/{kept}"


def reverse_name(address: str) -> str:
    """The name below in-addr.arpa or ip6.arpa where the address's PTR record stands."""
    found = _number(address)
    assert found is not None, address
    width, value = found
    if width == 32:
        return ".".join(str(value >> shift & 255) for shift in range(0, 32, 8)) + ".in-addr.arpa"
    return ".".join(f"{value >> shift & 15:x}" for shift in range(0, 128, 4)) + ".ip6.arpa"


# --- our own addresses -------------------------------------------------------------------------


def local_literals(p: Process) -> Sequence[str]:
    """The addresses of this host's interfaces (`@[]`), with `extra_local_interfaces`."""
    extra = p.configuration.main.get("extra_local_interfaces")
    addresses = list(p.world.network.local_addresses())
    return [*addresses, *split(extra)[1]] if isinstance(extra, str) and extra else addresses


# --- names -------------------------------------------------------------------------------------


def dns_lookup(p: Process, name: str, type: str) -> DnsAnswer:
    """One DNS question as Exim asks it: a temporary failure of a domain in `dns_again_means_nonexist` means that it does not exist."""
    answer = p.world.resolver.query(name.rstrip("."), type)
    if answer.status in (DnsStatus.SERVFAIL, DnsStatus.TIMEOUT) and _means_nonexistent(p, name):
        return DnsAnswer(DnsStatus.NXDOMAIN)
    return answer


def _means_nonexistent(p: Process, name: str) -> bool:
    from .lists import Matched, match_domain

    listed = p.configuration.main.get("dns_again_means_nonexist")
    return isinstance(listed, str) and bool(listed) and isinstance(match_domain(p, listed, name), Matched)


def dns_addresses(p: Process, name: str) -> HostAddresses:
    """AAAA and A records of a name, IPv6 first (not where `disable_ipv6` is set or `dns_ipv4_lookup` has the name)."""
    found: list[str] = []
    deferred = False
    for type in ("A",) if _ipv4_only(p, name) else ("AAAA", "A"):
        answer = dns_lookup(p, name, type)
        if answer.status is DnsStatus.FOUND:
            found += [record.data for record in answer.records if record.type == type]
        elif answer.status in (DnsStatus.SERVFAIL, DnsStatus.TIMEOUT):
            deferred = True
    return HostAddresses(tuple(found), deferred and not found)


def _ipv4_only(p: Process, name: str) -> bool:
    from .lists import Matched, match_domain

    if p.configuration.main.get("disable_ipv6"):
        return True
    listed = p.configuration.main.get("dns_ipv4_lookup")
    return isinstance(listed, str) and bool(listed) and isinstance(match_domain(p, listed, name), Matched)


def find_by_name(p: Process, name: str) -> HostAddresses:
    """The addresses of a host as the system's own function gives them: an IP address is itself, then the hosts file, then the DNS.

    Where there is none, logs `no IP address found for host …` (selector host_lookup_failed; case LISTS-010).
    """
    from .log import log

    if is_ip(name):
        return HostAddresses((name,))
    listed = tuple(p.world.resolver.hosts_by_name(name))
    found = HostAddresses(listed) if listed else dns_addresses(p, name)
    if not found.addresses and not found.deferred:
        during = f" (during {connection_info(p)})" if p.connection.stream is not None and not p.message.id else ""
        log(p, f"no IP address found for host {name}{during}", selector="host_lookup_failed")
    return found


def connection_info(p: Process) -> str:
    """`SMTP connection from (helo) [192.0.2.99] I=[192.0.2.25]:25`, as log lines that have no `H=` name the session."""
    c, selectors = p.connection, p.mta.selectors
    number = f" Ci={c.id}" if "connection_id" in selectors and c.id else ""
    interface = f" I=[{c.interface_address}]:{c.interface_port}" if "incoming_interface" in selectors and c.interface_address else ""
    return f"SMTP connection{number} from {c.fullhost or c.host_address or c.ident}{interface}"


def look_up_sender_name(p: Process) -> bool:
    """Finds the client's name by a reverse lookup that must lead back, and rebuilds the fullhost; true where there is a name afterwards.

    Sets host_name, host_aliases and the host_lookup_… fields of the connection. Logs `no host name found for IP address …` where there is
    no PTR record at all (cases PROXY-401, PROXY-402, LISTS-010).
    """
    connection = p.connection
    connection.host_lookup_deferred = connection.host_lookup_failed = False
    names = _names_of(p, connection.host_address)
    if names is None:
        connection.host_lookup_deferred = True
        return False
    if not names:
        return _no_name(p)
    good: list[str] = []
    for name in names:
        found = dns_addresses(p, name) if p.release.reverse_checked_by_dns else find_by_name(p, name)
        if found.deferred:
            connection.host_lookup_deferred = True
            return False
        if any(in_network(address, connection.host_address) for address in found.addresses):
            good.append(name)
    if not good:
        connection.host_lookup_failed = True
        connection.host_lookup_message = f" ({connection.host_address} does not match any IP address for {names[0]})"
        return False
    connection.host_name, connection.host_aliases = good[0], good[1:]
    build_fullhost(p)
    return True


def _no_name(p: Process) -> bool:
    from .log import log

    log(p, f"no host name found for IP address {p.connection.host_address}", selector="host_lookup_failed")
    p.connection.host_lookup_failed = True
    p.connection.host_lookup_message = " (failed to find host name from IP address)"
    return False


def _names_of(p: Process, address: str) -> list[str] | None:
    """Lower-case names in the order of `host_lookup_order`; none is an empty list, None a deferral."""
    order = p.configuration.main.get("host_lookup_order")
    for way in split(order if isinstance(order, str) else "bydns:byaddr")[1]:
        names: Sequence[str] = ()
        if way.lower() == "byaddr":
            names = p.world.resolver.hosts_by_address(address)
        answer = None if names else dns_lookup(p, reverse_name(address), "PTR")
        if answer is not None and answer.status in (DnsStatus.SERVFAIL, DnsStatus.TIMEOUT):
            return None
        if answer is not None and answer.status is DnsStatus.FOUND:
            names = [record.data for record in answer.records if record.type == "PTR" and record.data]
        if names:
            return [name.lower() for name in names]
    return []


# --- how the client is shown -------------------------------------------------------------------


def build_fullhost(p: Process) -> None:
    """Sets `fullhost` (log lines: `NAME (HELO) [IP]`) and `rcvhost` (Received:) of the connection (sheet of facts on log lines; cases
    SMTP-501 …).
    """
    from .log import selector_on

    connection = p.connection
    if not connection.host_address:
        return
    port = f":{connection.host_port}" if connection.host_port > 0 and selector_on(p, "incoming_port") else ""
    literal = f"[{connection.host_address}]"
    helo = connection.helo_name
    shown = bool(helo) and not _is_own_literal(helo, connection.host_address)
    if connection.host_name:
        shown = shown and helo.lower() != connection.host_name.lower()
        _show_named(connection, literal + port, helo if shown else "")
        return
    connection.fullhost = f"({helo}) {literal}{port}" if helo else literal + port
    details = [f"port={port[1:]}"] if port else []
    details += [f"helo={helo}"] if shown else []
    details += [f"ident={connection.ident}"] if connection.ident else []
    connection.rcvhost = f"{literal} ({' '.join(details)})" if details else literal


def _show_named(connection: Connection, address: str, helo: str) -> None:
    name, ident = connection.host_name, connection.ident
    connection.fullhost = f"{name} ({helo}) {address}" if helo else f"{name} {address}"
    details = address + (f" helo={helo}" if helo else "") + (f" ident={ident}" if ident else "")
    connection.rcvhost = f"{name}\n\t({details})" if helo and ident else f"{name} ({details})"


def _is_own_literal(helo: str, address: str) -> bool:
    """Is the HELO name an address literal of the client's own address?"""
    if not (helo.startswith("[") and helo.endswith("]")):
        return False
    inner = helo[1:-1]
    if inner[:5].lower() in ("ipv6:", "ipv4:"):
        inner = inner[5:]
    return bool(is_ip(inner)) and _number(inner) == _number(address)
