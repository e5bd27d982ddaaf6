"""Regular expressions of configurations: PCRE, bytewise, on latin-1 text.

A pattern is compiled once and kept. The texts of errors are those of PCRE 1 for the older release, of PCRE 2 for the later ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pcre2

from ..errors import ExpansionError

if TYPE_CHECKING:
    from .release import Release
    from .state import Process

#: $0 … $20: more groups than these are not kept.
GROUPS = 21

#: PCRE 1's wording where it differs, by PCRE 2's.
_OLD_WORDS = {
    "missing closing parenthesis": "missing )",
    "unmatched closing parenthesis": "unmatched parentheses",
    "quantifier does not follow a repeatable item": "nothing to repeat",
    "missing terminating ] for character class": "missing terminating ] for character class",
    "unrecognized character after (? or (?-": "unrecognized character after (? or (?-",
    "unrecognized character follows \\": "unrecognized character follows \\",
    "POSIX named classes are supported only within a class": "POSIX named classes are supported only within a class",
    "missing ) after (?# comment": "missing ) after comment",
    "lookbehind assertion is not fixed length": "lookbehind assertion is not fixed length",
    "length of lookbehind assertion is not limited": "lookbehind assertion is not fixed length",
    "reference to non-existent subpattern": "reference to non-existent subpattern",
    "subpattern name expected": "subpattern name expected",
    "unknown POSIX class name": "unknown POSIX class name",
}


class RegexError(Exception):
    """The pattern is wrong: `message` in PCRE 2's words, `offset` in characters."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(f"{message} at offset {offset}")
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Match:
    """A successful match: the texts of groups 0 … (unset ones empty, up to the last that took part) and the span of the whole."""

    groups: list[str]
    start: int
    end: int


class Regex:
    """A compiled pattern."""

    __slots__ = ("_compiled", "pattern")

    def __init__(self, pattern: str, compiled: Any) -> None:
        self.pattern = pattern
        self._compiled = compiled

    def search(self, text: str, start: int = 0) -> Match | None:
        """The first match at or behind `start`."""
        return _result(self._compiled.search(_bytes(text), start))

    def search_not_empty_here(self, text: str, start: int) -> Match | None:
        """A match that begins just at `start` and is not empty (as Perl's /g looks for after an empty match)."""
        return _result(_not_empty(self.pattern).match(_bytes(text), start))


def _bytes(text: str) -> bytes:
    return text.encode("latin-1", "replace")


def _result(found: Any) -> Match | None:
    if found is None:
        return None
    texts = [found.group(0), *found.groups()]
    last = max(number for number, text in enumerate(texts) if text is not None)
    kept = texts[:min(last + 1, GROUPS)]
    start, end = found.span()
    return Match(["" if text is None else text.decode("latin-1") for text in kept], start, end)


@lru_cache(maxsize=2048)
def _compile(pattern: str, caseless: bool) -> Regex:
    raw = pattern.encode("latin-1", "replace")
    try:
        return Regex(pattern, pcre2.compile(raw, pcre2.I if caseless else 0))
    except pcre2.PatternError as error:
        text = str(error.msg)
        words = text.partition("; ")[2] if text.startswith("compilation failed") else text
        raise RegexError(words, int(error.pos or 0)) from None
    except pcre2.LibraryError as error:
        raise RegexError(str(error), 0) from None


@lru_cache(maxsize=256)
def _not_empty(pattern: str) -> Any:
    """The pattern so that it must leave the place where it starts; `compile` has accepted it."""
    return pcre2.compile(b"(?:" + pattern.encode("latin-1", "replace") + rb")(?!\G)")


def compile(pattern: str, *, caseless: bool = False) -> Regex:
    """The compiled pattern. Raises RegexError."""
    return _compile(pattern, caseless)


def regex_error_text(error: RegexError, release: Release) -> str:
    """PCRE's text and offset, as Exim prints them: `missing closing parenthesis at offset 1`."""
    words = error.message if release.pcre2 else _OLD_WORDS.get(error.message, error.message)
    return f"{words} at offset {error.offset}"


def compile_for_expansion(p: Process, pattern: str) -> Regex:
    """The compiled pattern; raises ExpansionError with the text of ${sg and match."""
    try:
        return _compile(pattern, False)
    except RegexError as error:
        raise ExpansionError(f'regular expression error in "{pattern}": {regex_error_text(error, p.release)}') from None
