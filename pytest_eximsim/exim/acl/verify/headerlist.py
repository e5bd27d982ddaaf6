"""The addresses of a header line one after the other, groups included (RFC 5322 3.4 as Exim reads it).

    group = phrase ":" [ address *("," address) ] ";"      no group inside a group; from ";" to the next comma nothing is looked at
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...addresses import AddressSyntaxError, ParsedAddress, Syntax, parse_address

_SPACES = " \t\n\v\f\r"


@dataclass(slots=True)
class _Group:
    """Where in a group we are: `allowed`: one may begin; `open`: we are in one."""

    allowed: bool = True
    open: bool = False


def addresses(body: str, syntax: Syntax, *, trimmed: bool = False) -> Iterator[tuple[str, ParsedAddress | AddressSyntaxError]]:
    """Each item as it stands there (with what blanks follow it, unless `trimmed`), and what it is."""
    group = _Group()
    place = 0
    while True:
        while place < len(body) and (body[place] in _SPACES or (trimmed and body[place] == ",")):
            place += 1
        if place >= len(body):
            return
        end = _item_end(body, place)
        text = body[place:end].rstrip(_SPACES) if trimmed else body[place:end]
        yield text, _parse(text, syntax, group)
        place = end + 1


def _parse(text: str, syntax: Syntax, group: _Group) -> ParsedAddress | AddressSyntaxError:
    if group.allowed:
        colon = _find(text, ":", before="<@")
        if colon >= 0:
            group.allowed, group.open = False, True
            text = text[colon + 1:]
    end = _find(text, ";") if group.open else -1
    try:
        parsed = parse_address(text if end < 0 else text[:end], syntax)
    except AddressSyntaxError as error:
        return error
    if end >= 0:
        group.allowed, group.open = True, False
    return parsed


def _item_end(text: str, place: int) -> int:
    """A comma that is not quoted, in a comment, in angle brackets or in a route."""
    route = text[place] == "@"
    inside = int(route)
    while place < len(text) and not (text[place] == "," and inside <= 0):
        char = text[place]
        skipped = _skip(text, place)
        if skipped > place:
            place = skipped
            continue
        if char == "<":
            route, inside = text[place + 1:place + 2] == "@", inside + 1
        elif char == ">" or (char == ":" and route):
            route, inside = False, inside - 1
        place += 1
    return place


def _find(text: str, wanted: str, *, before: str = "") -> int:
    """Where a character stands outside quotes and comments, in front of any of `before`; -1 for nowhere."""
    place = 0
    while place < len(text):
        skipped = _skip(text, place)
        if skipped > place:
            place = skipped
        elif text[place] == wanted:
            return place
        elif text[place] in before:
            return -1
        else:
            place += 1
    return -1


def _skip(text: str, place: int) -> int:
    """Past a quoted pair, a quoted string or a comment; `place` itself where there is none."""
    char = text[place]
    if char == "\\" and place + 1 < len(text):
        return place + 2
    if char not in '"(':
        return place
    level = 1
    place += 1
    while place < len(text):
        if text[place] == "\\" and place + 1 < len(text):
            place += 1
        elif char == '"' and text[place] == '"':
            return place + 1
        elif char == "(" and text[place] in "()":
            level += 1 if text[place] == "(" else -1
            if not level:
                return place + 1
        place += 1
    return place
