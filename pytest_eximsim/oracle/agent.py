"""What plays scenarios inside of a container. A program by itself: `chroot /host python -I agent.py SOCKET PID`, as root.

It is this machine's Python with this machine's programs (/host, read-only), so that HAProxy, Redis and the user's files are those that the
caller has; only the machines of the real Exim are made of what the container's image holds (place/holder.py). SOCKET is an abstract Unix
socket of the process PID, which asks (container.py). It says what it sees and is told why that does not do, or nothing; then come pairs of
a word and its arguments, answered by `done` or `raised` and a value. When that process has gone, however that happened, everything here
ends, too.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import select
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

CLONE_NEWNS = 0x20000
#: A folder that every Linux has and of which nothing is needed: temporary files are made here, in memory.
TEMPORARY = "/sys/fs"
#: How long, in seconds, a scenario may take to end everything when nobody waits for it any more.
ENDING = 10.0
POLLRDHUP = 0x2000

libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    asker = socket.socket(socket.AF_UNIX)
    asker.connect(b"\0" + sys.argv[1].encode())
    pid = struct.unpack("3i", asker.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    if pid != int(sys.argv[2]):
        return 1            # not who has started this: another machine, or one who took its place
    connection = Connection(asker.detach())
    atexit.register(connection.close)       # the last that is done: the caller waits for it, then removes the container
    search = os.environ.get("PATH", "")
    try:
        image = _settle_down(connection.recv())
    except (OSError, ImportError) as error:
        connection.send(f"{type(error).__name__}: {error}")
        return 1
    connection.send("")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(connection.fileno(),), daemon=True).start()
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            connection.send(_answer(connection.recv(), image, search))
    return 0


def _settle_down(caller: dict[str, Any]) -> int:
    """Have the caller's files, modules and environment, and places of one's own for processes and temporary files; gives the image's tree.
    Raises OSError, ImportError.
    """
    image = _top()
    _mount("proc", "/proc", "proc")
    _mount("eximsim", TEMPORARY, "tmpfs")
    sys.path[:] = caller["path"]
    os.chdir(caller["folder"])
    os.environ.clear()
    os.environ.update({**caller["environment"], "TMPDIR": TEMPORARY})
    tempfile.tempdir = TEMPORARY
    import pytest_eximsim.oracle.real_exim  # noqa: F401

    return image


def _top() -> int:
    """The image's tree: what stands at the top of this mount namespace, below which this process has another root folder."""
    here, own = os.open("/", os.O_PATH | os.O_CLOEXEC), os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    if libc.setns(own, CLONE_NEWNS):        # this leaves the root folder
        raise _failure("setns")
    top = os.open("/", os.O_PATH | os.O_CLOEXEC)
    os.fchdir(here)
    os.chroot(".")
    return top


def _mount(source: str, target: str, kind: str) -> None:
    if libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(0), None):
        raise _failure(f"mount {target}")


def _failure(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), what)


def _end_with(descriptor: int) -> None:
    """When the caller has gone: end the scenario that is played as Ctrl-C does, and then this process in any case."""
    gone = select.poll()
    gone.register(descriptor, POLLRDHUP)
    gone.poll()
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(ENDING)
    os._exit(1)


def _answer(request: tuple[str, tuple[Any, ...]], image: int, search: str) -> tuple[str, Any]:
    import traceback

    from pytest_eximsim.errors import EximsimError, ServiceError
    from pytest_eximsim.oracle.mta.binary import find_in
    from pytest_eximsim.oracle.place.tree import Tree
    from pytest_eximsim.oracle.real_exim import play

    word, arguments = request
    try:
        if word == "find":
            return "done", find_in(Tree(f"/proc/self/fd/{image}", "/"), search, *arguments)
        with _interruptible():
            return "done", play(*arguments)
    except EximsimError as error:
        return "raised", error
    except Exception:
        return "raised", ServiceError(f"the agent in the container fails: {traceback.format_exc()}")


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
