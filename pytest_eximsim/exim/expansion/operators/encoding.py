"""Operators that encode and decode: base32, base62, base64, hex, xtext, RFC 2047 (case EXPAND-006)."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ... import headers
from ..cursor import SPACES

if TYPE_CHECKING:
    from ...state import Process

BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_UNSIGNED = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]")


def _decimal(text: str, name: str) -> int:
    """A number as strtoul reads it; an empty text is 0."""
    found = _UNSIGNED.fullmatch(text)
    if text and not found:
        raise ExpansionError(f'argument for {name} operator is "{text}", which is not a decimal number')
    return min(int(text or "0"), 2**64 - 1) % 2**64 if len(text) < 40 else 2**64 - 1


def base32(text: str) -> str:
    number, found = _decimal(text, "base32"), ""
    while number:
        number, digit = divmod(number, 32)
        found = BASE32[digit] + found
    return found


def base32_decoded(text: str) -> str:
    return _decoded(text, BASE32, "base32d")


def base62(text: str) -> str:
    """The last six digits."""
    number, found = _decimal(text, "base62"), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        found = BASE62[digit] + found
    return found


def base62_decoded(text: str) -> str:
    return _decoded(text, BASE62, "base62d")


def _decoded(text: str, digits: str, name: str) -> str:
    number = 0
    for char in text:
        if char not in digits:
            raise ExpansionError(f'argument for {name} operator is "{text}", which is not a base {len(digits)} number')
        number = (number * len(digits) + digits.index(char)) % 2**64
    return str(number - 2**64 if number >= 2**63 else number)


def base64_text(text: str) -> str:
    return base64.b64encode(text.encode("latin-1")).decode("ascii")


def base64_decoded(text: str, name: str) -> str:
    """Blanks between the characters do not count; the result ends at a NUL."""
    bare = "".join(char for char in text if char not in SPACES)
    body = bare.rstrip("=")
    padding = len(bare) - len(body)
    wrong = any(not _BASE64.fullmatch(char) for char in body) or len(body) % 4 == 1 or padding != -len(body) % 4
    if wrong:
        raise ExpansionError(f'string "{text}" is not well-formed for "{name}" operator')
    return base64.b64decode(bare).decode("latin-1").partition("\0")[0]


def hex_to_base64(text: str) -> str:
    if any(char not in "0123456789abcdefABCDEF" for char in text):
        raise ExpansionError(f'"{text}" is not a hex string')
    if len(text) % 2:
        raise ExpansionError(f'"{text}" contains an odd number of characters')
    return base64.b64encode(bytes.fromhex(text)).decode("ascii")


def hexquote(text: str) -> str:
    return "".join(char if "!" <= char <= "~" else f"\\x{ord(char):02x}" for char in text)


def xtext_decoded(text: str) -> str:
    """RFC 3461 xtext: `+XX` is a byte."""
    return re.sub(r"\+([0-9A-Fa-f]{2})", lambda found: chr(int(found.group(1), 16)), text)


def rfc2047(p: Process, text: str) -> str:
    return headers.encode_words(text, headers.charset(p), head_counts=not p.release.brace_reasons)


def rfc2047_decoded(p: Process, text: str) -> str:
    found = headers.decode_words(text, headers.charset(p), check_length=bool(p.configuration.main.get("check_rfc2047_length", True)))
    return found.partition("\0")[0]


