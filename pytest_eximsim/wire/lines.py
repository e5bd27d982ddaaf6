"""Bytes in, lines out. What the lines mean is said elsewhere; how Exim itself cuts its input is `exim/reception/channel.py`."""

from __future__ import annotations

import re

_LINE_END = re.compile(rb"\r\n|\r|\n")


class Lines:
    """A buffer of octets that were received, and the lines in it. A line ends with LF, or with CR LF."""

    __slots__ = ("_octets", "_pos")

    def __init__(self, octets: bytes = b"") -> None:
        self._octets = octets
        self._pos = 0

    def __bool__(self) -> bool:
        """Is anything unread?"""
        return self._pos < len(self._octets)

    @property
    def unread(self) -> bytes:
        return self._octets[self._pos:]

    def feed(self, octets: bytes) -> None:
        """What was received, behind what is unread."""
        self._octets = self._octets[self._pos:] + octets
        self._pos = 0

    def push_back(self, octets: bytes) -> None:
        """Before what is unread."""
        self._octets = octets + self._octets[self._pos:]
        self._pos = 0

    def clear(self) -> None:
        """Forget what is unread."""
        self._octets, self._pos = b"", 0

    def line(self) -> bytes | None:
        """The next line without its end, None until all of it is there."""
        end = self._octets.find(b"\n", self._pos)
        if end < 0:
            return None
        line = self._octets[self._pos:end]
        self._pos = end + 1
        return line.removesuffix(b"\r")

    def take(self, count: int) -> bytes | None:
        """So many octets, None until all of them are there."""
        if len(self._octets) - self._pos < count:
            return None
        taken = self._octets[self._pos:self._pos + count]
        self._pos += count
        return taken


def canonical(text: bytes) -> bytes:
    """A text as SMTP transports it: every line ends with CR LF, the last one too, bare CR and LF count as ends (RFC 5321, 2.3.8)."""
    text = _LINE_END.sub(b"\r\n", text)
    return text if not text or text.endswith(b"\r\n") else text + b"\r\n"
