"""Which commands wait for data and how long; how often it is looked. Whole waits: test_providers.py."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.world import RedisError, RedisReply
from pytest_eximsim.services.redis.blocking import limit_of, wait_for_reply
from pytest_eximsim.services.redis.commands import split_command


@pytest.mark.parametrize(("line", "limit"), [
    ("BLPOP a b 5", 5.0), ("blpop a 0.5", 0.5), ("BRPOP a 0", float("inf")), ("BLMOVE a b LEFT RIGHT 3", 3.0), ("BLMPOP 2 1 a LEFT", 2.0),
    ("XREAD BLOCK 1500 STREAMS s $", 1.5), ("XREAD COUNT 2 block 0 STREAMS s 0", float("inf")), ("XREAD STREAMS s 0", None),
    ("XREADGROUP GROUP g c BLOCK 10 STREAMS s >", 0.01), ("BLPOP a x", None), ("BLMOVE a", None), ("XREAD BLOCK", None), ("GET a", None),
])
def test_limit(line: str, limit: float | None) -> None:
    assert limit_of(split_command(line)) == limit


class Clock:
    def __init__(self) -> None:
        self.time = 0.0
        self.sleeps = 0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.sleeps += 1


def test_a_long_wait_looks_ever_less_often() -> None:
    clock, sent = Clock(), 0

    def send(arguments: list[bytes]) -> RedisReply:
        nonlocal sent
        sent += 1
        return [None] if arguments == [b"EXEC"] else b"OK"

    assert wait_for_reply([b"BLPOP", b"a", b"100000"], 100000.0, send, clock) is None  # type: ignore[arg-type]
    assert clock.time == pytest.approx(100000)
    assert clock.sleeps < 200
    assert sent == 3 * (clock.sleeps + 1)


def test_an_error_is_no_reason_to_wait() -> None:
    def send(arguments: list[bytes]) -> RedisReply:
        return RedisError("WRONGTYPE") if arguments[0] == b"BLPOP" else b"OK"

    clock = Clock()
    assert isinstance(wait_for_reply([b"BLPOP", b"a", b"5"], 5.0, send, clock), RedisError)  # type: ignore[arg-type]
    assert clock.time == 0


def test_inside_the_clients_own_transaction_it_is_just_sent() -> None:
    sent: list[list[bytes]] = []

    def send(arguments: list[bytes]) -> RedisReply:
        sent.append(arguments)
        return RedisError("ERR MULTI calls can not be nested") if arguments == [b"MULTI"] else b"QUEUED"

    assert wait_for_reply([b"BLPOP", b"a", b"5"], 5.0, send, Clock()) == b"QUEUED"  # type: ignore[arg-type]
    assert sent == [[b"MULTI"], [b"BLPOP", b"a", b"5"]]
