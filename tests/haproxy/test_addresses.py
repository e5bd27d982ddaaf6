"""Address forms of bind and server lines (manual, 11)."""

import pytest

from pytest_eximsim.haproxy.addresses import read_address, read_addresses

FORMS = [
    (":25", "none", "0.0.0.0", 25, 4),
    ("*:25", "none", "0.0.0.0", 25, 4),
    ("0.0.0.0:25", "none", "0.0.0.0", 25, 4),
    (":::25", "none", "::", 25, 6),
    ("[::]:25", "none", "::", 25, 6),
    ("ipv6@:25", "none", "::", 25, 6),
    ("ipv6@*:25", "none", "::", 25, 6),
    ("203.0.113.10:25", "ip", "203.0.113.10", 25, 4),
    ("ipv4@203.0.113.10:25", "ip", "203.0.113.10", 25, 4),
    ("[2001:db8::1]:25", "ip", "2001:db8::1", 25, 6),
    ("2001:db8:0::1:25", "ip", "2001:db8::1", 25, 6),
    ("10.0.0.1", "ip", "10.0.0.1", None, 4),
    ("10.0.0.1:+10", "ip", "10.0.0.1", 10, 4),
    ("mx1.example.net:25", "name", "mx1.example.net", 25, 0),
    ("/run/mail.sock", "unix", "/run/mail.sock", None, 0),
    ("unix@/run/mail.sock", "unix", "/run/mail.sock", None, 0),
    ("abns@mail", "unix", "mail", None, 0),
    ("fd@3", "other", "fd@3", None, 0),
    ("stdout", "other", "stdout", None, 0),
    ("$HOST:25", "ip", "10.0.0.9", 25, 4),
]


@pytest.mark.parametrize(("text", "kind", "host", "port", "family"), FORMS, ids=[form[0] for form in FORMS])
def test_forms(text: str, kind: str, host: str, port: int | None, family: int) -> None:
    address = read_address(text, {"HOST": "10.0.0.9"})
    assert (address.kind, address.host, address.port, address.family) == (kind, host, port, family)


def test_relative_ports() -> None:
    assert read_address("10.0.0.1:+10").relative
    assert read_address("10.0.0.1:-10").port == -10


def test_lists_and_ranges_are_unfolded() -> None:
    ports = [(one.host, one.port) for one in read_addresses("10.0.0.1:25,:587-589")]
    assert ports == [("10.0.0.1", 25), ("0.0.0.0", 587), ("0.0.0.0", 588), ("0.0.0.0", 589)]


@pytest.mark.parametrize(("text", "protocol"), [
    ("quic4@:443", "quic"), ("udp@10.0.0.1:53", "udp"), ("dgram+udp@10.0.0.1:53", "udp"), (":25", "tcp"),
])
def test_protocols(text: str, protocol: str) -> None:
    assert read_address(text).protocol == protocol
