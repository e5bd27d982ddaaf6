"""What all reports are made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_eximsim.errors import Position, ScenarioError
from pytest_eximsim.report.lines import excerpt, labelled, masked, mistakes, printable, shortened, tail


@pytest.mark.parametrize(("text", "shown"), [
    ("250 OK", "250 OK"), ("caf\u00e9 \U0001f4e7", "caf\u00e9 \U0001f4e7"), ("a\x1b[31mb", "a\\x1b[31mb"), ("\0\r\t", "\\x00\\x0d\\x09"),
    ("\u202e", "\\u202e"),
])
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_long_line_says_what_is_missing() -> None:
    assert shortened("x" * 220) == "x" * 220
    assert shortened("x" * 1000) == "x" * 190 + "… (and 810 more characters)"


@pytest.mark.parametrize(("line", "column", "shown"), [
    ("abc", 2, ["     1 | abc", "       |  ^"]),
    ("abc", 4, ["     1 | abc", "       |    ^"]),
    ("abc", 99, ["     1 | abc", "       |    ^"]),
    ("abc", 0, ["     1 | abc"]),
    ("\tabc", 2, ["     1 |  abc", "       |  ^"]),
    ("日本x", 3, ["     1 | 日本x", "       |     ^"]),
    ("", 1, ["     1 | ", "       | ^"]),
])
def test_excerpt(line: str, column: int, shown: list[str]) -> None:
    assert excerpt(Position("a.yaml", 1, column), Path(), {"a.yaml": [line]}) == shown


def test_the_excerpt_of_a_very_long_line_is_around_the_column() -> None:
    text, caret = excerpt(Position("a.yaml", 1, 501), Path(), {"a.yaml": ["a" * 500 + "X" + "b" * 500]})
    assert text == "     1 | …" + "a" * 50 + "X" + "b" * 49 + "…"
    assert text[caret.index("^")] == "X"


def test_an_excerpt_comes_from_disk_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("one\ntwo\n")
    assert excerpt(Position("a.yaml", 2, 1), tmp_path) == ["     2 | two", "       | ^"]
    assert excerpt(Position("a.yaml", 3, 1), tmp_path) == []
    assert excerpt(Position("b.yaml", 1, 1), tmp_path) == []


def test_all_mistakes(tmp_path: Path) -> None:
    error = ScenarioError("bad", Position("a", 1), [ScenarioError("worse\x07", Position("a", 2, 3))])
    assert mistakes(error, tmp_path, {"a": ["one", "two"]}) == (
        "a:1: bad\n     1 | one\na:2:3: worse\\x07\n     2 | two\n       |   ^\n2 mistakes")
    assert mistakes(ScenarioError("bad"), tmp_path) == "bad"


def test_labelled() -> None:
    assert labelled("expected", "a\nb\nc", None) == ["expected  a", "          b", "          c"]
    assert labelled("expected", "a\nb\nc\nd\ne", 4) == ["expected  a", "          … (2 more lines)", "          d", "          e"]


def test_tail() -> None:
    assert tail(["a", "b"], 2) == ["a", "b"]
    assert tail(["a", "b", "c"], 2) == ["… (2 lines before)", "c"]
    assert tail(["a", "b", "c"], None) == ["a", "b", "c"]


def test_masked_takes_the_longest_first() -> None:
    assert masked("secret-more and secret", ["secret", "secret-more", ""]) == "*** and ***"
