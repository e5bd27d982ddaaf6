"""JSON as Exim's expansions take it apart: by brackets, braces and quotes, without a JSON parser (later releases only)."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import ExpansionError
from .cursor import SPACES


def unwrap(text: str, marks: str) -> str:
    """What stands between the two marks. Raises ExpansionError where one is missing; the caller adds for what."""
    return unwrap_rest(text, marks)[0]


def unwrap_string(text: str) -> str:
    """A JSON string without its quotes. Raises ExpansionError for anything else."""
    try:
        return unwrap(text, '""')
    except ExpansionError as error:
        error.message += " wrapping string result for extract jsons"
        raise


def unwrap_rest(text: str, marks: str) -> tuple[str, str]:
    """What stands between the two marks, and what follows the second."""
    opening, closing = marks[0], marks[1]
    body = text.lstrip(SPACES)
    if body[:1] != opening:
        raise ExpansionError(f"missing '{opening}'")
    depth, place = 0, 1
    while place < len(body):
        char = body[place]
        if char == "\\":
            place += 1
        elif char == opening and opening != closing:
            depth += 1
        elif char == closing:
            if depth == 0:
                return body[1:place], body[place + 1:]
            depth -= 1
        place += 1
    raise ExpansionError(f"missing '{closing}'")


def elements(text: str) -> Iterator[str]:
    """The elements of a list whose brackets are off, with the white space behind them; ends at an empty one."""
    place, length = 0, len(text)
    while True:
        while place < length and text[place] in SPACES:
            place += 1
        start, arrays, objects = place, 0, 0
        while place < length and (text[place] != "," or arrays or objects):
            char = text[place]
            arrays += (char == "[") - (char == "]")
            objects += (char == "{") - (char == "}")
            place += 1
        if place == start:
            return
        yield text[start:place]
        place += 1


def array_element(text: str, number: int) -> str | None:
    """Element `number` (from 1) of an array."""
    for found in elements(text):
        number -= 1
        if number == 0:
            return found.rstrip(SPACES)
    return None


def member(text: str, key: str) -> str | None:
    """The value of a key of an object, text as it stands. Raises ExpansionError."""
    for found in elements(text):
        try:
            name, rest = unwrap_rest(found, '""')
        except ExpansionError as error:
            error.message += " wrapping string key for extract json"
            raise
        if name == key:
            rest = rest.lstrip(SPACES)
            if rest[:1] != ":":
                raise ExpansionError("missing object value-separator for extract json")
            return rest[1:].lstrip(SPACES)
    return None
