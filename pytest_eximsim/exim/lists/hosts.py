"""Hosts against items: addresses and networks, `@`, `@[]`, names and patterns of names, `net-` lookups (Exim chapters 10.11 to 10.18)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import Died
from ..expansion.ip import kill_by_mask
from ..hosts import find_by_name, in_network, is_ip, local_literals, look_up_sender_name, masked, number_of
from ..lookups import Deferred, Found, LookupSetupError, LookupTypeError, parse_type
from ..taint import cut, is_tainted
from .result import MATCHED, NOT_MATCHED, ItemResult, ListDeferred, Matched, NotMatched, Result, Unresolved
from .strings import Text, look_up
from .syntax import Networks, Words

if TYPE_CHECKING:
    from ..state import Process

#: Several networks that were to be items of their own: the older release takes the first address and the last mask (case REDIS-054).
_SEVERAL = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3}){3})/.*/([0-9]+)", re.DOTALL)
_NET = re.compile(r"net([0-9]*)-")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_BAD_SIX = re.compile(r"[0-9A-Fa-f:]+(?:/|$)")
_BAD_FOUR = re.compile(r"[0-9.]+(?:/|$)")


def _malformed(pattern: str, *, told: bool) -> str:
    """What is wrong with an item that looks like an address and is none; `told`: it is named, and those of IPv6 are, too."""
    wrong = _BAD_FOUR.match(pattern) or (_BAD_SIX.match(pattern) if told and ":" in pattern else None)
    if wrong is None or pattern.startswith("/"):
        return ""
    named = f": {wrong[0].removesuffix('/')}" if told else ""
    return f"malformed IPv{6 if ':' in pattern else 4} address or address mask{named}"


@dataclass(slots=True)
class HostSubject:
    """A host. `name`: known to the caller (an outgoing host), None for the client of this connection, whose name is looked up when an item
    needs it; "" for an address alone (match_ip). `address` "" is no host at all (a local session)."""

    name: str | None
    address: str
    kind: str = "host"
    number: tuple[int, int] | None = field(init=False)

    def __post_init__(self) -> None:
        self.number = number_of(self.address)

    @property
    def told(self) -> str:
        return self.address or "(no host)"

    def make_caseful(self) -> None:
        raise AssertionError("+caseful is no item of host lists")

    def test_words(self, p: Process, words: Words) -> Result:
        raise AssertionError("names of host lists are tested one by one")

    def test_networks(self, networks: Networks) -> bool:
        return self.number is not None and self.number in networks

    def test(self, p: Process, pattern: str) -> ItemResult:
        if pattern == "*":
            return MATCHED
        if not self.address or not pattern:
            return MATCHED if not self.address and not pattern else NOT_MATCHED
        if pattern == "@":
            if self.name == "":
                return Unresolved("cannot match host name in match_ip list")
            pattern = str(p.configuration.main["primary_hostname"])
        elif pattern == "@[]":
            return MATCHED if self.address in local_literals(p) else NOT_MATCHED
        if p.release.tainted_masks_kill and is_tainted(pattern):
            kill_by_mask(pattern)
        if is_ip(pattern, p.release, mask=True):
            return MATCHED if in_network(self.address, pattern) else NOT_MATCHED
        joined_networks = None if p.release.strict_addresses else _SEVERAL.fullmatch(pattern)
        if joined_networks:
            return MATCHED if in_network(self.address, "/".join(joined_networks.groups())) else NOT_MATCHED
        malformed = _malformed(pattern, told=p.release.malformed_addresses_told)
        if malformed:
            return Unresolved(malformed)
        return self._by_lookup(p, pattern)

    def _by_lookup(self, p: Process, pattern: str) -> ItemResult:
        """`net-type;…`, and in lists of addresses every lookup: the key is the address."""
        net = _NET.match(pattern) if ";" in pattern else None
        if net or (self.name == "" and ";" in pattern):
            bits = int(net[1]) if net and net[1] else -1
            return self._net_lookup(p, cut(pattern[net.end():], pattern) if net else pattern, bits)
        if self.name == "":
            return Unresolved("cannot match host name in match_ip list")
        if _NAME.fullmatch(pattern):
            return self._by_address_of(p, pattern)
        if self.name is not None:
            return self._by_name(p, [self.name], pattern)
        return self._by_client_name(p, pattern)

    def _net_lookup(self, p: Process, pattern: str, bits: int) -> Result:
        name, _, rest = pattern.partition(";")
        try:
            type = parse_type(name, p.release)
            key = masked(self.address, bits, ":" if type.name == "iplsearch" else ".") if type.single_key else ""
            answer = look_up(p, type, cut(rest.lstrip(), pattern), key, partial=False, of_network=True)
        except (LookupTypeError, LookupSetupError) as error:
            raise Died(str(error)) from None
        if isinstance(answer, Deferred):
            return ListDeferred(answer.message)
        return Matched(answer.value) if isinstance(answer, Found) else NOT_MATCHED

    def _by_address_of(self, p: Process, name: str) -> ItemResult:
        """A plain name: its addresses are compared."""
        found = find_by_name(p, name)
        if found.deferred:
            return ListDeferred(None)
        if not found.addresses:
            return Unresolved(f"failed to find IP address for {name}")
        return MATCHED if any(in_network(self.address, address) for address in found.addresses) else NOT_MATCHED

    def _by_client_name(self, p: Process, pattern: str) -> ItemResult:
        """A pattern of names, or a lookup by name. Query lookups need no name unless they ask for it themselves."""
        if ";" in pattern:
            try:
                type = parse_type(pattern.partition(";")[0], p.release)
            except LookupTypeError as error:
                from ..log import log

                log(p, f'{error} in host list item "{pattern}"', panic=True)
                return ListDeferred(str(error))
            if not type.single_key:
                return self._by_name(p, [""], pattern)
        connection = p.connection
        if not connection.host_name and (connection.host_lookup_failed or not look_up_sender_name(p)):
            return Unresolved(f"failed to find host name for {self.address}")
        return self._by_name(p, [connection.host_name, *connection.host_aliases], pattern)

    def _by_name(self, p: Process, names: list[str], pattern: str) -> Result:
        for name in names:
            result = Text("host", name, special=True).test(p, pattern)
            if not isinstance(result, NotMatched):
                return result
        return NOT_MATCHED
