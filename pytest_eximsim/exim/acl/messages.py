"""The lines of a reply: long messages are broken (Exim chapter 44.21; case ACL-013)."""

from __future__ import annotations

WIDTH = 75
EARLIEST = 35
SPACES = " \t\n\v\f\r"


def split_message(text: str) -> str:
    """Break what is longer than 75 characters: at the last blank behind column 35, preferably behind a colon; words are never cut."""
    if len(text) <= WIDTH:
        return text
    lines: list[str] = []
    start = 0
    while start < len(text):
        newline = text.find("\n", start)
        end = len(text) if newline < 0 else newline
        if end - start > WIDTH:
            at = _blank(text, start, end)
            if at >= 0:
                lines.append(text[start:at])
                start = at + 1
                continue
        lines.append(text[start:end])
        start = end + 1
        if newline >= 0 and start == len(text):
            lines.append("")
    return "\n".join(lines)


def _blank(text: str, start: int, end: int) -> int:
    """The blank of text[start:end] to break at, or -1."""
    last = start + WIDTH
    blank = -1
    for place in range(last, start + EARLIEST - 1, -1):
        if text[place] != " ":
            continue
        if text[place - 1] == ":":
            return place
        if blank < 0:
            blank = place
    if blank >= 0:
        return blank
    return text.find(" ", last, end)
