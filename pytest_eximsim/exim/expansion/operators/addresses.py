"""Operators on mail addresses: address, domain, local_part, addresses (case EXPAND-007). An address of bad syntax gives an empty text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ....errors import ExpansionError

if TYPE_CHECKING:
    from ...state import Process


def parsed(p: Process, text: str) -> tuple[str, str]:
    """Local part and domain of the address, which is empty where there is none. Raises ExpansionError with the parser's text."""
    from ...addresses import AddressSyntaxError, parse_address, syntax_of

    try:
        found = parse_address(text, replace(syntax_of(p), domain_literals=True))
    except AddressSyntaxError as error:
        raise ExpansionError(str(error)) from None
    whole = found.address
    return (whole[:found.domain - 1], whole[found.domain:]) if found.domain else (whole, "")


def _parsed(p: Process, text: str) -> tuple[str, str]:
    try:
        return parsed(p, text)
    except ExpansionError:
        return "", ""


def address(p: Process, text: str) -> str:
    local, host = _parsed(p, text)
    return f"{local}@{host}" if host else local


def local_part(p: Process, text: str) -> str:
    return _parsed(p, text)[0]


def domain(p: Process, text: str) -> str:
    return _parsed(p, text)[1]


def addresses(p: Process, text: str) -> str:
    """${addresses:…}, ${addresses:>x …}: those of a header, as a list; what cannot be parsed is left out."""
    separator, text = ":", text.lstrip()
    if text.startswith(">"):
        if len(text) == 1:
            if not p.release.brace_reasons:
                return ""
            raise ExpansionError(f"output separator missing in expanding ${{addresses:{text}}}")
        separator, text = text[1], text[2:]
    found: list[str] = []
    for part in address_parts(text):
        one = address(p, part)
        if one:
            doubled = one.replace(separator, separator * 2)
            found.append(" " + doubled if found and doubled.startswith(separator) else doubled)
    return separator.join(found)


def address_parts(text: str) -> list[str]:
    """The addresses of a header line: apart at commas, group names and their semicolons taken away (RFC 5322 3.4)."""
    found, grouped, start = list[str](), False, 0
    for end, char in [*_top_level(text), (len(text), ",")]:
        if char == ":" and not grouped and "@" not in text[start:end]:
            grouped, start = True, end + 1
        elif char == ";" and grouped:               # what follows up to the next comma is lost
            found.append(text[start:end])
            grouped, start = False, -1
        elif char == ",":
            if start >= 0:
                found.append(text[start:end])
            start = end + 1
    return found


def _top_level(text: str) -> list[tuple[int, str]]:
    """The places of commas, colons and semicolons outside quotes, comments and angle brackets."""
    found, place, depth, quoted, bracket = list[tuple[int, str]](), 0, 0, False, False
    while place < len(text):
        char = text[place]
        if char == "\\":
            place += 1
        elif quoted:
            quoted = char != '"'
        elif char == '"' and not depth:
            quoted = True
        elif char in "()":
            depth = max(depth + (1 if char == "(" else -1), 0)
        elif char in "<>" and not depth:
            bracket = char == "<"
        elif char in ",:;" and not depth and not bracket:
            found.append((place, char))
        place += 1
    return found
