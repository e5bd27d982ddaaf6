"""Where things of the user's file really are in a run. Implemented by services/haproxy; fakes in tests."""

from __future__ import annotations

from typing import Protocol

from .listeners import Listener
from .proxies import Server


class Places(Protocol):
    """Addresses and paths of one run. Texts are as a haproxy.cfg writes them."""

    #: the most connections that the process's limit of open files allows (`maxconn` of the global section)
    connections: int

    def listener(self, listener: Listener) -> str:
        """An inherited socket for one address of a bind line, `fd@7`; or a path for a Unix socket."""
        ...

    def inner(self, listener: Listener) -> str:
        """Where a server line of the same configuration reaches this listener, `127.0.0.1:40002`."""
        ...

    def server(self, server: Server) -> str:
        """Where sessions for this server go, `127.0.0.1:40001`."""
        ...

    def check(self, server: Server) -> int:
        """The port on 127.0.0.1 where its health checks go."""
        ...

    def refused(self) -> str:
        """`127.0.0.1:port` where nothing listens and nobody else can; a new one at each call."""
        ...

    def log(self) -> str:
        """Where HAProxy's log is collected."""
        ...

    def nameserver(self) -> str:
        """A name server of the scenario."""
        ...

    def mailer(self, address: str) -> str:
        """Where mail for a mailer with this address goes."""
        ...

    def unix(self, path: str) -> str:
        """A socket path of the run for one of the user's."""
        ...

    def file(self, path: str) -> str | None:
        """Where the tree keeps a file that the configuration names; None when it is not in the tree."""
        ...

    def certificate(self, path: str, names: tuple[str, ...]) -> str:
        """A certificate with its key, made for this run in place of a missing one."""
        ...

    def authority(self) -> str:
        """The authority of the certificates that are made for this run (PEM file)."""
        ...
