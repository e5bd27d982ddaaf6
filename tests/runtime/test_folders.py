"""Temporary folders: gone when they are removed, and when the run that made them was killed."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_eximsim.runtime import folders, guard
from pytest_eximsim.runtime.owner import Owner

#: Makes a folder in which a program works, says both, and waits to be killed.
MAKES = """
import subprocess, sys, tempfile
tempfile.tempdir = sys.argv[1]
from pytest_eximsim.runtime import folders, guard
guard.SHELL = sys.argv[2]
folder = folders.make()
(folder / "file").touch()
program = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
folders.add_program(folder, program.pid)
print(folder, program.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@contextlib.contextmanager
def running(place: Path, shell: str) -> Iterator[tuple[subprocess.Popen[str], Path, Owner]]:
    """Another run, its folder, and the program in it. Without a shell, nobody is behind it when it is killed."""
    process = subprocess.Popen([sys.executable, "-c", MAKES, str(place), shell], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    folder, program = process.stdout.readline().split()
    try:
        yield process, Path(folder), Owner.of(int(program))
    finally:
        process.kill()
        process.communicate()
        folders.sweep()


@pytest.fixture
def other(place: Path) -> Iterator[tuple[subprocess.Popen[str], Path, Owner]]:
    with running(place, "/nosuch") as made:
        yield made


def names(place: Path) -> list[str]:
    return [one.name for one in place.iterdir() if not one.name.endswith(".lock")]


def test_one_is_private_and_leaves_nothing(place: Path) -> None:
    with folders.temporary() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.parent == place
        (folder / "file").touch()
        assert folders.sweep() == []
        assert folder.is_dir()
    assert names(place) == []


def test_that_of_a_living_run_stays(other: tuple[subprocess.Popen[str], Path, Owner]) -> None:
    _, folder, program = other
    assert folders.sweep() == []
    assert (folder / "file").exists()
    assert not program.gone()


def test_a_killed_runs_folder_and_program_go_with_the_next_run(other: tuple[subprocess.Popen[str], Path, Owner], place: Path) -> None:
    process, folder, program = other
    process.kill()
    process.wait()
    assert not program.gone()
    assert folders.sweep() == [folder]
    assert names(place) == []
    soon(program.gone)


def test_a_killed_runs_folder_and_program_go_at_once(place: Path) -> None:
    """Its parent has not even taken note."""
    with running(place, guard.SHELL) as (process, _, program):
        process.kill()
        soon(lambda: names(place) == [] and program.gone())


def test_who_ends_by_itself_keeps_what_is_not_removed(place: Path) -> None:
    """Nobody sweeps behind it: the next run does."""
    with running(place, guard.SHELL) as (process, folder, _):
        process.communicate()
        assert folder.is_dir()


def soon(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_the_number_may_be_anothers_by_now(place: Path) -> None:
    """A program that was started at another time is not the one that was noted."""
    stranger = subprocess.Popen(["sleep", "600"])
    noted = Owner.of(stranger.pid)
    folder = folders.make()
    dead = Owner(noted.host, noted.boot, noted.pid, "1")
    Path(f"{folder}{folders.NOTE}").write_text(f"{dead}\n{dead}\n")
    try:
        assert folders.sweep() == [folder]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        assert stranger.wait() == -signal.SIGKILL


@pytest.mark.parametrize("text", [b"", b"somebody\n", b"\xff\n"])
def test_what_has_no_owner_stays(place: Path, text: bytes) -> None:
    (place / "eximsim-x").mkdir()
    (place / "eximsim-x.owner").write_bytes(text)
    assert folders.sweep() == []
    assert sorted(names(place)) == ["eximsim-x", "eximsim-x.owner"]
