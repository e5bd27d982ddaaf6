"""PROXY headers: made, read, cut short, with trailing octets. The fixed ones are written by hand after proxy-protocol.txt."""

from __future__ import annotations

import pytest

from pytest_eximsim.wire.proxy import SIGNATURE, End, Incomplete, NoHeader, ProxyHeader, Tlv, decode, encode_v1, encode_v2

V4 = End("198.51.100.7", 40001), End("192.0.2.25", 25)
V6 = End("2001:db8::1", 40001), End("2001:db8::25", 25)
V2_V4 = SIGNATURE + b"\x21\x11\0\x0c" + b"\xc6\x33\x64\x07\xc0\x00\x02\x19\x9c\x41\0\x19"


@pytest.mark.parametrize(("header", "octets"), [
    (encode_v1(*V4), b"PROXY TCP4 198.51.100.7 192.0.2.25 40001 25\r\n"),
    (encode_v1(*V6), b"PROXY TCP6 2001:db8::1 2001:db8::25 40001 25\r\n"),
    (encode_v1(V4[0], V6[1]), b"PROXY TCP6 ::ffff:198.51.100.7 2001:db8::25 40001 25\r\n"),
    (encode_v1(None, None), b"PROXY UNKNOWN\r\n"),
    (encode_v2(*V4), V2_V4),
    (encode_v2(None, None), SIGNATURE + b"\x21\0\0\0"),
    (encode_v2(None, None, local=True), SIGNATURE + b"\x20\0\0\0"),
    (encode_v2(*V4, tlvs=[Tlv(2, b"mx"), Tlv(4, b"")]), V2_V4.replace(b"\0\x0c", b"\0\x14", 1) + b"\x02\0\x02mx\x04\0\0"),
])
def test_encode(header: bytes, octets: bytes) -> None:
    assert header == octets


HEADERS = [
    (encode_v1(*V4), ProxyHeader(1, "TCP4", *V4)),
    (encode_v1(*V6), ProxyHeader(1, "TCP6", *V6)),
    (b"PROXY UNKNOWN\r\n", ProxyHeader(1, "UNKNOWN")),
    (b"PROXY UNKNOWN ffff::1 whatever 1 2\r\n", ProxyHeader(1, "UNKNOWN")),
    (encode_v2(*V4), ProxyHeader(2, "TCP4", *V4)),
    (encode_v2(*V6), ProxyHeader(2, "TCP6", *V6)),
    (encode_v2(V4[0], V6[1]), ProxyHeader(2, "TCP6", End("::ffff:198.51.100.7", 40001), V6[1])),
    (encode_v2(None, None), ProxyHeader(2, "UNKNOWN")),
    (encode_v2(None, None, local=True), ProxyHeader(2, "UNKNOWN", local=True)),
    (encode_v2(*V4, local=True), ProxyHeader(2, "TCP4", local=True)),
    (SIGNATURE + b"\x20\x99\0\x01x", ProxyHeader(2, "UNKNOWN", local=True)),
    (V2_V4.replace(b"\x21\x11", b"\x21\x12"), ProxyHeader(2, "UDP4", *V4)),
    (SIGNATURE + b"\x21\x31\0\xd8" + b"/run/a".ljust(108, b"\0") + b"/run/b".ljust(108, b"\0"),
     ProxyHeader(2, "UNIX stream", End("/run/a"), End("/run/b"))),
    (encode_v2(*V4, tlvs=[Tlv(2, b"mx"), Tlv(0xE0, b"\0")]), ProxyHeader(2, "TCP4", *V4, tlvs=(Tlv(2, b"mx"), Tlv(0xE0, b"\0")))),
]


@pytest.mark.parametrize(("octets", "header"), HEADERS)
def test_decode(octets: bytes, header: ProxyHeader) -> None:
    """Whole, with what follows behind it; every shorter beginning is incomplete."""
    import dataclasses

    whole = dataclasses.replace(header, size=len(octets))
    assert decode(octets) == decode(octets + b"EHLO x\r\n") == whole
    assert {type(decode(octets[:length])) for length in range(len(octets))} == {Incomplete}


@pytest.mark.parametrize(("octets", "reason"), [
    (b"EHLO x\r\n", "neither PROXY nor the signature"),
    (b"PROXYTCP4", "neither PROXY nor the signature"),
    (b"proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "neither PROXY nor the signature"),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", "the line is not"),
    (b"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n", "the line is not"),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", "the line is not"),
    (b"PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n", "the line is not"),
    (b"PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n", "a port beyond 65535"),
    (b"PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n", "an address that is none of TCP4"),
    (b"PROXY TCP4 2001:db8::1 192.0.2.2 1 2\r\n", "an address that is none of TCP4"),
    (b"PROXY TCP6 192.0.2.1 ::1 1 2\r\n", "an address that is none of TCP6"),
    (b"PROXY UNKNOWN " + b"x" * 93, "no line end in 107 octets"),
    (b"PROXY UNKNOWN " + b"x" * 92 + b"\r\n", "no line end in 107 octets"),
    (SIGNATURE + b"\x11\x11\0\0", "version 1"),
    (SIGNATURE + b"\x22\x11\0\0", "command 2"),
    (SIGNATURE + b"\x21\x11\0\x0b" + bytes(11), "no room for the addresses of 0x11"),
    (SIGNATURE + b"\x21\x41\0\x0c" + bytes(12), "no room for the addresses of 0x41"),
    (SIGNATURE + b"\x21\x11\0\x0e" + bytes(14), "a TLV that is longer than the header"),
    (SIGNATURE + b"\x21\x11\0\x0f" + bytes(13) + b"\0\x01", "a TLV that is longer than the header"),
])
def test_no_header(octets: bytes, reason: str) -> None:
    found = decode(octets)
    assert isinstance(found, NoHeader)
    assert found.reason.startswith(reason)


def test_the_longest_line_is_taken() -> None:
    found = decode(b"PROXY UNKNOWN " + b"x" * 91 + b"\r\n")
    assert found == ProxyHeader(1, "UNKNOWN", size=107)


def test_names_of_tlvs() -> None:
    assert (Tlv(0x20, b"").name, Tlv(0xE4, b"").name) == ("SSL", "0xE4")
