"""Addresses of SMTP commands: what is left of them, or why they are refused (cases s101 to s119)."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.addresses import AddressSyntaxError, Syntax, find_end, parse_address, split
from pytest_eximsim.exim.release import RELEASES

GOOD = [
    ("<a@b.example>", "a@b.example"),
    ("a@b.example", "a@b.example"),
    ("  < a@b.example > ", "a@b.example"),
    ("Joe <a@b.example>", "a@b.example"),
    ("Joe Q. Public <a@b.example>", "a@b.example"),
    ('"Joe, junior" <a@b.example> (comment)', "a@b.example"),
    ("a(comment (nested))@b.example", "a@b.example"),
    ("<@x.example,@y.example:a@b.example>", "a@b.example"),
    ("@x.example:a@b.example", "a@b.example"),
    ("<a>", "a"),
    ('<"a b"@c.example>', '"a b"@c.example'),
    ("<a\\ b@c.example>", "a\\ b@c.example"),
    ("<.a@b.example>", ".a@b.example"),
    ("<a.@b.example>", "a.@b.example"),
    ("<a..b@c.example>", "a..b@c.example"),
    ("<a%b!c+d@E.example>", "a%b!c+d@E.example"),
    ("<\xe9@b.example>", "\xe9@b.example"),
    ("<a@b-.example>", "a@b-.example"),
    ("a @ b . example", "a@b.example"),
    ("a(x) @ (y) b (z) . example", "a@b.example"),
]

BAD = [
    ("", "empty address"),
    ("<>", "missing or malformed local part"),
    ("<a@b.example", "'>' missing at end of address"),
    ("<x", '"@" or "." expected after "x"'),
    ("<a@>", "domain missing or malformed"),
    ("<a@b_c.example>", "malformed address: _c.example> may not follow <a@b"),
    ("<a@-b.example>", "domain missing or malformed"),
    ("<a@b.example.>", "domain missing or malformed"),
    ("<a@b..example>", "domain missing or malformed"),
    ("<a@[192.0.2.1]>", "domain literals not allowed"),
    ('<"a@b.example>', "unmatched doublequote in local part"),
    ("<@b.example>", "no local part"),
    ("@b.example", "no local part"),
    ("<a@b.example> FOO=bar", "malformed address: FOO=bar may not follow <a@b.example> "),
    ("a b@c.example", 'malformed address'),
]


@pytest.mark.parametrize(("text", "address"), GOOD)
def test_good(text: str, address: str) -> None:
    parsed = parse_address(text, Syntax())
    assert parsed.address == address
    assert parsed.domain == (address.rindex("@") + 1 if "@" in address else 0)


@pytest.mark.parametrize(("text", "reason"), BAD[:-1])
def test_bad(text: str, reason: str) -> None:
    with pytest.raises(AddressSyntaxError) as error:
        parse_address(text, Syntax())
    assert str(error.value) == reason


def test_the_null_sender_only_where_it_may_be() -> None:
    assert parse_address("<>", Syntax(), allow_null=True).address == ""
    assert parse_address(" < > ", Syntax(), allow_null=True).address == ""


def test_options_change_the_syntax() -> None:
    assert parse_address("<a@[IPv6:2001:db8::1]>", Syntax(domain_literals=True)).address == "a@[IPv6:2001:db8::1]"
    assert parse_address("<a@b.example.>", Syntax(strip_trailing_dot=True)).address == "a@b.example"
    assert parse_address("<<a@b.example>>", Syntax(strip_excess_angle_brackets=True)).address == "a@b.example"
    with pytest.raises(AddressSyntaxError, match="malformed domain literal"):
        parse_address("<a@[192.0.2.1>", Syntax(domain_literals=True))


def test_only_later_releases_limit_the_length() -> None:
    long = f"<{'x' * 250}@b.example>"
    assert parse_address(long, RELEASES["4.82+"]).address == long[1:-1]
    with pytest.raises(AddressSyntaxError, match=r"address is ridiculously long: x{64}\.\.\."):
        parse_address(long, RELEASES["4.99"])


def test_offsets_of_the_address_in_its_text() -> None:
    text = "Joe <a@b.example> (c)"
    parsed = parse_address(text, Syntax())
    assert text[parsed.start:parsed.end] == "a@b.example"


@pytest.mark.parametrize("first", ["a@b.example", '"x, y" <c@d.example>', "(e, f) g@h.example", ""])
@pytest.mark.parametrize("rest", [", i@j.example", ""])
def test_the_end_of_an_address_in_a_list(first: str, rest: str) -> None:
    assert find_end(first + rest) == len(first)
    assert find_end(f"k@l.example,{first}{rest}", len("k@l.example,")) == len("k@l.example," + first)


def test_split_at_the_last_at() -> None:
    assert split("a@b@c") == ("a@b", "c")
    assert split("a") == ("a", "")
