"""The PROXY header as Exim reads it (facts: section 1.3, 1.4 and 1.9), version 1 and 2.

Not the protocol as it is written down (that is wire/proxy.py) but Exim's reading of it, with its quirks. Version 1 differs between
releases:
up to 4.82 the octets are looked at once and stay unread when they are no good header; later ones read, 14 octets first and then one by
one up to the line's end. Version 2 is the later releases' everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import Died
from ...wire.proxy import FIXED, SIGNATURE, TCP4, TCP6, addresses
from ..hosts import build_fullhost, is_ip, look_up_sender_name
from ..state import Connection
from .channel import Lost

if TYPE_CHECKING:
    from .session import Session

WAIT = 3.0
PEEK = 232
V1_ROOM = 232
FIRST_READ = 14
V2_LARGEST = 232
_SPACES = " \t\n\v\f\r"
_NUMBER = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)")
#: What is in the room for the addresses before anything was read into it, as the binary showed (p710).
_STALE = b"\x06" + bytes(V2_LARGEST - FIXED - 1)


class _Bad(Exception):
    """The header is no good."""


@dataclass(slots=True)
class _Fields:
    """What a header has said so far; Exim keeps what it had when it failed."""

    source: str = ""
    destination: str = ""
    source_port: int = 0
    destination_port: int = 0
    unknown: bool = False


def required(s: Session) -> bool:
    """Must this host send a header? (section 1.2)"""
    return bool(s.c.host_address) and s.host_in("hosts_proxy" if "hosts_proxy" in s.main else "proxy_required_hosts")


def read_header(s: Session) -> None:
    """Read the header where the host has to send one; afterwards the connection has the client's address, or the session refuses all
    but QUIT.
    """
    if not required(s):
        return
    s.c.proxy_session = True
    try:
        _read(s)
    except (_Bad, TimeoutError, Lost, OSError):
        s.refusing = True
        return
    if s.c.proxy_host:
        s.c.host_name = ""
        s.c.host_aliases = []
    if "%" in s.c.host_address:
        raise Died(f'unable to parse "{s.c.host_address}" as an IPv6 address')
    look_up_sender_name(s.p)
    build_fullhost(s.p)


def _read(s: Session) -> None:
    if s.release.strict_proxy:
        _read_in_steps(s)
        return
    stream = s.channel.stream
    octets = stream.peek(PEEK, WAIT)
    if octets[:len(SIGNATURE)] == SIGNATURE:
        _read_in_steps(s)
        return
    if len(octets) < 8 or octets[:5] != b"PROXY":
        raise _Bad
    end = octets.find(b"\r")
    if end < 0 or octets[end + 1:end + 2] != b"\n":
        raise _Bad
    _version_1(s, octets[:end].decode("latin-1"))
    s.channel.refill()
    s.channel.pos = end + 2


# --- version 1 ----------------------------------------------------------------------------------


def _version_1(s: Session, line: str) -> None:
    fields = _Fields()
    try:
        _parse_line(s, line, fields)
    finally:
        _apply(s.c, fields, external=s.release.strict_proxy)


def _parse_line(s: Session, line: str, fields: _Fields) -> None:
    if line[5:6] not in tuple(_SPACES) or "\0" in line:
        raise _Bad
    rest = line[6:]
    if rest.startswith("UNKNOWN"):
        fields.unknown = True
        return
    if rest[:4] not in ("TCP4", "TCP6") or rest[4:5] not in tuple(_SPACES):
        raise _Bad
    source, rest = _word(rest[5:])
    fields.source = _address(s, source)
    destination, rest = _word(rest)
    fields.destination = _address(s, destination)
    port, rest = _word(rest)
    fields.source_port = _port(port)
    fields.destination_port = _port(rest)


def _word(text: str) -> tuple[str, str]:
    word, space, rest = text.partition(" ")
    if not space:
        raise _Bad
    return word, rest


def _address(s: Session, text: str) -> str:
    if not is_ip(text, s.release):
        raise _Bad
    return text


def _port(text: str) -> int:
    """strtol() into an int: blanks before it, a sign, any size; never 0."""
    found = _NUMBER.fullmatch(text)
    number = int(found[1]) if found else 0
    number = max(-(1 << 63), min(number, (1 << 63) - 1)) & 0xFFFFFFFF
    if not number:
        raise _Bad
    return number - (1 << 32) if number >= 1 << 31 else number


def _apply(c: Connection, fields: _Fields, *, external: bool) -> None:
    if fields.source:
        c.proxy_host, c.host_address = c.host_address, fields.source
    if external and fields.destination:
        c.proxy_external_address = fields.destination
    if fields.source_port:
        c.proxy_port, c.host_port = c.host_port, fields.source_port
    if external and fields.destination_port:
        c.proxy_external_port = fields.destination_port


# --- reading in steps (later releases, and version 2 everywhere) ---------------------------------


class _Reader:
    """Reads from the socket until the deadline."""

    def __init__(self, s: Session) -> None:
        seconds = s.main.get("proxy_protocol_timeout")
        self.clock = s.p.world.clock
        self.deadline = self.clock.now() + (float(seconds) if isinstance(seconds, (int, float)) else WAIT)
        self.stream = s.channel.stream

    def read(self, limit: int) -> bytes:
        left = self.deadline - self.clock.now()
        if left <= 0:
            raise TimeoutError
        data = self.stream.receive(limit, left)
        if not data:
            raise _Bad
        return data


def _read_in_steps(s: Session) -> None:
    reader = _Reader(s)
    octets = reader.read(FIRST_READ)
    if len(octets) == FIRST_READ and octets.startswith(SIGNATURE):
        _version_2(s, reader, octets)
        return
    good = len(octets) >= 8 and octets.startswith(b"PROXY")
    octets = _up_to_line_end(reader, octets)
    end = octets.find(b"\r")
    if not good or octets[end + 1:end + 2] != b"\n":
        raise _Bad
    _version_1(s, octets[:end].decode("latin-1"))


def _up_to_line_end(reader: _Reader, octets: bytes) -> bytes:
    """Octet by octet through the first CR and one more, unless there is something behind a CR already."""
    at = octets.find(b"\r")
    if 0 <= at < len(octets) - 1:
        return octets
    while len(octets) < V1_ROOM:
        octets += reader.read(1)
        if octets[-2:-1] == b"\r":
            return octets
    raise _Bad


def _version_2(s: Session, reader: _Reader, octets: bytes) -> None:
    octets += reader.read(FIXED - FIRST_READ)
    if octets[12] >> 4 != 2:
        raise _Bad
    room = octets + bytes(FIXED - len(octets))
    size = FIXED + int.from_bytes(room[14:16], "big")
    if size > V2_LARGEST:
        raise _Bad
    while len(octets) < size:
        octets += reader.read(size - len(octets))
    command = octets[12] & 0x0F
    if command == 0:
        return
    if command != 1:
        raise _Bad
    data = octets[FIXED:] + _STALE[max(0, len(octets) - FIXED):]
    _apply_version_2(s.c, octets[13], data)


def _apply_version_2(c: Connection, family: int, data: bytes) -> None:
    width = {TCP4: 4, TCP6: 16}.get(family)
    if width is None:
        raise _Bad
    client, proxy = addresses(width, data)
    c.proxy_host, c.proxy_port = c.host_address, c.host_port
    c.host_address, c.host_port = client.address, client.port
    c.proxy_external_address, c.proxy_external_port = proxy.address, proxy.port
