"""The embedded Redis answers as Redis 7 does; the expected replies were taken from redis-server 7.0.15."""

from __future__ import annotations

import pytest

from pytest_eximsim.errors import ServiceError
from pytest_eximsim.services.redis.commands import reply_value, split_command
from pytest_eximsim.services.redis.embedded import EmbeddedConnection, EmbeddedRedis


class Clock:
    def __init__(self) -> None:
        self.time = 1383557106.5

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def connection(clock: Clock) -> EmbeddedConnection:
    return EmbeddedRedis(clock).connect()


def ask(connection: EmbeddedConnection, line: str) -> object:
    return reply_value(connection.command(split_command(line)))


@pytest.mark.parametrize(
    ("lines", "reply"),
    [
        (["BOGUS x 'y z'"], "ERR unknown command 'BOGUS', with args beginning with: 'x' 'y z' "),
        (["JSON.GET x"], "ERR unknown command 'JSON.GET', with args beginning with: 'x' "),
        (["GET"], "ERR wrong number of arguments for 'get' command"),
        (["HSET h f v", "GET h"], "WRONGTYPE Operation against a key holding the wrong kind of value"),
        (["SADD s b a c", "SMEMBERS s"], ["b", "a", "c"]),
        (["SADD i 30 1 -2", "SMEMBERS i"], ["-2", "1", "30"]),
        (["SADD a x y", "SADD b y z w", "SUNION a b"], ["x", "y", "z", "w"]),
        (["SELECT x"], "ERR value is not an integer or out of range"),
        (["SELECT 99"], "ERR DB index is out of range"),
        (["SET k v EX 0"], "ERR invalid expire time in 'set' command"),
        (["SETEX k -1 v"], "ERR invalid expire time in 'setex' command"),
        (["EVAL 'return {1,{2,3},nil,4}' 0"], [1, [2, 3]]),
        (["EVAL 'return 3.99' 0"], 3),
        (["EVAL 'foo(' 0"], "ERR Error compiling script (new function): user_script:1: unexpected symbol near '<eof>'"),
        (["EVAL 'error(\"boom\")' 0"],
         "ERR user_script:1: boom script: 872b3fcb081448525c6141cdfa3df8374d30d162, on @user_script:1."),
        (["SET a 1", "SELECT 3", "GET a"], None),
        (["TIME"], ["1383557106", "500000"]),
        (["SET a 1", "TOUCH a b"], 1),
    ],
)
def test_replies(connection: EmbeddedConnection, lines: list[str], reply: object) -> None:
    *before, last = lines
    for line in before:
        ask(connection, line)
    assert ask(connection, last) == reply


def test_keys_age_by_the_scenarios_clock(connection: EmbeddedConnection, clock: Clock) -> None:
    ask(connection, "SET a 1 EX 300")
    clock.time += 299
    assert ask(connection, "TTL a") == 1
    clock.time += 2
    assert ask(connection, "GET a") is None


def test_a_blocking_command_lets_the_scenarios_time_pass(connection: EmbeddedConnection, clock: Clock) -> None:
    assert ask(connection, "BLPOP l 5") is None
    assert clock.time == pytest.approx(1383557111.5)
    ask(connection, "RPUSH l x")
    assert ask(connection, "BLPOP l 5") == ["l", "x"]
    assert clock.time == pytest.approx(1383557111.5)


def test_what_the_embedded_server_lacks_is_refused_by_name(connection: EmbeddedConnection) -> None:
    with pytest.raises(ServiceError, match="does not have OBJECT"):
        ask(connection, "OBJECT ENCODING a")
