"""`dnsdb`: DNS records as data (Exim chapter 9.11; case REDIS-084). Not here: the DNS itself (world.Resolver)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...expansion.splitting import split
from ...hosts import dns_lookup, is_ip, reverse_name
from ...world import DnsAnswer, DnsRecord, DnsStatus
from ..result import NOT_FOUND, Deferred, Found, Reply

if TYPE_CHECKING:
    from ...state import Process

#: the types, as written → the records that are asked for, in order
TYPES = {
    "a": ("A",), "a+": ("AAAA", "A"), "aaaa": ("AAAA",), "cname": ("CNAME",), "csa": ("SRV",), "mx": ("MX",), "mxh": ("MX",), "ns": ("NS",),
    "ptr": ("PTR",), "soa": ("SOA",), "spf": ("SPF",), "srv": ("SRV",), "tlsa": ("TLSA",), "txt": ("TXT",), "zns": ("NS",),
}
#: what joins the parts of one record, where the query does not say; None: only the first part
INNER = {"spf": "", "srv": " ", "mx": " ", "tlsa": " "}
_BLANK = " \t\n\v\f\r"
_CHOICES = ("strict", "lax", "never")
_SPOILED = (DnsStatus.SERVFAIL, DnsStatus.TIMEOUT)


class _BadQuery(Exception):
    """The text is Exim's reason for the deferral."""


@dataclass(slots=True)
class Query:
    """A query, taken apart: `outer` between records, `inner` between the parts of one."""

    type: str = "txt"
    names: list[str] = field(default_factory=list)
    outer: str = "\n"
    inner: str | None = None
    defer: str = "lax"
    dnssec: str = "lax"


def find(p: Process, file: str, key: str, options: str) -> Reply:
    """Any record of any of the names is found; whether one name's deferral counts says `defer_…`."""
    try:
        query = read_query(p, key)
    except _BadQuery as error:
        return Reply(Deferred(str(error)))
    pieces: list[str] = []
    spoiled = False
    keep: int | None = None
    for name in query.names:
        for type in TYPES[query.type]:
            answer, found = _ask(p, query.type, name, type)
            if answer.status in _SPOILED or (answer.status is DnsStatus.FOUND and query.dnssec == "strict"):
                if query.defer == "strict":
                    return Reply(Deferred(""))
                spoiled = spoiled or query.defer == "lax"
                continue
            records = [record for record in answer.records if record.type == type] if answer.status is DnsStatus.FOUND else []
            pieces += [text for record in records if (text := _text(query, record, name, found)) is not None]
            keep = min([record.ttl for record in records] + ([] if keep is None else [keep]), default=keep)
    if pieces:
        return Reply(Found(query.outer.join(pieces)), keep if p.release.answers_expire else None)
    return Reply(Deferred("") if spoiled else NOT_FOUND)


def read_query(p: Process, text: str) -> Query:
    """`>x, defer_strict, mx=a:b`"""
    query = Query()
    if text.startswith(">"):
        query.outer, text = text[1:2], text[2:]
        if text.startswith(","):
            query.inner, text = text[1:2], text[2:]
        elif text.startswith(";"):
            query.inner, text = "", text[1:]
        text = text.lstrip(_BLANK)
    text = _modifiers(query, text)
    word, equals, behind = text.partition("=")
    if equals:
        query.type = word.rstrip(_BLANK).lower()
        if query.type not in TYPES or (query.type == "soa" and not p.release.dnsdb_soa):
            raise _BadQuery("unsupported DNS record type")
        text = behind.lstrip(_BLANK)
    if query.inner is None:
        query.inner = INNER.get(query.type)
    single = query.type == "ptr" and not text.startswith("<") and is_ip(text, p.release)
    query.names = [text] if single else split(text)[1]
    return query


def _modifiers(query: Query, text: str) -> str:
    """Takes off `defer_…,`, `dnssec_…,`, `retrans_…,` and `retry_…,`; the last two change nothing where the DNS is the scenario's."""
    while True:
        lower = text.lower()
        if lower.startswith("defer_"):
            query.defer, text = _choice(text[6:], "defer")
        elif lower.startswith("dnssec_"):
            query.dnssec, text = _choice(text[7:], "dnssec")
        elif lower.startswith("retrans_"):
            text = text[8:].lstrip("0123456789smhdw")
        elif lower.startswith("retry_"):
            text = text[6:].lstrip("0123456789")
        else:
            return text
        text = text.lstrip(_BLANK)
        if not text.startswith(","):
            raise _BadQuery("dnsdb modifier syntax error")
        text = text[1:].lstrip(_BLANK)


def _choice(text: str, what: str) -> tuple[str, str]:
    for word in _CHOICES:
        if text.lower().startswith(word):
            return word, text[len(word):]
    raise _BadQuery(f"unsupported dnsdb {what} behaviour")


def _ask(p: Process, kind: str, name: str, type: str) -> tuple[DnsAnswer, str]:
    """The answer, and the name that it is of."""
    if kind in ("ptr", "csa") and is_ip(name, p.release):
        name = reverse_name(name)
    if kind in ("zns", "soa"):
        return _climb(p, name, type)
    if kind == "csa":
        return _client_authorization(p, name)
    return dns_lookup(p, name, type), name


def _climb(p: Process, name: str, type: str) -> tuple[DnsAnswer, str]:
    """The records of the name, or of the nearest domain above it that has any."""
    while name:
        answer = dns_lookup(p, name, type)
        if answer.status not in (DnsStatus.NXDOMAIN, DnsStatus.NODATA):
            return answer, name
        name = name.partition(".")[2]
    return DnsAnswer(DnsStatus.NXDOMAIN), name


def _client_authorization(p: Process, name: str) -> tuple[DnsAnswer, str]:
    """Client SMTP authorization: the record of the name, or what a domain above it (not the topmost) says of names below it."""
    above = name
    while True:
        answer = dns_lookup(p, f"_client._smtp.{above}", "SRV")
        if answer.status in (DnsStatus.FOUND, *_SPOILED):
            return answer, above
        above = above.partition(".")[2]
        if "." not in above:
            return answer, name


def _text(query: Query, record: DnsRecord, name: str, found: str) -> str | None:
    """One record as text; None for one that does not count."""
    inner = query.inner
    match query.type:
        case "txt" | "spf":
            chunks = record.strings or (record.data,)
            return chunks[0] if inner is None else inner.join(chunks)
        case "mx":
            return f"{record.preference}{inner}{record.target}"
        case "mxh":
            return record.target
        case "srv":
            return f"{record.preference}{inner}{record.weight}{inner}{record.port}{inner}{record.target}"
        case "csa":
            return _authorization(record, name, found)
        case "soa":
            words = record.data.split()
            return words[0] if inner is None else inner.join(words)
        case "tlsa":
            words = record.data.split()
            return (inner or "").join([*words[:3], "".join(words[3:]).lower()])
        case _:
            return record.data


def _authorization(record: DnsRecord, name: str, found: str) -> str | None:
    """`Y host`, `N host`, `? host`, `X host` (explicit authorization required below this domain)."""
    if record.preference != 1:
        return None
    if found != name:
        return f"{'X' if record.port & 1 else '?'} {record.target}"
    verdict = "N" if record.weight < 2 else {2: "Y", 3: "?"}.get(record.weight)
    return None if verdict is None else f"{verdict} {record.target}"
