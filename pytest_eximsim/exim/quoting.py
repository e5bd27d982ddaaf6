"""Exim's quoted words, as options, named fields and commands hold them: a word, or a string in double quotes with escapes."""

from __future__ import annotations

from .expansion.cursor import SPACES, Cursor


def dequote(text: str, place: int = 0) -> tuple[str, int]:
    """The word at `place` (white space before it is skipped) and the place behind it. A missing closing quote is accepted."""
    while place < len(text) and text[place] in SPACES:
        place += 1
    if text[place:place + 1] != '"':
        end = place
        while end < len(text) and text[end] not in SPACES:
            end += 1
        return text[place:end], end
    cursor, found = Cursor(text, place + 1), list[str]()
    while cursor.char and cursor.char != '"':
        if cursor.char == "\\" and cursor.pos + 1 < len(text):
            found.append(cursor.read_escape())
        else:
            found.append(cursor.char)
            cursor.pos += 1
    return "".join(found), min(cursor.pos + 1, len(text))
