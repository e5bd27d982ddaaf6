"""Regular expressions of configurations: PCRE, bytewise, on latin-1 text.

A pattern is compiled once and kept. The texts of errors are those of PCRE 1 for the older release, of PCRE 2 for the later ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pcre2

from ..errors import Died, ExpansionError

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


#: Wordings that changed inside PCRE 2, and the codes of errors that 10.43 began to report at another place.
_STEADY_WORDS = {"length of lookbehind assertion is not limited": "lookbehind assertion is not fixed length"}
_LATER_OFFSETS = tuple(int(part) for part in re.findall(r"[0-9]+", str(pcre2.__libpcre2_version__))[:2]) >= (10, 43)
_ONE_LATER = frozenset([108, 109, 111, 122, 144, 164])
_BACK_REFERENCE = re.compile(r"\\[0-9]+\Z")
_CLASS_MARKS = {112: ("[:",), 113: ("[.", "[="), 130: ("[:",)}
_HEXADECIMAL = re.compile(r"\\(?:(x)(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{0,2}))|[^x])", re.DOTALL)


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

    __slots__ = ("_compiled", "caseless", "pattern")

    def __init__(self, pattern: str, compiled: Any, caseless: bool) -> None:
        self.pattern = pattern
        self.caseless = caseless
        self._compiled = compiled

    def search(self, text: str | bytes, start: int = 0, *, given_up: Callable[[], None] | None = None) -> Match | None:
        """The first match at or behind `start`. None as well where PCRE gives up, as Exim has it; `given_up` is called then."""
        subject = text if isinstance(text, bytes) else encoded(text)
        try:
            return _result(self._compiled.search(subject, start))
        except pcre2.LibraryError:
            pass
        try:        # compiled to machine code a pattern has little stack; Exim's are interpreted
            return _result(_interpreted(self.pattern, self.caseless).search(subject, start))
        except pcre2.LibraryError:
            if given_up is not None:
                given_up()
            return None

    def search_not_empty_here(self, text: str | bytes, start: int) -> Match | None:
        """A match that begins just at `start` and is not empty (as Perl's /g looks for after an empty match)."""
        subject = text if isinstance(text, bytes) else encoded(text)
        try:
            return _result(_not_empty(self.pattern).match(subject, start))
        except pcre2.LibraryError:
            return None


def encoded(text: str) -> bytes:
    """A subject as PCRE has it, for those that search the same one again and again."""
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
    try:
        return Regex(pattern, pcre2.compile(_library_pattern(pattern), pcre2.I if caseless else 0), caseless)
    except pcre2.PatternError as error:
        text = str(error.msg)
        words = text.partition("; ")[2] if text.startswith("compilation failed") else text
        raise RegexError(_STEADY_WORDS.get(words, words), _offset(pattern, int(error.code or 0), int(error.pos or 0))) from None
    except pcre2.LibraryError as error:
        raise RegexError(str(error), 0) from None


def _library_pattern(pattern: str) -> bytes:
    r"""The package compiles with JavaScript's reading of \x; this writes it so that it means what PCRE's does."""
    if "\\x" not in pattern:
        return pattern.encode("latin-1", "replace")
    return _HEXADECIMAL.sub(_two_digits, pattern).encode("latin-1", "replace")


def _two_digits(found: re.Match[str]) -> str:
    braced, plain = found.group(2), found.group(3)
    if found.group(1) is None or (braced is not None and len(braced) > 2):
        return found.group()
    return f"\\x{braced if braced is not None else plain:0>2}"


def _offset(pattern: str, code: int, offset: int) -> int:
    """Newer libraries report some errors one character later, those of class names behind the class."""
    if not _LATER_OFFSETS:
        return offset
    if code in _ONE_LATER or (code == 115 and _BACK_REFERENCE.search(pattern, 0, offset)) or (code == 150 and pattern[offset - 1] == "-"):
        return offset - 1
    marks = _CLASS_MARKS.get(code)
    if marks is None:
        return offset
    found = max(pattern.rfind(mark, 0, offset) for mark in marks)
    return found + 2 if code == 130 else found


@lru_cache(maxsize=256)
def _interpreted(pattern: str, caseless: bool) -> Any:
    return pcre2.compile(_library_pattern(pattern), pcre2.I if caseless else 0, jit=False)


@lru_cache(maxsize=256)
def _not_empty(pattern: str) -> Any:
    """The pattern so that it must leave the place where it starts; `compile` has accepted it."""
    return pcre2.compile(b"(?:" + _library_pattern(pattern) + rb")(?!\G)")


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


def must_compile(pattern: str, release: Release, *, caseless: bool = False) -> Regex:
    """The compiled pattern of something without which Exim's process does not go on: Died where it is wrong."""
    try:
        return _compile(pattern, caseless)
    except RegexError as error:
        raise Died(f"regular expression error: {regex_error_text(error, release)} while compiling {pattern}") from None
