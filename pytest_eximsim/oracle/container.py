"""A real Exim of an image: one container for each image and process, in which agent.py plays scenarios. Only Docker is needed, no root.

The container is in the machine's own network and among its processes, so that Redis, SQL servers and HAProxy are found at the places where
they are; what Exim sees are namespaces made inside of it, as root makes them without a container. It ends with this process.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError, ServiceMissing
from ..runtime import containers
from ..services import lasting

if TYPE_CHECKING:
    from ..scenario.loader import BoundCase
    from ..scenario.outcome import Outcome
    from ..scenario.runner import RunOptions
    from .mta.binary import Binary

AGENT = Path(__file__).with_name("agent.py")
#: Where the machine is seen in the container.
HOST = "/host"
#: To make namespaces and mounts, to give networks addresses, to look into the processes of a machine.
CAPABILITIES = ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"]
UNCONFINED = ["apparmor=unconfined", "seccomp=unconfined", "label=disable"]
#: Docker's own default; testcontainers takes an agent that is not told for a process in one of Docker's networks.
DOCKER = "unix:///var/run/docker.sock"
STARTING, ENDING = 60.0, 15.0
#: How long the agent is waited for before it is looked whether its container still runs.
LOOK = 0.5

_absent: dict[str, ServiceMissing] = {}


def agent_of(image: str) -> Agent:
    """The agent in a container of this image, started when it is wanted first. Raises ServiceMissing, then each time."""
    if image in _absent:
        raise _absent[image]
    try:
        return lasting.get(("exim", image), lambda: Agent.start(image))
    except ServiceMissing as missing:
        _absent[image] = missing
        raise


@dataclass(eq=False)
class Agent:
    """`container` has `connection` to the agent in it."""

    image: str
    container: containers.RunningContainer
    connection: Connection

    @classmethod
    def start(cls, image: str) -> Agent:
        """Raises ServiceMissing with the reason."""
        if not sys.platform.startswith("linux"):
            raise ServiceMissing("no real Exim in a container: it takes Linux, for the tests as well")
        if host := containers.remote_host():
            raise ServiceMissing(f"no real Exim in a container: Docker is that of {host}, it has to be this machine's")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(b"")             # a free name that is no file
            listening.listen(1)
            listening.settimeout(LOOK)
            found: list[socket.socket] = []
            try:
                container = containers.start(_specification(image, listening, found))
            except ServiceMissing as missing:
                raise ServiceMissing(f"no real Exim in a container: {missing.message}") from None
            except ServiceError as error:
                raise ServiceMissing(f"no real Exim in a container: {sys.executable} does not run in it, whose {HOST} should be this "
                                     f"machine's root folder. Does Docker run elsewhere? {error.message}") from None
        agent = cls(image, container, Connection(found[0].detach()))
        if reason := agent._introduce():
            agent.close()
            raise ServiceMissing(f"no real Exim in a container: {reason}")
        return agent

    def _introduce(self) -> str:
        """Say what this process sees. Gives why the agent cannot see the same, or cannot do its work."""
        try:
            self.connection.send({"path": [*sys.path, str(AGENT.parents[2])], "folder": os.getcwd(),
                                  "environment": {"DOCKER_HOST": DOCKER, **os.environ}})
            return str(self.connection.recv())
        except (EOFError, OSError):
            return "the agent has ended"

    @property
    def alive(self) -> bool:
        """Does the agent still listen?"""
        return not self.connection.closed and not self.connection.poll()

    def find(self, path: str | None) -> Binary:
        """The Exim of the image. Raises ServiceMissing."""
        found: Binary = self._ask("find", path, self.image)
        return found

    def play(self, bound: BoundCase, options: RunOptions, binary: Binary) -> Outcome:
        """One scenario on it."""
        outcome: Outcome = self._ask("play", bound, options, binary)
        return outcome

    def _ask(self, word: str, *arguments: Any) -> Any:
        try:
            self.connection.send((word, arguments))
            kind, value = self.connection.recv()
        except (EOFError, OSError):
            self.close()
            raise ServiceError(f"the agent in a container of {self.image} has ended") from None
        except BaseException:       # Ctrl-C: nobody waits for this answer any more
            self.close()
            raise
        if kind == "raised":
            raise value
        return value

    def close(self) -> None:
        """End the agent, what it has started, and the container."""
        if not self.connection.closed:
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.connection.fileno())) as ending:
                ending.shutdown(socket.SHUT_WR)
                ending.settimeout(ENDING)
                while ending.recv(65536):
                    pass
            self.connection.close()
        self.container.close()


def _specification(image: str, listening: socket.socket, found: list[socket.socket]) -> containers.Specification:
    """The container, ready when its first process has come to `listening`; that connection is put into `found`."""

    def ready(container: containers.RunningContainer) -> None:
        connected, _ = listening.accept()
        inner = container.raw.get_wrapped_container()
        inner.reload()
        pid = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        if pid != inner.attrs["State"]["Pid"]:
            connected.close()
            raise ConnectionError("somebody else has come")
        connected.setblocking(True)
        found.append(connected)

    name = listening.getsockname()[1:].decode()
    libraries = {name: value for name in ("LD_LIBRARY_PATH",) if (value := os.environ.get(name))}
    options = {
        "entrypoint": ["chroot", HOST, sys.executable, "-I", str(AGENT), name, str(os.getpid())], "user": "0:0", "working_dir": "/",
        "mounts": [{"Type": "bind", "Source": "/", "Target": HOST, "ReadOnly": True}],
        "network": "host", "pid_mode": "host", "userns_mode": "host",
        "cap_add": CAPABILITIES, "security_opt": UNCONFINED, "auto_remove": True,
    }
    return containers.Specification(image, [], ready, libraries, within=STARTING, options=options)
