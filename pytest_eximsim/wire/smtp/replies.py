"""Replies (RFC 5321, 4.2): three digits, `-` where another line follows, else a space. Lines are text without their ends."""

from __future__ import annotations


def code(line: str) -> str:
    """The three digits at the head of a reply line, "" where it is none."""
    digits = line[:3]
    return digits if len(digits) == 3 and digits.isascii() and digits.isdigit() and line[3:4] in ("", " ", "-") else ""


def continues(line: str) -> bool:
    """Does another line of the same reply follow?"""
    return line[3:4] == "-" and code(line) != ""


def is_last(line: str) -> bool:
    """Is it a whole reply, or the last line of one?"""
    return line[3:4] != "-" and code(line) != ""


def text(line: str) -> str:
    """What stands behind the code."""
    return line[4:]


def accepts(line: str) -> bool:
    """Positive: 2xx, or 3xx where the client is to go on."""
    return line[:1] in ("2", "3")


def encode(reply: str) -> bytes:
    """The octets of a reply whose lines are separated by newlines; what they say is not looked at."""
    return "".join(f"{line}\r\n" for line in reply.split("\n")).encode("utf-8", "surrogateescape")
