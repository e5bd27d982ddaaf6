"""Recorded statements and their answers."""

import pytest

from pytest_eximsim.exim.world import SqlResult
from pytest_eximsim.services.sql.record import Recorder, parse_answer


def test_an_answer_is_found_by_pattern() -> None:
    recorder = Recorder({"SELECT * FROM f(*": "", "SELECT name*": "alice", "SELECT a, b*": "a=1|b=x y\na=2|b="})
    assert recorder.execute("SELECT * FROM f(1)") == SqlResult(("answer",), (("",),))
    assert recorder.execute("SELECT name\nFROM t") == SqlResult(("answer",), (("alice",),))
    assert recorder.execute("SELECT a, b FROM t") == SqlResult(("a", "b"), (("1", "x y"), ("2", "")))
    assert recorder.statements == ["SELECT * FROM f(1)", "SELECT name\nFROM t", "SELECT a, b FROM t"]
    assert not recorder.unanswered


def test_what_has_no_answer_is_kept() -> None:
    recorder = Recorder({})
    assert recorder.execute("DELETE FROM t") == SqlResult()
    assert recorder.unanswered == ["DELETE FROM t"]


def test_null_is_no_row() -> None:
    assert parse_answer(None) == SqlResult()


@pytest.mark.parametrize("answer", ["a=1|2", "a=1|b=2\na=1|c=2"])
def test_columns_need_their_names(answer: str) -> None:
    with pytest.raises(ValueError, match="name=value"):
        parse_answer(answer)
