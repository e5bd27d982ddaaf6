"""The places of one run: inherited sockets, targets, the log's socket, reserved ports, files. Implements haproxy.places.Places.

Sockets stay the same when HAProxy is reloaded or restarted: a listener is known by its frontend and address, a target by its server's name.
"""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...haproxy.listeners import Listener
from ...haproxy.proxies import Server
from .targets import LOOPBACK, Ends, Target, reserve
from .tree import HaproxyTree

if TYPE_CHECKING:
    from ...runtime.hub import Hub

MOST_CONNECTIONS = 4000


def connection_limit() -> int:
    """How many connections a HAProxy may be told to take (two files each)."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if hard == resource.RLIM_INFINITY else max(10, min(MOST_CONNECTIONS, (hard - 100) // 2))


@dataclass
class Ports:
    """`names` maps texts of the run to what stands in the user's file, for messages."""

    hub: Hub
    folder: Path
    tree: HaproxyTree
    ends: Callable[[Server, bool], Ends]
    mail: Callable[[str], Target | None]
    make_certificate: Callable[[tuple[str, ...]], bytes] | None = None
    authority_file: Callable[[], str] | None = None
    connections: int = field(default_factory=connection_limit)
    listening: dict[tuple[str, str], socket.socket] = field(default_factory=dict)
    sessions: dict[str, Target] = field(default_factory=dict)
    checks: dict[str, Target] = field(default_factory=dict)
    held: list[socket.socket] = field(default_factory=list)
    mailers: list[Target] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    logs: socket.socket = field(default_factory=lambda: _datagram())
    silent: socket.socket = field(default_factory=lambda: _datagram())

    def socket_of(self, listener: Listener) -> socket.socket:
        """The listening socket that stands for one address of a bind line."""
        key = (listener.frontend, listener.address.text + f"#{listener.port}")
        if key not in self.listening:
            made = socket.socket()
            made.bind((LOOPBACK, 0))
            made.listen(1024)
            self.listening[key] = made
        return self.listening[key]

    def listener(self, listener: Listener) -> str:
        if listener.address.kind == "unix":
            return "unix@" + self.unix(listener.address.host)
        text = f"fd@{self.socket_of(listener).fileno()}"
        self.names[text] = listener.address.text
        return text

    def inner(self, listener: Listener) -> str:
        if listener.address.kind == "unix":
            return "unix@" + self.unix(listener.address.host)
        return f"{LOOPBACK}:{self.socket_of(listener).getsockname()[1]}"

    def target(self, server: Server, *, check: bool = False) -> Target:
        """Where sessions or checks of a server go; made when first asked for, refusing."""
        targets = self.checks if check else self.sessions
        if server.full_name not in targets:
            targets[server.full_name] = Target(self.hub, self.ends(server, check))
        return targets[server.full_name]

    def server(self, server: Server) -> str:
        text = f"{LOOPBACK}:{self.target(server).port}"
        self.names[text] = server.address.text
        return text

    def check(self, server: Server) -> int:
        return self.target(server, check=True).port

    def refused(self) -> str:
        self.held.append(reserve())
        return f"{LOOPBACK}:{self.held[-1].getsockname()[1]}"

    def log(self) -> str:
        return f"{LOOPBACK}:{self.logs.getsockname()[1]}"

    def nameserver(self) -> str:
        return f"{LOOPBACK}:{self.silent.getsockname()[1]}"

    def mailer(self, address: str) -> str:
        target = self.mail(address)
        if target is None:
            return self.refused()
        self.mailers.append(target)
        return f"{LOOPBACK}:{target.port}"

    def unix(self, path: str) -> str:
        return str(self.folder / ("s" + path.replace("/", "_")[-60:]))

    def file(self, path: str) -> str | None:
        return self.tree.find(path)

    def certificate(self, path: str, names: tuple[str, ...]) -> str:
        if self.make_certificate is None:
            return path
        return self.tree.keep(path, self.make_certificate(names))

    def authority(self) -> str:
        return self.authority_file() if self.authority_file else "@system-ca"

    def inherited(self) -> list[int]:
        """The descriptors that HAProxy gets."""
        return [one.fileno() for one in self.listening.values()]

    def close(self) -> None:
        """Give everything back."""
        for target in (*self.sessions.values(), *self.checks.values(), *self.mailers):
            target.close()
        for one in (*self.listening.values(), *self.held, self.logs, self.silent):
            self.hub.forget(one)
            one.close()


def _datagram() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    made.bind((LOOPBACK, 0))
    made.setblocking(False)
    return made
