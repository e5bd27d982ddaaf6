"""The text of `dns:` and what is answered to questions about it."""

from __future__ import annotations

import pytest

from pytest_eximsim.dns import Zone
from pytest_eximsim.errors import ScenarioError
from pytest_eximsim.exim.world import DnsStatus

ZONE = r"""
# a comment of a line
example.com.   MX   10 mx.example.com.      ; a comment
example.com    MX   5  mx2.Example.com      # a comment
mx.example.com A    203.0.113.5
mx.example.com 60 IN AAAA 2001:db8::5
_dmarc.example.com TXT "v=DMARC1; p=reject # no comment" "second"
host 198.51.100.7 mail.example.org    # address record and PTR
host 2001:db8::7 six.example.org
listed 203.0.113.66 zen.example 127.0.0.2 "why"
*.wild.example A 192.0.2.1
a.wild.example TXT "there"
www.example.com CNAME mx.example.com
loop.example CNAME loop2.example
loop2.example CNAME loop.example
long.example TXT ( "one"
                   "two" )
slow.example   RCODE TIMEOUT
bad.example    RCODE SERVFAIL
gone.example   RCODE NXDOMAIN
$ORIGIN sub.example.
@ A 192.0.2.9
below A 192.0.2.10
      TXT "the same name"
"""


def ask(name: str, type: str) -> tuple[str, list[str]]:
    answer = Zone.parse(ZONE).question(name, type)
    return answer.status.value, [record.data for record in answer.records]


@pytest.mark.parametrize(("name", "type", "records"), [
    ("example.com", "MX", ["10 mx.example.com", "5 mx2.Example.com"]),
    ("EXAMPLE.com", "MX", ["10 mx.example.com", "5 mx2.Example.com"]),
    ("mx.example.com", "AAAA", ["2001:db8::5"]),
    ("_dmarc.example.com", "TXT", ['"v=DMARC1; p=reject # no comment" "second"']),
    ("mail.example.org", "A", ["198.51.100.7"]),
    ("7.100.51.198.in-addr.arpa", "PTR", ["mail.example.org"]),
    ("six.example.org", "AAAA", ["2001:db8::7"]),
    ("66.113.0.203.zen.example", "A", ["127.0.0.2"]),
    ("66.113.0.203.zen.example", "TXT", ['"why"']),
    ("b.wild.example", "A", ["192.0.2.1"]),
    ("www.example.com", "A", ["203.0.113.5"]),
    ("long.example", "TXT", ['"one" "two"']),
    ("sub.example", "A", ["192.0.2.9"]),
    ("below.sub.example", "TXT", ['"the same name"']),
])
def test_found(name, type, records):
    assert ask(name, type) == ("found", records)


@pytest.mark.parametrize(("name", "type", "status"), [
    ("nosuch.example.com", "A", DnsStatus.NXDOMAIN),
    ("example.com", "A", DnsStatus.NODATA),
    ("wild.example", "A", DnsStatus.NODATA),                # an empty non-terminal exists (RFC 4592 2.2.2)
    ("a.wild.example", "A", DnsStatus.NODATA),              # a wildcard is not for names that exist
    ("slow.example", "A", DnsStatus.TIMEOUT),
    ("bad.example", "MX", DnsStatus.SERVFAIL),
    ("gone.example", "A", DnsStatus.NXDOMAIN),
])
def test_not_found(name, type, status):
    assert ask(name, type) == (status.value, [])


def test_a_loop_ends():
    assert ask("loop.example", "A")[1] == []


@pytest.mark.parametrize(("line", "what"), [
    ("example.com MX mx", "example.com"), ("host nowhere mail.example.org", "nowhere"), ("a.example RCODE OFTEN", "OFTEN"),
    ("a.example A 1.2.3", "a.example"), ("alone", "alone"),
])
def test_mistakes_have_their_line(line, what):
    with pytest.raises(ScenarioError) as caught:
        Zone.parse(f"example.com A 192.0.2.1\n\n{line}\n", "zone.txt", 10)
    assert str(caught.value).startswith("zone.txt:12") and what in str(caught.value)
