"""Running a program for ${run}: taking the command apart, calling the port, judging how it ended."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ...log import log
from ...taint import is_tainted, parted
from ..cursor import SPACES, Cursor
from ..evaluator import expand

if TYPE_CHECKING:
    from ...state import Process

SECONDS = 60.0


def run_command(p: Process, command: str, *, expand_words: bool) -> str:
    """Run it; sets $runrc, returns the output. Raises ExpansionError, or what the port raises where programs are not allowed."""
    words = list(parted(command_words(command), command))
    if expand_words:
        words = [_expanded(p, word, command) for word in words]
    if words and is_tainted(words[0]):
        log(p, f"Attempt to exec tainted path: '{words[0]}'", panic=True)
        raise ExpansionError(f"couldn't create child process: {os.strerror(errno.EPERM)}")
    if not words:
        p.scratch.runrc = 127
        return ""
    try:
        result = p.world.commands.run(words, environment=p.world.environment, timeout=SECONDS)
    except TimeoutError:
        raise ExpansionError("command timed out") from None
    p.scratch.runrc = result.code
    if result.code < 0:
        raise ExpansionError(f"command killed by signal {-result.code}")
    return result.output.decode("latin-1").partition("\0")[0]


def _expanded(p: Process, word: str, command: str) -> str:
    try:
        return expand(p, word)
    except ExpansionError as error:
        error.message = f'Expansion of "{word}" from command "{command}" in ${{run}} expansion failed: {error.message}'
        raise


def command_words(command: str) -> list[str]:
    """The words of a command line: in single quotes as they are, in double quotes with escapes, otherwise up to a blank."""
    cursor, words = Cursor(command), list[str]()
    while cursor.skip_space():
        if cursor.char == "'":
            end = command.find("'", cursor.pos + 1)
            end = len(command) if end < 0 else end
            words.append(command[cursor.pos + 1:end])
            cursor.pos = end + 1
        elif cursor.char == '"':
            words.append(_quoted(cursor))
        else:
            start = cursor.pos
            while cursor.char and cursor.char not in SPACES:
                cursor.pos += 1
            words.append(command[start:cursor.pos])
    return words


def _quoted(cursor: Cursor) -> str:
    """A word in double quotes; a backslash protects a quote, others stay for the expansion."""
    cursor.pos += 1
    found: list[str] = []
    while cursor.char and cursor.char != '"':
        if cursor.char == "\\" and cursor.text[cursor.pos + 1:cursor.pos + 2]:
            found.append(cursor.read_escape())
        else:
            found.append(cursor.char)
            cursor.pos += 1
    cursor.pos += 1
    return "".join(found)
