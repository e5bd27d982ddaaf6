"""Addresses as `bind`, `server`, `log`, `nameserver` … write them. Pure text; nothing is resolved here.

Source: HAProxy's configuration manual, 4.2 "bind" and 11 "Address formats".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from .tokens import expand_variables

_PREFIX = re.compile(r"(?:(stream|dgram)\+)?(ipv4|ipv6|tcp|tcp4|tcp6|mptcp|mptcp4|mptcp6|udp|udp4|udp6|quic4|quic6|unix|uxst|uxdg|"
                     r"abns|abnsz|fd|sockpair|rhttp|ring)@")
_FAMILY = {"ipv4": 4, "tcp4": 4, "udp4": 4, "quic4": 4, "mptcp4": 4, "ipv6": 6, "tcp6": 6, "udp6": 6, "quic6": 6, "mptcp6": 6}
_LOCAL = ("unix", "uxst", "uxdg", "abns", "abnsz")
_OTHER = ("fd", "sockpair", "rhttp", "ring")


@dataclass(frozen=True, slots=True)
class Address:
    """`kind`: "ip" (host is an address, `0.0.0.0` or `::` for any), "name" (host is to be looked up), "none" (no host: any address, or
    the client's destination in a server line), "unix" (host is the path or abstract name), "other" (`fd@3`, `ring@x`).

    `port` is None where the text has none; `relative` says that it is an offset (`+10`); `last_port` ends a range.
    """

    text: str
    kind: str
    host: str = ""
    port: int | None = None
    last_port: int | None = None
    relative: bool = False
    family: int = 0
    protocol: str = "tcp"

    @property
    def any(self) -> bool:
        """All addresses of the machine."""
        return self.kind == "none" or self.host in ("0.0.0.0", "::")

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host and self.kind == "ip" else self.host
        return f"{host}:{self.port}" if self.port is not None else host


def read_address(text: str, environment: Mapping[str, str] | None = None) -> Address:
    """One address; what cannot be understood becomes kind "name"."""
    whole = expand_variables(text, environment or {})
    prefix = _PREFIX.match(whole)
    word = prefix[2] if prefix else ""
    rest = whole[prefix.end():] if prefix else whole
    if rest.startswith("/") and not word:
        word = "unix"
    if word in _LOCAL:
        return Address(text, "unix", rest, protocol="udp" if word == "uxdg" else word)
    if word in _OTHER or whole in ("stdout", "stderr", "global"):
        return Address(text, "other", whole)
    protocol = "quic" if word.startswith("quic") else "udp" if word.startswith("udp") or (prefix and prefix[1] == "dgram") else "tcp"
    return _read_host(text, rest, _FAMILY.get(word, 0), protocol)


def _read_host(text: str, rest: str, family: int, protocol: str) -> Address:
    host, ports = _split_port(rest)
    port, last, relative = _read_ports(ports)
    common = {"port": port, "last_port": last, "relative": relative, "protocol": protocol}
    if host in ("", "*"):
        return Address(text, "none", "::" if family == 6 else "0.0.0.0", family=family or 4, **common)  # type: ignore[arg-type]
    try:
        parsed = ip_address(host)
    except ValueError:
        return Address(text, "name", host, family=family, **common)  # type: ignore[arg-type]
    kind = "none" if str(parsed) in ("0.0.0.0", "::") else "ip"
    return Address(text, kind, str(parsed), family=parsed.version, **common)  # type: ignore[arg-type]


def _split_port(rest: str) -> tuple[str, str]:
    """HAProxy takes what stands behind the last colon for the port, unless a bracket closes behind it."""
    if rest.startswith("["):
        host, _, behind = rest[1:].partition("]")
        return host, behind.removeprefix(":")
    host, colon, ports = rest.rpartition(":")
    return (host, ports) if colon else (rest, "")


def _read_ports(text: str) -> tuple[int | None, int | None, bool]:
    found = re.fullmatch(r"([+-]?)(\d+)(?:-(\d+))?", text)
    if not found:
        return None, None, False
    sign = -1 if found[1] == "-" else 1
    return sign * int(found[2]), int(found[3]) if found[3] else None, bool(found[1])


def read_addresses(text: str, environment: Mapping[str, str] | None = None) -> list[Address]:
    """The comma-separated addresses of a bind line, ranges of ports unfolded (at most 1,000 ports)."""
    unfolded: list[Address] = []
    for part in text.split(","):
        address = read_address(part.strip(), environment)
        if address.last_port is None or address.port is None:
            unfolded.append(address)
            continue
        for port in range(address.port, min(address.last_port, address.port + 999) + 1):
            unfolded.append(Address(address.text, address.kind, address.host, port, None, False, address.family, address.protocol))
    return unfolded
