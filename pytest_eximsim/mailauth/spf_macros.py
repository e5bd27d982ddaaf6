"""Macros in SPF records (RFC 7208, 7), with libspf2's reading of what the RFC leaves open or decides otherwise (case SPF-019).

    macro := `%{` LETTER [DIGITS] [`r`] DELIMITERS `}` | `%%` | `%_` | `%-`

Other uses of `%` are text. Upper-case letters URL-encode. `c`, `r` and `t` are for explanations only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote

_MACRO = re.compile(r"%(?:\{([^}]*)\}|([%_-])|(\{))")
_INSIDE = re.compile(r"([A-Za-z])(\d*)(r?)([.\-+,/_=]*)")
_PLAIN = {"%": "%", "_": " ", "-": "%20"}
LETTERS = "lsodipvh"


class BadMacro(Exception):
    """A macro that makes the record invalid."""


@dataclass(frozen=True)
class Names:
    """What the letters stand for; `domain` is the one that is being evaluated."""

    sender: str
    helo: str
    address: str
    domain: str

    def letter(self, letter: str) -> str:
        """The text of one letter, before it is split."""
        local, _, origin = self.sender.rpartition("@")
        match letter:
            case "l":
                return local or "postmaster"
            case "s":
                return self.sender
            case "o":
                return origin
            case "d":
                return self.domain
            case "i":
                return dotted(self.address)
            case "p":
                return "unknown"
            case "v":
                return "ip6" if ":" in self.address else "in-addr"
            case _:
                return self.helo


def dotted(address: str) -> str:
    """IPv4 as it is, IPv6 as nibbles."""
    if ":" not in address:
        return address
    return ".".join(ip_address(address).exploded.replace(":", ""))


def check_macros(text: str) -> None:
    """Raises BadMacro."""
    for found in _MACRO.finditer(text):
        if found[3] is not None:
            raise BadMacro(text)
        if found[1] is not None:
            inside = _INSIDE.fullmatch(found[1])
            if inside is None or inside[1].lower() not in LETTERS or (inside[2] and not int(inside[2])):
                raise BadMacro(text)


def expand_macros(text: str, names: Names) -> str:
    """The text with its macros replaced; it was checked before."""
    return _MACRO.sub(lambda found: _one(found, names), text)


def _one(found: re.Match[str], names: Names) -> str:
    if found[2] is not None:
        return _PLAIN[found[2]]
    inside = _INSIDE.fullmatch(found[1] or "")
    assert inside is not None
    letter, digits, reverse, delimiters = inside.groups()
    parts = re.split(f"[{re.escape(delimiters or '.')}]", names.letter(letter.lower()))
    if reverse:
        parts.reverse()
    if digits:
        parts = parts[-int(digits):]
    value = ".".join(parts)
    return quote(value, safe="-._~") if letter.isupper() else value
