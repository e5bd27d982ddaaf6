"""What is marked as coming from outside, what it becomes, and who minds (cases ACL-051, REDIS-056, REDIS-059)."""

from __future__ import annotations

import pytest

from pytest_eximsim.errors import Died, ExpansionError
from pytest_eximsim.exim.expansion import expand
from pytest_eximsim.exim.lists import match_domain
from pytest_eximsim.exim.state import Address, Header, Process
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


@pytest.mark.parametrize("text", [
    "${lc:$sender_address}", "${quote:$sender_address}", "${substr_0_1:$sender_address}", "${hash_2:$sender_address}",
    "${base64:$sender_address}", "${tr{$sender_address}{a}{b}}", "${sg{a}{a}{$sender_address}}", "${sg{}{^}{$sender_address}}",
    "${extract{1}{@}{$sender_address}}", "${extract{1}{@}{a@$sender_address_domain}}", "${listextract{1}{a:$sender_address}}",
    "${if match{$sender_address}{(.)@}{$1}{n}}", "${if inlisti{JOE@S.TEST}{$sender_address}{$value}}", "${reduce{a:b}{}{$sender_address}}",
    "${sort{$sender_address:a}{lt}{$item}}", "${filter{a:$sender_address}{eq{$item}{a}}}", "${map{$sender_address}{$item}}",
    "${local_part:$sender_address}", "${addresses:$sender_address}", "${prvs{$sender_address}{x}}", "${listquote{:}{$sender_address}}",
    "${prvscheck{${prvs{$sender_address}{x}}}{x}{$prvscheck_keynum}}", "${srs_encode{s}{a@b}{$sender_address_domain}}",
    "${imapfolder{$sender_address_local_part}}", "${hash{2}{$sender_address}}", "${extract jsons{1}{[\"$sender_address\"]}}",
    "${lookup{$sender_address}lsearch*{/list}{$1}}", "${lookup{q.$sender_address_domain}partial1-lsearch{/list}{$2}}",
    "${if match_domain{$sender_address_domain}{*}{$0}}", "${if match_domain{$sender_address_domain}{*}{$1}}",
    "${utf8_domain_to_alabel:$sender_address_domain}", "${expand:\\$sender_address}", "${quote_pgsql:$sender_address}",
])
def test_refused_to_be_expanded(text: str) -> None:
    """Each asked of Exim 4.96, as ${expand:…}."""
    p = one("4.96", files={"/list": "*.s.test: 1\n*: 2\n"})
    with pytest.raises(ExpansionError, match="attempt to expand tainted string '"):
        expand(p, f"${{expand:{text}}}")
    assert p.world.logs.of("main") == p.world.logs.of("panic") != []           # type: ignore[attr-defined]


@pytest.mark.parametrize("text", [
    "${md5:$sender_address}", "${strlen:$sender_address}", "${eval:1+${strlen:$sender_address}}", "${listcount:$sender_address}",
    "${if eq{$sender_address}{a@b}{y}{n}}", "${if match_domain{$sender_address_domain}{s.test}{$value}}", "${nhash_3:$sender_address}",
    "${if inlist{$sender_address}{joe@s.test}{$value}}", "${tr{a}{a}{$sender_address}}", "${sg{$sender_address}{.+}{x}}",
    "${sg{abc}{$sender_address}{x}}", "${map{$sender_address}{x}}", "${reduce{$sender_address}{}{x}}", "${hmac{md5}{k}{$sender_address}}",
    "${extract{1}{@}{$sender_address}{y}}", "${lookup{$sender_address}lsearch*{/list}}",
    "${filter{a}{eq{$sender_address}{$sender_address}}}",
    "${prvscheck{${prvs{$sender_address}{x}}}{x}{$prvscheck_result}}", "${if match_address{$sender_address}{*@s.test}{$value}}",
    "${readfile{/list}}", "$qualify_domain", "${extract{$sender_address_domain}{s.test=1}}", "${escape8bit:a}",
])
def test_made_anew(text: str) -> None:
    """Each asked of Exim 4.96, as ${expand:…}."""
    p = one("4.96", files={"/list": "*.s.test: 1\n*: 2\n"})
    expand(p, f"${{expand:{text}}}")
    assert p.world.logs.of("panic") == []                                      # type: ignore[attr-defined]


@pytest.mark.parametrize(("text", "message", "logged"), [
    ("${lookup{a}lsearch{/x/$sender_address}}", "(null)", "Tainted filename for search: '/x/joe@s.test'"),
    ("${lookup{a}lsearch{/list}}${lookup{a}dsearch{/x/$sender_address}}", "", "Tainted filename for search: '/x/joe@s.test'"),
    ("${lookup sqlite{/x.db select $sender_address}}", "(null)", "Tainted filename for search: '/x.db'"),
    ("${readsocket{inet:$sender_address_domain:1}{x}}", "(null)", "Tainted filename for search: 'inet:s.test:1'"),
    ("${readfile{/x/$sender_address}}", "failed to open /x/joe@s.test: Permission denied (euid=0 egid=106)",
     "Tainted filename '/x/joe@s.test'"),
    ("${run{/bin/$sender_address}}", "couldn't create child process: Operation not permitted",
     "Attempt to exec tainted path: '/bin/joe@s.test'"),
    ("${run,preexpand {/bin/echo $sender_address}}", "couldn't create child process: Operation not permitted",
     "Attempt to exec tainted path: '/bin/echo'"),
    ("${sg{abc}{b}{\\$0$sender_address}}", "attempt to expand tainted string '$0joe@s.test'",
     "attempt to expand tainted string '$0joe@s.test'"),
])
def test_files_and_programs(text: str, message: str, logged: str) -> None:
    """Each asked of Exim 4.96."""
    p = one("4.96", files={"/list": "b: 1\n"})
    with pytest.raises(ExpansionError) as error:
        expand(p, text)
    assert error.value.message == message
    assert p.world.logs.of("main") == p.world.logs.of("panic") == [logged]     # type: ignore[attr-defined]


@pytest.mark.parametrize(("text", "unquoted"), [
    ("${quote_pgsql:$sender_address} ${quote_pgsql:$sender_address}", False), ("${lc:${quote_pgsql:$sender_address}}", False),
    ("${if eq{1}{1}{${quote_pgsql:$sender_address}}}", False), ("${quote_pgsql:a}$sender_address", True),
    ("$sender_address ${quote_pgsql:$sender_address}", True), ("${sg{${quote_pgsql:$sender_address}}{x}{y}}", False),
    ("${map{${quote_pgsql:$sender_address}}{$item}}", False), ("${extract{1}{@}{${quote_pgsql:$sender_address}}}", False),
    ("${if match{${quote_pgsql:$sender_address}}{(.)}{$1}}", False), ("${quote_lsearch:$sender_address}", True),
])
def test_what_is_cut_out_of_quoted_text_is_quoted(text: str, unquoted: bool) -> None:
    assert is_unquoted(expand(one("4.96"), text), "pgsql") is unquoted


def test_a_masked_address_ends_the_process_of_one_release() -> None:
    """Asked of Exim 4.96."""
    with pytest.raises(Died, match="Taint mismatch, Ustrncpy: string_is_ip_addressX 108"):
        expand(one("4.96"), "${mask:$sender_address_domain/24}")
    with pytest.raises(ExpansionError, match="is not an IP address"):
        expand(one("4.99"), "${mask:$sender_address_domain/24}")
    assert expand(one("4.96"), "${if isip{$sender_address_domain/24}{y}{n}}") == "n"


@pytest.mark.parametrize(("items", "lines"), [
    ("pgsql;select '${quote_pgsql:$domain}'", 0), ("pgsql;select '$domain'", 1), ("+quoted", 0), ("+plain", 1),
    ("zz : $domain.x : pgsql;select 'a'", 1), ("zz : pgsql;select '${quote_pgsql:$domain}' : $domain.x", 1), ("a : b", 0),
])
def test_a_list_is_quoted_as_a_whole(items: str, lines: int) -> None:
    """Asked of Exim 4.96, as `domains = …` of an ACL."""
    lists = {"domain": {"quoted": "pgsql;select '${quote_pgsql:$domain}'", "plain": "pgsql;select '$domain'"}}
    p = one("4.96", lists=lists, main={"pgsql_servers": "127.0.0.1/d/u/p"})
    match_domain(p, items, "z.test")
    assert len(p.world.logs.of("panic")) == lines                              # type: ignore[attr-defined]


def test_files_in_lists() -> None:
    """Asked of Exim 4.96."""
    for item, text, logged in (
        ("/x/$domain", 'failed to open /x/z.test when checking "/x/$domain": Permission denied (euid=0 egid=106)',
         "Tainted filename '/x/z.test'"),
        ("lsearch;/x/$domain", "(null)", "Tainted filename for search: '/x/z.test'"),
    ):
        p = one("4.96")
        with pytest.raises(Died) as died:
            match_domain(p, item, "z.test")
        assert str(died.value) == text
        assert p.world.logs.of("panic") == [logged]                            # type: ignore[attr-defined]


@pytest.mark.parametrize("clean", [True, False])
def test_an_address_that_a_router_made_of_its_own_data(clean: bool) -> None:
    """Asked of Exim 4.96, with a redirect router before: $domain is clean, $parent_domain and $original_domain are not."""
    p = one("4.96")
    p.address = Address("real@b.test", "real", "b.test", parent=Address("joe@a.test", "joe", "a.test"), clean=clean)
    assert [is_tainted(expand(p, f"${name}")) for name in ("domain", "local_part", "parent_domain", "original_local_part")] == [
        not clean, not clean, True, True,
    ]
