"""Dots at the heads of lines."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_eximsim.wire.lines import Lines, canonical
from pytest_eximsim.wire.smtp.data import END, LAX_END, stuffed, unstuffed, unstuffed_line


@pytest.mark.parametrize(("text", "octets"), [
    (b"", b".\r\n"),
    (b"a\r\n", b"a\r\n.\r\n"),
    (b".\r\n", b"..\r\n.\r\n"),
    (b"a\r\n.b\r\n..\r\n", b"a\r\n..b\r\n...\r\n.\r\n"),
])
def test_stuffed(text: bytes, octets: bytes) -> None:
    assert stuffed(text) == octets
    assert unstuffed(octets.removesuffix(b".\r\n")) == text


@pytest.mark.parametrize(("octets", "lax", "text"), [
    (b".a\n.b\r\n.c", False, b"a\n.b\r\nc"),
    (b".a\n.b\r\n.c", True, b"a\nb\r\nc"),
])
def test_unstuffed_by_line_ends(octets: bytes, lax: bool, text: bytes) -> None:
    assert unstuffed(octets, lax=lax) == text


@pytest.mark.parametrize(("line", "text"), [(b".", None), (b"..", b"."), (b".a", b"a"), (b"a.", b"a."), (b"", b"")])
def test_unstuffed_line(line: bytes, text: bytes | None) -> None:
    assert unstuffed_line(line) == text


@pytest.mark.parametrize(("octets", "end", "at"), [
    (b"a\r\n.\r\n", END, 1), (b"a\n.\r\n", END, -1), (b"a\n.\r\n", LAX_END, 1), (b"a\r\n.\n", LAX_END, 2), (b"a\r\n.\r", LAX_END, -1),
])
def test_end(octets: bytes, end: re.Pattern[bytes], at: int) -> None:
    found = end.search(octets)
    assert (found.start() if found else -1) == at


@given(st.binary())
def test_what_is_stuffed_comes_back_line_by_line(text: bytes) -> None:
    text = canonical(text)
    lines, found = Lines(stuffed(text) + b"QUIT\r\n"), []
    while (line := unstuffed_line(lines.line() or b"")) is not None:
        found.append(line + b"\r\n")
    assert b"".join(found) == text
    assert lines.unread == b"QUIT\r\n"
