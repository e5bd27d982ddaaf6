"""`dnslists`: is the client, or something else, in a DNS list? (Exim chapter 44.31 to 44.36; case ACL-039).

    item   = [text-domain ","] domain [test] ["/" key { ":" key }]        | "+include_unknown" | "+exclude_unknown" | "+defer_unknown"
    test   = ["!"] ("=" | "==" | "&" | "=&") address { "," address }      "==" and "=&": all of the answers, not one
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from ...expansion.splitting import split
from ...hosts import dns_lookup, is_ip, reverse_name
from ...lists import split_list
from ...log import log
from ...world import DnsAnswer, DnsStatus
from ..phases import Phase
from ..verdict import FAIL, OK, Outcome, Result, error

if TYPE_CHECKING:
    from ..run import Run

LONGEST_QUERY = 255
KEPT = 3600.0           # seconds that an answer is kept where nothing says less
_UNKNOWN = {"+include_unknown": Result.OK, "+exclude_unknown": Result.FAIL, "+defer_unknown": Result.DEFER}
_ASSUMED = {Result.OK: "assumed in list", Result.FAIL: "assumed not in list", Result.DEFER: "returned DEFER"}


@dataclass(slots=True)
class _Item:
    """One list to ask. `addresses` None: any answer will do."""

    domain: str
    text_domain: str
    addresses: str | None = None
    mask: bool = False
    negated: bool = False
    all: bool = False
    keys: str | None = None


@dataclass(slots=True)
class Known:
    """An answer that the process keeps. `text` None: the TXT record was not asked for yet."""

    answer: DnsAnswer
    addresses: tuple[str, ...]
    until: float
    text: str | None = None


def dnslists(run: Run, value: str) -> Outcome:
    """Goes through the lists until one has it. Sets $dnslist_domain, $dnslist_matched, $dnslist_value, $dnslist_text."""
    unknown = Result.FAIL
    for text in split_list(value):
        if text.startswith("+"):
            if text.lower() in _UNKNOWN:
                unknown = _UNKNOWN[text.lower()]
            else:
                run.complain(f"unknown item in dnslist (ignored): {text}")
            continue
        item = _read(text)
        _check_names(run, item)
        found = _by_client(run, item, unknown) if item.keys is None else _by_keys(run, item, unknown)
        if found is not FAIL:
            return found
    return FAIL


def _read(text: str) -> _Item:
    """One item taken apart."""
    rest, slash, keys = text.partition("/")
    sign = "=" if "=" in rest else "&"
    head, found, tail = rest.partition(sign)
    item = _Item("", "", keys=keys if slash else None)
    if found:
        item.negated = head.endswith("!")
        head = head.removesuffix("!") if item.negated else head
        item.mask = sign == "&"
        if sign == "=" and tail[:1] in ("=", "&"):
            item.all, item.mask, tail = True, tail[0] == "&", tail[1:]
        item.addresses = tail
    first, comma, second = head.partition(",")
    item.text_domain = first
    item.domain = second if comma else first
    return item


def _check_names(run: Run, item: _Item) -> None:
    for name in dict.fromkeys((item.domain, item.text_domain)):
        if not all(char.isascii() and (char.isalnum() or char in "-._") for char in name):
            log(run.p, f'dnslists domain "{name}" contains strange characters - is this right?')


def _by_client(run: Run, item: _Item, unknown: Result) -> Outcome:
    """The client's address, turned round."""
    p = run.p
    if run.phase in (Phase.NOTSMTP, Phase.NOTSMTP_START):
        return error(f"cannot test auto-keyed dnslists condition in {run.phase.words} ACL")
    address = p.connection.host_address
    if not address:
        return FAIL
    return _found(run, item, address, _ask(run, item, address, _reversed(address), unknown))


def _by_keys(run: Run, item: _Item, unknown: Result) -> Outcome:
    """Each of the keys; one that cannot be found out does not end the search."""
    deferred = False
    for key in split(item.keys or "")[1]:
        result = _ask(run, item, key, _reversed(key) if is_ip(key) else key, unknown)
        if result is Result.OK:
            return _found(run, item, key, result)
        deferred = deferred or result is Result.DEFER
    return Outcome(Result.DEFER) if deferred else FAIL


def _found(run: Run, item: _Item, key: str, result: Result) -> Outcome:
    if result is Result.OK:
        run.p.scratch.variables["dnslist_domain"] = item.text_domain
        run.p.scratch.variables["dnslist_matched"] = key
        return OK
    return FAIL if result is Result.FAIL else Outcome(result)


def _reversed(address: str) -> str:
    return reverse_name(address).removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


# --- one question --------------------------------------------------------------------------------


def _ask(run: Run, item: _Item, key: str, prefix: str, unknown: Result) -> Result:
    """OK, FAIL or DEFER for one name below one list."""
    query = f"{prefix}.{item.domain}"
    if len(query) > LONGEST_QUERY:
        run.complain(f"dnslist query is too long (ignored): {query[:LONGEST_QUERY]}...")
        return Result.FAIL
    known = _known(run, query)
    match known.answer.status:
        case DnsStatus.FOUND if known.addresses:
            pass
        case DnsStatus.FOUND | DnsStatus.NXDOMAIN | DnsStatus.NODATA:
            return Result.FAIL
        case _:
            log(run.p, f"DNS list lookup defer (probably timeout) for {query}: {_ASSUMED[unknown]}", selector="dnslist_defer")
            return unknown
    if item.addresses is not None:
        if not _suits(item, known.addresses):
            return Result.FAIL
    elif run.p.release.dnslists_loopback_only and not _loopback(run, key, item.domain, known.addresses):
        return Result.FAIL
    if item.text_domain != item.domain:
        return _ask(run, _Item(item.text_domain, item.text_domain), key, prefix, unknown)
    variables = run.p.scratch.variables
    variables["dnslist_value"] = ", ".join(known.addresses)
    variables["dnslist_text"] = _text(run, query, known)
    return Result.OK


def _known(run: Run, query: str) -> Known:
    """From what the process has asked before, or asked now."""
    p = run.p
    kept: dict[str, Known] = p.scratch.dns_list_answers
    now = p.world.clock.now()
    known = kept.get(query)
    if known is not None and (not p.release.answers_expire or now < known.until):
        return known
    answer = dns_lookup(p, query, "A")
    records = [record for record in answer.records if record.type == "A"]
    until = now + min([KEPT, *(float(record.ttl) for record in records)])
    if answer.soa is not None and not records:
        until = now + min(KEPT, float(answer.soa.ttl))
    known = kept[query] = Known(answer, tuple(record.data for record in records), until)
    return known


def _text(run: Run, query: str, known: Known) -> str:
    """The first string of the first TXT record."""
    if known.text is None:
        records = dns_lookup(run.p, query, "TXT").records
        known.text = next((record.strings[0] for record in records if record.type == "TXT" and record.strings), "")
    return known.text


def _suits(item: _Item, addresses: tuple[str, ...]) -> bool:
    """Do the answers pass the test? One of them must, with `==` and `=&` all; `!` turns the result round."""
    wanted = split("<," + (item.addresses or ""))[1]
    hits = (_is_one_of(address, wanted, item.mask) for address in addresses)
    return (all(hits) if item.all else any(hits)) is not item.negated


def _is_one_of(address: str, wanted: list[str], mask: bool) -> bool:
    if not mask:
        return address in wanted
    bits = int(IPv4Address(address))
    masks = [int(IPv4Address(one)) for one in wanted if is_ip(one) and ":" not in one]
    return any(one & bits == one for one in masks)


def _loopback(run: Run, key: str, domain: str, addresses: tuple[str, ...]) -> bool:
    """Is one of the answers in 127/8? The others are reported."""
    good = False
    for address in addresses:
        if address.startswith("127."):
            good = True
        else:
            log(run.p, f"DNS list lookup for {key} at {domain} returned {address}; not in 127.0/8 and discarded")
    return good
