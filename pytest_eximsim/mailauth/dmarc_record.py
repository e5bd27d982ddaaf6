"""The tags of a DMARC record (RFC 7489, 6.3) as libopendmarc 1.4 reads them (cases DMARC-013 to -016): what stands before a mistake counts.

    record := tag { `;` tag }      tag := name `=` value       all white space goes, case is ignored
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

POLICIES = ("reject", "none", "quarantine")
MODES = ("strict", "relaxed")


class _Bad(Exception):
    """Reading stops here."""


@dataclass
class DmarcRecord:
    """`policy` is "" where the record has none that could be read; modes are "r", "s", or "2" after a damaging `rf=`."""

    policy: str = ""
    subdomain_policy: str = ""
    adkim: str = ""
    aspf: str = ""
    pct: int = 100
    rua: list[str] = field(default_factory=list)
    ruf: list[str] = field(default_factory=list)
    broken: bool = False                # a mistake stands behind what was read


def read_record(text: str) -> DmarcRecord:
    """Never raises; `broken` tells of a mistake."""
    record = DmarcRecord()
    try:
        for piece in text.split(";"):
            name, equals, value = re.sub(r"\s", "", piece).partition("=")
            if equals and name and value:
                _tag(record, name.lower(), value)
    except _Bad:
        record.broken = True
    return record


def _tag(record: DmarcRecord, name: str, value: str) -> None:
    low = value.lower()
    match name:
        case "v":
            if low != "dmarc1":
                raise _Bad
        case "p":
            record.policy = _beginning(low, POLICIES)
        case "sp":
            record.subdomain_policy = _beginning(low, POLICIES)
        case "adkim":
            record.adkim = _beginning(low, MODES)[0]
        case "aspf":
            record.aspf = _beginning(low, MODES)[0]
        case "pct":
            record.pct = _percent(low)
        case "ri":
            if not low.isdigit():
                raise _Bad
        case "rf":
            for one in low.split(","):
                if _beginning(one, ("afrf", "iodef")) == "iodef" and record.aspf != "r":
                    record.aspf = record.aspf or "2"
        case "fo":
            for one in low.split(":"):
                if one[:1] not in tuple("01ds"):
                    raise _Bad
        case "rua" | "ruf":
            _addresses(record, name, value)


def _beginning(text: str, words: tuple[str, ...]) -> str:
    """The word that begins so."""
    for word in words:
        if text and word.startswith(text):
            return word
    raise _Bad


def _percent(text: str) -> int:
    """As strtoul reads it."""
    found = re.match(r"[+]?(\d+)", text)
    if text.startswith("-") and text[1:2].isdigit():
        raise _Bad
    value = int(found[1]) if found else 0
    if value > 100:
        raise _Bad
    return value


def _addresses(record: DmarcRecord, name: str, value: str) -> None:
    kept: list[str] = getattr(record, name)
    if kept and name == "rua":
        raise _Bad
    items = value.split(",")
    if items[-1] == "":
        items.pop()
    if not all(items):
        raise _Bad
    kept.extend(items)
