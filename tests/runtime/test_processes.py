"""Programs that the MTA runs: output, codes, environment, and that none is left behind."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_eximsim.errors import NotSimulated
from pytest_eximsim.runtime.files import FileTree
from pytest_eximsim.runtime.processes import Programs


class Direct:
    """A hub outside of its run: calls at once."""

    def call_blocking(self, function: Callable[[], Any]) -> Any:
        return function()


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    files = FileTree(tmp_path, given={"/usr/local/bin/greet": b"#!/bin/sh\necho hello $1; pwd >&2\n"})
    files.make_directory("/home/joe")
    return Programs(Direct(), allowed=True, files=files)


@pytest.mark.parametrize(("argv", "code", "output"), [
    (["/bin/echo", "a", "b  c"], 0, b"a b  c\n"),
    (["/bin/sh", "-c", "echo out; echo err >&2; exit 3"], 3, b"out\nerr\n"),
    (["/bin/sh", "-c", "kill -TERM $$"], -15, b""),
    (["/bin/nosuch"], 127, b""),
    (["/etc"], 127, b""),
    (["echo", "not along PATH"], 127, b""),
    (["/bin/cat"], 0, b"input\xff"),
    (["/bin/sh", "-c", "printf '%s' \"$A$HOME\""], 0, b"\xe4"),
])
def test_run(programs: Programs, argv: list[str], code: int, output: bytes) -> None:
    result = programs.run(argv, input=b"input\xff", environment={"A": "\xe4"})
    assert (result.code, result.output) == (code, output)


def test_a_program_and_a_folder_of_the_tree(programs: Programs, tmp_path: Path) -> None:
    result = programs.run(["/usr/local/bin/greet", "joe"], directory="/home/joe")
    assert result.output == b"hello joe\n" + os.fsencode(tmp_path) + b"/.tree/home/joe\n"


def test_a_folder_that_is_not_there(programs: Programs) -> None:
    assert programs.run(["/bin/true"], directory="/no/such").code == 127


def test_refused_where_it_is_not_allowed() -> None:
    with pytest.raises(NotSimulated, match=r"/bin/true is not run.*exim\.allow: \[run\]"):
        Programs(Direct(), allowed=False).run(["/bin/true"])


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def has_ended(pid: int) -> bool:
    """A killed process needs a moment."""
    end = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not is_alive(pid)


def test_time_is_over(programs: Programs, tmp_path: Path) -> None:
    with pytest.raises(TimeoutError):
        programs.run(["/bin/sh", "-c", f"echo $$ > {tmp_path}/pid; sleep 60"], timeout=0.3)
    assert has_ended(int((tmp_path / "pid").read_text()))


def test_nothing_stays_in_the_background(programs: Programs, tmp_path: Path) -> None:
    programs.run(["/bin/sh", "-c", f"sleep 60 >/dev/null 2>&1 & echo $! > {tmp_path}/pid"])
    assert has_ended(int((tmp_path / "pid").read_text()))


def test_close_ends_what_still_runs(programs: Programs, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "started")
    results = []
    thread = threading.Thread(target=lambda: results.append(programs.run(["/bin/sh", "-c", f"echo > {tmp_path}/started; exec sleep 60"])))
    thread.start()
    (tmp_path / "started").read_bytes()
    programs.close()
    thread.join(10)
    assert [result.code for result in results] == [-9]
