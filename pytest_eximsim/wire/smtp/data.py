"""Message data between DATA and its final dot (RFC 5321, 4.5.2)."""

from __future__ import annotations

import re

FINAL_DOT = b".\r\n"
#: The end as the RFC has it, and as servers take it that go by LF.
END = re.compile(rb"\r\n\.\r\n")
LAX_END = re.compile(rb"\n\.\r?\n")
_DOT = re.compile(rb"(?m)^\.")


def stuffed(text: bytes) -> bytes:
    """A text in canonical lines with a dot more where a line begins with one, and the final dot."""
    return _DOT.sub(b"..", text) + FINAL_DOT


def unstuffed(octets: bytes, *, lax: bool = False) -> bytes:
    """What came before the final dot, without the dots at the heads of lines. `lax`: lines end with LF, with or without CR."""
    octets = octets.removeprefix(b".")
    return octets.replace(b"\n.", b"\n") if lax else octets.replace(b"\r\n.", b"\r\n")


def unstuffed_line(line: bytes) -> bytes | None:
    """One line of data without the dot at its head; None for the final dot."""
    return None if line == b"." else line.removeprefix(b".")
