"""Choosing a listener by `to:`, and what carries mail."""

import pytest

from pytest_eximsim.errors import ScenarioError
from pytest_eximsim.haproxy import parse
from pytest_eximsim.haproxy.listeners import choose_listener, destination, listeners, mail_listeners

EDGE = """\
frontend web
    mode http
    bind :80
frontend smtp
    bind 203.0.113.10:25
    bind [2001:db8::10]:25
    default_backend mx
frontend submission
    bind 203.0.113.10:587
    bind 203.0.113.11:587
    default_backend mx
frontend odd
    bind :10000
    default_backend mx
frontend both
    bind :::26 v4v6
    default_backend mx
backend mx
    server mx1 10.20.30.1:25
    server loop 127.0.0.1:10025
listen inner
    bind 127.0.0.1:10025 accept-proxy
    server x 10.20.30.1:25
"""


@pytest.mark.parametrize(("to", "family", "found"), [
    (None, 4, "203.0.113.10:25"),
    (None, 6, "[2001:db8::10]:25"),
    (25, 4, "203.0.113.10:25"),
    ("25", 6, "[2001:db8::10]:25"),
    ("smtp", 4, "203.0.113.10:25"),
    ("203.0.113.11:587", 4, "203.0.113.11:587"),
    ("odd", 4, ":10000"),
    ("10000", 4, ":10000"),
    ("192.0.2.7:10000", 4, ":10000"),
    ("both", 4, ":::26"),
    ("both", 6, ":::26"),
])
def test_choice(to: str | int | None, family: int, found: str) -> None:
    assert choose_listener(parse(EDGE), to, family=family).address.text == found


@pytest.mark.parametrize(("to", "family", "message"), [
    (587, 4, "leaves several listeners.*203.0.113.10:587.*203.0.113.11:587"),
    ("submission", 4, "leaves several"),
    ("nosuch", 4, "no such listener; there is: web :80"),
    ("465", 4, "no such listener"),
    ("submission", 6, "no listener for IPv6"),
])
def test_what_cannot_be_chosen_lists_what_there_is(to: str | int, family: int, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        choose_listener(parse(EDGE, "h.cfg"), to, family=family)


def test_mail_listeners_leave_out_web_and_inner_ones() -> None:
    assert [one.address.text for one in mail_listeners(parse(EDGE))] == [
        "203.0.113.10:25", "[2001:db8::10]:25", "203.0.113.10:587", "203.0.113.11:587", ":10000", ":::26"]


def test_the_only_mail_listener_needs_no_port_25() -> None:
    config = parse("frontend web\n mode http\n bind :80\nlisten m\n bind :10025\n server s 10.0.0.1:25\n")
    assert choose_listener(config).port == 10025


def test_one_on_25_among_two() -> None:
    config = parse("listen m\n bind :25\n bind :587\n server s 10.0.0.1:25\n")
    assert choose_listener(config).port == 25


def test_several_without_25_are_listed() -> None:
    config = parse("listen m\n bind :2525\n bind :587\n server s 10.0.0.1:25\n")
    with pytest.raises(ScenarioError, match="leaves several"):
        choose_listener(config)


@pytest.mark.parametrize(("to", "client", "expected"), [
    (None, "198.51.100.7", ("203.0.113.10", 25)),
    ("odd", "198.51.100.7", ("192.0.2.10", 10000)),
    ("192.0.2.7:10000", "198.51.100.7", ("192.0.2.7", 10000)),
    ("both", "2001:db8::7", ("2001:db8::99", 26)),
])
def test_destination(to: str | None, client: str, expected: tuple[str, int]) -> None:
    listener = choose_listener(parse(EDGE), to, family=6 if ":" in client else 4)
    assert destination(listener, client, to, {4: "192.0.2.10", 6: "2001:db8::99"}.__getitem__) == expected


def test_listeners_are_numbered() -> None:
    assert [one.index for one in listeners(parse(EDGE))] == list(range(8))
