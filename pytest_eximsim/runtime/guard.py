"""Who clears away what this process leaves when it is killed: a shell that waits for its end, then this module as a program.

The shell reads from a pipe whose other end only this process has. A line comes when the process ends by itself; the end of the pipe without
one means that it was killed. What came before says what is to be swept beside folders. The shell has a session of its own, so that Ctrl-C
and the killing of a process group do not reach it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import subprocess
import sys
import tempfile
from functools import cache

SHELL = "/bin/sh"
WAIT = 'read -r line || exec "$@" $line'
CONTAINERS = "containers"


def watch() -> None:
    """From now on, once for a process. Without a shell only the next run clears away."""
    _start(os.getpid())


def watch_containers() -> None:
    """There are containers of this process, too."""
    _tell(os.getpid())


@cache
def _tell(pid: int) -> None:
    if (writing := _start(pid)) is not None:
        os.write(writing, f"{CONTAINERS} ".encode())


@cache
def _start(pid: int) -> int | None:
    """The pipe to the shell."""
    if not os.access(SHELL, os.X_OK):
        return None
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path)), "TMPDIR": tempfile.gettempdir()}
    reading, writing = os.pipe()
    waiting = subprocess.Popen([SHELL, "-c", WAIT, SHELL, sys.executable, "-P", "-m", __name__, str(pid)], stdin=reading, env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", start_new_session=True)
    os.close(reading)
    atexit.register(_end, pid, waiting, writing)
    return writing


def _end(pid: int, waiting: subprocess.Popen[bytes], writing: int) -> None:
    """There is nothing left to be cleared away. A child that was forked says nothing."""
    if pid == os.getpid():
        with contextlib.suppress(OSError):
            os.write(writing, b"\n")
        os.close(writing)
        waiting.wait()


def main() -> None:
    """Wait until the process has ended, then clear away what it and others have left."""
    from . import containers, folders

    with contextlib.suppress(ProcessLookupError, AttributeError):       # it may have ended; only Linux has this call
        ended = select.poll()
        ended.register(os.pidfd_open(int(sys.argv[1])), select.POLLIN)
        ended.poll()
    folders.sweep()
    if CONTAINERS in sys.argv:
        containers.sweep()


if __name__ == "__main__":
    main()
