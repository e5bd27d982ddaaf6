"""`lsearch`, `wildlsearch`, `nwildlsearch`, `iplsearch`: text files searched line by line (chapter 9.3; cases REDIS-080, REDIS-082)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ...expansion.conditions.comparing import folded
from ...expansion.cursor import Cursor
from ..result import NOT_FOUND, Answer, Deferred, Found, LookupSetupError, Reply

if TYPE_CHECKING:
    from ...state import Process

_SPACE = " \t\n\v\f\r"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its key as written, its data with continuations joined, and the whole line for `ret=full`; keys without their quotes."""

    key: str
    data: str
    full: str


@dataclass(frozen=True)
class Contents:
    """A file: its entries in order, and the first one of each key in lower case."""

    entries: tuple[Entry, ...]
    by_key: dict[str, Entry]


def open_file(p: Process, file: str) -> None:
    """Raises LookupSetupError with Exim's text (case REDIS-085)."""
    check_file(p, file, "linear search", "lsearch")


def check_file(p: Process, file: str, purpose: str, type: str) -> None:
    try:
        status = p.world.files.status(file)
        if status.kind == "file":
            p.world.files.read(file)
    except OSError as error:
        raise LookupSetupError(f"failed to open {file} for {purpose}: {error.strerror or os.strerror(error.errno or 0)}") from None
    if status.kind != "file":
        raise LookupSetupError(f"{file} is not a regular file ({type} lookup)")


def find(p: Process, file: str, key: str, options: str) -> Reply:
    """The first entry whose key is equal, case aside."""
    entry = _contents(p, file).by_key.get(folded(key))
    return _reply(entry, options)


def find_expanded_pattern(p: Process, file: str, key: str, options: str) -> Reply:
    """wildlsearch: each key of the file is expanded, then matched like an item of a list."""
    return _find_pattern(p, file, key, options, expanded=False)


def find_pattern(p: Process, file: str, key: str, options: str) -> Reply:
    """nwildlsearch: keys are patterns and not expanded."""
    return _find_pattern(p, file, key, options, expanded=True)


def _find_pattern(p: Process, file: str, key: str, options: str, *, expanded: bool) -> Reply:
    from ...lists import ListDeferred, Matched, match_string

    numbers = p.scratch.numbers
    try:
        for entry in _contents(p, file).entries:
            result = match_string(p, entry.key, key, expanded=expanded, single=True)
            if isinstance(result, Matched):
                return _reply(entry, options)
            if isinstance(result, ListDeferred):
                return Reply(Deferred(result.message or ""))
    finally:
        p.scratch.numbers = numbers
    return Reply(NOT_FOUND)


def find_address(p: Process, file: str, key: str, options: str) -> Reply:
    """iplsearch: keys of the file are addresses and networks; `*` finds only `*`."""
    from ...hosts import in_network, is_ip

    if key != "*" and not is_ip(key, p.release):
        return Reply(Deferred(
            f'"{key}" is not a valid iplsearch key (an IP address, with optional CIDR mask, is wanted): '
            "in a host list, use net-iplsearch as the search type"
        ))
    for entry in _contents(p, file).entries:
        if entry.key == "*" or key == "*":
            if entry.key == key:
                return _reply(entry, options)
        elif is_ip(entry.key, p.release, mask=True) and in_network(key, entry.key):
            return _reply(entry, options)
    return Reply(NOT_FOUND)


def _reply(entry: Entry | None, options: str) -> Reply:
    answer: Answer = NOT_FOUND
    if entry is not None:
        answer = Found(entry.full if "ret=full" in options.split(",") else entry.data)
    return Reply(answer)


def _contents(p: Process, file: str) -> Contents:
    """Read anew each time: what a process writes is seen by its own next lookup.

    A file that vanished while it was in use has no entries.
    """
    try:
        content = p.world.files.read(file)
    except OSError:
        return Contents((), {})
    return parse(content)


@lru_cache(maxsize=32)
def parse(content: bytes) -> Contents:
    """All entries of a file.

    A line that begins with `#` is a comment, an indented one continues the entry right before it, with one space (none behind a comment or
    an empty line); keys end at a colon or at white space, or are quoted with escapes.
    """
    entries: list[Entry] = []
    goes_on = False
    lines = content.decode("latin-1").split("\n")
    for number, line in enumerate(lines):
        text = line if number == len(lines) - 1 else line.rstrip(_SPACE)      # without a newline behind it, blanks at its end stay
        if not text or text[0] == "#":
            goes_on = False
            continue
        if text[0] in _SPACE:
            if goes_on:
                last = entries[-1]
                more = " " + text.lstrip(_SPACE)
                entries[-1] = Entry(last.key, last.data + more, last.full + more)
            continue
        goes_on = True
        key, place = _key(text)
        data = text[place:].lstrip(_SPACE)
        if data[:1] == ":":
            data = data[1:].lstrip(_SPACE)
        entries.append(Entry(key, data, key + text[place:]))
    by_key: dict[str, Entry] = {}
    for entry in entries:
        by_key.setdefault(folded(entry.key), entry)
    return Contents(tuple(entries), by_key)


def _key(line: str) -> tuple[str, int]:
    """The key at the start of a line, and where it ends."""
    if line[0] != '"':
        place = 0
        while place < len(line) and line[place] != ":" and line[place] not in _SPACE:
            place += 1
        return line[:place], place
    cursor, found = Cursor(line, 1), list[str]()
    while cursor.pos < len(line) and line[cursor.pos] != '"':
        if line[cursor.pos] == "\\" and cursor.pos + 1 < len(line):
            found.append(cursor.read_escape())
        else:
            found.append(line[cursor.pos])
            cursor.pos += 1
    return "".join(found), min(cursor.pos + 1, len(line))
