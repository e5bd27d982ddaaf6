r"""One line of a haproxy.cfg into words: quoting, escapes, comments and environment variables. Knows no keyword.

    line    = { blank } [ word { blank word } ] [ "#" anything ]
    word    = { character | "\" escape | "'" literal "'" | '"' quoted '"' }
    escape  = " " | "\" | "#" | "'" | '"' | "$" | "n" | "r" | "t" | "x" hex hex      (others keep their backslash)
    quoted  = { character | "\" escape | "$" name | "${" name [ "-" default ] "}" | "${" name "[*]" "}" }

Source: HAProxy's configuration manual, 2.2 "Quoting and escaping" and 2.3 "Environment variables". Variables are expanded between
double quotes only; `[*]` makes several words of a variable's value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import EximsimError, Position

_NAME = re.compile(r"\.?[A-Za-z0-9_]+")
_HEX = re.compile(r"[0-9A-Fa-f]{2}")
_ESCAPES = {" ": " ", "\\": "\\", "#": "#", "'": "'", '"': '"', "$": "$", "n": "\n", "r": "\r", "t": "\t"}


class HaproxyError(EximsimError):
    """A haproxy.cfg that cannot be read; `position` is the place in the user's file."""


@dataclass
class _Words:
    """Words that are being put together; a word may be empty when it was quoted."""

    done: list[str] = field(default_factory=list)
    current: list[str] = field(default_factory=list)
    started: bool = False

    def add(self, text: str) -> None:
        self.current.append(text)
        self.started = True

    def end(self) -> None:
        if self.started:
            self.done.append("".join(self.current))
        self.current, self.started = [], False


def split_line(text: str, environment: Mapping[str, str] | None = None, *, position: Position | None = None,
               undefined: set[str] | None = None) -> list[str]:
    """The words of one line. Names of variables that are used and not set are added to `undefined`.

    Raises HaproxyError for an open quote, a lone backslash at the end, bad hexadecimal digits, a malformed variable.
    """
    return _Splitter(text, environment or {}, position or Position("haproxy.cfg"), undefined).words()


class _Splitter:
    """The cursor over one line."""

    def __init__(self, text: str, environment: Mapping[str, str], position: Position, undefined: set[str] | None) -> None:
        self.text = text.rstrip("\r\n")
        self.environment = environment
        self.position = position
        self.undefined = undefined if undefined is not None else set()
        self.at = 0
        self.out = _Words()

    def words(self) -> list[str]:
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == "#":
                break
            if character.isspace():
                self.out.end()
                self.at += 1
            elif character == "'":
                self._literal()
            elif character == '"':
                self._quoted()
            elif character == "\\":
                self._escape()
            else:
                self.out.add(character)
                self.at += 1
        self.out.end()
        return self.out.done

    def _fail(self, message: str, at: int) -> HaproxyError:
        return HaproxyError(message, Position(self.position.file, self.position.line, at + 1))

    def _literal(self) -> None:
        end = self.text.find("'", self.at + 1)
        if end < 0:
            raise self._fail("unmatched quote", self.at)
        self.out.add(self.text[self.at + 1:end])
        self.at = end + 1

    def _quoted(self) -> None:
        start = self.at
        self.at += 1
        self.out.add("")
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == '"':
                self.at += 1
                return
            if character == "\\":
                self._escape()
            elif character == "$":
                self._variable()
            else:
                self.out.add(character)
                self.at += 1
        raise self._fail("unmatched quote", start)

    def _escape(self) -> None:
        following = self.text[self.at + 1:self.at + 2]
        if following == "x":
            digits = _HEX.match(self.text, self.at + 2)
            if not digits:
                raise self._fail("invalid or incomplete '\\x' sequence", self.at)
            self.out.add(chr(int(digits[0], 16)))
            self.at += 4
        elif following in _ESCAPES and following:
            self.out.add(_ESCAPES[following])
            self.at += 2
        else:
            self.out.add("\\")
            self.at += 1

    def _variable(self) -> None:
        start = self.at
        brace = self.text.startswith("{", start + 1)
        name = _NAME.match(self.text, start + 1 + brace)
        if not name:
            raise self._fail("forbidden first char in environment variable name", start)
        self.at = name.end()
        default, split = "", False
        if brace:
            default, split = self._inside_brace(start)
        value = self._value(name[0], default)
        self._put(value.split() if split else [value])

    def _inside_brace(self, start: int) -> tuple[str, bool]:
        split = self.text.startswith("[*]", self.at)
        if split:
            self.at += 3
        end = self.text.find("}", self.at)
        if end < 0 or (self.at != end and self.text[self.at] != "-"):
            raise self._fail("malformed environment variable", start)
        default = self.text[self.at + 1:end]
        self.at = end + 1
        return default, split

    def _value(self, name: str, default: str) -> str:
        if name in self.environment:
            return self.environment[name]
        if not default:
            self.undefined.add(name)
        return default

    def _put(self, values: list[str]) -> None:
        for index, value in enumerate(values):
            if index:
                self.out.end()
            self.out.add(value)


def expand_variables(text: str, environment: Mapping[str, str]) -> str:
    """`$NAME` and `${NAME}` in an address, which HAProxy expands also where no quotes stand."""
    return re.sub(r"\$(?:\{(\.?\w+)\}|(\w+))", lambda found: environment.get(found[1] or found[2], ""), text)


def quote(word: str) -> str:
    """The word as it may be written in a file, so that it reads back as itself."""
    if word and not re.search(r"[\s#'\"\\$]", word):
        return word
    return '"' + re.sub(r'([\\"$])', r"\\\1", word).replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'
