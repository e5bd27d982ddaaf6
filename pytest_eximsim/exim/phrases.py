"""The phrase before an address made right: RFC 2047 words where it needs them, else quotes where it needs those (RFC 5322 3.2.5).

What Exim 4.96 makes of names that are given with `control = submission/name=` is what tests/exim/test_phrases.py has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .headers import charset, encode_words

if TYPE_CHECKING:
    from .state import Process

_SPECIAL = frozenset(")<>@,;:\\.[]")


def fix_phrase(p: Process, text: str) -> str:
    """The phrase as it may stand in a header line."""
    text = text.lstrip(" \t\n\v\f\r")
    if all(" " <= char <= "~" or char == "\t" for char in text):
        return _quoted(text)
    return encode_words(text, charset(p), head_counts=not p.release.brace_reasons)


def _quoted(text: str) -> str:
    """Quotes around what has special characters: the whole beginning, or once there was a quote already, the word they are in."""
    done, place, quotes = "", 0, False
    while place < len(text):
        char = text[place]
        if char == '"':
            word, place = _quoted_string(text, place)
            done, quotes = done + word, True
        elif char == "(":
            comment, place = _comment(text, place)
            done, quotes = done + comment, quotes or '"' in comment
        elif char not in _SPECIAL:
            done, place = done + char, place + 1
        elif quotes:
            start = max(done.rfind(mark) for mark in ' ")') + 1
            end = place + 1
            while end < len(text) and text[end] not in ' "':
                end += 1
            done, place = f'{done[:start]}"{done[start:]}{text[place:end]}"', end
        else:
            end = _unescaped_quote(text, place)
            rest = text[place:end]
            kept = rest.rstrip(" \t") if end < len(text) else rest
            done, place, quotes = f'"{done}{kept}"{rest[len(kept):]}', end, True
    return done


def _quoted_string(text: str, place: int) -> tuple[str, int]:
    end = _unescaped_quote(text, place + 1)
    return text[place:end] + '"', end + 1


def _unescaped_quote(text: str, place: int) -> int:
    """Where the next quote is that no backslash protects; the end where there is none."""
    while place < len(text) and text[place] != '"':
        place += 2 if text[place] == "\\" else 1
    return min(place, len(text))


def _comment(text: str, place: int) -> tuple[str, int]:
    """The comment, nested ones included, and the place behind it; one that does not end goes to the end."""
    level, end = 0, place
    while end < len(text):
        char = text[end]
        level += (char == "(") - (char == ")")
        end += 2 if char == "\\" else 1
        if not level:
            break
    end = min(end, len(text))
    return text[place:end], end
