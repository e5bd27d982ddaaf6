"""The PROXY protocol of HAProxy's proxy-protocol.txt, version 1 and 2: bytes ⇄ ProxyHeader, with TLVs.

A header as the standard has it; what Exim takes for one is `exim/reception/proxy.py`.
"""

from __future__ import annotations

import ipaddress
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
#: Octets of a version 2 header before the addresses.
FIXED = 16
#: Octets of the longest version 1 header, with CR LF.
LONGEST_V1 = 107
UNKNOWN = "UNKNOWN"
#: Address family and transport protocol, as the octet of version 2 has them.
TRANSPORTS = {
    0x00: UNKNOWN, 0x11: "TCP4", 0x12: "UDP4", 0x21: "TCP6", 0x22: "UDP6", 0x31: "UNIX stream", 0x32: "UNIX datagram",
}
TCP4, TCP6 = 0x11, 0x21
_NUMBERS = {name: number for number, name in TRANSPORTS.items()}
#: Octets of an address by family.
_WIDTHS = {0x1: 4, 0x2: 16}
_UNIX = 108
#: Types of TLVs (section 2.2).
TLVS = {
    0x01: "ALPN", 0x02: "AUTHORITY", 0x03: "CRC32C", 0x04: "NOOP", 0x05: "UNIQUE_ID", 0x20: "SSL", 0x21: "SSL_VERSION", 0x22: "SSL_CN",
    0x23: "SSL_CIPHER", 0x24: "SSL_SIG_ALG", 0x25: "SSL_KEY_ALG", 0x30: "NETNS",
}
_V1 = re.compile(rb"PROXY (TCP4|TCP6) ([0-9a-fA-F:.]+) ([0-9a-fA-F:.]+) (0|[1-9][0-9]{0,4}) (0|[1-9][0-9]{0,4})\r\n")
_V1_UNKNOWN = re.compile(rb"PROXY UNKNOWN(?: [^\r\n]*)?\r\n")


class Endpoint(Protocol):
    """One end of a connection: an IP address and a port."""

    @property
    def address(self) -> str: ...

    @property
    def port(self) -> int: ...


@dataclass(frozen=True, slots=True)
class End:
    """An Endpoint of our own; for UNIX sockets `address` is the path and the port 0."""

    address: str
    port: int = 0


@dataclass(frozen=True, slots=True)
class Tlv:
    """One TLV of a version 2 header."""

    type: int
    value: bytes

    @property
    def name(self) -> str:
        return TLVS.get(self.type, f"0x{self.type:02X}")


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """A header; `size` is the number of its octets. Without addresses (UNKNOWN, `local`) both ends are None.

    `local`: the proxy speaks for itself, and the rest of the header is to be passed over.
    """

    version: int
    transport: str
    source: End | None = None
    destination: End | None = None
    local: bool = False
    tlvs: tuple[Tlv, ...] = ()
    size: int = 0


@dataclass(frozen=True, slots=True)
class Incomplete:
    """So far it can become a header."""


@dataclass(frozen=True, slots=True)
class NoHeader:
    """It is none, for this reason."""

    reason: str


# --- making --------------------------------------------------------------------------------------

def encode_v1(source: Endpoint | None, destination: Endpoint | None) -> bytes:
    """The line. Without ends: UNKNOWN. Where one end is IPv6, the other is written as a mapped address."""
    if source is None or destination is None:
        return b"PROXY UNKNOWN\r\n"
    family, ends = _one_family(source, destination)
    return f"PROXY {family} {ends[0]} {ends[1]} {source.port} {destination.port}\r\n".encode("ascii")


def encode_v2(source: Endpoint | None, destination: Endpoint | None, *, tlvs: Sequence[Tlv] = (), local: bool = False) -> bytes:
    """The header of a TCP connection. Without ends: UNKNOWN; `local`: the proxy speaks for itself (a health check)."""
    number, addresses = 0, b""
    if source is not None and destination is not None:
        family, ends = _one_family(source, destination)
        number = _NUMBERS[family]
        packed = b"".join(ipaddress.ip_address(one).packed for one in ends)
        addresses = packed + struct.pack("!HH", source.port, destination.port)
    data = addresses + b"".join(struct.pack("!BH", tlv.type, len(tlv.value)) + tlv.value for tlv in tlvs)
    return SIGNATURE + struct.pack("!BBH", 0x20 if local else 0x21, number, len(data)) + data


def _one_family(source: Endpoint, destination: Endpoint) -> tuple[str, list[str]]:
    ends = [source.address, destination.address]
    if not any(":" in one for one in ends):
        return "TCP4", ends
    return "TCP6", [one if ":" in one else f"::ffff:{one}" for one in ends]


# --- reading -------------------------------------------------------------------------------------

def decode(octets: bytes) -> ProxyHeader | Incomplete | NoHeader:
    """The header at the beginning of what a connection brings."""
    if octets[:len(SIGNATURE)] == SIGNATURE[:len(octets)]:
        return _decode_v2(octets) if len(octets) >= FIXED else Incomplete()
    if octets[:6] == b"PROXY "[:len(octets)]:
        return _decode_v1(octets)
    return NoHeader("neither PROXY nor the signature")


def _decode_v1(octets: bytes) -> ProxyHeader | Incomplete | NoHeader:
    end = octets.find(b"\r\n", 0, LONGEST_V1)
    if end < 0:
        return Incomplete() if len(octets) < LONGEST_V1 else NoHeader(f"no line end in {LONGEST_V1} octets")
    line = octets[:end + 2]
    if _V1_UNKNOWN.fullmatch(line):
        return ProxyHeader(1, UNKNOWN, size=len(line))
    found = _V1.fullmatch(line)
    if not found:
        return NoHeader("the line is not PROXY, TCP4 or TCP6, two addresses and two ports")
    family, source, destination, *ports = (group.decode("ascii") for group in found.groups())
    if max(int(port) for port in ports) > 65535:
        return NoHeader("a port beyond 65535")
    try:
        kind = ipaddress.IPv4Address if family == "TCP4" else ipaddress.IPv6Address
        kind(source), kind(destination)
    except ValueError:
        return NoHeader(f"an address that is none of {family}")
    return ProxyHeader(1, family, End(source, int(ports[0])), End(destination, int(ports[1])), size=len(line))


def _decode_v2(octets: bytes) -> ProxyHeader | Incomplete | NoHeader:
    command, number, length = struct.unpack_from("!BBH", octets, len(SIGNATURE))
    if command >> 4 != 2:
        return NoHeader(f"version {command >> 4}")
    if command & 0x0F > 1:
        return NoHeader(f"command {command & 0x0F}")
    if len(octets) < FIXED + length:
        return Incomplete()
    size, transport = FIXED + length, TRANSPORTS.get(number, UNKNOWN)
    if command & 0x0F == 0:
        return ProxyHeader(2, transport, local=True, size=size)
    data = octets[FIXED:size]
    ends, rest = (None, data) if number == 0 else _ends(number, data)
    if number and ends is None:
        return NoHeader(f"no room for the addresses of 0x{number:02x}")
    tlvs = _tlvs(rest)
    if tlvs is None:
        return NoHeader("a TLV that is longer than the header")
    source, destination = ends or (None, None)
    return ProxyHeader(2, transport, source, destination, tlvs=tlvs, size=size)


def _ends(number: int, data: bytes) -> tuple[tuple[End, End] | None, bytes]:
    """The two ends, and what stands behind them; None where they do not fit or the family is not known."""
    if number >> 4 == 3:
        if len(data) < 2 * _UNIX:
            return None, data
        paths = [data[start:start + _UNIX].rstrip(b"\0").decode("latin-1") for start in (0, _UNIX)]
        return (End(paths[0]), End(paths[1])), data[2 * _UNIX:]
    width = _WIDTHS.get(number >> 4)
    if width is None or len(data) < 2 * width + 4:
        return None, data
    return addresses(width, data), data[2 * width + 4:]


def addresses(width: int, data: bytes) -> tuple[End, End]:
    """Source and destination as a version 2 header has them: two addresses of so many octets, two ports."""
    ports = struct.unpack_from("!HH", data, 2 * width)
    return End(printed(data[:width]), ports[0]), End(printed(data[width:2 * width]), ports[1])


def printed(octets: bytes) -> str:
    """An address as inet_ntop writes it."""
    address = ipaddress.ip_address(octets)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return f"::ffff:{address.ipv4_mapped}"
    return str(address)


def _tlvs(data: bytes) -> tuple[Tlv, ...] | None:
    """All TLVs; None when the last one is cut."""
    found = []
    while data:
        if len(data) < 3:
            return None
        type, length = struct.unpack_from("!BH", data)
        if len(data) < 3 + length:
            return None
        found.append(Tlv(type, data[3:3 + length]))
        data = data[3 + length:]
    return tuple(found)
