"""The parser is total, whatever the text; the evaluator raises nothing but ExpansionError, and Died where Exim's process ends."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_eximsim.errors import Died, ExpansionError
from pytest_eximsim.exim.expansion import expand, expand_traced, syntax_error
from pytest_eximsim.exim.expansion.parser import parse
from pytest_eximsim.exim.release import RELEASES
from pytest_eximsim.exim.world import CommandResult

from ..fake_world import process

PIECES = [
    "{", "}", "$", "\\", "${", "${if ", "eq", "{a}", "{}", "${lc:", "fail", " ", ":", "_", "!", "${sg{a}{b}{c}}",
    "${extract{1}{:}{a:b}", "x", "$h_a", "${map{a:b}{", "$item", "and{{", "or", "match{a}{", "(", "${substr{", "-1",
    "9", "\\N", "${eval:", "+", "${reduce{", "forany{a}{", "${filter{a}{", "${sort{b:a}{lt}{", "${hash_", "${nhash_3:",
    "def:", "acl_m0", "${run{", "${prvscheck{", "${listextract{", "json", "${base64d:", "${mask:", "/", "\0", "é",
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.sampled_from(sorted(RELEASES)))
def test_every_text_expands_or_fails(text: str, release: str) -> None:
    error = syntax_error(text, RELEASES[release])
    p = process(release)
    p.world.commands = SimpleNamespace(run=lambda words, **_: CommandResult(0, b"out"))
    try:
        expand(p, text)
    except Died:
        pass                        # where Exim itself divides by zero or reads what is not there
    except ExpansionError as failure:
        assert isinstance(failure.message, str)
    else:
        assert error is None or "${extract" in text or "${run" in text
    expand_traced(p, text)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40))
def test_any_characters(text: str) -> None:
    text = text.encode("utf-8", "replace").decode("latin-1")
    try:
        expand(process(), text)
    except ExpansionError as failure:
        assert failure.message is not None


@pytest.mark.parametrize("piece", [
    "${lc:", "${if eq{a}{", "${if and{{", "${map{a}{", "${expand:", "${if !", "{", "${extract{a}{", "${sg{a}{b}{",
])
def test_deep_nesting_does_not_crash(piece: str) -> None:
    for text in (piece * 5000, piece * 5000 + "}" * 10000):
        try:
            expand(process(), text)
        except ExpansionError as failure:
            assert failure.message


def test_nesting_as_configurations_have_it_works() -> None:
    text = "x"
    for _ in range(60):
        text = "${if eq{a}{b}{y}{" + text + "}}"
    assert expand(process(), text) == "x"


def test_expanding_itself_ends() -> None:
    p = process()
    p.message.acl_m["m0"] = "${expand:$acl_m0}"
    with pytest.raises(ExpansionError):
        expand(p, "${expand:$acl_m0}")


def test_time_stays_bounded() -> None:
    started = time.perf_counter()
    hard = ("${extract{a}{b}{" * 60, "${if or{{eq{a}{b}}" * 2000, "$x" * 20000, "${map{" + "a:" * 20000 + "}{$item}}")
    for text in hard:
        syntax_error(text, RELEASES["4.99"])
    assert time.perf_counter() - started < 2


def test_a_text_is_parsed_once() -> None:
    assert parse("${lc:once}", "4.99") is parse("${lc:once}", "4.99")


def test_explaining() -> None:
    step = expand_traced(process(), "x ${if eq{${lc:A}}{a}{${uc:y}}{n}}")
    assert step.result == "x Y"
    assert [line.strip() for line in step.lines()][1:] == ['${if eq{${lc:A}}{a}{${uc:y}}{n}} → "Y"', '${lc:A} → "a"', '${uc:y} → "Y"']
    failed = expand_traced(process(), "${lc:${eval:x}}")
    assert failed.error and failed.steps[0].steps[0].error == failed.error
