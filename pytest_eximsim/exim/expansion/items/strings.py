"""Plain items that work on strings: substr, length, hash, nhash, sg, tr, hmac, listquote, imapfolder."""

from __future__ import annotations

import hmac
import re
from functools import partial
from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ... import regexes
from ...taint import cut, joined, parted
from ..budget import HOPELESS, spend
from ..evaluator import expand
from ..numbers import c_int
from ..operators import parts, utf8

if TYPE_CHECKING:
    from ...state import Process

_LONG = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)")


def _number(text: str, name: str, *, positive: bool) -> int:
    """A whole number as strtol reads it; an empty text is 0."""
    found = _LONG.match(text)
    rest = text[found.end():] if found else text
    number = c_int(found.group(1)) if found else 0
    if rest or (positive and number < 0):
        raise ExpansionError(f'"{text}" is not a{" positive" if positive else ""} number (in "{name}" expansion)')
    return number


def _numbers(name: str, first: str, second: str, third: str | None) -> tuple[int, int, str]:
    """The two numbers and the text of an item that has two or three strings."""
    one = _number(first, name, positive=False)
    if third is None:
        return one, -1, second
    return one, _number(second, name, positive=True), third


def substr_item(first: str, second: str, third: str | None = None) -> str:
    """${substr{offset}{length}{text}}, ${substr{offset}{text}} (case EXPAND-004)"""
    offset, length, text = _numbers("substr", first, second, third)
    return cut(parts.substring(text, offset, length), text)


def length_item(first: str, text: str) -> str:
    return cut(parts.substring(text, 0, _number(first, "length", positive=True)), text)


def hash_item(first: str, second: str, third: str | None = None) -> str:
    length, characters, text = _numbers("hash", first, second, third)
    return cut(parts.textual_hash(text, length, characters), text)


def nhash_item(first: str, second: str, third: str | None = None) -> str:
    one, two, text = _numbers("nhash", first, second, third)
    return parts.numeric_hash(text, one, two)


def substitute(p: Process, subject: str, pattern: str, replacement: str) -> str:
    """${sg{subject}{regex}{replacement}}: the replacement is expanded for each match, after $0 … are set (case EXPAND-015)."""
    regex = regexes.compile_for_expansion(p, pattern)
    encoded, given_up = regexes.encoded(subject), partial(spend, p, HOPELESS)
    saved, found = p.scratch.numbers, list[str]()
    place = 0                       # up to here the subject has been dealt with
    start, empty = 0, False         # where the search begins; an empty match was found just there
    while True:
        match = regex.search_not_empty_here(encoded, start) if empty else regex.search(encoded, start, given_up=given_up)
        if match is None:
            if not empty:
                break
            start, empty = start + 1, False
            continue
        p.scratch.numbers = list(parted(match.groups, subject))
        found += [cut(subject[place:match.start], subject), expand(p, replacement)]
        spend(p, 16 + len(found[-1]))
        place = start = match.end
        empty = match.start == match.end
        if empty and place == len(subject):
            break
    p.scratch.numbers = saved
    found.append(cut(subject[place:], subject))
    return joined("".join(found), found)


def translate(text: str, old: str, new: str) -> str:
    """${tr{text}{old}{new}}: the last place of a character in `old` counts; a short `new` repeats its last character."""
    if not new:
        return text
    table = {ord(char): new[min(place, len(new) - 1)] for place, char in enumerate(old)}
    return cut(text.translate(table), text)


def hmac_item(algorithm: str, key: str, text: str) -> str:
    if algorithm not in ("md5", "sha1"):
        raise ExpansionError(f'hmac algorithm "{algorithm}" is not recognised')
    return hmac.new(key.encode("latin-1"), text.encode("latin-1"), algorithm).hexdigest()


def listquote(separator: str, text: str) -> str:
    """${listquote{separator}{item}}: an empty item becomes a blank."""
    mark = separator[:1]
    if not text:
        return " "
    return cut(text.replace(mark, mark * 2), text) if mark else text


def imapfolder(p: Process, name: str, separator: str | None = None, specials: str | None = None) -> str:
    """${imapfolder{name}{separator}{specials}}: modified UTF-7 (RFC 3501 5.1.3)."""
    if separator is not None and len(separator) != 1:
        raise ExpansionError(f'IMAP folder separator must be one character, found "{separator}"')
    charset = str(p.configuration.main.get("headers_charset") or "UTF-8")
    return cut(utf8.imap_folder(name, charset, separator or "/", specials or ""), name)


