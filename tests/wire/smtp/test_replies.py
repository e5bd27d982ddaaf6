"""Reply lines."""

from __future__ import annotations

import pytest

from pytest_eximsim.wire.smtp import replies


@pytest.mark.parametrize(("line", "code", "continues", "is_last"), [
    ("250 OK", "250", False, True), ("250-SIZE", "250", True, False), ("250", "250", False, True), ("250 ", "250", False, True),
    ("2500", "", False, False), ("25", "", False, False), ("", "", False, False), ("25x OK", "", False, False),
    ("²50 OK", "", False, False),
    ("-50 OK", "", False, False), ("554 5.7.1 no", "554", False, True), ("250\tOK", "", False, False),
])
def test_lines(line: str, code: str, continues: bool, is_last: bool) -> None:
    assert (replies.code(line), replies.continues(line), replies.is_last(line)) == (code, continues, is_last)


@pytest.mark.parametrize(("line", "accepts"), [("220 x", True), ("354 go", True), ("450 busy", False), ("550 no", False), ("", False)])
def test_accepts(line: str, accepts: bool) -> None:
    assert replies.accepts(line) is accepts


def test_encode() -> None:
    assert replies.encode("250-a\n250 ä") == b"250-a\r\n250 \xc3\xa4\r\n"
    assert replies.text("250-SIZE 10") == "SIZE 10"
