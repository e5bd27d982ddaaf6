"""Operators on mail addresses: address, domain, local_part, addresses (case EXPAND-007). An address of bad syntax gives an empty text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....errors import ExpansionError

if TYPE_CHECKING:
    from ...state import Process


def parsed(p: Process, text: str) -> str:
    """The bare address. Raises ExpansionError with the parser's text."""
    from ...addresses import AddressSyntaxError, parse_address

    try:
        return parse_address(text, p.release).address
    except AddressSyntaxError as error:
        raise ExpansionError(str(error)) from None


def split(address: str) -> tuple[str, str]:
    """Local part and domain at the last @; the domain is empty where there is none."""
    local, at, host = address.rpartition("@")
    return (local, host) if at else (address, "")


def _parsed(p: Process, text: str) -> str:
    try:
        return parsed(p, text)
    except ExpansionError:
        return ""


def address(p: Process, text: str) -> str:
    return _parsed(p, text)


def local_part(p: Process, text: str) -> str:
    return split(_parsed(p, text))[0]


def domain(p: Process, text: str) -> str:
    return split(_parsed(p, text))[1]


def addresses(p: Process, text: str) -> str:
    """${addresses:…}, ${addresses:>x …}: those of a header, as a list; what cannot be parsed is left out."""
    separator, text = ":", text.lstrip()
    if text.startswith(">"):
        if len(text) == 1:
            raise ExpansionError(f"output separator missing in expanding ${{addresses:{text}}}")
        separator, text = text[1], text[2:]
    found: list[str] = []
    for part in address_parts(text):
        one = _parsed(p, part)
        if one:
            doubled = one.replace(separator, separator * 2)
            found.append(" " + doubled if found and doubled.startswith(separator) else doubled)
    return separator.join(found)


def address_parts(text: str) -> list[str]:
    """The addresses of a header line, apart at commas that stand outside quotes, comments and angle brackets; groups are opened."""
    found, start, place, comment, route = list[str](), 0, 0, 0, False
    quoted = False
    while place < len(text):
        char = text[place]
        if char == "\\":
            place += 1
        elif quoted:
            quoted = char != '"'
        elif char == '"' and not comment:
            quoted = True
        elif char == "(":
            comment += 1
        elif char == ")" and comment:
            comment -= 1
        elif not comment:
            if char in "<>":
                route = char == "<"
            elif char == ":" and not route:
                start = place + 1
            elif char in ",;" and not route:
                found.append(text[start:place])
                start = place + 1
        place += 1
    return [*found, text[start:]]
