"""Fields of a text: by key (`a=1 b="2 3"`), by number and separators (`a:b:c`)."""

from __future__ import annotations

from ...quoting import dequote
from ..conditions.comparing import folded
from ..cursor import SPACES


def keyed(key: str, text: str) -> str | None:
    """The value of a key, caseless; values may be quoted, blanks around the equals sign do not count (case EXPAND-013)."""
    wanted, place = folded(key), _skip(text, 0)
    while place < len(text):
        start = place
        while place < len(text) and text[place] != "=" and text[place] not in SPACES:
            place += 1
        name = text[start:place]
        place = _skip(text, place)
        if text[place:place + 1] == "=":
            place = _skip(text, place + 1)
        value, place = dequote(text, place)
        if folded(name) == wanted:
            return value
        place = _skip(text, place)
    return None


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in SPACES:
        place += 1
    return place


def numbered(number: int, separators: str, text: str) -> str | None:
    """Field `number` from the left, or (negative) from the right; 0 is the whole. Separators in a row are not joined."""
    if number == 0:
        return text
    found, start = [], 0
    for place, char in enumerate(text):
        if char in separators:
            found.append(text[start:place])
            start = place + 1
    found.append(text[start:])
    index = number - 1 if number > 0 else number
    return found[index] if -len(found) <= index < len(found) else None
