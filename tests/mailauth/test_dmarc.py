"""DMARC: records, organizational domains, alignment, outcomes, as libopendmarc has them (cases DMARC-006 to -017)."""

from __future__ import annotations

import pytest

from pytest_eximsim.dns import Zone, ZoneResolver
from pytest_eximsim.mailauth.dmarc import Way, aligned, find_record, judge, survivor
from pytest_eximsim.mailauth.dmarc_record import read_record
from pytest_eximsim.mailauth.suffixes import read_suffixes

from ..exim.fake_world import FakeClock

SUFFIXES = read_suffixes("// comment\ncom\nuk\nco.uk\njp\n*.kawasaki.jp\n Blank\nfff.\r\nxyz")
ZONE = """
_dmarc.rej.com TXT "v=DMARC1; p=reject; sp=quarantine"
_dmarc.several.com TXT "first"
_dmarc.several.com TXT "v=DMARC1; p=reject"
_dmarc.nopolicy.com TXT "v=DMARC1; sp=reject"
"""
OLD, NEW = Way(asks_organization=True, raw=False), Way(asks_organization=False, raw=True)


def resolver() -> ZoneResolver:
    return ZoneResolver(Zone.parse(ZONE), "", FakeClock())


@pytest.mark.parametrize(("domain", "organization"), [
    ("a.b.example.com", "example.com"), ("example.com", "example.com"), ("com", "com"), ("a.b.co.uk", "b.co.uk"), ("host.zz", "host.zz"),
    ("a.kawasaki.jp", "kawasaki.jp"), ("www.fff", "www.fff"), ("sub.www.xyz", "www.xyz"), ("x.com", "com"),
])
def test_organizational_domains(domain, organization):
    assert SUFFIXES.organizational(domain) == organization


@pytest.mark.parametrize(("domain", "other", "relaxed", "strict"), [
    ("example.com", "example.com", True, True), ("Example.com", "EXAMPLE.COM", True, True),
    ("example.com", "sub.example.com", True, True), ("sub.example.com", "example.com", True, False),
    ("one.example.com", "two.example.com", True, False), ("example.com", "other.com", False, False), ("example.com", "com", True, False),
])
def test_alignment(domain, other, relaxed, strict):
    assert (aligned(domain, other, "r", SUFFIXES), aligned(domain, other, "s", SUFFIXES)) == (relaxed, strict)


@pytest.mark.parametrize(("text", "policy", "broken"), [
    ("v=DMARC1; p=reject", "reject", False), ("v=DMARC1;p=r", "reject", False), ("P = Re Ject; v=dmarc1", "reject", False),
    ("v=DMARC1; p=rejected", "", True), ("v=DMARC1; p=none; pct=101", "none", True), ("v=DMARC2; p=none", "", True),
    ("v=DMARC1; p=none; p=quarantine", "quarantine", False), ("v=DMARC1; np=x; t=y; p=none", "none", False),
    ("v=DMARC1; p=none; rua=mailto:a@b,,c", "none", True), ("v=DMARC1; p=none; rua=mailto:a@b,", "none", False), ("nothing", "", False),
])
def test_records(text, policy, broken):
    record = read_record(text)
    assert (record.policy, record.broken) == (policy, broken)


def test_a_format_that_damages_a_mode():
    assert read_record("v=DMARC1; p=none; rf=iodef").aspf == "2"
    assert read_record("v=DMARC1; p=none; aspf=r; rf=iodef").aspf == "r"


@pytest.mark.parametrize(("domain", "way", "policy", "used"), [
    ("rej.com", OLD, "reject", "rej.com"), ("www.rej.com", OLD, "quarantine", "rej.com"), ("www.rej.com", NEW, None, "www.rej.com"),
    ("several.com", OLD, None, "several.com"), ("several.com", NEW, "reject", "several.com"), ("nopolicy.com", OLD, None, "nopolicy.com"),
    ("absent.com", OLD, None, "absent.com"),
])
def test_which_record(domain, way, policy, used):
    record, asked = find_record(resolver(), domain, SUFFIXES, way)
    assert (record.policy if record else None, asked) == (policy, used)


@pytest.mark.parametrize(("spf", "signatures", "outcome"), [
    ("", (), "reject"), ("rej.com", (), "accept"), ("other.com", (), "reject"), ("", (("rej.com", True),), "accept"),
    ("", (("rej.com", False),), "reject"), ("", (("sub.rej.com", True), ("rej.com", False)), "reject"),
    ("", (("rej.com", False), ("sub.rej.com", True)), "accept"),
])
def test_outcomes(spf, signatures, outcome):
    assert judge(resolver(), "rej.com", SUFFIXES, OLD, spf=spf, signatures=signatures).outcome == outcome


def test_which_signature_survives():
    assert survivor([("other.com", True), ("x.com", False)], "rej.com", "r", SUFFIXES) == ("other.com", True)
