"""The first process of the machine that a real Exim runs on. A program by itself: `python -I -S holder.py`, its plan a JSON line on stdin.

It makes namespaces of its own (mounts, processes, host name, IPC; the network is that of its caller), builds a root folder in memory in
which only the machine's programs and libraries appear, to be read, and then waits for the end of its input. When that comes (also because
the caller was killed) it ends, and with it, being process 1 there, the kernel ends every process of the machine and forgets all its files.
Any input before asks the other processes there to end.

Prints its process id as the caller sees it, then `ready`, or one line that says what failed.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
from typing import Any

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWPID = 0x20000, 0x4000000, 0x8000000, 0x20000000
MS_RDONLY, MS_NODEV, MS_REMOUNT, MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = 1, 4, 32, 4096, 8192, 16384, 1 << 18
PR_SET_PDEATHSIG = 1
#: A folder that every Linux has and of which nothing is needed: the new root grows there.
CRADLE = "/sys"

#: What is put here stays in memory, the machine's own is below it: people have files of theirs in /usr/local.
LAYERED, LAYERS = "/usr", "/run/eximsim/layers"

libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    plan = json.loads(sys.stdin.buffer.readline())
    _check(libc.unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID), "unshare")
    told, tell = os.pipe()
    child = os.fork()
    if child:
        print(child, flush=True)
        os.write(tell, b"x")
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.read(told, 1)            # its number is said first
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)       # orphans come to process 1: reap them
    try:
        build(plan)
    except OSError as error:
        print(f"{error.strerror}: {error.filename or ''}", flush=True)
        return 1
    print("ready", flush=True)
    while os.read(0, 4096):
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGTERM)     # all but process 1, which this is
    return 0


def build(plan: dict[str, Any]) -> None:
    """`hostname`; `share`: folders and files of the machine, read-only; `devices`; `folders`: [path, mode, uid, gid]; `top`: the machine
    is what stands at the top of this mount namespace (in a container, its image), not the root folder that the caller has changed to.
    """
    if plan["top"]:
        leave_root()
    name = plan["hostname"].encode()
    _check(libc.sethostname(name, len(name)), "sethostname")
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    sources = {path: os.open(path, os.O_PATH | os.O_NOFOLLOW) for path in plan["share"] + plan["devices"] if os.path.lexists(path)}
    _mount("eximsim", CRADLE, "tmpfs", MS_NODEV, "mode=755")
    for path, mode, uid, gid in plan["folders"]:
        os.makedirs(CRADLE + path, exist_ok=True)
        os.chmod(CRADLE + path, mode)
        os.chown(CRADLE + path, uid, gid)
    for path, source in sources.items():
        _share(path, source, read_only=path in plan["share"])
    _mount("proc", CRADLE + "/proc", "proc", 0)
    os.chdir(CRADLE)
    _mount(CRADLE, "/", None, MS_MOVE)
    os.chroot(".")
    os.chdir("/")


def leave_root() -> None:
    """Go to the top of this process' mount namespace, whatever root folder it has: entering a namespace does that."""
    own = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    _check(libc.setns(own, CLONE_NEWNS), "setns")
    os.close(own)


def _share(path: str, source: int, *, read_only: bool) -> None:
    """A folder or file of the machine at the same place; a link as the same link."""
    target = CRADLE + path
    os.makedirs(os.path.dirname(target), exist_ok=True)
    opened = f"/proc/self/fd/{source}"
    real = os.readlink(opened)
    if os.path.islink(real):
        os.symlink(os.readlink(real), target)
        return
    if os.path.isdir(opened):
        os.makedirs(target, exist_ok=True)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
    if path == LAYERED and _layered(opened, target):
        return
    _mount(opened, target, None, MS_BIND | MS_REC)
    if read_only:
        _mount(None, target, None, MS_BIND | MS_REMOUNT | MS_RDONLY)


def _layered(below: str, target: str) -> bool:
    """A folder that can be written to over one that stays as it is; False where the kernel cannot do that here."""
    upper, work = (f"{CRADLE}{LAYERS}/{name}" for name in ("upper", "work"))
    for folder in (upper, work):
        os.makedirs(folder, exist_ok=True)
    try:
        _mount("eximsim", target, "overlay", MS_NODEV, f"lowerdir={below},upperdir={upper},workdir={work}")
    except OSError:
        return False
    return True


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    texts = [None if text is None else text.encode() for text in (source, target, kind, data)]
    _check(libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]), f"mount {target}")


def _check(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


if __name__ == "__main__":
    sys.exit(main())
