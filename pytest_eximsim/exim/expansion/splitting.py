"""Lists as expansions take them apart and put them together: separator, doubled separators, `<x` at the start.

Matching against lists (named lists, negation, patterns) is the business of `exim/lists`.
"""

from __future__ import annotations

from .cursor import SPACES

_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def separator_of(text: str) -> tuple[str, int]:
    """The separator of a list, and where its first item begins (Exim chapter 6.20: `<x` with x punctuation or a control character).

    Nothing is in a list that is `<` alone.
    """
    start = len(text) - len(text.lstrip(SPACES))
    if text[start:start + 1] == "<":
        mark = text[start + 1:start + 2]
        if not mark or mark in _PUNCTUATION or ord(mark) < 32 or ord(mark) == 127:
            return mark or ":", start + 2
    return ":", 0


def split(text: str) -> tuple[str, list[str]]:
    """The separator and the items, without the white space around them. An empty item at the end is not seen."""
    separator, place = separator_of(text)
    blank = SPACES.replace(separator, "")
    items: list[str] = []
    length = len(text)
    while True:
        while place < length and text[place] in blank:
            place += 1
        if place >= length:
            return separator, items
        item, place = _item(text, place, separator)
        items.append(item.rstrip(SPACES))


def _item(text: str, place: int, separator: str) -> tuple[str, int]:
    """One item, in which doubled separators are single ones, and the place behind its separator."""
    found: list[str] = []
    while True:
        end = text.find(separator, place)
        if end < 0:
            return "".join([*found, text[place:]]), len(text)
        found.append(text[place:end])
        place = end + 1
        # A control character as separator is not doubled: it stands for an empty item.
        if text[place:place + 1] != separator or ord(separator) < 32:
            return "".join(found), place
        found.append(separator)
        place += 1


def append(items: list[str], item: str, separator: str) -> None:
    """Add an item as map and filter do: separators in it doubled, a blank in front where it would be misread."""
    doubled = item.replace(separator, separator * 2)
    items.append(" " + doubled if items and (item[:1] == separator or not item) else doubled)
