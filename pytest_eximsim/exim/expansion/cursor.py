"""Reading Exim's expansion language character by character: names, numbers, escapes, white space.

Knows no operator, item or variable, and evaluates nothing. Characters are those of the C locale: only ASCII letters are letters.
"""

from __future__ import annotations

import re

SPACES = " \t\n\v\f\r"
DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ALPHANUMERIC = LETTERS + DIGITS

#: Exim keeps names in buffers of 256 bytes and cuts what is longer.
NAME_LIMIT = 255

_SPACE = re.compile(r"[ \t\n\v\f\r]*")
_NAME = re.compile(r"[A-Za-z0-9_]*")
_ITEM_NAME = re.compile(r"[A-Za-z0-9_-]*")
_NUMBER = re.compile(r"[0-9]*")
_TYPE = re.compile(r"[^{ \t\n\v\f\r]*")
_HEADER = re.compile(r"[!-9;-~\x80-\xff]*")
_PLAIN = re.compile(r"[^\\$}]+")
_OCTAL = re.compile(r"[0-7]{1,3}")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{0,2}")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class Cursor:
    """A text and a place in it. Every `read_…` moves the place behind what it returns."""

    __slots__ = ("pos", "text")

    def __init__(self, text: str, pos: int = 0) -> None:
        self.text = text
        self.pos = pos

    @property
    def char(self) -> str:
        """The character at the place; empty at the end of the text."""
        return self.text[self.pos:self.pos + 1]

    @property
    def rest(self) -> str:
        return self.text[self.pos:]

    def skip_space(self) -> str:
        """Skip white space, return the character behind it."""
        self.pos = self._end(_SPACE)
        return self.char

    def read_name(self) -> str:
        return self._take(_NAME)[:NAME_LIMIT]

    def read_item_name(self) -> str:
        """A name behind `${`, where `-` belongs to it (`substr_-3`)."""
        return self._take(_ITEM_NAME)[:NAME_LIMIT]

    def read_number(self) -> int:
        return int(self._take(_NUMBER)[:12] or "0")

    def read_lookup_type(self) -> str:
        return self._take(_TYPE)[:NAME_LIMIT]

    def read_header_name(self, name: str) -> str:
        """The rest of a header's name; `name` is what has been read, with its `h_`. A colon behind it is swallowed."""
        rest = self._take(_HEADER)
        if self.char == ":":
            self.pos += 1
        return (name.partition("_")[2] + rest)[:NAME_LIMIT]

    def read_plain(self) -> str:
        """Text up to the next backslash, dollar or closing brace."""
        return self._take(_PLAIN)

    def read_protected(self) -> str:
        r"""The text between \N and \N; the place is at the first backslash. Without a second one: all the rest."""
        start = self.pos + 2
        end = self.text.find("\\N", start)
        self.pos = len(self.text) if end < 0 else end + 2
        return self.text[start:] if end < 0 else self.text[start:end]

    def read_escape(self) -> str:
        """One character written with a backslash, at which the place is."""
        self.pos += 1
        octal = _OCTAL.match(self.text, self.pos)
        if octal:
            self.pos = octal.end()
            return chr(int(octal.group(), 8) & 0xFF)
        char = self.char
        self.pos += 1
        if char == "x":
            return chr(int(self._take(_HEXADECIMAL) or "0", 16))
        return _ESCAPES.get(char, char)

    def _end(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.pos)
        return found.end() if found else self.pos

    def _take(self, pattern: re.Pattern[str]) -> str:
        start = self.pos
        self.pos = self._end(pattern)
        return self.text[start:self.pos]
