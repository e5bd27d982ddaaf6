"""Mail addresses as Exim reads them from SMTP commands and header lines (RFC 5321 and 5322 with Exim's liberties).

    mailbox     = addr-spec | [ phrase ] "<" [ route ":" ] addr-spec ">" | local-part
    local-part  = word *("." word), dots may stand anywhere; word = atom | quoted string; a backslash takes the next character along
    domain      = label *("." label) | "[" literal "]"; label = letters, digits, hyphens, no hyphen first
    comments in round brackets and white space may stand between all of these

Lives here: taking one address apart, Exim's texts for what is wrong with it, qualifying. Not here: address lists (lists/), lists in header
lines beyond `find_end`.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .release import Release
    from .state import Process

_SPECIAL = frozenset(" ()<>@,;:\".[]" + "".join(map(chr, range(32))) + "\x7f")
_SPACE = frozenset(" \t\n\v\f\r")
_LABEL = frozenset(string.ascii_letters + string.digits + "-")
_LITERAL = frozenset(string.hexdigits + ".:")
MAXIMUM_LENGTH = 256


class AddressSyntaxError(ValueError):
    """Not an address; `str()` is Exim's reason."""


@dataclass(frozen=True, slots=True)
class ParsedAddress:
    """`address` is what is left of the text; `domain` is the offset of its domain, 0 without one; `start`, `end` are offsets into the
    text.
    """

    address: str
    domain: int = 0
    start: int = 0
    end: int = 0


@dataclass(slots=True)
class Syntax:
    """What an option changes: allow_domain_literals, strip_trailing_dot, strip_excess_angle_brackets, allow_utf8_domains, the length
    limit.
    """

    domain_literals: bool = False
    strip_trailing_dot: bool = False
    strip_excess_angle_brackets: bool = False
    utf8_domains: bool = False
    maximum_length: int = 0


def syntax_of(p: Process) -> Syntax:
    """The Syntax that this configuration and release want."""
    main = p.configuration.main
    return Syntax(
        bool(main.get("allow_domain_literals")), bool(main.get("strip_trailing_dot")),
        bool(main.get("strip_excess_angle_brackets")), bool(main.get("allow_utf8_domains")),
        MAXIMUM_LENGTH if p.release.long_addresses_refused else 0,
    )


class _Reader:
    """A cursor over the text. `at(i)` is the character there, "" at the end; `comment` is where the last comment began."""

    def __init__(self, text: str, syntax: Syntax) -> None:
        self.text = text
        self.syntax = syntax
        self.i = 0
        self.comment = 0

    def peek(self) -> str:
        return self.text[self.i] if self.i < len(self.text) else ""

    def skip_comment(self) -> None:
        text, i, size = self.text, self.i, len(self.text)
        self.comment = i
        while i < size:
            c = text[i]
            if c in _SPACE:
                i += 1
            elif c == "(":
                i = self._after_comment(i)
            else:
                break
        self.i = i

    def _after_comment(self, i: int) -> int:
        text, size, level = self.text, len(self.text), 1
        i += 1
        while i < size:
            c = text[i]
            if c == "(":
                level += 1
            elif c == ")":
                level -= 1
                if not level:
                    return i + 1
            elif c == "\\" and i + 1 < size:
                i += 1
            i += 1
        return i

    def _quoted(self) -> str:
        text, start = self.text, self.i
        i = start + 1
        while i < len(text) and text[i] != '"':
            i += 2 if text[i] == "\\" and i + 1 < len(text) else 1
        self.i = min(i + 1, len(text))
        if i >= len(text):
            raise AddressSyntaxError("unmatched doublequote in local part")
        return text[start:i + 1]

    def _atom(self) -> str:
        text, start, size = self.text, self.i, len(self.text)
        i = start
        while i < size and text[i] not in _SPECIAL:
            i += 2 if text[i] == "\\" and i + 1 < size else 1
        self.i = i
        return text[start:i]

    def local_part(self, allow_null: bool) -> str:
        """Words and dots. An empty one is an error unless allowed; behind a dot nothing need follow (s118)."""
        result = ""
        while True:
            self.skip_comment()
            word = self._quoted() if self.peek() == '"' else self._atom()
            result += word
            self.skip_comment()
            if not word and self.peek() != ".":
                if not result and not allow_null:
                    raise AddressSyntaxError("missing or malformed local part")
                return result
            if self.peek() != ".":
                return result
            while self.peek() == ".":
                result += "."
                self.i += 1

    def domain(self) -> str:
        self.skip_comment()
        if self.peek() == "[":
            return self._domain_literal()
        result = ""
        while True:
            label = self._label()
            if not label:
                if self.syntax.strip_trailing_dot and result and self.peek() != ".":
                    return result[:-1]
                raise AddressSyntaxError("domain missing or malformed")
            result += label
            self.skip_comment()
            if self.peek() != ".":
                return result
            result += "."
            self.i += 1
            self.skip_comment()

    def _label(self) -> str:
        text, start, i, size = self.text, self.i, self.i, len(self.text)
        if self.peek() == "-":
            return ""
        utf8 = self.syntax.utf8_domains
        while i < size and (text[i] in _LABEL or (utf8 and text[i] >= "\x80")):
            i += 1
        self.i = i
        return text[start:i]

    def _domain_literal(self) -> str:
        text, start = self.text, self.i
        i = start + 1
        if text[i:i + 5].lower() in ("ipv6:", "ipv4:"):
            i += 5
        while i < len(text) and text[i] in _LITERAL:
            i += 1
        closed = text[i:i + 1] == "]"
        self.i = i + closed
        if not self.syntax.domain_literals:
            raise AddressSyntaxError("domain literals not allowed")
        if not closed:
            raise AddressSyntaxError("malformed domain literal")
        literal = text[start:self.i]
        self.skip_comment()
        return literal

    def route(self) -> None:
        """`@a,@b:`, which is read and forgotten (RFC 1123)."""
        commas = False
        while self.peek() == "@":
            self.i += 1
            self.domain()
            if self.peek() != ",":
                break
            commas = True
            self.i += 1
            self.skip_comment()
        if self.peek() != ":":
            raise AddressSyntaxError("colon expected after route" if commas else "no local part")
        self.i += 1
        self.skip_comment()

    def addr_spec(self, end: str) -> tuple[str, int]:
        local = self.local_part(False)
        if self.peek() == end:
            return local, 0
        if self.peek() != "@":
            raise AddressSyntaxError(f'"@" or "." expected after "{local}"')
        self.i += 1
        return f"{local}@{self.domain()}", len(local) + 1


def parse_address(text: str, syntax: Syntax | Release, *, allow_null: bool = False) -> ParsedAddress:
    """One address out of `text`, which may have a display name, comments and a route. Raises AddressSyntaxError.

    `allow_null` takes `<>`. A Release stands for the defaults of its options. Cases: s101, s102, s103, s117, s118, s119.
    """
    if not isinstance(syntax, Syntax):
        syntax = release_syntax(syntax)
    simple = _simple(text, allow_null)
    if simple is not None and not (syntax.maximum_length and len(simple.address) > syntax.maximum_length):
        return simple
    r = _Reader(text, syntax)
    parsed = _parse(r, text, allow_null)
    if r.i < len(text):
        raise AddressSyntaxError(_may_not_follow(text, r.i))
    if syntax.maximum_length and parsed.end - parsed.start > syntax.maximum_length:
        raise AddressSyntaxError(f"address is ridiculously long: {parsed.address[:64]}...")
    return parsed


_PLAIN_LOCAL = frozenset(string.ascii_letters + string.digits + "!#$%&'*+-/=?^_`{|}~.")
_PLAIN_DOMAIN = _LABEL | {"."}


def _simple(text: str, allow_null: bool) -> ParsedAddress | None:
    """The common `<local@domain>` without anything around it, fast; None where the whole grammar is needed."""
    if text[:1] != "<" or text[-1:] != ">":
        return None
    if text == "<>":
        return ParsedAddress("", 0, 1, 1) if allow_null else None
    inside = text[1:-1]
    local, at, domain = inside.partition("@")
    if not (at and local and domain) or not (_PLAIN_LOCAL.issuperset(local) and _PLAIN_DOMAIN.issuperset(domain)):
        return None
    if domain[0] in "-." or domain[-1] == "." or ".." in domain or ".-" in domain or local == ".":
        return None
    return ParsedAddress(inside, len(local) + 1, 1, len(text) - 1)


def _may_not_follow(text: str, i: int) -> str:
    return f"malformed address: {text[i:i + 32]} may not follow {text[:i]}"


def _parse(r: _Reader, text: str, allow_null: bool) -> ParsedAddress:
    r.skip_comment()
    start = r.i
    local = r.local_part(True)
    if r.peek() not in ("@", "<") or not r.peek():
        if r.peek() in ("", ";"):
            if not local:
                raise AddressSyntaxError("empty address")
            return ParsedAddress(local, 0, start, _trimmed(text, r.comment))
        while r.peek() != "<":
            try:
                r.local_part(False)
            except AddressSyntaxError as error:
                raise AddressSyntaxError(f'{error} (expected word or "<")') from None
    if r.peek() == "<":
        return _bracketed(r, text, allow_null)
    if not local:
        r.route()
        address, domain = r.addr_spec("")
        if not domain:
            raise AddressSyntaxError("domain missing in source-routed address")
        return ParsedAddress(address, domain, start, _trimmed(text, r.comment))
    r.i += 1
    return ParsedAddress(f"{local}@{r.domain()}", len(local) + 1, start, _trimmed(text, r.comment))


def _trimmed(text: str, end: int) -> int:
    while end > 0 and text[end - 1] in _SPACE:
        end -= 1
    return end


def _bracketed(r: _Reader, text: str, allow_null: bool) -> ParsedAddress:
    r.i += 1
    brackets = 1
    while r.syntax.strip_excess_angle_brackets and r.peek() == "<":
        brackets += 1
        if brackets > 5:
            raise AddressSyntaxError("too many angle brackets")
        r.i += 1
    start = r.i
    r.skip_comment()
    routed = r.peek() == "@"
    if routed:
        r.route()
    address, domain = "", 0
    if not (allow_null and not routed and r.peek() == ">"):
        address, domain = r.addr_spec(">")
        if routed and not domain:
            raise AddressSyntaxError("domain missing in source-routed address")
    end = r.i
    for _ in range(brackets):
        if r.peek() != ">":
            raise AddressSyntaxError("'>' missing at end of address" if not r.peek() else _may_not_follow(text, r.i))
        r.i += 1
    r.skip_comment()
    return ParsedAddress(address, domain, start, _trimmed(text, end))


def split(address: str) -> tuple[str, str]:
    """`local@domain` at the last @; no domain: ""."""
    local, at, domain = address.rpartition("@")
    return (local, domain) if at else (address, "")


def unquote_local_part(text: str) -> str:
    """What a local part means: without the quotes and the backslashes that protect characters."""
    if '"' not in text and "\\" not in text:
        return text
    found: list[str] = []
    chars = iter(text)
    for char in chars:
        if char == "\\":
            found.append(next(chars, ""))
        elif char != '"':
            found.append(char)
    return "".join(found)


def qualify(p: Process, address: str, *, recipient: bool) -> str:
    """An unqualified address with qualify_recipient or qualify_domain (chapter 31.4)."""
    domain = p.configuration.main.get("qualify_recipient" if recipient else "qualify_domain")
    return f"{address}@{domain or p.configuration.main.get('primary_hostname')}"


def find_end(text: str, start: int = 0) -> int:
    """Where the address that begins at `start` ends in a list of a header line: at a comma or semicolon outside quotes and comments."""
    i, size, brackets = start, len(text), 0
    while i < size and (text[i] not in ",;" or brackets):
        c = text[i]
        if c == "(":
            i = _Reader(text, Syntax())._after_comment(i)
            continue
        if c == '"':
            i += 1
            while i < size and text[i] != '"':
                i += 2 if text[i] == "\\" and i + 1 < size else 1
        elif c == "\\" and i + 1 < size:
            i += 1
        elif c == "<":
            brackets = 1
        elif c == ">":
            brackets = 0
        i += 1
    return min(i, size)


def release_syntax(release: Release) -> Syntax:
    """Syntax without a configuration, for callers that have only a release."""
    return Syntax(maximum_length=MAXIMUM_LENGTH if release.long_addresses_refused else 0)
