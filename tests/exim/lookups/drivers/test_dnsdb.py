"""dnsdb: types, separators, several names, deferrals (case REDIS-084)."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.lookups import Answer, Deferred, Found, NotFound, parse_type, search

from ...fake_world import process

ZONE = """
a.test 300 A 192.0.2.1
a.test 300 A 192.0.2.2
a.test 300 AAAA 2001:db8::1
a.test 300 MX 10 mx1.test
a.test 300 MX 5 mx2.test
t.test 300 TXT "one" "two"
s.test 300 SRV 1 2 25 host.test
sub.z.test 300 A 192.0.2.9
z.test 300 NS ns1.test
1.2.0.192.in-addr.arpa 300 PTR a.test
bad.test RCODE SERVFAIL
"""


@pytest.mark.parametrize(("query", "answer"), [
    ("a=a.test", Found("192.0.2.1\n192.0.2.2")), (">; a=a.test", Found("192.0.2.1;192.0.2.2")), ("aaaa=a.test", Found("2001:db8::1")),
    (">, a+=a.test", Found("2001:db8::1,192.0.2.1,192.0.2.2")), (">: mx=a.test", Found("10 mx1.test:5 mx2.test")),
    (">: mxh=a.test", Found("mx1.test:mx2.test")), ("t.test", Found("one")), ("txt=t.test", Found("one")),
    (">:, txt=t.test", Found("one two")), (">:; txt=t.test", Found("onetwo")), ("srv=s.test", Found("1 2 25 host.test")),
    ("zns=sub.z.test", Found("ns1.test")),
    ("ptr=192.0.2.1", Found("a.test")), ("a=nosuch.test", NotFound()), ("a=t.test", NotFound()), ("a=bad.test", Deferred("")),
    (">: a=bad.test:sub.z.test", Found("192.0.2.9")), ("defer_strict,a=bad.test:sub.z.test", Deferred("")),
    ("defer_never,a=bad.test", NotFound()), ("nosuch=a.test", Deferred("unsupported DNS record type")),
    ("defer_x,a=a.test", Deferred("unsupported dnsdb defer behaviour")),
])
def test_queries(query: str, answer: Answer) -> None:
    p = process(dns=ZONE)
    assert search(p, parse_type("dnsdb", p.release), None, query) == answer
