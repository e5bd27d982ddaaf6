"""One lookup: what is asked again, partial keys, defaults, and what a fork keeps (cases REDIS-009, REDIS-063, REDIS-081)."""

from __future__ import annotations

import pytest

from pytest_eximsim.errors import Died
from pytest_eximsim.exim.lookups import Answer, Deferred, Found, LookupSetupError, NotFound, parse_type, search, tidy_up
from pytest_eximsim.exim.state import Process
from pytest_eximsim.exim.world import RedisError

from ..fake_world import process

TABLE = "a: 1\n*.b.test: wild\nb.test: B\n*@d.test: at\n.c.test: dot\n"


def made(release: str = "4.99", table: str = TABLE, **redis: object) -> Process:
    return process(release, files={"/t": table}, redis=redis, main={"redis_servers": "h//"})


def found(p: Process, name: str, key: str, file: str | None = "/t") -> Answer:
    return search(p, parse_type(name, p.release), file, key)


@pytest.mark.parametrize(("name", "key", "answer"), [
    ("lsearch", "a", Found("1")), ("lsearch", "A", Found("1")), ("lsearch", "x", NotFound()), ("lsearch", "", NotFound()),
    ("partial-lsearch", "x.b.test", Found("wild", "x", "b.test")), ("partial-lsearch", "y.x.b.test", Found("wild", "y.x", "b.test")),
    ("partial-lsearch", "b.test", Found("B", "", "b.test")), ("partial(.)lsearch", "x.c.test", Found("dot", "x", "c.test")),
    ("partial3-lsearch", "x.b.test", NotFound()), ("lsearch*@", "joe@d.test", Found("at", "joe", "")), ("lsearch*", "x", NotFound()),
])
def test_keys(name: str, key: str, answer: Answer) -> None:
    assert found(made(), name, key) == answer


def test_defaults() -> None:
    p = made(table="*: star\n")
    assert found(p, "lsearch*", "x") == Found("star", "x", "")
    assert found(p, "lsearch*", "") == Found("star", "", "")
    assert found(p, "lsearch*@", "a@b") == Found("star", "a@b", "")


def test_an_empty_key_that_is_found_by_its_affix_ends_the_later_releases() -> None:
    """Asked of Exim 4.96."""
    with pytest.raises(Died, match=r"internal error in string_catn \(count -1\)"):
        found(made("4.96", "*: star\n"), "partial0-lsearch", "")
    assert found(made("4.82+", "*: star\n"), "partial0-lsearch", "") == Found("star", "", "")


def test_the_same_query_is_sent_once() -> None:
    p = made(**{"GET|a": b"1"})
    for _ in range(3):
        assert found(p, "redis", "GET a", None) == Found("1")
    assert [text for _, text in p.world.redis.sent] == ["GET|a"]         # type: ignore[attr-defined]
    found(p, "redis", "GET  a", None)                                      # another text
    assert len(p.world.redis.sent) == 2                                    # type: ignore[attr-defined]


def test_what_must_not_be_kept_empties_the_cache() -> None:
    p = made(**{"GET|a": b"1", "GET|nil": None})
    for query in ("GET a", "GET nil", "GET a"):
        found(p, "redis", query, None)
    assert [text for _, text in p.world.redis.sent] == ["GET|a", "GET|nil", "GET|a"]         # type: ignore[attr-defined]


def test_a_deferral_is_not_kept() -> None:
    p = made(**{"GET|a": RedisError("ERR no")})
    for _ in range(2):
        assert isinstance(found(p, "redis", "GET a", None), Deferred)
    assert len(p.world.redis.sent) == 2                                    # type: ignore[attr-defined]
    assert p.scratch.search_error == "REDIS: lookup result failed: ERR no\n"


def test_tidying_up_forgets_and_closes() -> None:
    p = made(**{"GET|a": b"1"})
    found(p, "redis", "GET a", None)
    tidy_up(p)
    found(p, "redis", "GET a", None)
    assert [text for _, text in p.world.redis.sent] == ["GET|a", "close", "GET|a"]           # type: ignore[attr-defined]


def test_a_child_has_what_its_parent_knew_and_changes_only_its_own() -> None:
    p = made(**{"GET|a": b"1", "GET|b": b"2"})
    found(p, "redis", "GET a", None)
    child = p.fork()
    found(child, "redis", "GET a", None)
    found(child, "redis", "GET b", None)
    found(p, "redis", "GET b", None)
    assert [text for _, text in p.world.redis.sent] == ["GET|a", "GET|b", "GET|b"]           # type: ignore[attr-defined]


def test_answers_of_the_dns_expire() -> None:
    p = process("4.99", dns="a.test 60 A 192.0.2.1")
    kind = parse_type("dnsdb", p.release)
    asked: list[str] = []
    resolver = p.world.resolver
    query = resolver.query
    resolver.query = lambda name, type: (asked.append(name), query(name, type))[1]           # type: ignore[method-assign]
    for seconds in (0, 59, 2):
        p.world.clock.time += seconds                                      # type: ignore[attr-defined]
        assert search(p, kind, None, "a=a.test") == Found("192.0.2.1")
    assert len(asked) == 2


@pytest.mark.parametrize(("name", "file", "message"), [
    ("lsearch", "/nosuch", "failed to open /nosuch for linear search: No such file or directory"),
    ("dsearch", "/nosuch", "failed to open /nosuch for directory search: No such file or directory"),
    ("lsearch", "/", "/ is not a regular file (lsearch lookup)"),
    ("cdb", "/nosuch", "failed to open /nosuch for cdb lookup: No such file or directory"),
])
def test_files_that_cannot_be_opened(name: str, file: str, message: str) -> None:
    with pytest.raises(LookupSetupError) as error:
        found(made(), name, "a", file)
    assert str(error.value) == message
