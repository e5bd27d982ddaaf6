"""Command lines as a lenient server reads them."""

from __future__ import annotations

import pytest

from pytest_eximsim.wire.smtp.commands import Chunk, Command, chunk, parse, path


@pytest.mark.parametrize(("line", "command"), [
    ("EHLO client.example", Command("EHLO", "client.example")), ("quit", Command("QUIT")), ("", Command("")),
    ("MAIL FROM:<a@b> SIZE=1", Command("MAIL", "FROM:<a@b> SIZE=1")), ("NOOP ", Command("NOOP")), ("X  y", Command("X", " y")),
])
def test_parse(line: str, command: Command) -> None:
    assert parse(line) == command


@pytest.mark.parametrize(("argument", "address"), [
    ("FROM:<a@b>", "a@b"), ("FROM:<>", ""), ("TO: <a@b> NOTIFY=NEVER", "a@b"), ("TO:a@b X=1", "a@b"), ("TO:<a@b", "<a@b"), ("", ""),
])
def test_path(argument: str, address: str) -> None:
    assert path(argument) == address


@pytest.mark.parametrize(("argument", "announced"), [
    ("10", Chunk(10)), ("10 LAST", Chunk(10, True)), ("0 last", Chunk(0, True)), ("x", Chunk(0)), ("", Chunk(0)), ("²", Chunk(0)),
])
def test_chunk(argument: str, announced: Chunk) -> None:
    assert chunk(argument) == announced
