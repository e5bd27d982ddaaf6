"""Operators on character sets: from_utf8, utf8clean, IDNA labels, IMAP folder names."""

from __future__ import annotations

import base64
import codecs
import unicodedata

from ....errors import ExpansionError
from ...log import printing


def from_utf8(text: str) -> str:
    """UTF-8 to ISO-8859-1; what does not fit becomes an underscore. Bad UTF-8 is read as Exim reads it: without looking."""
    found, place = [], 0
    codes = [ord(char) for char in text]
    while place < len(codes):
        code = codes[place]
        place += 1
        if code & 0xC0 == 0xC0:
            extra = 1 if code < 0xE0 else 2 if code < 0xF0 else 3 if code < 0xF8 else 4 if code < 0xFC else 5
            code &= (0xFF, 0x1F, 0x0F, 0x07, 0x03, 0x01)[extra]
            for _ in range(extra):
                code = code << 6 | (codes[place] if place < len(codes) else 0) & 0x3F
                place += 1
        found.append(chr(code) if code <= 255 else "_")
    return "".join(found).partition("\0")[0]


def cleaned(text: str) -> str:
    """${utf8clean:…}: a question mark for each illegal sequence (RFC 3629)."""
    found: list[str] = []
    pending, left, code = "", 0, 0
    for char in text:
        byte = ord(char)
        if left:
            if byte & 0xC0 != 0x80:
                found.append("?" + (char if byte < 0x80 else ""))
                left = 0
                continue
            pending, code, left = pending + char, code << 6 | byte & 0x3F, left - 1
            if left == 0:
                found.append("?" if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else pending)
        elif byte < 0x80:
            found.append(char)
        elif byte in (0xC0, 0xC1) or byte & 0xE0 == 0x80 or byte & 0xE0 == 0xA0 or byte >= 0xF8:
            found.append("?")
        else:
            left = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
            pending, code = char, byte & (0x1F, 0x0F, 0x07)[left - 1]
    return "".join(found) + ("?" if left else "")


def _utf8(text: str) -> str:
    return text.encode("latin-1").decode("utf-8")


def domain_to_alabel(text: str) -> str:
    """UTF-8 domain to `xn--` labels (IDNA 2008); other letters become lower case."""
    try:
        decoded = _utf8(text)
    except UnicodeError:
        raise ExpansionError(f"error converting utf8 ({printing(text)}) to alabel: string encoding error") from None
    if decoded.isascii():
        return text
    labels = unicodedata.normalize("NFKC", decoded.lower()).replace("\u3002", ".").split(".")
    found: list[str] = []
    for label in labels:
        coded = label if label.isascii() else "xn--" + codecs.encode(label, "punycode").decode("ascii")
        fault = _label_fault(label, coded)
        if fault:
            raise ExpansionError(f"error converting utf8 ({printing(text)}) to alabel: {fault}")
        found.append(coded)
    return ".".join(found)


def _label_fault(label: str, coded: str) -> str:
    """What IDNA 2008 (RFC 5891 4.2, RFC 5893) has against a label, in libidn2's words; "" for nothing."""
    if label.startswith("xn--") and not label.isascii():
        return "string contains invalid punycode data"
    if label.startswith("-") or label.endswith("-"):
        return "string start/ends with forbidden hyphen"
    if label.isascii():
        return ""
    if label[2:4] == "--":
        return "string contains forbidden two hyphens pattern"
    if unicodedata.category(label[0])[0] == "M":
        return "string contains a forbidden leading combining character"
    if any(char > "\x7f" and unicodedata.category(char) not in _LETTERS_AND_DIGITS for char in label):
        return "string contains a disallowed character"
    if not _direction_is_right(label):
        return "string has forbidden bi-directional properties"
    if any(char <= "\x7f" and not (char.isalnum() or char in "-_") for char in label):
        return "A-label roundtrip failed"
    return "punycode encoded data will be too large" if len(coded) > 63 else ""


def _direction_is_right(label: str) -> bool:
    """A label with right-to-left letters begins and ends with one (or ends with a digit) and has no others."""
    kinds = [unicodedata.bidirectional(char) for char in label]
    if not set(kinds) & {"R", "AL", "AN"}:
        return True
    last = next((kind for kind in reversed(kinds) if kind != "NSM"), "")
    return kinds[0] in ("R", "AL") and last in ("R", "AL", "EN", "AN") and "L" not in kinds and not {"EN", "AN"} <= set(kinds)


_LETTERS_AND_DIGITS = frozenset(["Ll", "Lo", "Lm", "Mn", "Mc", "Nd"])


def domain_from_alabel(text: str) -> str:
    if "xn--" not in text:
        return text
    try:
        labels = [label[4:].encode("ascii").decode("punycode") if label.startswith("xn--") else label for label in text.split(".")]
        return ".".join(labels).encode("utf-8").decode("latin-1")
    except (UnicodeError, ValueError):
        raise ExpansionError(f"error converting alabel ({printing(text)}) to utf8: string contains invalid punycode data") from None


def local_part_to_alabel(text: str) -> str:
    """Punycode with `xn--` in front, where the text is not ASCII."""
    if text.isascii():
        return text
    try:
        return "xn--" + codecs.encode(_utf8(text), "punycode").decode("ascii")
    except (UnicodeError, ValueError):
        raise ExpansionError(f"error converting utf8 ({printing(text)}) to alabel: l_u2a: bad UTF-8 input") from None


def local_part_from_alabel(text: str) -> str:
    if not text.startswith("xn--"):
        raise ExpansionError(f"error converting alabel ({printing(text)}) to utf8: bad alabel prefix")
    try:
        return text[4:].encode("ascii").decode("punycode").encode("utf-8").decode("latin-1")
    except (UnicodeError, ValueError):
        raise ExpansionError(f"error converting alabel ({printing(text)}) to utf8: string contains invalid punycode data") from None


def imap_folder(name: str, charset: str, separator: str, specials: str) -> str:
    """Modified UTF-7 as a Maildir folder's name: separators become a dot, none at the ends; another dot or slash that is not special is
    refused."""
    try:
        text = name.lstrip(separator).encode("latin-1").decode(charset)
    except (LookupError, UnicodeError) as error:
        ends = isinstance(error, UnicodeDecodeError) and error.reason == "unexpected end of data"
        reason = "Invalid argument" if ends else "Invalid or incomplete multibyte or wide character"
        raise ExpansionError(f"imapfolder: iconv() failed to convert from {charset}: {reason}") from None
    return ".".join(_folder_part(part, specials) for part in text.split(separator) if part)


def _folder_part(text: str, specials: str) -> str:
    found, pending = [], ""
    for char in text:
        if char in "./" and char not in specials:
            raise ExpansionError(f"imapfolder: illegal character '{char}'")
        if not " " <= char <= "~" or char in specials:
            pending += char
            continue
        if pending:
            found.append(_encoded(pending))
            pending = ""
        found.append("&-" if char == "&" else char)
    return "".join(found) + (_encoded(pending) if pending else "")


def _encoded(text: str) -> str:
    body = base64.b64encode(text.encode("utf-16-be")).decode("ascii").rstrip("=").replace("/", ",")
    return f"&{body}-"
