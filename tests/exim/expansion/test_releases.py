"""What differs between the releases: 4.82+ and 4.99 as recorded (cases EXPAND-003 … EXPAND-023), 4.96 and 4.98.2 as asked."""

from __future__ import annotations

import pytest

from pytest_eximsim.errors import ExpansionError, ForcedFailure
from pytest_eximsim.exim.expansion import expand, expand_condition, syntax_error
from pytest_eximsim.exim.release import RELEASES

from ..fake_world import process

OLD = [
    ("${lc:ABC", "!missing } at end of string"),
    ("${if eq{a}{b}", "!missing or misplaced { or }"),
    ("${if eq{a}{b}{c}x}", '!syntax error in "if" item - "fail" expected'),
    ("${if eq{a}{b}{c}fail}", '!"if" failed and "fail" requested'),
    ("${sg{a}{b}}", "!missing or misplaced { or }"),
    ("${sg{a}{b}{c}{d}}", '!Too many arguments for "sg" (max is 3)'),
    ("${sort{a}{lt}{$item}}", '!"${sort" is not a known operator (or a } is missing in a variable reference)'),
    ("${base64:a}", '!unknown expansion operator "base64"'),
    ("${if eq{a}{a}{yes}{${sg{x}{(}{y}}}}", '!regular expression error in "(": missing ) at offset 1'),
    ("${if eq{a}{a}{yes}{${substr{x}{y}{z}}}}", '!"x" is not a number (in "substr" expansion)'),
    ("${if eq{a}{a}{yes}{${hmac{x}{y}{z}}}}", '!hmac algorithm "x" is not recognised'),
    ("${if and{{eq{a}{b}}{bool{maybe}}}{yes}{no}}", '!unrecognised boolean value "maybe" inside "and{...}" condition'),
    ("${if match{x}{*}}", '!regular expression error in "*": nothing to repeat at offset 0'),
    ("${if isip{192.0.2.256}{y}{n}}", "y"),
    ("${if bool{-1}{y}{n}}", '!unrecognised boolean value "-1"'),
    ("${if inlist{b}{a:b}{<$value>}}", "<>"),
    ("$recipients", '!unknown variable name "recipients"'),
    ("$headers_added", '!unknown variable name "headers_added"'),
    ("<$proxy_host> $proxy_port $proxy_session", "<> 0 no"),
    ("$proxy_local_address", '!unknown variable name "proxy_local_address"'),
    ("<$tpda_delivery_ip>", "<>"),
    ("${prvscheck{joe@a.test}{secret}{yes}{no}}", '!Too many arguments for "prvs" (max is 2)'),
]
NEW = [
    ("${if eq{a}{b}",
     "!curly-bracket problem in conditional yes/no parsing: 'yes' part did not start with '{'\n remaining string is ''"),
    ("${if eq{a}{b}{c}{d}{e}}",
     "!curly-bracket problem in conditional yes/no parsing: did not close with '}'\n remaining string is '{e}}'"),
    ("${sg{a}{b}}", "!Not enough arguments for 'sg' (min is 3)"),
    ("${sg{a}{b}{c}{d}}", "!Too many arguments for 'sg' (max is 3)"),
    ("${extract{1}{:}}", "!missing '{' for arg 3 of extract"),
    ("${if eq{a}{a}{yes}{${sg{x}{(}{y}}}}", "yes"),
    ("${if eq{a}{a}{yes}{${substr{x}{y}{z}}}}", "yes"),
    ("${if and{{eq{a}{b}}{bool{maybe}}}{yes}{no}}", "no"),
    ("${if match{x}{(}}", '!regular expression error in "(": missing closing parenthesis at offset 1'),
    ("${if isip{192.0.2.256}{y}{n}}", "n"),
    ("${if bool{-1}{y}{n}}", "y"),
    ("${if inlist{b}{a:b}{<$value>}}", "<b>"),
    ("<$recipients><$headers_added>", "<><>"),
    ("$proxy_host", '!unknown variable name "proxy_host"'),
    ("<$proxy_local_address> $proxy_external_port", "<> 0"),
    ("$tpda_delivery_ip", '!unknown variable name "tpda_delivery_ip"'),
    ("${xtextd:a+41}", "aA"),
    ("${headerwrap_20:hello world this is long}", "hello world this is\n\tlong"),
    ("${prvscheck{joe@a.test}{secret}{yes}{no}}", "!Too many arguments for 'prvscheck' (max is 2)"),
    ("${if eq{a}{b}{${sort{x}{lt}{$item}}}{no}}", '!condition name expected, but found ""'),
    ("${map{a}{${sort{x}{lt}{$item}}}}", '!condition name expected, but found "" inside "map" item'),
    ("${if eq{a}{b}{${imapfolder{a}{x}}}{no}}", '!IMAP folder separator must be one character, found ""'),
    ("${if eq{a}{b}{${imapfolder{a}}}{no}}", "no"),
    ("${if eq{a}{b}{${listextract{x}{a:b}}}{no}}", "no"),
    ("${if and{{eq{a}{b}}{forany{a}{bool{x}}}}{y}{n}}", "n"),
    ("${filter{a}{forany{a}{bool{x}}}}", '!unrecognised boolean value "x" inside "forany" condition inside "filter" condition'),
    ("x${ipv6norm:2001:db8:0::1}y", "x2001:db8::1"),
    ("${base62:4294967296}", "4gfFC4"),
]
MIDDLE = [
    ("${if eq{a}{b}{${sort{x}{lt}{$item}}}{no}}", "no"),
    ("${map{a}{${sort{x}{lt}{$item}}}}", "x"),
    ("${if eq{a}{b}{${imapfolder{a}{x}}}{no}}", "no"),
    ("${if eq{a}{b}{${listextract{x}{a:b}}}{no}}", '!first argument of "listextract" must be numeric'),
    ("${if and{{eq{a}{b}}{forany{a}{bool{x}}}}{y}{n}}",
     '!unrecognised boolean value "x" inside "forany" condition inside "and{...}" condition'),
    ("${filter{a}{forany{a}{bool{x}}}}", '!unrecognised boolean value "x" inside "forany" condition inside "filter" item'),
    ("x${ipv6norm:2001:db8:0::1}y", "x2001:db8::1"),
]
BOTH = [
    ("a\\nb", "a\nb"),
    ("${expand:\\${nosuch:x\\}}", '!internal expansion of "${nosuch:x}" failed: unknown expansion operator "nosuch"'),
    ("$acl_x", '!unknown variable name "acl_x" (user-defined ACL variables must start acl_c or acl_m)'),
    ("${if eq{$h_x}{a}{b}}", "!missing } at end of string - could be header name not terminated by colon"),
    ("${h_subject:}", '!non-digit after underscore in "h_subject"'),
    ("${if radius{x}}", '!support for "radius" not compiled'),
    ("${perl{x}}", None),
    ("x ${lookup nosuch{a}}", '!unknown lookup type "nosuch"'),
    ("${if def:nosuch}", '!unknown variable "nosuch" after "def:"'),
    ("${if match{abc}{(b)}{$1}}$1", "b"),
    ("<${map{<}{[$item]}}>", "<>"),
    ("${if forany{ <}{eq{$item}{<}}{y}{n}}", "n"),
]


def answer(text: str, release: str) -> str:
    try:
        return expand(process(release), text)
    except ExpansionError as error:
        return "!" + error.message


@pytest.mark.parametrize(("text", "wanted"), OLD)
def test_in_the_older_release(text: str, wanted: str) -> None:
    assert answer(text, "4.82+") == wanted


@pytest.mark.parametrize(("text", "wanted"), NEW)
def test_in_the_later_release(text: str, wanted: str) -> None:
    assert answer(text, "4.99") == wanted


@pytest.mark.parametrize(("text", "wanted"), MIDDLE)
def test_in_the_one_between(text: str, wanted: str) -> None:
    assert answer(text, "4.96") == wanted


@pytest.mark.parametrize("release", ["4.82+", "4.99"])
@pytest.mark.parametrize(("text", "wanted"), BOTH)
def test_in_both(text: str, wanted: str | None, release: str) -> None:
    found = answer(text, release)
    assert found.startswith("!") if wanted is None else found == wanted


@pytest.mark.parametrize(("text", "truth"), [
    ("", False), ("0", False), ("No", False), ("FALSE", False), ("00", True), ("x", True), ("yes", True), ("${if eq{a}{b}{c}fail}", False),
])
def test_the_rule_of_router_conditions(text: str, truth: bool) -> None:
    assert expand_condition(process(), text, "router r") is truth


def test_a_condition_that_cannot_be_expanded_is_logged() -> None:
    p = process()
    assert expand_condition(p, "${nosuch:x}", "r router") is False
    wanted = 'failed to expand condition "${nosuch:x}" for r router: unknown expansion operator "nosuch"'
    assert p.world.logs.of("main")[0].endswith(wanted) and p.world.logs.of("panic")


def test_strict_acl_variables() -> None:
    """Also in a branch that is skipped (case ACL-023)."""
    p = process(main={"strict_acl_vars": True})
    for text in ("$acl_m_x", "${if eq{a}{a}{y}{$acl_m_x}}"):
        with pytest.raises(ExpansionError) as caught:
            expand(p, text)
        assert caught.value.message == 'unknown variable name "acl_m_x" (strict_acl_vars is set)'
    p.message.acl_m["m_x"] = "v"
    assert expand(p, "$acl_m_x") == "v"


def test_only_structure_is_checked_without_evaluation() -> None:
    assert syntax_error("${if eq{a}{a}{y}{${nosuch:x}}}", RELEASES["4.99"]) == 'unknown expansion operator "nosuch"'
    assert syntax_error("${eval:1/0}", RELEASES["4.99"]) is None


def test_the_leftmost_error_wins() -> None:
    assert answer("${eval:1/0}${nosuch:x}", "4.99").startswith("!error in expression evaluation: divide by zero")
    assert answer("${nosuch:x}${eval:1/0}", "4.99") == '!unknown expansion operator "nosuch"'


def test_forced_failure_is_told_apart() -> None:
    with pytest.raises(ForcedFailure):
        expand(process(), "${if eq{a}{b}{c}fail}")


def test_values_are_given_back() -> None:
    p = process()
    p.scratch.value, p.scratch.numbers = "outer", ["0", "1"]
    assert expand(p, "${extract{a}{a=5}{$value}}$value${if match{xy}{(x)}{$1}}$1") == "5outerx1"
