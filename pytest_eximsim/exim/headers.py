"""Header lines as expansions see them ($h_…, $message_headers, $reply_address), and RFC 2047 as Exim encodes and decodes it."""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import ExpansionError

if TYPE_CHECKING:
    from .state import Header, Process

_SPACE = " \t\n\v\f\r"
#: Types of headers that hold addresses: several are joined by a comma.
_ADDRESS_TYPES = frozenset("BCFRST")
_ADDRESS_NAMES = {"bcc": "B", "cc": "C", "from": "F", "reply-to": "R", "sender": "S", "to": "T"}
LARGEST = 64 * 1024
#: Characters that must be encoded though they print.
_SPECIAL = frozenset("?=()<>@,;:\\\".[]_")
WORD_LIMIT = 75
_WORD = re.compile(r"=\?([^?\s]*)\?([^?\s]*)\?([^?\s]*)\?=")


def charset(p: Process) -> str:
    return str(p.configuration.main.get("headers_charset") or "ISO-8859-1")


def _named(p: Process, name: str) -> list[Header]:
    wanted = name.lower()
    return [header for header in p.message.headers if header.type != "*" and header.name.lower() == wanted]


def exists(p: Process, name: str) -> bool:
    """Is there such a header line, even an empty one?"""
    return bool(_named(p, name))


def find(p: Process, name: str, kind: str = "h") -> str | None:
    """The header's text: `kind` "h" trimmed and decoded, "r" raw with its newline, "b" decoded without charset, "l" as a list.

    Several lines of the name are joined by a newline, address headers by a comma and a newline. None where there is none.
    """
    lines = _named(p, name)
    if not lines:
        return None
    bodies = [header.text.partition(":")[2] for header in lines]
    if kind == "r":
        return "".join(bodies)[:LARGEST]
    if kind == "l":
        return _as_list([body.rstrip("\n") for body in bodies])
    comma = any(_type(header) in _ADDRESS_TYPES for header in lines)
    text = (",\n" if comma else "\n").join(part for part in (body.strip(_SPACE) for body in bodies) if part)[:LARGEST]
    return decode(p, text, None if kind == "b" else charset(p))


def _type(header: Header) -> str:
    return header.type if header.type in _ADDRESS_TYPES else _ADDRESS_NAMES.get(header.name.lower(), " ")


def _as_list(bodies: list[str]) -> str:
    found: list[str] = []
    for body in bodies:
        doubled = body.replace(":", "::")
        found.append(" " + doubled if found and (doubled.startswith(":") or not doubled) else doubled)
    return ":".join(found)[:LARGEST]


def all_raw(p: Process) -> str:
    """$message_headers_raw"""
    return "".join(header.text for header in p.message.headers if header.type != "*")


def all_decoded(p: Process) -> str:
    """$message_headers: every line, trimmed at its end, decoded."""
    lines = [header.text.strip(_SPACE) for header in p.message.headers if header.type != "*"]
    return decode(p, "\n".join(lines), charset(p))


def reply_address(p: Process) -> str:
    """$reply_address: Reply-To:, or From: where that is missing or empty."""
    text = (find(p, "reply-to") or "").lstrip(_SPACE) or (find(p, "from") or "").lstrip(_SPACE)
    return text.replace("\n", " ").rstrip(_SPACE)


def decode(p: Process, text: str, target: str | None) -> str:
    """RFC 2047 words decoded; where that fails, the text as it is."""
    if "=?" not in text:
        return text
    try:
        return decode_words(text, target, check_length=bool(p.configuration.main.get("check_rfc2047_length", True)))
    except ExpansionError:
        return text


def decode_words(text: str, target: str | None, *, check_length: bool) -> str:
    """Encoded words decoded to charset `target` (None: left in their own). White space between two of them goes.

    Raises ExpansionError where a charset is unknown. With `check_length`, words longer than 75 characters stay.
    """
    found: list[str] = []
    place, behind_word = 0, False
    for match in _WORD.finditer(text):
        if check_length and len(match.group()) > WORD_LIMIT:
            continue
        raw = _word_bytes(match.group(2), match.group(3))
        if raw is None:
            continue
        between = text[place:match.start()]
        if not (behind_word and between and not between.strip(_SPACE)):
            found.append(between)
        found.append(_converted(raw, match.group(1), target))
        place, behind_word = match.end(), True
    return "".join([*found, text[place:]])


def _word_bytes(encoding: str, body: str) -> bytes | None:
    if encoding in ("q", "Q"):
        if re.search(r"=(?![0-9A-Fa-f]{2})", body):
            return None
        raw = re.sub(r"=([0-9A-Fa-f]{2})", lambda found: chr(int(found.group(1), 16)), body.replace("_", " "))
        return raw.encode("latin-1")
    if encoding in ("b", "B"):
        try:
            return base64.b64decode(body.encode("latin-1"), validate=True)
        except (binascii.Error, ValueError):
            return None
    return None


def _converted(raw: bytes, source: str, target: str | None) -> str:
    """To the target charset; bytes that cannot be converted stay as they are."""
    if target is None or source.lower() == target.lower():
        return raw.decode("latin-1")
    try:
        "".encode(target)
        found = codecs.getincrementaldecoder(source)
    except LookupError:
        raise ExpansionError(f'iconv_open("{target}", "{source}") failed: Invalid argument (maybe unsupported conversion)') from None
    try:
        return raw.decode(source).encode(target).decode("latin-1")
    except (UnicodeError, ValueError):
        return "".join(_one_by_one(raw, found(), target))


def _one_by_one(raw: bytes, decoder: codecs.IncrementalDecoder, target: str) -> Iterator[str]:
    """Character by character, where the whole cannot be converted."""
    pending = b""
    for number in raw:
        pending += bytes([number])
        try:
            text = decoder.decode(pending[-1:])
            if text:
                yield text.encode(target).decode("latin-1")
                pending = b""
        except (UnicodeError, ValueError):
            yield pending.decode("latin-1")
            pending = b""
            decoder.reset()
    yield pending.decode("latin-1")


def encode_words(text: str, name: str, *, head_counts: bool = False) -> str:
    """${rfc2047:…}: Q-encoded where a character (a blank does not count) needs it, in words of more than 67 characters.

    `head_counts`: the `=?charset?Q?` is among the 67 (the older release).
    """
    head = f"=?{name}?Q?"
    limit = 67 if head_counts else 67 + len(head)
    found, word, first_byte, coded = list[str](), head, False, False
    for char in text:
        if len(word) > limit and not first_byte:
            found.append(word + "?=")
            word = head
        if char == " ":
            word, first_byte = word + "_", False
        elif "!" <= char <= "~" and char not in _SPECIAL:
            word, first_byte = word + char, False
        else:
            word, first_byte, coded = f"{word}={ord(char):02X}", not first_byte, True
    return " ".join([*found, word + "?="]) if coded else text
