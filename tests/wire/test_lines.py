"""Lines in a buffer, fed whole and octet by octet."""

from __future__ import annotations

import pytest

from pytest_eximsim.wire.lines import Lines, canonical


@pytest.mark.parametrize(("octets", "lines", "rest"), [
    (b"", [], b""),
    (b"a\r\nb\nc", [b"a", b"b"], b"c"),
    (b"\r\n\n\r\r\n", [b"", b"", b"\r"], b""),
    (b"a\rb\r\n\r", [b"a\rb"], b"\r"),
    (b"\xff\0\n", [b"\xff\0"], b""),
])
@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_lines(octets: bytes, lines: list[bytes], rest: bytes, piece: int) -> None:
    found, buffer = [], Lines()
    for start in range(0, len(octets), piece):
        buffer.feed(octets[start:start + piece])
        while (line := buffer.line()) is not None:
            found.append(line)
    assert (found, buffer.unread, bool(buffer)) == (lines, rest, bool(rest))


def test_octets_between_lines() -> None:
    buffer = Lines(b"BDAT 3\r\na\n")
    assert buffer.line() == b"BDAT 3"
    assert buffer.take(3) is None
    buffer.feed(b"bQUIT\r\n")
    assert (buffer.take(3), buffer.take(0), buffer.line(), buffer.line()) == (b"a\nb", b"", b"QUIT", None)


def test_push_back_and_clear() -> None:
    buffer = Lines(b"one\ntwo\n")
    assert buffer.line() == b"one"
    buffer.push_back(b"zero\n")
    assert (buffer.line(), buffer.unread) == (b"zero", b"two\n")
    buffer.clear()
    assert (buffer.line(), bool(buffer)) == (None, False)


@pytest.mark.parametrize(("text", "expected"), [
    (b"", b""), (b"a", b"a\r\n"), (b"a\r\n", b"a\r\n"), (b"a\nb", b"a\r\nb\r\n"), (b"a\rb\r\n", b"a\r\nb\r\n"),
    (b"\n\r\r\n", b"\r\n\r\n\r\n"),
])
def test_canonical(text: bytes, expected: bytes) -> None:
    assert canonical(text) == expected
