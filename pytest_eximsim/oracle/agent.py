"""What plays scenarios inside of a container. A program by itself: `chroot /host python -I agent.py SOCKET PID`, as root.

It is this machine's Python with this machine's programs (/host, read-only), so that HAProxy, Redis and the user's files are those that
the caller has; only the machines of the real Exim are made of what the container's image holds (holder.py). SOCKET is an abstract Unix
socket of the process PID, which asks (container.py): pairs of a word and its arguments, answered by `done` or `raised` and a value. When
that process has gone, however that happened, everything here ends, too.
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
    image = _top()
    search = os.environ.get("PATH", "")
    _mount("proc", "/proc", "proc")
    _mount("eximsim", TEMPORARY, "tmpfs")
    connection = Connection(asker.detach())
    atexit.register(connection.close)       # the last that is done: the caller waits for it, then removes the container
    _become(connection.recv())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(connection.fileno(),), daemon=True).start()
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            connection.send(_answer(connection.recv(), image, search))
    return 0


def _top() -> int:
    """The image's tree: what stands at the top of this mount namespace, below which this process has another root folder."""
    here, own = os.open("/", os.O_PATH | os.O_CLOEXEC), os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    if libc.setns(own, CLONE_NEWNS):        # this leaves the root folder
        raise OSError(ctypes.get_errno(), "setns")
    top = os.open("/", os.O_PATH | os.O_CLOEXEC)
    os.fchdir(here)
    os.chroot(".")
    return top


def _mount(source: str, target: str, kind: str) -> None:
    if libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(0), None):
        raise OSError(ctypes.get_errno(), f"mount {target}")


def _become(caller: dict[str, Any]) -> None:
    """See what the caller sees: its modules, folder and environment."""
    sys.path[:] = caller["path"]
    os.chdir(caller["folder"])
    os.environ.clear()
    os.environ.update({**caller["environment"], "TMPDIR": TEMPORARY})
    tempfile.tempdir = TEMPORARY


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
    from pytest_eximsim.oracle.binary import find_in
    from pytest_eximsim.oracle.real_exim import play
    from pytest_eximsim.oracle.tree import Tree

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
