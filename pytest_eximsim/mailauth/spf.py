"""SPF for one connection (RFC 7208), as libspf2 evaluates it (cases SPF-001 to -032): where it parts from the RFC, it is followed.

    - a syntax error anywhere, or a failure of the DNS for the record itself, is `(invalid)`
    - `redirect` acts in its place; at most ten terms that ask the DNS in each record, and the eleventh is still tried
    - loopback clients pass without a question
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Protocol

from ..exim.world import DnsAnswer, DnsStatus
from .spf_macros import Names, expand_macros
from .spf_record import InvalidRecord, Term, is_record, read_record

NO_RECORD = "Could not find a valid SPF record"
SEVERAL = "Multiple SPF or TXT records for domain."
INVALID = "(invalid)"
MOST_TERMS = 10
MOST_NAMES = 10
DEEPEST = 20


class Resolver(Protocol):
    """What SPF asks."""

    def query(self, name: str, type: str) -> DnsAnswer: ...


@dataclass(frozen=True)
class SpfResult:
    """`word` is the RFC's, or `(invalid)`; `reason` of a permerror; `matched`: a mechanism decided, not the default."""

    word: str
    reason: str = ""
    matched: bool = False
    local: bool = False                 # a loopback client


@dataclass(frozen=True)
class Client:
    """Who sends: the client's address, HELO, and the sender, with the postmaster of HELO in place of the null one."""

    address: str
    helo: str
    sender: str


class _Stop(Exception):
    """Evaluation ends with a result."""

    def __init__(self, word: str, reason: str = "") -> None:
        super().__init__(word)
        self.result = SpfResult(word, reason)


@dataclass
class _Evaluation:
    resolver: Resolver
    client: Client
    instead: str = ""                   # the record of the first domain, where it is not to be asked for
    nameless: str = "permerror"         # what an `include:` or `redirect=` without a domain is
    open: list[str] = field(default_factory=list)

    def domain(self, name: str, count: int = 0) -> SpfResult:
        """The result of a domain's record. Raises _Stop for errors."""
        if len(self.open) > DEEPEST or name.lower() in self.open:
            raise _Stop("permerror", NO_RECORD)
        self.open.append(name.lower())
        try:
            return self._terms(name, self._record(name), count)
        finally:
            self.open.pop()

    def _record(self, name: str) -> tuple[Term, ...]:
        top = len(self.open) == 1
        if top and self.instead:
            return read_record(self.instead)
        answer = self.resolver.query(name, "TXT") if name else DnsAnswer(DnsStatus.NXDOMAIN)
        if answer.status in (DnsStatus.SERVFAIL, DnsStatus.TIMEOUT):
            raise _Stop(INVALID if top else "temperror")
        found = [text for record in answer.records if is_record(text := "".join(record.strings))]
        if len(found) > 1:
            raise _Stop("permerror", SEVERAL)
        if not found:
            raise _Stop("none")
        try:
            return read_record(found[0])
        except InvalidRecord:
            raise _Stop(INVALID if top else "permerror") from None

    def _terms(self, name: str, terms: tuple[Term, ...], count: int) -> SpfResult:
        for term in terms:
            if count > MOST_TERMS:
                raise _Stop("permerror")
            if term.name in ("a", "mx", "ptr", "exists", "include", "redirect"):
                count += 1
            if term.name == "redirect":
                return self._redirect(term, name, count)
            if term.name != "exp" and self._matches(term, name):
                return SpfResult(term.result, matched=True)
        return SpfResult("neutral")

    def _redirect(self, term: Term, name: str, count: int) -> SpfResult:
        if not term.value:
            raise _Stop(self.nameless, NO_RECORD)
        try:
            return self.domain(self._target(term, name), count)
        except _Stop as stop:
            if stop.result.word == "none":
                raise _Stop("permerror", NO_RECORD) from None
            raise

    def _target(self, term: Term, name: str) -> str:
        if not term.value:
            return name
        return expand_macros(term.value, Names(self.client.sender, self.client.helo, self.client.address, name)).rstrip(".")

    def _matches(self, term: Term, name: str) -> bool:
        address = ip_address(self.client.address)
        match term.name:
            case "all":
                return True
            case "ip4" | "ip6":
                network = ip_network(term.value)
                return network.version == address.version and address in network
            case "include":
                return self._include(term, name)
            case "a":
                return self._a(self._target(term, name), term)
            case "mx":
                return self._mx(self._target(term, name), term)
            case "exists":
                return bool(self._ask(self._target(term, name), "A"))
            case _:
                return self._ptr(self._target(term, name))

    def _include(self, term: Term, name: str) -> bool:
        if not term.value:
            raise _Stop(self.nameless, NO_RECORD)
        try:
            return self.domain(self._target(term, name)).word == "pass"
        except _Stop as stop:
            if stop.result.word == "temperror":
                raise
            raise _Stop("permerror", stop.result.reason or NO_RECORD) from None

    def _ask(self, name: str, type: str) -> list[str]:
        """The data of the records; a DNS failure is a temperror."""
        answer = self.resolver.query(name, type)
        if answer.status in (DnsStatus.SERVFAIL, DnsStatus.TIMEOUT):
            raise _Stop("temperror")
        return [record.target if record.type == "MX" else record.data for record in answer.records]

    def _a(self, target: str, term: Term) -> bool:
        type, bits = ("AAAA", term.bits6) if ":" in self.client.address else ("A", term.bits4)
        address = ip_address(self.client.address)
        return any(address in ip_network(f"{found}/{bits}", strict=False) for found in self._ask(target, type))

    def _mx(self, target: str, term: Term) -> bool:
        names = self._ask(target, "MX")
        if any(self._a(name, term) for name in names[:MOST_NAMES]):
            return True
        if len(names) > MOST_NAMES:
            raise _Stop("permerror")
        return False

    def _ptr(self, target: str) -> bool:
        """A name of the client that leads back to it, and is the target or below it."""
        type = "AAAA" if ":" in self.client.address else "A"
        address = ip_address(self.client.address)
        for record in self.resolver.query(address.reverse_pointer, "PTR").records[:MOST_NAMES]:
            name = record.data.rstrip(".").lower()
            if f".{name}".endswith(f".{target.lower()}"):
                found = self.resolver.query(name, type).records
                if any(ip_address(one.data) == address for one in found if one.type == type):
                    return True
        return False


def evaluate(resolver: Resolver, client: Client, domain: str, *, record: str = "", nameless: str = "permerror") -> SpfResult:
    """The result for a domain. Never raises.

    `record`: one to be taken instead of its own; `nameless`: what an `include:` or `redirect=` without a domain is (releases of the library
    differ).
    """
    address = ip_address(client.address)
    if address.is_loopback:
        return SpfResult("pass", local=True)
    try:
        return _Evaluation(resolver, client, record, nameless).domain(domain.rstrip("."))
    except _Stop as stop:
        return stop.result
    except InvalidRecord:
        return SpfResult(INVALID)


def explanation_of(resolver: Resolver, client: Client, domain: str) -> str:
    """The text behind `exp=` of a domain's own record, its macros not yet replaced; empty where there is none."""
    evaluation = _Evaluation(resolver, client)
    try:
        evaluation.open.append(domain.lower())
        terms = evaluation._record(domain)
    except _Stop:
        return ""
    for term in terms:
        if term.name == "exp":
            records = resolver.query(evaluation._target(term, domain), "TXT").records
            return "".join(records[0].strings) if records else ""
        if term.name == "redirect":
            return explanation_of(resolver, client, evaluation._target(term, domain))
    return ""
