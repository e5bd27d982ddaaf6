"""No string makes the parser or the evaluator raise anything but an error of ours, run without end, or crash.

Strings are made from the tables of names, so that they mean something: right and wrong numbers of arguments, odd values everywhere.
"""

from __future__ import annotations

from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_eximsim.errors import EximsimError, ExpansionError
from pytest_eximsim.exim.expansion import expand, expand_traced, syntax_error
from pytest_eximsim.exim.expansion.budget import TOO_MUCH
from pytest_eximsim.exim.expansion.nodes import TOO_DEEP
from pytest_eximsim.exim.expansion.registry import tables
from pytest_eximsim.exim.release import RELEASES
from pytest_eximsim.exim.state import Process
from pytest_eximsim.exim.world import CommandResult

from ..fake_world import process

VALUES = [
    "", "0", "1", "-1", "08", "0x", "5k", "+3", "99999999999999999999", "-9223372036854775808", "a", "a:b:c", "<;a;b", "<, a,b", " ", "1_2",
    "192.0.2.1", "192.0.2.0/24", "::ffff:192.0.2.1", "::1/129", "[192.0.2.1]", "inet:[::1]:25", "inet:b.example:²", "a@b.example", "<a@b>",
    '"q x"@[192.0.2.1]', "@", "@[]", "@mx_any", "+list", "!a", "*.example", 'x=y z="w v"', "k: v", "/f", "/nosuch", "relative",
    "lsearch;/f", "net-lsearch;/f", "dnsdb;mx=b.example", "=?utf-8?q?x=20?=", "=?x?b?!!!?=", "1h5d", "yes", '{"a":[1,2]}', '[1,"b"]', "md5",
    "sha256", "^a(b)?c",
    "(a+)+$", "[", "(?<n>x)", "\\\\N^a$\\\\N", "\\", "\\x", "\\n", "\\{", "\\}", "\0", "é", "\xff", "²", "٣", "%", "''",
    '"', "`;`", "$1$ab$", "$5$rounds=999999999$a$b", "\\$5\\$rounds=999999999\\$a\\$b", "prvs=1234abcdef/a@b", "SRS0=x=y=z@b", "a" * 300,
    "\r\n", "\t", "$h_subject:", "$rh_from:", "$acl_m_x", "$acl_c0", "$1", "${1}", "$item", "$value", "$message_headers", "$nosuch",
]
ARGUMENTS = ["", "", "", "_1", "_-3", "_5_2", "_0", "_99999999999", "_h", "_3_", "__", "_256"]
LOOKUPS = [
    "lsearch", "wildlsearch", "iplsearch", "dsearch", "dnsdb", "passwd", "redis", "sqlite", "pgsql", "json", "partial1(x)lsearch", "nosuch",
    "lsearch*@", "lsearch,ret=full",
]


def names(kind: str) -> list[str]:
    return sorted({name for release in RELEASES for name in getattr(tables(release), kind)})


ITEMS, OPERATORS, CONDITIONS, VARIABLES = names("items"), names("operators"), names("conditions"), names("variables")


class Strings:
    """Makes strings up, by the dice of `random`."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def string(self, depth: int) -> str:
        dice = self.random.random()
        if depth <= 0 or dice < 0.3:
            return self.random.choice(VALUES) if dice < 0.25 else "$" + self.random.choice(VARIABLES)
        if dice < 0.55:
            return f"${{{self.random.choice(OPERATORS)}{self.random.choice(ARGUMENTS)}:{self.string(depth - 1)}}}"
        if dice < 0.85:
            return self.item(self.random.choice(ITEMS), depth)
        return self.string(depth - 1) + self.string(depth - 1)

    def braced(self, depth: int, most: int) -> str:
        return "".join(f"{{{self.string(depth - 1)}}}" for _ in range(self.random.randint(0, most)))

    def item(self, name: str, depth: int) -> str:
        one, end = f"{{{self.string(depth - 1)}}}", self.random.choice(["", "", "fail", "{x}fail"])
        match name:
            case "if":
                return f"${{if {self.condition(depth - 1)}{self.braced(depth, 2)}{end}}}"
            case "lookup":
                key = self.random.choice([one, " "])
                return f"${{lookup{key}{self.random.choice(LOOKUPS)}{one}{self.braced(depth, 2)}{end}}}"
            case "filter":
                return f"${{filter{one}{{{self.condition(depth - 1)}}}}}"
            case "sort":
                return f"${{sort{one}{{{self.random.choice(['<', '<=', 'ge', 'lti', '==', 'x'])}}}{self.braced(depth, 1)}}}"
        option = self.random.choice(["", "", " ", "json ", ",preexpand"])
        return f"${{{name}{option}{self.braced(depth, 5)}{end}}}"

    def condition(self, depth: int) -> str:
        name = self.random.choice(CONDITIONS)
        members = [f"{{{self.condition(depth - 1)}}}" for _ in range(self.random.randint(0, 2 if depth > 0 else 0))]
        if name in ("and", "or"):
            return f"{name}{{{''.join(members)}}}"
        if name.startswith("for"):
            return f"{name}{{{self.string(depth - 1)}}}{''.join(members[:1])}"
        if name == "def":
            return "def:" + self.random.choice([*VARIABLES, "h_x:", "h_x"])
        return self.random.choice(["", "", "!"]) + name + self.braced(depth, 3)


STRINGS = st.builds(lambda random, depth: Strings(random).string(depth), st.randoms(use_true_random=False), st.integers(1, 5))


def some_process(release: str) -> Process:
    def no_connection(*_: object, **__: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    p = process(release, dns="host 192.0.2.1 b.example\nb.example MX 10 mx.example", files={"/f": "a: b\n*.x: y\n192.0.2.0/24: z\n"},
                lists={"domain": {"list": "a:b"}, "host": {"list": "192.0.2.1"}}, client="192.0.2.1")
    p.configuration.path = "/etc/exim.conf"
    p.mta.version_number = "4.0"
    p.world.network.connect = p.world.network.connect_unix = no_connection  # type: ignore[method-assign]
    p.world.commands = SimpleNamespace(run=lambda words, **_: CommandResult(0, b"out"))
    p.world.entropy.random = lambda limit: limit - 1  # type: ignore[method-assign]
    p.message.acl_m["m_x"] = "${lc:$acl_m_x}"
    return p


@settings(max_examples=500, deadline=None)
@given(STRINGS, st.sampled_from(sorted(RELEASES)))
@example("${sort{a/b{==}{1\\}", "4.96")
@example("${readsocket{inet:x:\xb2}{x}}", "4.99")
@example("${if crypteq{x}{\\$5\\$rounds=999999999\\$a\\$b}}", "4.99")
def test_a_string_expands_or_fails(text: str, release: str) -> None:
    text = text.encode("utf-8").decode("latin-1")
    error = syntax_error(text, RELEASES[release])
    assert error is None or isinstance(error, str)
    try:
        assert isinstance(expand(some_process(release), text), str)
    except EximsimError as failure:
        assert isinstance(failure.message, str)
    assert expand_traced(some_process(release), text).source == text


@settings(max_examples=300, deadline=None)
@given(STRINGS, st.data())
def test_a_broken_string_expands_or_fails(text: str, data: st.DataObject) -> None:
    text = text.encode("utf-8").decode("latin-1")
    place = data.draw(st.integers(0, len(text)))
    text = text[:place] + data.draw(st.sampled_from(["", *"{}$\\:_!<> "])) + text[place + data.draw(st.integers(0, 3)):]
    try:
        expand(some_process("4.99"), text)
    except EximsimError as failure:
        assert isinstance(failure.message, str)


def nested(times: int, begin: str, inner: str, end: str) -> str:
    return begin * times + inner + end * times


TEN = "a:b:c:d:e:f:g:h:i:j"


@pytest.mark.parametrize("text", [
    pytest.param(nested(8, "${map{" + TEN + "}{", "$item", "}}"), id="map in map"),
    pytest.param("${if " + nested(9, "forany{" + TEN + "}{", "eq{a}{b}", "}") + "{y}{n}}", id="forany in forany"),
    pytest.param("${filter{" + TEN + "}{" + nested(9, "forany{" + TEN + "}{", "eq{a}{b}", "}") + "}}", id="forany in filter"),
    pytest.param("${reduce{" + ":".join("a" * 60) + "}{xx}{$value$value}}", id="doubling"),
    pytest.param(nested(60, "${quote:", '\\\\"', "}"), id="quoting quotes"),
    pytest.param(nested(30, "${sg{", "xxxx", "}{x}{xxxx}}"), id="substitutes of substitutes"),
    pytest.param("${map{" + ":".join("x" * 3000) + "}{${if match{" + "a" * 40 + "b}{\\N^(a+)+$\\N}{y}{n}}}}", id="patterns without end"),
    pytest.param("${if crypteq{x}{\\N$6$rounds=999999999$a$b\\N}}", id="rounds of crypt"),
    pytest.param("${sort{" + ":".join(f"{n * 7919 % 10007}" for n in range(9000)) + ":x}{<}{$item}}", id="sorting what has no order"),
])
def test_too_much_work_is_refused(text: str) -> None:
    p = some_process("4.99")
    with pytest.raises(ExpansionError, match=r"limit of the simulator"):
        expand(p, text)
    assert expand(p, "${lc:A}") == "a", "the limit is that of one expansion"


def test_too_much_work_in_what_is_skipped_is_refused() -> None:
    """4.96 evaluates the innermost condition twice for each of those around it."""
    text = "${if " + nested(60, "forany{a}{", "eq{a}{b}", "}") + "{y}{n}}"
    with pytest.raises(ExpansionError, match=r"limit of the simulator"):
        expand(some_process("4.96"), text)
    assert expand(some_process("4.99"), text) == "n"


@pytest.mark.parametrize(("text", "length"), [
    ("${map{" + ":".join("x" * 20000) + "}{${uc:$item}}}", 39999),
    ("${sg{" + "a" * 200_000 + "}{a}{bb}}", 400_000),
    ("${sort{" + ":".join(f"{n * 7919 % 10007}" for n in range(10000)) + "}{<}{$item}}", 48897),
    ("${if match{" + "a" * 3000 + "}{\\N^(a|aa)+$\\N}{y}{nnn}}", 1),
])
def test_what_is_large_but_finite_works(text: str, length: int) -> None:
    assert len(expand(some_process("4.99"), text)) == length


def test_an_acl_variable_that_expands_itself() -> None:
    p = some_process("4.99")
    p.message.acl_m["m0"] = "${map{a:b:c}{${expand:$acl_m0}}}"
    with pytest.raises(ExpansionError) as failure:
        expand(p, "${expand:$acl_m0}")
    assert TOO_DEEP in str(failure.value) or TOO_MUCH in str(failure.value)


def test_a_pattern_that_is_given_up_does_not_match() -> None:
    """As the real Exim has it: no match, and no error."""
    p = some_process("4.96")
    assert expand(p, "${if match{" + "a" * 60 + "b}{\\N^(a+)+$\\N}{y}{n}}") == "n"
    assert expand(p, "${sg{" + "a" * 60 + "c}{\\N(a+)+b|c\\N}{x}}") == "a" * 60 + "c"
