"""The two ends of HAProxy's connections to servers as they would be in production: its own address, and the server line's.

HAProxy's own address: `source` of the server or its backend; else `haproxy.address`; else the address of the bind line that the client came
by; else one of documentation's (loopback for a server on loopback). The address of the server line may be a name of the scenario's zone.
"""

from __future__ import annotations

from collections.abc import Callable

from ...exim.world import Endpoint
from ...haproxy.addresses import read_address
from ...haproxy.config import Config
from ...haproxy.listeners import Listener, backends_of, listeners
from ...haproxy.proxies import Server

#: HAProxy's address where nothing says it: bind lines for any address and no `haproxy.address`.
DEFAULT = {4: "192.0.2.10", 6: "2001:db8::10"}

#: HAProxy's end of a connection in this run → the two ends as the MTA is to see them: peer, local.
Ends = Callable[[Endpoint], tuple[Endpoint, Endpoint]]


class EndsOf:
    """Knows the configuration, and by which bind line the last client of each frontend came."""

    def __init__(self, address: str | None, resolve: Callable[[str], str | None]) -> None:
        self.address = address
        self.resolve = resolve
        self.config: Config | None = None
        self.latest: dict[str, Endpoint] = {}

    def use(self, config: Config) -> None:
        """A configuration that was read, or read again."""
        self.config = config

    def came_by(self, listener: Listener, far: Endpoint) -> None:
        """A client has connected to this address of that listener."""
        assert self.config is not None
        for backend in backends_of(self.config, listener.frontend):
            self.latest[backend.name] = far

    def any_address(self, family: int) -> str:
        """What stands for "any address" in a bind line."""
        own = self.address
        return own if own and (":" in own) == (family == 6) else DEFAULT[family]

    def of(self, server: Server, check: bool) -> Ends:
        """The ends of a server's sessions, or of its checks."""
        return lambda far: self._both(server, check, far)

    def _both(self, server: Server, check: bool, far: Endpoint) -> tuple[Endpoint, Endpoint]:
        local = self._check(server) if check else self._local(server)
        return Endpoint(self._source(server) or self._by_bind(server, local, check=check), far.port), local

    def _local(self, server: Server) -> Endpoint:
        came = self.latest.get(server.backend)
        host = server.address.host
        if server.address.kind == "name":
            host = self.resolve(host) or host
        elif server.address.kind == "none" and came:
            host = came.address
        port = server.address.port
        if port is None or server.address.relative:
            port = (came.port if came else 25) + (port or 0)
        return Endpoint(host, port)

    def _check(self, server: Server) -> Endpoint:
        sessions = self._local(server)
        return Endpoint(server.options.get("addr") or sessions.address, int(server.options.get("port") or sessions.port))

    def _source(self, server: Server) -> str | None:
        text = server.options.get("source")
        backend = next((one for one in self.config.backends if one.name == server.backend), None) if self.config else None
        line = backend.last("source") if backend else None
        if text is None and line and len(line.words) > 1:
            text = line.words[1]
        address = read_address(text.split()[0]) if text else None
        return address.host if address and not address.any and address.kind == "ip" else None

    def _by_bind(self, server: Server, local: Endpoint, *, check: bool) -> str:
        if self.address:
            return self.address
        came = self.latest.get(server.backend)
        if came and not check:
            return came.address
        assert self.config is not None
        for one in listeners(self.config):
            if any(backend.name == server.backend for backend in backends_of(self.config, one.frontend)) and not one.address.any \
                    and one.address.kind == "ip" and (":" in one.address.host) == (":" in local.address):
                return one.address.host
        return self.own(local.address)

    def own(self, towards: str) -> str:
        """HAProxy's address towards somebody where no session says it."""
        if towards.startswith("127.") or towards == "::1":
            return towards
        return self.address or DEFAULT[6 if ":" in towards else 4]
