"""The `dns:` text of a scenario: records, and what is answered to a question (RFC 1034 4.3.2, RFC 4592 wildcards). No resolver, no server
here.

    name [TTL] [IN] TYPE data        a line of a master file; names are absolute with or without their final dot ($ORIGIN is `.`), TTL 300;
                                     $ORIGIN, $TTL, `@`, parentheses, comments (`;`, and `#` behind a blank) and an empty name (the one
                                     before) have their usual meaning
    host 198.51.100.7 NAME           the address record of NAME, and the PTR record that leads back
    listed 203.0.113.66 LIST 127.0.0.2 ["text"]      the entry of a DNS list
    name RCODE WORD                  SERVFAIL, REFUSED, FORMERR, NXDOMAIN or TIMEOUT, whatever is asked about that name

Text is latin-1 in records, any case in names; names compare without case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from ..errors import Position, ScenarioError
from ..exim.world import DnsAnswer, DnsRecord, DnsStatus

DEFAULT_TTL = 300
MAX_CHAIN = 10
FORCED = {
    "SERVFAIL": DnsStatus.SERVFAIL, "REFUSED": DnsStatus.SERVFAIL, "NXDOMAIN": DnsStatus.NXDOMAIN, "TIMEOUT": DnsStatus.TIMEOUT,
    "FORMERR": DnsStatus.SERVFAIL,
}


@dataclass
class Zone:
    """All names that exist: lower-case name → type → records. `forced` has the RCODE lines, with the word as written."""

    names: dict[str, dict[str, list[DnsRecord]]] = field(default_factory=dict)
    forced: dict[str, str] = field(default_factory=dict)
    above: set[str] = field(default_factory=lambda: {""})       # empty non-terminals too

    @classmethod
    def parse(cls, text: str, file: str = "dns", first_line: int = 1) -> Zone:
        """Raises ScenarioError for the first wrong line, with `file` and its line (the text's first line counts as `first_line`)."""
        zone = cls()
        reader = _Reader(zone)
        for number, line in _logical_lines(text):
            try:
                reader.read(line)
            except _BadLine as error:
                raise ScenarioError(str(error), Position(file, first_line + number)) from None
        return zone

    def add(self, record: DnsRecord) -> None:
        name = record.name.lower()
        self.names.setdefault(name, {}).setdefault(record.type, []).append(record)
        self._make_known(name)

    def force(self, name: str, word: str) -> None:
        self.forced[name.lower()] = word
        self._make_known(name.lower())

    def _make_known(self, name: str) -> None:
        while name not in self.above:
            self.above.add(name)
            name = name.partition(".")[2]

    def question(self, name: str, type: str) -> DnsAnswer:
        """What a resolver would get, CNAMEs followed; `type` "ANY" gives all records of the name."""
        chain: list[str] = []
        while True:
            chain.append(name)
            status, records = self._at(name, type)
            if records and records[0].type == "CNAME" and type not in ("CNAME", "ANY"):
                name = records[0].target
                if len(chain) > MAX_CHAIN or name.lower() in map(str.lower, chain):
                    return DnsAnswer(DnsStatus.SERVFAIL, name=name, chain=tuple(chain))
                continue
            negative = status in (DnsStatus.NXDOMAIN, DnsStatus.NODATA)
            return DnsAnswer(status, tuple(records), name, tuple(chain), self.authority(name) if negative else None)

    def _at(self, name: str, type: str) -> tuple[DnsStatus, list[DnsRecord]]:
        """The records of one name: its own, or those of the wildcard below its closest ancestor that exists."""
        place = name.lower()
        if place not in self.above:
            closest = place
            while closest not in self.above:
                closest = closest.partition(".")[2]
            place = f"*.{closest}" if closest else "*"
            if place not in self.above:
                return DnsStatus.NXDOMAIN, []
        if place in self.forced:
            return FORCED[self.forced[place]], []
        here = self.names.get(place, {})
        records = [record for found in here.values() for record in found] if type == "ANY" else here.get(type) or here.get("CNAME", [])
        if place.startswith("*") and place != name.lower():
            records = [_renamed(record, name) for record in records]
        return (DnsStatus.FOUND if records else DnsStatus.NODATA), records

    def authority(self, name: str) -> DnsRecord | None:
        """The SOA record of the zone that the name is in, where the text has one."""
        place = name.lower()
        while True:
            found = self.names.get(place, {}).get("SOA")
            if found or not place:
                return found[0] if found else None
            place = place.partition(".")[2]


def _renamed(record: DnsRecord, name: str) -> DnsRecord:
    return replace(record, name=name)


class _BadLine(Exception):
    """The text says what is wrong with a line."""


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments, those in parentheses joined; with the number, from 0, of the first."""
    held, start, depth = "", 0, 0
    for number, line in enumerate(text.split("\n")):
        kept, change = _without_comment(line)
        if not held:
            start = number
        held += kept if not depth else " " + kept
        depth += change
        if depth <= 0:
            if held.strip():
                yield start, held
            held, depth = "", 0
    if held.strip():
        yield start, held


def _without_comment(line: str) -> tuple[str, int]:
    """The line up to its comment, parentheses as blanks; and by how many the depth of parentheses changes."""
    kept: list[str] = []
    change, quoted, escaped, before = 0, False, False, " "
    for char in line:
        if (char == ";" or (char == "#" and before in " \t")) and not quoted and not escaped:
            break
        before = char
        if char == '"' and not escaped:
            quoted = not quoted
        if char in "()" and not quoted and not escaped:
            change += 1 if char == "(" else -1
            char = " "
        escaped = char == "\\" and not escaped
        kept.append(char)
    return "".join(kept).rstrip(), change


class _Reader:
    """Reads logical lines into a zone; remembers $ORIGIN, $TTL and the last name."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.origin = ""
        self.ttl = DEFAULT_TTL
        self.last: str | None = None

    def read(self, line: str) -> None:
        words = line.split()
        match words[0]:
            case "$ORIGIN":
                self.origin = self._name(_only(words))
            case "$TTL":
                self.ttl = _ttl(_only(words))
            case "host" if len(words) == 3 and _is_address(words[1]):
                self._host(words[1], words[2])
            case "listed" if len(words) >= 4 and _is_address(words[1]):
                self._listed(line)
            case _:
                self._record(line)

    def _name(self, text: str) -> str:
        if text == "@":
            return self.origin
        if text.endswith(".") and not text.endswith("\\."):
            return text[:-1]
        return f"{text}.{self.origin}" if self.origin else text

    def _host(self, address: str, name: str) -> None:
        reverse = ip_address(address).reverse_pointer
        type = "AAAA" if ":" in address else "A"
        self._add(self._name(name), type, str(ip_address(address)), self.ttl)
        self._add(reverse, "PTR", self._name(name) + ".", self.ttl)

    def _listed(self, line: str) -> None:
        """The reversed address below the list's name."""
        _, address, list_name, value, *text = line.split(None, 4)
        reversed_digits = ip_address(address).reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
        name = f"{reversed_digits}.{self._name(list_name)}"
        self._add(name, "A", value, self.ttl)
        if text:
            self._add(name, "TXT", text[0], self.ttl)

    def _record(self, line: str) -> None:
        name: str | None = self.last
        rest = line
        if not line[0].isspace():
            word, rest = _split_word(line)
            name = self.last = self._name(word)
        if name is None:
            raise _BadLine("a line that begins with white space continues a name, but there is none before it")
        ttl = self.ttl
        type = ""
        while rest.strip():
            word, rest = _split_word(rest)
            if word.isdigit():
                ttl = int(word)
            elif word.upper() != "IN":
                type = word.upper()
                break
        if not type or (line.split()[0] in ("host", "listed") and not _is_type(type)):
            raise _BadLine(
                f'"{line.strip()}" has no record type: `name [TTL] [IN] TYPE data`, `host ADDRESS NAME`, `listed ADDRESS LIST VALUE` or '
                "`name RCODE WORD` is expected"
            )
        if type == "RCODE":
            word = rest.strip().upper()
            if word not in FORCED:
                raise _BadLine(f'unknown RCODE "{rest.strip()}": one of {", ".join(FORCED)} is expected')
            self.zone.force(name, word)
            return
        self._add(name, type, rest.strip(), ttl)

    def _add(self, name: str, type: str, data: str, ttl: int) -> None:
        self.zone.add(make_record(name, type, data, ttl, self.origin))


def _is_type(word: str) -> bool:
    import dns.rdatatype

    try:
        return word == "RCODE" or dns.rdatatype.from_text(word) >= 0
    except (dns.rdatatype.UnknownRdatatype, ValueError):
        return False


def _only(words: list[str]) -> str:
    if len(words) != 2:
        raise _BadLine(f"{words[0]} takes one word")
    return words[1]


def _split_word(text: str) -> tuple[str, str]:
    text = text.lstrip()
    end = next((place for place, char in enumerate(text) if char.isspace()), len(text))
    return text[:end], text[end:]


def _ttl(word: str) -> int:
    if not word.isdigit():
        raise _BadLine(f'"{word}" is not a number of seconds')
    return int(word)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def make_record(name: str, type: str, data: str, ttl: int, origin: str = "") -> DnsRecord:
    """A record from its master-file text."""
    import dns.exception
    import dns.name
    import dns.rdata

    try:
        rdata = dns.rdata.from_text("IN", type, data, origin=dns.name.from_text(origin + "."), relativize=False)
    except (dns.exception.DNSException, ValueError) as error:
        raise _BadLine(f"{type} record of {name}: {error}") from None
    return from_rdata(name, type, rdata, ttl)


def from_rdata(name: str, type: str, rdata: object, ttl: int) -> DnsRecord:
    """A record from dnspython's."""
    given = _Attributes(rdata)
    match type:
        case "TXT" | "SPF":
            strings = tuple(chunk.decode("latin-1") for chunk in given.get("strings"))
            return DnsRecord(name, type, str(rdata), ttl, strings)
        case "MX":
            target = given.name("exchange")
            return DnsRecord(name, type, f"{given.get('preference')} {target}", ttl, preference=given.get("preference"), target=target)
        case "SRV":
            target = given.name("target")
            numbers = given.get("priority"), given.get("weight"), given.get("port")
            return DnsRecord(name, type, " ".join(map(str, (*numbers, target))), ttl, (), *numbers, target)
        case "NS" | "PTR" | "CNAME" | "DNAME":
            target = given.name("target")
            return DnsRecord(name, type, target, ttl, target=target)
        case "SOA":
            words = [given.name("mname"), given.name("rname")]
            words += [str(given.get(word)) for word in ("serial", "refresh", "retry", "expire", "minimum")]
            return DnsRecord(name, type, " ".join(words), ttl)
        case _:
            return DnsRecord(name, type, str(rdata), ttl)


class _Attributes:
    """Attributes of dnspython's record classes, which have no common type."""

    def __init__(self, rdata: object) -> None:
        self._rdata = rdata

    def get(self, name: str) -> Any:
        return getattr(self._rdata, name)

    def name(self, name: str) -> str:
        """A domain name without its final dot; the root is the empty text."""
        return str(getattr(self._rdata, name)).removesuffix(".")
