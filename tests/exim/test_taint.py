"""What is marked as coming from outside, what it becomes, and who minds (cases ACL-051, REDIS-056, REDIS-059)."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.expansion import expand
from pytest_eximsim.exim.state import Header, Process
from pytest_eximsim.exim.taint import Tainted, is_tainted, is_unquoted, joined

from .fake_world import process


def one(release: str = "4.99", **given: object) -> Process:
    p = process(release, **given)                 # type: ignore[arg-type]
    p.message.sender = "joe@s.test"
    p.message.headers = [Header("Subject: hello\n")]
    p.message.acl_m["m0"] = expand(p, "x$sender_address_local_part")
    return p


@pytest.mark.parametrize(("text", "marked"), [
    ("plain", False), ("$primary_hostname", False), ("$sender_address", True), ("a $sender_address b", True), ("$h_subject:", True),
    ("$h_nosuch:", False), ("$acl_m0", True), ("${lc:$sender_address}", True), ("${lc:A}", False), ("${strlen:$sender_address}", False),
    ("${md5:$sender_address}", False), ("${if def:sender_address{a}{b}}", False), ("${if def:sender_address{$sender_address}}", True),
    ("${lookup{joe}lsearch{/list}}", False), ("${lookup{$sender_address_local_part}lsearch{/list}}", False),
    ("${lookup{joe}lsearch{/list}{$value $sender_address}}", True), ("${extract{1}{@}{$sender_address}}", True),
    ("${extract{1}{@}{a@b}}", False), ("${sg{$sender_address}{joe}{x}}", True), ("${sg{a}{a}{b}}", False),
    ("${map{$sender_address}{$item}}", True), ("${map{a:b}{$item}}", False), ("${filter{$sender_address}{eq{$item}{x}}}", False),
    ("${if match{$sender_address}{^(.)}{$1}}", True), ("${if match{a}{^(.)}{$1}}", False),
])
def test_marks(text: str, marked: bool) -> None:
    files = {"/list": "joe: found\n"}
    assert is_tainted(expand(one(files=files), text)) is marked
    assert not is_tainted(expand(one("4.82+", files=files), text))


@pytest.mark.parametrize(("text", "unquoted"), [
    ("GET ${quote_redis:$sender_address}", False), ("GET $sender_address", True), ("GET a", False),
    ("GET ${quote_pgsql:$sender_address}", True), ("${quote_redis:$sender_address} $sender_address", True),
])
def test_quoting_is_for_one_type_of_lookup(text: str, unquoted: bool) -> None:
    assert is_unquoted(expand(one(), text), "redis") is unquoted


def test_joined_text_is_quoted_where_all_of_it_is() -> None:
    a, b = Tainted("a", "redis"), Tainted("b")
    assert [is_unquoted(joined("x", parts), "redis") for parts in ([a], [a, "p"], [a, b], [b], ["p"])] == [False, False, True, True, False]


@pytest.mark.parametrize(("query", "lines"), [
    ("GET $sender_address", ["tainted search query is not properly quoted: GET joe@s.test"]),
    ("GET ${quote_redis:$sender_address}", []), ("GET a", []),
])
def test_queries(query: str, lines: list[str]) -> None:
    p = one(redis={}, main={"redis_servers": "127.0.0.1//"})
    assert expand(p, f"${{lookup redis{{{query}}}}}${{lookup redis{{{query}}}}}") == "OKOK"
    assert p.world.logs.of("main") == p.world.logs.of("panic") == lines        # type: ignore[attr-defined]
