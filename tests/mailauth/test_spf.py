"""SPF, a record a line. Results are libspf2's, as recorded (cases SPF-001 to -032)."""

from __future__ import annotations

import pytest

from pytest_eximsim.dns import Zone, ZoneResolver
from pytest_eximsim.mailauth.spf import Client, evaluate
from pytest_eximsim.mailauth.spf_macros import BadMacro, Names, check_macros, expand_macros
from pytest_eximsim.mailauth.spf_record import InvalidRecord, read_record

from ..exim.fake_world import FakeClock

ZONE = """
pass.test TXT "v=spf1 ip4:192.0.2.99 -all"
fail.test TXT "v=spf1 -all"
soft.test TXT "v=spf1 ~all"
none.test A 192.0.2.1
two.test TXT "v=spf1 -all"
two.test TXT "v=spf1 +all"
bad.test TXT "v=spf1 ip4:192.0.2.99 nonsense"
broken.test RCODE SERVFAIL
slow.test RCODE TIMEOUT
mx.test MX 10 mail.mx.test
mail.mx.test A 192.0.2.99
mail.mx.test AAAA 2001:db8::99
host 192.0.2.99 client.test
99.2.0.192.look.test A 127.0.0.2
"""


def result(record: str, address: str = "192.0.2.99", sender: str = "joe@some.test") -> str:
    resolver = ZoneResolver(Zone.parse(ZONE), "", FakeClock())
    return evaluate(resolver, Client(address, "helo.test", sender), "some.test", record=record).word


@pytest.mark.parametrize(("record", "word"), [
    ("v=spf1 +all", "pass"), ("v=spf1 -all", "fail"), ("v=spf1 ~all", "softfail"), ("v=spf1 ?all", "neutral"), ("v=spf1", "neutral"),
    ("v=spf1 ip4:192.0.2.0/24 -all", "pass"), ("v=spf1 ip4:192.0.2.1 -all", "fail"), ("v=spf1 ip6:2001:db8::/32 -all", "fail"),
    ("v=spf1 a:client.test -all", "pass"), ("v=spf1 a:none.test/24 -all", "pass"), ("v=spf1 mx:mx.test -all", "pass"),
    ("v=spf1 ptr:test -all", "pass"), ("v=spf1 ptr:other.test -all", "fail"), ("v=spf1 exists:%{ir}.look.test -all", "pass"),
    ("v=spf1 include:pass.test -all", "pass"), ("v=spf1 include:fail.test ~all", "softfail"),
    ("v=spf1 include:none.test -all", "permerror"),
    ("v=spf1 include:bad.test -all", "permerror"), ("v=spf1 include:broken.test -all", "temperror"),
    ("v=spf1 include:slow.test -all", "temperror"), ("v=spf1 a:broken.test -all", "temperror"), ("v=spf1 include:two.test", "permerror"),
    ("v=spf1 redirect=pass.test", "pass"), ("v=spf1 redirect=pass.test -all", "pass"), ("v=spf1 -all redirect=pass.test", "fail"),
    ("v=spf1 redirect=none.test", "permerror"), ("v=spf1 bogus=x -all", "fail"), ("v=spf1 a: ptr: ?all", "neutral"),
    ("v=spf1 nonsense", "(invalid)"), ("v=spf1 +all nonsense", "(invalid)"),
    ("v=spf1 a a a a a a a a a a a:client.test -all", "pass"), ("v=spf1 a a a a a a a a a a a -all", "permerror"),
])
def test_results(record, word):
    assert result(record) == word


@pytest.mark.parametrize(("domain", "word"), [
    ("pass.test", "pass"), ("none.test", "none"), ("nosuch.test", "none"), ("broken.test", "(invalid)"), ("bad.test", "(invalid)"),
    ("two.test", "permerror"),
])
def test_records_of_domains(domain, word):
    resolver = ZoneResolver(Zone.parse(ZONE), "", FakeClock())
    assert evaluate(resolver, Client("192.0.2.99", "helo.test", f"joe@{domain}"), domain).word == word


def test_ipv6_and_loopback():
    assert result("v=spf1 mx:mx.test -all", "2001:db8::99") == "pass"
    assert result("v=spf1 ip4:0.0.0.0/1 -all", "2001:db8::99") == "fail"
    assert result("v=spf1 -all", "127.0.0.1") == result("v=spf1 -all", "::1") == "pass"


@pytest.mark.parametrize("record", [
    "ip4:192.0.2.1/0", "ip4:192.0.2.1/33", "ip4:192.0.2", "ip4:192.0.2.256", "ip4:192.0.2.1/", "ip4", "ip4:2001:db8::1",
    "ip6:2001:db8::/129",
    "all:x", "all/24", "all.", "!all", "+", "include", "exists", "ptr/24", "a/33", "a//129", "x-y=1", "1x=1", "=x", ";", "exists:%{x}",
    "exists:%{d0}", "exists:%{d", "a:%{c}",
])
def test_invalid(record):
    with pytest.raises(InvalidRecord):
        read_record(f"v=spf1 {record}")


@pytest.mark.parametrize(("text", "expanded"), [
    ("%{s}", "joe@mail.example.org"), ("%{o}", "mail.example.org"), ("%{d}", "example.org"), ("%{l}", "joe"), ("%{dr}", "org.example"),
    ("%{o2}", "example.org"), ("%{o1r}", "mail"), ("%{ir}", "99.2.0.192"), ("%{v}", "in-addr"), ("%{h}", "helo.test"), ("%%%_%-", "% %20"),
    ("%{S}", "joe%40mail.example.org"), ("100%", "100%"), ("%(d)", "%(d)"),
])
def test_macros(text, expanded):
    check_macros(text)
    assert expand_macros(text, Names("joe@mail.example.org", "helo.test", "192.0.2.99", "example.org")) == expanded


def test_an_unknown_letter():
    with pytest.raises(BadMacro):
        check_macros("%{t}")
