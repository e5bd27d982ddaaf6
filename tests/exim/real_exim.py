"""Strings through `exim4 -be` of the real Exim 4.96, many in one process: for tests that compare it with the simulator's 4.96."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pytest_eximsim.errors import Died, ExpansionError
from pytest_eximsim.exim.expansion import expand
from pytest_eximsim.exim.state import Process

CRASHED = "(the process ended)"


def exim_4_96(require: Callable[[str], str]) -> str:
    """The program; the test is skipped where it is not there or another release."""
    program = require("exim4")
    if "Exim version 4.96 " not in subprocess.run([program, "-bV"], capture_output=True, text=True, timeout=20, check=False).stdout:
        pytest.skip("exim4 is not Exim 4.96")
    return program


def answers(program: str, configuration: Path, strings: Sequence[str], *options: str) -> list[str]:
    """What it prints for each string, without the final newline; CRASHED where its process ended. Strings are lines of latin-1 that do not
    begin with a capital (those define macros) or end in a backslash."""
    found: list[str] = []
    while len(found) < len(strings):
        rest = strings[len(found):]
        found += _answered(program, configuration, rest, options)
        if len(found) < len(strings):
            found.append(CRASHED)
    return found


def simulated(p: Process, string: str) -> str:
    """The same from the simulator, for one string."""
    try:
        return expand(p, string)
    except ExpansionError as error:
        return f"Failed: {error.message}"
    except Died:
        return CRASHED


def _answered(program: str, configuration: Path, strings: Sequence[str], options: Sequence[str]) -> list[str]:
    """The answers before the process ended. Each string is followed by a mark that comes back as it is."""
    given = "".join(f"{string}\n@@{number}@@\n" for number, string in enumerate(strings))
    done = subprocess.run([program, "-C", str(configuration), *options, "-be"], input=given.encode("latin-1"), capture_output=True,
                          timeout=120, check=False)
    text, place, found = done.stdout.decode("latin-1"), 0, list[str]()
    for number in range(len(strings)):
        mark = f"@@{number}@@\n"
        end = text.find(mark, place)
        if end < 0:
            break
        found.append(text[place:end].removeprefix("> ").removesuffix("\n> "))
        place = end + len(mark)
    return found
