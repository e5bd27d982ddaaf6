"""Long messages are broken as Exim breaks them (case ACL-013)."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.acl.messages import split_message


@pytest.mark.parametrize(("text", "lines"), [
    ("short", ["short"]), ("a" * 75, ["a" * 75]), ("a" * 80, ["a" * 80]), ("a" * 40 + " " + "b" * 40, ["a" * 40, "b" * 40]),
    ("a" * 30 + " " + "b" * 60, ["a" * 30 + " " + "b" * 60]), ("a" * 30 + " " + "b" * 60 + " c", ["a" * 30 + " " + "b" * 60, "c"]),
    ("a" * 40 + ": " + "b" * 20 + " " + "c" * 20, ["a" * 40 + ":", "b" * 20 + " " + "c" * 20]), ("one\ntwo", ["one", "two"]),
    ("x" * 80 + "\n", ["x" * 80, ""]), ("one\n" + "y" * 50 + " " + "z" * 40, ["one", "y" * 50, "z" * 40]),
])
def test_split(text: str, lines: list[str]) -> None:
    assert split_message(text).split("\n") == lines
