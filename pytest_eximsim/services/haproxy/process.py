"""One HAProxy process: started with inherited sockets, asked through its admin socket, ended by its pid.

The admin socket listens before HAProxy starts and is inherited too: who connects is answered as soon as HAProxy runs, so that "ready" is
an answer and never a guess. Everything here waits in a thread of the hub's pool (`Hub.call_blocking`), so that health checks and sessions
are served meanwhile.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import ServiceError
from ...runtime import folders
from .binary import Binary

OVERLAY = """\
global
    nbthread 1
    {limit}
    stats socket fd@{admin} level admin
    hard-stop-after 1s
"""
#: For a configuration that says nothing: what HAProxy would compute from the machine's limits is far more than a scenario needs.
LIMIT = "maxconn 500"
START_SECONDS = 15.0
#: A process that hands over is looked at so often (seconds).
HANDOVER_LOOK = 0.002


@dataclass
class HaproxyProcess:
    """A running process. `output`: what it has printed so far."""

    binary: Binary
    folder: Path
    working_directory: Path
    files: Sequence[str]
    variables: Mapping[str, str]
    inherited: Sequence[int]
    replaces: int | None = None
    limit: str = LIMIT
    output: bytearray = field(default_factory=bytearray)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.printed, self.writing = socket.socketpair()
        self.admin_path = str(self.folder / f"admin{id(self):x}")
        self.admin = socket.socket(socket.AF_UNIX)
        self.admin.bind(self.admin_path)
        self.admin.listen(64)

    def start(self) -> None:
        """Start and wait until it answers. Blocking. Raises ServiceError when it ends instead; `output` says why."""
        overlay = self.folder / f"overlay{id(self):x}.cfg"
        overlay.write_text(OVERLAY.format(admin=self.admin.fileno(), limit=self.limit))
        argv = [self.binary.path, "-db", "-f", str(overlay)]
        for file in self.files:
            argv += ["-f", file]
        if self.replaces is not None:
            argv += ["-sf", str(self.replaces)]
        self.process = subprocess.Popen(
            argv, env=self.binary.environment(self.variables), cwd=self.working_directory, stdin=subprocess.DEVNULL,
            stdout=self.writing.fileno(), stderr=self.writing.fileno(), pass_fds=[*self.inherited, self.admin.fileno()])
        folders.add_program(self.folder, self.process.pid)
        self.writing.close()
        self.printed.setblocking(False)
        self._await_answer()
        self.admin.close()

    def _await_answer(self) -> None:
        with socket.socket(socket.AF_UNIX) as asking, selectors.DefaultSelector() as waiting:
            asking.connect(self.admin_path)
            asking.sendall(b"show info\n")
            waiting.register(asking, selectors.EVENT_READ)
            waiting.register(self.printed, selectors.EVENT_READ)
            until = time.monotonic() + START_SECONDS
            while (left := until - time.monotonic()) > 0:
                ready = [key.fileobj for key, _ in waiting.select(left)]
                if asking in ready:
                    self.read_output()
                    return
                if self.printed in ready and not self.read_output():
                    break
        self.stop()
        raise ServiceError("HAProxy did not start")

    def read_output(self) -> bool:
        """Take what it has printed; false when it has ended."""
        with contextlib.suppress(BlockingIOError):
            while data := self.printed.recv(65536):
                self.output += data
            return False
        return True

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def text(self) -> str:
        """All that it has printed."""
        if self.printed.fileno() >= 0:
            self.read_output()
        return self.output.decode("utf-8", "replace")

    def ask(self, command: str, timeout: float = 5.0) -> str:
        """The answer of the admin socket. Blocking. Raises ServiceError when HAProxy has gone."""
        answer = bytearray()
        try:
            with socket.socket(socket.AF_UNIX) as asking:
                asking.settimeout(timeout)
                asking.connect(self.admin_path)
                asking.sendall(command.encode("latin-1") + b"\n")
                while data := asking.recv(65536):
                    answer += data
        except OSError as error:
            raise ServiceError(f"HAProxy does not answer on its admin socket: {error}") from error
        return answer.decode("latin-1")

    def await_handover(self, timeout: float = 5.0) -> None:
        """A process that another one replaces: wait until it takes no more connections. Blocking.

        The new one tells it so by a signal; until that has come in, both would take them. Its admin socket closes with the others.
        """
        until = time.monotonic() + timeout
        while self.alive and time.monotonic() < until:
            with socket.socket(socket.AF_UNIX) as asking:
                if asking.connect_ex(self.admin_path) in (errno.ECONNREFUSED, errno.ENOENT):
                    return
            time.sleep(HANDOVER_LOOK)

    def stop(self) -> None:
        """End it, at once, whatever is open. Blocking, for a moment."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(1.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.printed.fileno() >= 0:
            self.read_output()
            self.printed.close()
        for one in (self.writing, self.admin):
            one.close()
