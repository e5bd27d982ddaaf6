"""An SPF record as its terms (RFC 7208, 4.6 and 12), read whole before anything is evaluated, as libspf2 reads it (cases SPF-014, -022).

    record := `v=spf1` { blank term }
    term   := [`+` `-` `?` `~`] mechanism | modifier
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network

from .spf_macros import BadMacro, check_macros

QUALIFIERS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9]*)=(.*)", re.S)
_MECHANISM = re.compile(r"([+\-?~]?)([A-Za-z0-9]+)(?:([:/])(.*))?", re.S)
_LENGTHS = re.compile(r"(?:/(\d{1,3}))?(?://(\d{1,3}))?")
_QUAD = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")


class InvalidRecord(Exception):
    """The record has a syntax error somewhere."""


@dataclass(frozen=True)
class Term:
    """One mechanism, or `redirect` and `exp`. `value` is the domain-spec with its macros, or a network; `bits4`, `bits6`: of `a`, `mx`."""

    name: str
    result: str = ""
    value: str = ""
    bits4: int = 32
    bits6: int = 128


def is_record(text: str) -> bool:
    """Is this TXT record one of SPF? (Any case; then a blank or the end.)"""
    return re.match(r"v=spf1(?= |\Z)", text, re.I) is not None


def read_record(text: str) -> tuple[Term, ...]:
    """All terms in order. Raises InvalidRecord."""
    terms: list[Term] = []
    seen: set[str] = set()
    for word in text.split(" ")[1:]:
        if not word:
            continue
        term = _read(word)
        if term is None or (term.name in ("redirect", "exp") and term.name in seen):
            continue
        seen.add(term.name)
        terms.append(term)
    return tuple(terms)


def _read(word: str) -> Term | None:
    """One term; None for an unknown modifier."""
    modifier = _MODIFIER.fullmatch(word)
    if modifier is not None:
        name = modifier[1].lower()
        return Term(name, value=_spec(modifier[2])) if name in ("redirect", "exp") else None
    found = _MECHANISM.fullmatch(word)
    if found is None:
        raise InvalidRecord(word)
    sign, name, separator, rest = found[1], found[2].lower(), found[3] or "", found[4] or ""
    result = QUALIFIERS[sign or "+"]
    match name:
        case "all" if not separator:
            return Term(name, result)
        case "redirect" if separator == ":" and not sign:
            return Term(name, value=_spec(rest))
        case "include" | "exists" if separator == ":":
            return Term(name, result, _spec(rest))
        case "ptr" if separator != "/":
            return Term(name, result, _spec(rest))
        case "a" | "mx":
            spec, bits4, bits6 = _with_lengths(separator, rest)
            return Term(name, result, _spec(spec), bits4, bits6)
        case "ip4" | "ip6" if separator == ":":
            return Term(name, result, _network(name, rest))
    raise InvalidRecord(word)


def _spec(text: str) -> str:
    try:
        check_macros(text)
    except BadMacro:
        raise InvalidRecord(text) from None
    return text


def _with_lengths(separator: str, rest: str) -> tuple[str, int, int]:
    """`domain/24//64`; the slashes of a macro's delimiters are not meant."""
    text = f"/{rest}" if separator == "/" else rest
    outside = re.sub(r"%\{[^}]*\}", lambda found: "m" * len(found[0]), text)
    slash = outside.find("/")
    spec, lengths = (text, "") if slash < 0 else (text[:slash], text[slash:])
    found = _LENGTHS.fullmatch(lengths)
    if found is None:
        raise InvalidRecord(text)
    bits4, bits6 = int(found[1] or 32), int(found[2] or 128)
    if not 1 <= bits4 <= 32 or not 1 <= bits6 <= 128:
        raise InvalidRecord(text)
    return spec, bits4, bits6


def _network(name: str, text: str) -> str:
    address, slash, length = text.partition("/")
    most = 32 if name == "ip4" else 128
    if slash and not (length.isdigit() and 1 <= int(length) <= most):
        raise InvalidRecord(text)
    if name == "ip4" and not _QUAD.fullmatch(address):
        raise InvalidRecord(text)
    try:
        network = ip_network(f"{address}/{length or most}", strict=False)
    except ValueError:
        raise InvalidRecord(text) from None
    if network.version != (4 if name == "ip4" else 6):
        raise InvalidRecord(text)
    return str(network)
