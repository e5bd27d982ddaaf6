"""Networks and machines of one's own, from the kernel's namespaces: what a real Exim and its neighbours live in. As root, on Linux.

A Network is a network namespace: sockets are made in it, addresses and routes given to it; it is gone when its descriptor is. A Machine is
a file tree in memory with processes of its own (holder.py); everything in it ends when its holder does, which is when this process ends,
however that happens. Nothing of either is seen from the machine that all this runs on, and nothing is left behind on it.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ...errors import ServiceError, ServiceMissing

CLONE_FS, CLONE_NEWNS, CLONE_NEWNET = 0x200, 0x20000, 0x40000000
HOLDER = Path(__file__).with_name("holder.py")
THIS_THREAD = "/proc/thread-self/ns/net"
#: Folders of the machine that programs need, seen read-only; and the devices.
SHARED = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives", "/etc/ssl/openssl.cnf", "/etc/ld.so.cache",
          "/etc/services", "/etc/protocols", "/etc/gnutls")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
PROGRAMS = ("ip", "nsenter")
T = TypeVar("T")


def why_not() -> str:
    """Why a real Exim cannot be run in namespaces here; empty where it can."""
    if not sys.platform.startswith("linux"):
        return "a real Exim is run in namespaces of Linux"
    if os.geteuid() != 0:
        return "a real Exim is run in network and mount namespaces, which takes root"
    missing = [name for name in PROGRAMS if _which(name) is None]
    if missing:
        return f"no `{missing[0]}`: a real Exim is run in namespaces (apt-get install iproute2 util-linux)"
    try:
        Network.make().close()
    except OSError as error:
        return f"this system permits no network namespaces ({error.strerror})"
    return ""


@functools.lru_cache(maxsize=8)
def _which(name: str) -> str | None:
    import shutil

    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin", "/usr/bin", "/bin")))


def program(name: str) -> str:
    """Where a program of PROGRAMS is. Raises ServiceMissing."""
    found = _which(name)
    if found is None:
        raise ServiceMissing(f"no `{name}` on PATH")
    return found


@functools.lru_cache(maxsize=1)
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@dataclass(eq=False)
class Network:
    """A network namespace, held by a descriptor."""

    descriptor: int

    @classmethod
    def make(cls) -> Network:
        """A new one, with nothing in it but a loopback interface that is down. Raises OSError."""
        home = os.open(THIS_THREAD, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _check(_libc().unshare(CLONE_NEWNET))
            made = os.open(THIS_THREAD, os.O_RDONLY | os.O_CLOEXEC)
            _check(_libc().setns(home, CLONE_NEWNET))
        finally:
            os.close(home)
        return cls(made)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Sockets that this thread makes, and processes that it starts, are in the namespace. No task may be switched inside."""
        home = os.open(THIS_THREAD, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _check(_libc().setns(self.descriptor, CLONE_NEWNET))
            try:
                yield
            finally:
                _check(_libc().setns(home, CLONE_NEWNET))
        finally:
            os.close(home)

    def socket(self, family: int, type: int = socket.SOCK_STREAM, protocol: int = 0) -> socket.socket:
        """A non-blocking socket."""
        with self.entered():
            made = socket.socket(family, type, protocol)
        made.setblocking(False)
        return made

    @property
    def path(self) -> str:
        """The namespace by a name, for processes to which it is handed over."""
        return f"/proc/self/fd/{self.descriptor}"

    def ip(self, lines: Sequence[str], other: Network | None = None) -> None:
        """Commands of ip(8), which may name the `path` of one other network. Raises ServiceError."""
        with self.entered():
            done = subprocess.run([program("ip"), "-batch", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True,
                                  check=False, pass_fds=() if other is None else (other.descriptor,))
        if done.returncode:
            raise ServiceError(f"ip: {done.stderr.strip()} ({'; '.join(lines)})")

    def settings(self, values: Mapping[str, str]) -> None:
        """Files below /proc/sys/net; those that this kernel does not have are passed over."""
        with self.entered():
            for name, value in values.items():
                with contextlib.suppress(OSError):
                    Path("/proc/sys/net", name).write_text(value)

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


@dataclass
class Folder:
    """A folder of a new machine."""

    path: str
    mode: int = 0o755
    uid: int = 0
    gid: int = 0


@dataclass
class Machine:
    """A file tree and processes of their own, on a Network. `root` is where the tree is seen from here."""

    network: Network
    holder: subprocess.Popen[bytes]
    pid: int
    log: Any = field(repr=False, default=None)

    @classmethod
    def start(cls, network: Network, hostname: str, folders: Sequence[Folder], share: Sequence[str] = (), *,
              image: bool = False) -> Machine:
        """`share`: more files and folders that are seen, read-only; `image`: what is seen is the image's of the container that this
        process runs in, though it sees other files itself (agent.py). Raises ServiceError.
        """
        plan = {"hostname": hostname, "share": [*SHARED, *share], "devices": list(DEVICES), "top": image,
                "folders": [[one.path, one.mode, one.uid, one.gid] for one in folders]}
        with network.entered():
            holder = subprocess.Popen([sys.executable, "-I", "-S", str(HOLDER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, cwd="/")
        assert holder.stdin is not None and holder.stdout is not None and holder.stderr is not None
        holder.stdin.write(json.dumps(plan).encode() + b"\n")
        holder.stdin.flush()
        first, second = holder.stdout.readline().decode().strip(), holder.stdout.readline().decode().strip()
        if not first.isdigit() or second != "ready":
            holder.kill()
            _, errors = holder.communicate()
            raise ServiceError(f"no namespaces for a real Exim: {second or errors.decode().strip().splitlines()[-1:]}")
        return cls(network, holder, int(first))

    @property
    def root(self) -> str:
        return f"/proc/{self.pid}/root"

    def command(self, arguments: Sequence[str], folder: str = "/", account: tuple[int, int] = (0, 0)) -> list[str]:
        """The command line that runs a program there, as uid and gid."""
        uid, gid = account
        return [program("nsenter"), f"--target={self.pid}", "--mount", "--uts", "--ipc", "--pid", "--root", f"--wdns={folder}",
                f"--setgid={gid}", f"--setuid={uid}", *arguments]

    def popen(self, arguments: Sequence[str], folder: str = "/", account: tuple[int, int] | None = None,
              **options: Any) -> subprocess.Popen[bytes]:
        """A program there: root's, or that of an account, without environment."""
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"} if account is None else {}
        with self.network.entered():
            return subprocess.Popen(self.command(arguments, folder, account or (0, 0)), env=environment, **options)

    def inside(self, function: Callable[[], T]) -> T:
        """Call it in a thread that sees this tree as its own. What it imports must be there already."""
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(self._enter_and_call, function).result()

    def _enter_and_call(self, function: Callable[[], T]) -> T:
        root, mounts = os.open(self.root, os.O_PATH), os.open(f"/proc/{self.pid}/ns/mnt", os.O_RDONLY)
        try:
            _check(_libc().unshare(CLONE_FS))       # this thread alone
            _check(_libc().setns(mounts, CLONE_NEWNS))
            os.chdir(root)
            os.chroot(".")
        finally:
            os.close(root)
            os.close(mounts)
        return function()

    def processes(self) -> dict[int, str]:
        """The processes there, by their number there, with the kernel's letter for their state; without process 1 and those that have
        ended.
        """
        found: dict[int, str] = {}
        place = f"{self.root}/proc"
        for name in os.listdir(place):
            if name.isdigit() and name != "1":
                with contextlib.suppress(OSError):
                    state = Path(place, name, "stat").read_bytes().rpartition(b")")[2].split()[0].decode()
                    if state not in "ZX":
                        found[int(name)] = state
        return found

    def end_processes(self) -> None:
        """Tell all processes there to end (SIGTERM)."""
        assert self.holder.stdin is not None
        self.holder.stdin.write(b"end\n")
        self.holder.stdin.flush()

    def close(self) -> None:
        """End everything in it."""
        assert self.holder.stdin is not None
        with contextlib.suppress(OSError):
            self.holder.stdin.close()
        try:
            self.holder.wait(5)
        except subprocess.TimeoutExpired:
            self.holder.kill()
            self.holder.wait()
        for pipe in (self.holder.stdout, self.holder.stderr):
            if pipe is not None:
                pipe.close()
