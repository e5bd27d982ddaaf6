"""Addresses against items: `user@domain`, `*@domain`, domains, `^regex`, lookups of the whole address, `@@` lookups (chapter 10.19)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import Died
from .matching import match_list
from .result import NOT_MATCHED, UNTOUCHED, ListDeferred, Matched, NotMatched, Result
from .strings import Text, lower
from .syntax import Networks, Words, split_list

if TYPE_CHECKING:
    from ..state import Process

_WHOLE_LOOKUP = re.compile(r"[A-Za-z0-9-]*\*?@?;")
_DOMAIN_SPECIALS = ("", "[]", "mx_any", "mx_primary", "mx_secondary")
_CHAIN_LIMIT = 50


@dataclass(slots=True)
class AddressSubject:
    """An address, in lower case while `caseless`; `+caseful` brings the local part back as it came. `captures`: a match sets $0, $1 …"""

    original: str
    caseless: bool = True
    captures: bool = False
    kind: str = "address"
    address: str = field(init=False)

    def __post_init__(self) -> None:
        local, at, domain = self.original.rpartition("@")
        self.address = lower(self.original) if self.caseless else f"{local}{at}{lower(domain)}"

    @property
    def told(self) -> str:
        return self.address or "<>"

    def make_caseful(self) -> None:
        local, at, _ = self.original.rpartition("@")
        if at:
            self.address = local + self.address[len(local):]
        self.caseless = False

    def test_words(self, p: Process, words: Words) -> Result:
        raise AssertionError("items of address lists are tested one by one")

    def test_networks(self, networks: Networks) -> bool:
        raise AssertionError("networks are items of host lists")

    def test(self, p: Process, pattern: str) -> Result:
        subject = self.address
        if p.release.list_match_data or self.captures:
            p.scratch.numbers = []
        if subject and "@" not in subject:
            from ..log import log

            log(p, f'no @ found in the subject of an address list match: subject="{subject}" pattern="{pattern}"', panic=True)
            return NOT_MATCHED
        if pattern.startswith("^"):
            found = self._whole(p, pattern)
            if self.captures and isinstance(found, Matched):
                p.scratch.numbers[0] = self.original
            return Matched(untouched=True) if isinstance(found, Matched) else UNTOUCHED if isinstance(found, NotMatched) else found
        if _WHOLE_LOOKUP.match(pattern):
            if pattern.startswith("partial-"):
                from ..log import log

                log(p, f'partial matching is not applicable to whole-address lookups: ignored "partial-" in "{pattern}"', panic=True)
            return self._whole(p, pattern)
        if not subject:
            return Matched(untouched=True) if not pattern else UNTOUCHED
        if pattern.startswith("@@"):
            return self._split_lookup(p, pattern[2:])
        return self._by_parts(p, pattern)

    def _whole(self, p: Process, pattern: str) -> Result:
        captures = self.captures and pattern.startswith("^")
        return Text("address", self.address, self.caseless, captures=captures, partial=False).test(p, pattern)

    def _by_parts(self, p: Process, pattern: str) -> Result:
        """The local part, then the domain, which is an item of a domain list. A pattern without @ speaks of the domain alone."""
        local, _, domain = self.address.rpartition("@")
        wanted, at, wanted_domain = pattern.rpartition("@")
        if at and wanted.endswith("@") and wanted_domain in _DOMAIN_SPECIALS:
            wanted, wanted_domain = wanted[:-1], "@" + wanted_domain
        if at:
            subject = lower(local) if self.caseless else local
            compared = lower(wanted) if self.caseless else wanted
            if not (subject.endswith(compared[1:]) if compared.startswith("*") else subject == compared):
                return UNTOUCHED
        text = Text("domain", domain, special=True, captures=self.captures)
        result = match_list(p, wanted_domain, text, expanded=True, single=True) if wanted_domain else NOT_MATCHED
        if self.captures and isinstance(result, Matched):
            wild = [local[:len(local) - len(wanted) + 1]] if wanted.startswith("*") else []
            p.scratch.numbers = [self.original, *wild, *p.scratch.numbers[1:]]
        if not p.release.list_match_data or isinstance(result, ListDeferred):
            return result
        shown = pattern[:len(local)]
        if isinstance(result, NotMatched):
            return NotMatched(f"{shown}@{result.data or ''}") if at else result
        return result if result.data is None else Matched(f"{shown if at else ''}@{result.data}")

    def _split_lookup(self, p: Process, lookup: str) -> Result:
        """`@@lookup`: the domain's list of local parts; `>name` as its last item goes on with another key (cases LISTS-002, LISTS-004)."""
        local, _, key = self.address.rpartition("@")
        if not local:
            return NOT_MATCHED
        for _ in range(_CHAIN_LIMIT):
            found = Text("address", key, caseless=False).test(p, lookup)
            if not isinstance(found, Matched):
                return found
            listed, _, last = (found.data or "").rpartition(":")
            chained = last.strip().startswith(">")
            for item in split_list(listed if chained else found.data or ""):
                positive = not item.startswith("!")
                result = Text("localpart", local, self.caseless).test(p, item if positive else item[1:].lstrip())
                if isinstance(result, ListDeferred):
                    return result
                if not isinstance(result, NotMatched):
                    return result if positive else NOT_MATCHED
            if not chained:
                return NOT_MATCHED
            key = last.strip()[1:].strip()
        raise Died(f"Loop detected in lookup of local part of {self.address} in @@{lookup}")
