"""A health check's header names the ends that it has in production."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_eximsim.exim.world import Endpoint
from pytest_eximsim.services.haproxy.checks import CheckStream
from pytest_eximsim.wire.proxy import End, Tlv, encode_v1, encode_v2

LOOPBACK = End("127.0.0.1", 40001), End("127.0.0.1", 33333)
REAL = Endpoint("10.0.0.2", 40001), Endpoint("10.20.30.1", 25)


class Inner:
    """What HAProxy sent, all at once."""

    peer = Endpoint("10.0.0.2", 50000)
    local = REAL[1]

    def __init__(self, sent: bytes) -> None:
        self.sent = sent

    def receive(self, limit: int = 8192, timeout: float | None = None) -> bytes:
        data, self.sent = self.sent[:limit], self.sent[limit:]
        return data

    def peek(self, limit: int = 8192, timeout: float | None = None) -> bytes:
        return self.sent[:limit]

    def ready(self) -> bool:
        return bool(self.sent)


@pytest.mark.parametrize(("sent", "seen"), [
    (encode_v1(*LOOPBACK), encode_v1(*REAL)),
    (encode_v2(*LOOPBACK, tlvs=[Tlv(2, b"mx")]), encode_v2(*REAL, tlvs=[Tlv(2, b"mx")])),
    (encode_v2(None, None, local=True), encode_v2(None, None, local=True)),
    (b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN\r\n"),
    (b"PROXY TCP4 nonsense\r\n", b"PROXY TCP4 nonsense\r\n"),
    (b"", b""),
])
def test_headers(sent: bytes, seen: bytes) -> None:
    inner: Any = Inner(sent + b"EHLO check\r\n")
    stream = CheckStream(inner)
    assert stream.peek(4) == (seen + b"EHLO check\r\n")[:4]
    assert stream.ready()
    received = b""
    while piece := stream.receive(7):
        received += piece
    assert received == seen + b"EHLO check\r\n"
