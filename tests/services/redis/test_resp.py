"""The server's side of RESP, with the words of real clients."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_eximsim.exim.world import RedisError, RedisReply
from pytest_eximsim.services.redis.resp import encoded, serve


class Talk:
    """A stream with what a client says, in pieces; `said` is what it is answered."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.said = b""

    def receive(self, limit: int) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def send(self, data: bytes) -> None:
        self.said += data


class Echo:
    """Answers with the words it got."""

    closed = False

    def command(self, arguments: Sequence[bytes]) -> RedisReply:
        if arguments == [b"gone"]:
            raise EOFError
        return list(arguments)

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(("pieces", "said"), [
    ([b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"], b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n"),
    ([b"*1\r", b"\n$4\r\na\r", b"\nb\r\n*1\r\n$0\r\n\r\n"], b"*1\r\n$4\r\na\r\nb\r\n*1\r\n$0\r\n\r\n"),
    ([b"PING\r\n\r\n"], b"*1\r\n$4\r\nPING\r\n"),
    ([b"*0\r\n"], b""),
    ([b"*x\r\n"], b"-ERR Protocol error: invalid request\r\n"),
    ([b"*1\r\n:4\r\n"], b"-ERR Protocol error: invalid request\r\n"),
    ([b"*1\r\n$-1\r\n"], b"-ERR Protocol error: invalid request\r\n"),
    ([b"x" * 70000, b"x"], b"-ERR Protocol error: invalid request\r\n"),
    ([b"gone\r\na\r\n"], b""),
    ([b"*2\r\n$3\r\nGET"], b""),
])
def test_requests(pieces: list[bytes], said: bytes) -> None:
    talk, behind = Talk(*pieces), Echo()
    serve(talk, behind)  # type: ignore[arg-type]
    assert talk.said == said
    assert behind.closed


@pytest.mark.parametrize(("reply", "said"), [
    (None, b"$-1\r\n"), (-3, b":-3\r\n"), (b"OK", b"+OK\r\n"), (b"OK ", b"$3\r\nOK \r\n"), (b"", b"$0\r\n\r\n"),
    ([b"a", [1, None]], b"*2\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n"), (RedisError("ERR a\r\nb"), b"-ERR a  b\r\n"),
])
def test_replies(reply: RedisReply, said: bytes) -> None:
    assert encoded(reply) == said
