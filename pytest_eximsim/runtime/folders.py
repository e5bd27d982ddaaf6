"""Temporary folders of a run. What a killed run left, folders and the programs that work in them, is removed behind it (guard.py), or by
the next one.

Beside each folder stands a file with its owner (owner.py), before the folder is there, and then a line for each program. Only what is
provably a dead process' is touched.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from . import guard
from .owner import Owner, sweeping

PREFIX = "eximsim-"
NOTE = ".owner"


def make(prefix: str = PREFIX) -> Path:
    """A new folder for this process, which nobody else can read; to be given to `remove`. `prefix` begins with PREFIX."""
    _sweep_once(tempfile.gettempdir())
    guard.watch()
    descriptor, note = tempfile.mkstemp(NOTE, prefix)
    with open(descriptor, "w") as file:
        file.write(f"{_label(os.getpid())}\n")
    folder = Path(note.removesuffix(NOTE))
    folder.mkdir(0o700)
    return folder


def add_program(folder: Path, pid: int) -> None:
    """A program of ours works in the folder: it ends with it."""
    with open(f"{folder}{NOTE}", "a") as file:
        file.write(f"{Owner.of(pid)}\n")


def remove(folder: Path) -> None:
    """The folder and all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.unlink(f"{folder}{NOTE}")


@contextlib.contextmanager
def temporary() -> Iterator[Path]:
    """A folder for a block."""
    folder = make()
    try:
        yield folder
    finally:
        remove(folder)


def sweep() -> list[Path]:
    """Remove the folders of killed runs and end their programs; gives the folders."""
    notes = [note for note in Path(tempfile.gettempdir()).glob(f"{PREFIX}*{NOTE}") if _stale(note)]
    if not notes:
        return []
    with sweeping():
        return [Path(str(note).removesuffix(NOTE)) for note in notes if _swept(note)]


def _stale(note: Path) -> bool:
    return (owners := _owners(note)) != [] and owners[0].gone()


def _owners(note: Path) -> list[Owner]:
    """The owner and the programs; nothing for what is no note, or no longer."""
    try:
        found = [Owner.parse(line) for line in note.read_text("ascii").splitlines()]
    except (OSError, UnicodeDecodeError):
        return []
    return [one for one in found if one is not None] if all(found) else []


def _swept(note: Path) -> bool:
    """Another process may have been here first."""
    owners = _owners(note)
    for program in owners[1:]:
        if not program.gone():
            with contextlib.suppress(OSError):
                os.kill(program.pid, signal.SIGKILL)
    remove(Path(str(note).removesuffix(NOTE)))
    return owners != []


@cache
def _sweep_once(place: str) -> None:
    sweep()


@cache
def _label(pid: int) -> str:
    return str(Owner.of(pid))
