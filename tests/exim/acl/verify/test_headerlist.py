"""Addresses of header lines, groups included; each is what Exim 4.96 says of it."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.acl.verify.headerlist import addresses
from pytest_eximsim.exim.addresses import AddressSyntaxError, Syntax


def read(body: str, trimmed: bool = False) -> list[str]:
    found = addresses(body, Syntax(), trimmed=trimmed)
    return [str(parsed) if isinstance(parsed, AddressSyntaxError) else parsed.address for _, parsed in found]


@pytest.mark.parametrize(("body", "expected"), [
    (" a@b.test\n", ["a@b.test"]),
    (" a@b.test, Joe <c@d.test>,\n  e@f.test (x, y)\n", ["a@b.test", "c@d.test", "e@f.test"]),
    (' "Foo, Bar" <a@b.test>\n', ["a@b.test"]),
    (" undisclosed-recipients:;\n", ["empty address"]),
    (" list: a@b.test, c@d.test; , e@f.test\n", ["a@b.test", "c@d.test", "e@f.test"]),
    (" list:a@b.test; list2:unq;, c@d.test\n", ["a@b.test", "c@d.test"]),
    (" a:b:c@d.test;\n", ['missing or malformed local part (expected word or "<")']),
    (" a@b.test;\n", ["malformed address: ;\n may not follow a@b.test"]),
    (" <@a.test,@b.test:c@d.test>\n", ["c@d.test"]),
    ("\n", []),
    (" joe\n", ["joe"]),
])
def test_addresses(body: str, expected: list[str]) -> None:
    assert [one.lstrip() for one in read(body)] == expected


def test_trimmed() -> None:
    assert read(" a@b@c \n", trimmed=True) == ["malformed address: @c may not follow a@b"]
