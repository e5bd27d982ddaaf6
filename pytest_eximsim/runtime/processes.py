"""Programs that the MTA runs (${run}, pipes, queryprogram): refused unless the scenario allows them, never left behind.

A program gets only the environment that its caller gives it, and runs while the task that wants it is parked; the scenario's clock stands
still meanwhile. Its whole process group is killed when time is over or the run ends. HAProxy and Redis are started elsewhere (services/).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from ..errors import NotSimulated
from ..exim.world import CommandResult

T = TypeVar("T")
NOT_RUN = 127


class Parking(Protocol):
    """What this needs of runtime.hub.Hub."""

    def call_blocking(self, function: Callable[[], T], /) -> T: ...


class Tree(Protocol):
    """What this needs of runtime.files.FileTree."""

    def has(self, path: str, /) -> bool: ...

    def real_path(self, path: str, /) -> str: ...


class Programs:
    """exim.world.Commands. `allowed`: the scenario's `exim.allow` has `run`. A program or folder of `files` goes before the machine's."""

    def __init__(self, hub: Parking, *, allowed: bool, files: Tree | None = None) -> None:
        self._hub = hub
        self._allowed = allowed
        self._files = files
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def run(self, argv: Sequence[str], *, input: bytes = b"", environment: Mapping[str, str] | None = None,
            directory: str = "/", timeout: float | None = None) -> CommandResult:
        """Raises TimeoutError, NotSimulated. The output is that of standard output and standard error together, as in Exim."""
        if not self._allowed:
            raise NotSimulated(f"the program {argv[0]} is not run: programs are off unless the scenario says exim.allow: [run]")
        words = [word.encode("latin-1") for word in argv]
        variables = {key.encode("latin-1"): value.encode("latin-1") for key, value in (environment or {}).items()}
        program, place = self._real(argv[0]), self._real(directory)
        return self._hub.call_blocking(lambda: self._run(program, words, input, variables, place, timeout))

    def _real(self, path: str) -> bytes:
        if self._files is not None and path.startswith("/") and self._files.has(path):
            return os.fsencode(self._files.real_path(path))
        return path.encode("latin-1")

    def close(self) -> None:
        """Kills what still runs, and what is being started."""
        self._closed = True
        for process in list(self._running):
            _kill_group(process)

    def _run(self, program: bytes, words: list[bytes], input: bytes, variables: dict[bytes, bytes], directory: bytes,
             timeout: float | None) -> CommandResult:
        if b"/" not in program:
            program = b"./" + program       # no search along PATH: Exim calls execve itself
        try:
            process = subprocess.Popen(words, executable=program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                       env=variables, cwd=directory, start_new_session=True)
        except (OSError, ValueError):
            return CommandResult(NOT_RUN, b"")
        self._running.add(process)
        if self._closed:
            _kill_group(process)
        try:
            output, _ = process.communicate(input, timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError("command timed out") from None
        finally:
            self._running.discard(process)
            _end(process)
        return CommandResult(process.returncode, output)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Also what the program left running in the background."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes]) -> None:
    _kill_group(process)
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            if pipe is not None:
                pipe.close()
    process.wait()
