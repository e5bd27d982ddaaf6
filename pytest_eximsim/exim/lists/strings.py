"""Domains, local parts and plain strings against items: words, `*suffix`, `^regex`, `@`, `@[]`, `@mx_…`, lookups (Exim chapters 10.8,
10.20, 10.21).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import Died
from ..lookups import Deferred, Found, LookupSetupError, LookupType, LookupTypeError, parse_type, search
from ..lookups.drivers.sqlite import file_and_query
from ..taint import cut, parted
from .result import NOT_MATCHED, ListDeferred, Matched, Result
from .syntax import Networks, Words

if TYPE_CHECKING:
    from ..state import Process


@dataclass(slots=True)
class Text:
    """A subject that is compared as text. `text` is in lower case while `caseless`; `original` is as it came.

    `special`: `@`, `@[]`, `@mx_…` have their meaning; `captures`: a match sets $0, $1 …; these are marked as `original` is.
    """

    kind: str
    original: str
    caseless: bool = True
    special: bool = False
    captures: bool = False
    partial: bool = True
    text: str = field(init=False)

    def __post_init__(self) -> None:
        self.text = lower(self.original) if self.caseless else str(self.original)

    @property
    def told(self) -> str:
        return self.text

    def make_caseful(self) -> None:
        self.caseless, self.text = False, str(self.original)

    def test(self, p: Process, pattern: str) -> Result:
        """One item.

        Later releases forget $0, $1 … first. Raises Died for a bad regular expression, an unknown lookup type, a file that cannot be
        opened (cases LISTS-006, REDIS-086).
        """
        if p.release.list_match_data and self.kind != "string":
            p.scratch.numbers = []
        match pattern[:1]:
            case "^":
                return self._regex(p, pattern)
            case "*":
                return self._suffix(p, pattern)
            case "@" if self.special:
                if pattern == "@":
                    return self._word(p, str(p.configuration.main["primary_hostname"]))
                if pattern == "@[]":
                    return self._own_literal(p)
                if pattern[:4].lower() == "@mx_":
                    from .mx import match_mx

                    found = match_mx(p, self.text, pattern)
                    if found is not None:
                        return found
        if ";" in pattern:
            return self._lookup(p, pattern)
        return self._word(p, pattern)

    def test_words(self, p: Process, words: Words) -> Result:
        if p.release.list_match_data and self.kind != "string":
            p.scratch.numbers = []
        found = words.folded.get(self.text) if self.caseless else words.exact.get(self.text)
        return NOT_MATCHED if found is None else self._matched(p, found, [self.text])

    def test_networks(self, networks: Networks) -> bool:
        raise AssertionError("networks are items of host lists")

    def _matched(self, p: Process, data: str, groups: list[str] | None) -> Matched:
        """Later releases remember the item; who wants them gets its wild parts."""
        if self.captures and groups is not None:
            p.scratch.numbers = list(parted(groups, self.original))
        return Matched(data if p.release.list_match_data else None)

    def _word(self, p: Process, pattern: str) -> Result:
        equal = self.text == (lower(pattern) if self.caseless else pattern)
        return self._matched(p, pattern, [self.text]) if equal else NOT_MATCHED

    def _suffix(self, p: Process, pattern: str) -> Result:
        suffix = lower(pattern[1:]) if self.caseless else pattern[1:]
        if not self.text.endswith(suffix):
            return NOT_MATCHED
        return self._matched(p, pattern, [self.text, self.text[:len(self.text) - len(suffix)]])

    def _regex(self, p: Process, pattern: str) -> Result:
        from ..regexes import must_compile

        found = must_compile(pattern, p.release, caseless=self.caseless).search(self.original)
        return NOT_MATCHED if found is None else self._matched(p, pattern, [self.original, *found.groups[1:]])

    def _own_literal(self, p: Process) -> Result:
        from ..hosts import local_literals

        if not (self.text.startswith("[") or self.text.endswith("]")):
            return NOT_MATCHED
        return self._matched(p, "@[]", [self.text]) if self.text[1:-1] in local_literals(p) else NOT_MATCHED

    def _lookup(self, p: Process, pattern: str) -> Result:
        """`type;file` with the subject as key, or `type;query`."""
        name, _, rest = pattern.partition(";")
        try:
            type = parse_type(name, p.release)
            answer = look_up(p, type, cut(rest.lstrip(), pattern), self.text, partial=self.partial)
        except (LookupTypeError, LookupSetupError) as error:
            raise Died(str(error)) from None
        match answer:
            case Found(value, wild, fixed):
                if self.captures:
                    numbers = [self.text] if wild is None else [self.text, wild, fixed or ""]
                    p.scratch.numbers = list(parted(numbers, self.original))
                return Matched(value)
            case Deferred(message):
                return ListDeferred(message)
        return NOT_MATCHED


def look_up(p: Process, type: LookupType, rest: str, key: str, *, partial: bool = True, of_network: bool = False) -> object:
    """A lookup as an item of a list; `rest` is what stands behind the semicolon; `of_network`: of a `net-` item."""
    if type.kind == "single":
        if not partial and type.partial is not None:
            type = LookupType(type.driver, None, type.affix, type.star, type.options)
        return search(p, type, rest, key)
    if type.kind == "absfilequery":
        file, query = file_and_query(p, rest, type.options, of_network=of_network)
        return search(p, type, file, query)
    return search(p, type, None, rest)


def lower(text: str) -> str:
    """ASCII alone, as Exim compares."""
    return text.lower() if text.isascii() else text.encode("latin-1").lower().decode("latin-1")
