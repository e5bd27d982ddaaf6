"""Two clocks kept together: what is sent to the server when the scenario's moves. On real servers: test_providers.py."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from pytest_eximsim.errors import ServiceError
from pytest_eximsim.exim.world import RedisError, RedisReply
from pytest_eximsim.services.redis.ageing import Ageing
from pytest_eximsim.services.redis.commands import split_command


class Clock:
    """A thousand seconds behind the machine's, and `moved`."""

    def __init__(self) -> None:
        self.moved = 0.0

    def now(self) -> float:
        return time.time() - 1000 + self.moved

    def sleep(self, seconds: float) -> None:
        raise AssertionError


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nothing_is_sent_while_the_clocks_go_together(clock: Clock) -> None:
    ageing, sent = Ageing(clock), list[Sequence[bytes]]()
    clock.moved = 0.05
    ageing.catch_up(sent.append, [0])  # type: ignore[arg-type]
    assert sent == []


@pytest.mark.parametrize(("moved", "milliseconds"), [(300.0, 300_000), (-2.0, -2_000)])
def test_each_database_ages_once(clock: Clock, moved: float, milliseconds: int) -> None:
    ageing, sent = Ageing(clock), list[Sequence[bytes]]()
    clock.moved = moved
    for _ in range(2):
        ageing.catch_up(sent.append, [0, 7])  # type: ignore[arg-type]
    assert [one[-1] for one in sent if one[0] == b"SELECT"] == [b"0", b"7"]
    assert [int(one[-1]) for one in sent if one[0] == b"EVAL"] == [pytest.approx(milliseconds, abs=5)] * 2


def test_a_server_that_cannot_age_is_an_error(clock: Clock) -> None:
    ageing = Ageing(clock)
    clock.moved = 10.0

    def refuse(arguments: Sequence[bytes]) -> RedisReply:
        return RedisError("NOPERM no scripts here")

    with pytest.raises(ServiceError, match="cannot be made to follow the scenario's clock: NOPERM"):
        ageing.catch_up(refuse, [0])


@pytest.mark.parametrize(("line", "moved"), [
    ("EXPIREAT a 5000", "EXPIREAT a 6000"), ("expireat a 5000 NX", "expireat a 6000 NX"), ("PEXPIREAT a 5000000", "PEXPIREAT a 6000000"),
    ("SET a EXAT EXAT 5000", "SET a EXAT EXAT 6000"), ("SET a b NX PXAT 5000000 GET", "SET a b NX PXAT 6000000 GET"),
    ("GETEX a EXAT 5000", "GETEX a EXAT 6000"), ("SET a 5000", "SET a 5000"), ("SET EXAT 5000", "SET EXAT 5000"),
    ("EXPIREAT a x", "EXPIREAT a x"), ("EXPIREAT a", "EXPIREAT a"), ("EXPIREAT a 0", "EXPIREAT a 0"), ("EXPIRE a 10", "EXPIRE a 10"),
])
def test_points_in_time_of_commands(clock: Clock, line: str, moved: str) -> None:
    assert list(Ageing(clock).arguments(split_command(line))) == split_command(moved)


def test_points_in_time_of_replies(clock: Clock) -> None:
    ageing = Ageing(clock)
    assert ageing.reply(b"EXPIRETIME", 6000) == 5000
    assert ageing.reply(b"PEXPIRETIME", 6000000) == pytest.approx(5000000, abs=5)
    assert ageing.reply(b"EXPIRETIME", -2) == -2
    assert ageing.reply(b"GET", 6000) == 6000
    seconds, _ = ageing.reply(b"TIME", [b"9", b"9"])  # type: ignore[misc]
    assert int(seconds) == pytest.approx(clock.now(), abs=2)  # type: ignore[arg-type]


def test_the_servers_own_clock_may_be_wrong(clock: Clock) -> None:
    ageing = Ageing(clock, server_time=time.time() + 500)
    assert list(ageing.arguments([b"EXPIREAT", b"a", b"5000"])) == [b"EXPIREAT", b"a", b"6500"]
