"""The types that ask servers: how their lists are read, their queries made, their answers told (cases REDIS-001 … REDIS-085)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_eximsim.exim.lookups import Answer, Deferred, Found, NotFound, parse_type, quote, search
from pytest_eximsim.exim.lookups.drivers.redis import split_format, split_words
from pytest_eximsim.exim.state import Process
from pytest_eximsim.exim.world import RedisError, SqlError, SqlResult

from ...fake_world import process


def asked(p: Process, name: str, query: str) -> Answer:
    return search(p, parse_type(name, p.release), None, query)


@pytest.mark.parametrize(("release", "reply", "answer"), [
    ("4.82+", 2, Found("false")), ("4.99", 2, Found("true")), ("4.82+", 1, Found("true")), ("4.99", 0, Found("false")),
    ("4.82+", b"", Found("")), ("4.99", b"", NotFound()), ("4.99", None, Found("")), ("4.99", [], NotFound()),
    ("4.99", [b"a", 7, None, b"b"], Found("a\n7\n\nb")), ("4.99", [1, [2, 3], 4], Found("1\n\n2\n3\n4")),
    ("4.99", [9999999999], Found("1410065407")),
    ("4.99", RedisError("ERR x"), Deferred("REDIS: lookup result failed: ERR x\n")),
])
def test_replies_of_redis(release: str, reply: Any, answer: Answer) -> None:
    assert asked(process(release, redis={"GET|a": reply}, main={"redis_servers": "h//"}), "redis", "GET a") == answer


@pytest.mark.parametrize(("servers", "answer"), [
    (None, "no Redis servers defined (redis_servers option)"), ("", ""), ("127.0.0.1/0", "incomplete Redis server data: 127.0.0.1"),
    ("127.0.0.1/0/1/2", "unexpected slash in Redis server hostname: 127.0.0.1/0"),
])
def test_wrong_lists_of_servers(servers: str | None, answer: str) -> None:
    assert asked(process("4.82+", main={"redis_servers": servers}), "redis", "GET a") == Deferred(answer)


def test_database_and_password_are_sent_before_every_query() -> None:
    """Case REDIS-043."""
    p = process(redis={"GET|a": b"1", "GET|b": b"2"}, main={"redis_servers": "<; h:7/3/pw"})
    asked(p, "redis", "GET a")
    asked(p, "redis", "GET b")
    assert [text for _, text in p.world.redis.sent] == [             # type: ignore[attr-defined]
        "AUTH|pw", "SELECT|3", "GET|a", "AUTH|pw", "SELECT|3", "GET|b",
    ]


@pytest.mark.parametrize(("release", "tried"), [("4.82+", 2), ("4.99", 1)])
def test_an_error_reply_is_final_in_the_later_releases(release: str, tried: int) -> None:
    """Case REDIS-036."""
    p = process(release, redis={"GET|a": RedisError("ERR x")}, main={"redis_servers": "one// : two//"})
    asked(p, "redis", "GET a")
    assert len(p.world.redis.sent) == tried                          # type: ignore[attr-defined]


def test_words_of_a_query() -> None:
    """Cases REDIS-006, REDIS-008."""
    assert split_words("SET a\\ b  c\td") == [b"SET", b"a b", b"c", b"d"]
    assert split_format("SET  a\tb %% 50%") == [b"SET", b"a\tb", b"%", b"50%"]
    assert split_format("GET % z") is None


ROWS = SqlResult(("a", "b"), (("1", "two words"), ("", None)))


@pytest.mark.parametrize(("name", "query", "result", "answer"), [
    ("pgsql", "q", SqlResult(("a",), (("1",), ("2",))), Found("1\n2")), ("pgsql", "q", ROWS, Found('a=1 b="two words" \na="" b="" ')),
    ("mysql", "q", SqlResult(affected=3), Found("3")), ("pgsql", "q", SqlResult(("a",), ()), NotFound()),
    ("pgsql", "q", SqlError("no route", connect=True), Deferred("PGSQL connection failed: no route")),
    ("mysql", "q", SqlError("syntax"), Deferred("MYSQL: query failed: syntax\n")),
])
def test_rows(name: str, query: str, result: Any, answer: Answer) -> None:
    """Cases REDIS-070 … REDIS-074."""
    p = process(sql={query: result}, main={f"{name}_servers": "h/d/u/p"})
    assert asked(p, name, query) == answer


def test_sqlite() -> None:
    """Cases REDIS-070, REDIS-071."""
    p = process(sql={"good": SqlResult(("a",), ((None,),)), "bad": SqlError("syntax"), "none": SqlResult()})
    kind = parse_type("sqlite", p.release)
    assert [search(p, kind, "/x.db", query) for query in ("good", "bad", "none")] == [Found("<NULL>"), NotFound(), NotFound()]


@pytest.mark.parametrize(("release", "name", "text", "quoted"), [
    ("4.99", "redis", "a b\\c", "a\\ b\\\\c"), ("4.82+", "redis", "a b", "a b"), ("4.99", "pgsql", "a'b%\n", "a''b%\\n"),
    ("4.82+", "pgsql", "50%_", "50\\%\\_"), ("4.99", "mysql", "a'b", "a\\'b"), ("4.99", "sqlite", "a'b", "a''b"),
    ("4.99", "lsearch", "a'b", "a'b"),
])
def test_quoting(release: str, name: str, text: str, quoted: str) -> None:
    """Cases REDIS-007, REDIS-072."""
    assert quote(process(release), text, name) == quoted
