"""Lines of proxies in the run copy: bind, server, default-server, source, checks, tcp-request connection. Pure.

Health checks get a port of their own, so that they are never taken for sessions. HAProxy gives a check with a port of its own neither the
PROXY header nor the TLS of the traffic; so `check-send-proxy` and `check-ssl` are added where the user's line would have had them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import Position
from .config import Config, Line, Section
from .listeners import Listener, fed_by_haproxy, listeners
from .places import Places
from .proxies import Server, option_width

#: Options of server lines that speak of addresses, name resolution or the machine; their values are given anew or have no meaning here.
_SERVER_DROPPED = frozenset((
    "addr", "agent-addr", "agent-port", "init-addr", "interface", "port", "resolve-net", "resolve-opts", "resolve-prefer",
    "resolvers", "source",
))
_SERVER_OBSTACLES = {"socks4": "a SOCKS proxy", "namespace": "a network namespace", "usesrc": "transparent connections"}
_BIND_VALUES = frozenset((
    "alpn", "backlog", "ca-file", "ca-ignore-err", "ca-sign-file", "ca-sign-pass", "ca-verify-file", "ciphers", "ciphersuites",
    "client-sigalgs", "crl-file", "crt", "crt-ignore-err", "crt-list", "curves", "default-crt", "ecdhe", "expose-fd", "gid",
    "group", "guid-prefix", "id", "idle-ping", "interface", "label", "level", "maxconn", "mode", "mss", "name", "namespace",
    "nbconn", "nice", "npn", "ocsp-update", "process", "proto", "quic-cc-algo", "severity-output", "shards", "sigalgs",
    "ssl-max-ver", "ssl-min-ver", "tcp-md5sig", "tcp-ut", "thread", "tls-ticket-keys", "uid", "user", "verify",
))
_BIND_DROPPED = frozenset((
    "accept-proxy", "gid", "group", "interface", "mode", "mss", "shards", "tcp-md5sig", "tcp-ut", "tfo", "uid", "user", "v4v6",
    "v6only",
))
_BIND_OBSTACLES = {
    "accept-netscaler-cip": "NetScaler's header instead of PROXY",
    "defer-accept": "a socket that waits for the client to speak first",
    "namespace": "a network namespace",
    "transparent": "a transparent socket",
}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Something that a portable run cannot carry over."""

    position: Position
    reason: str

    def __str__(self) -> str:
        return f"{self.position}: {self.reason}"


class ProxyLines:
    """Writes lines of frontends, backends, listens and defaults anew."""

    def __init__(self, config: Config, places: Places, obstacles: list[Obstacle]) -> None:
        self.config = config
        self.places = places
        self.obstacles = obstacles
        self.servers = {(server.line.file, server.line.number): server for proxy in config.proxies for server in proxy.servers}
        self.listeners: dict[tuple[str, int], list[Listener]] = {}
        for one in listeners(config):
            self.listeners.setdefault((one.bind.line.file, one.bind.line.number), []).append(one)
        self.table: dict[str, Callable[[Section, Line], Sequence[str] | None]] = {
            "bind": self._bind,
            "default-server": self._default_server,
            "dispatch": self._dispatch,
            "http-check": self._check_connect,
            "option": self._transparent,
            "server": self._server,
            "server-template": self._server,
            "source": self._source,
            "tcp-check": self._check_connect,
            "tcp-request": self._tcp_request,
            "transparent": self._transparent,
        }

    def rewrite(self, section: Section, line: Line) -> Sequence[str] | None:
        """The new words of a line, () to drop it, None to keep it."""
        writer = self.table.get(line.keyword)
        return writer(section, line) if writer else None

    def _obstacle(self, line: Line, reason: str) -> None:
        self.obstacles.append(Obstacle(line.position, f"{reason}: not possible in portable mode"))

    def _bind(self, section: Section, line: Line) -> Sequence[str] | None:
        found = self.listeners.get((line.file, line.number))
        if not found or any(one.address.kind == "other" for one in found):
            return None
        if any(one.address.protocol in ("quic", "udp") for one in found):
            return ()
        addresses = ",".join(self.places.listener(one) for one in found)
        kept = self._options(line, line.words[2:], _BIND_VALUES, _BIND_DROPPED, _BIND_OBSTACLES)
        inner = any(one.address.kind == "unix" or fed_by_haproxy(self.config, one) for one in found)
        header = ("accept-proxy",) if not inner or "accept-proxy" in line.words else ()
        return ("bind", addresses, *kept, *header)

    def _options(self, line: Line, words: Sequence[str], values: frozenset[str], dropped: frozenset[str],
                 obstacles: dict[str, str]) -> list[str]:
        kept: list[str] = []
        at = 0
        while at < len(words):
            width = (2 if words[at] in values else 1) if values is _BIND_VALUES else option_width(words, at)
            group = words[at:at + width]
            for word in set(group[:1]) | ({"usesrc"} & set(group)):
                if word in obstacles:
                    self._obstacle(line, f"{obstacles[word]} ({word})")
            if words[at] not in dropped:
                kept += group
            at += width
        return kept

    def _server(self, section: Section, line: Line) -> Sequence[str] | None:
        server = self.servers.get((line.file, line.number))
        if server is None:
            return None
        head = line.words[:2 if line.keyword == "server" else 3]
        kept = self._options(line, server.own, frozenset(), _SERVER_DROPPED, _SERVER_OBSTACLES)
        if server.address.kind == "unix":
            return (*head, "unix@" + self.places.unix(server.address.host), *kept)
        inner = self._inner(server)
        if inner is not None:
            return (*head, inner, *kept, *self._agent(server))
        return (*head, self.places.server(server), *kept, *self._check(server), *self._agent(server))

    def _inner(self, server: Server) -> str | None:
        """The listener of the same configuration that a server line leads to."""
        meant = server.address
        for found in self.listeners.values():
            for one in found:
                if (one.address.kind, one.address.host, one.address.port) == (meant.kind, meant.host, meant.port):
                    return self.places.inner(one)
        return None

    def _check(self, server: Server) -> list[str]:
        if not server.checked:
            return []
        own_port = "port" in server.options or "addr" in server.options
        added = ["port", str(self.places.check(server))]
        header = server.sends_proxy or "proxy-v2-options" in server.options
        if header and not own_port and "check-send-proxy" not in server.options:
            added.append("check-send-proxy")
        if "ssl" in server.options and not own_port and "no-check-ssl" not in server.options and "check-ssl" not in server.options:
            added.append("check-ssl")
        return added

    def _agent(self, server: Server) -> list[str]:
        if "agent-check" not in server.options:
            return []
        host, _, port = self.places.refused().rpartition(":")
        return ["agent-addr", host, "agent-port", port]

    def _dispatch(self, section: Section, line: Line) -> Sequence[str] | None:
        server = self.servers.get((line.file, line.number))
        return ("dispatch", self.places.server(server)) if server else None

    def _default_server(self, section: Section, line: Line) -> Sequence[str]:
        kept = self._options(line, line.words[1:], frozenset(), _SERVER_DROPPED, _SERVER_OBSTACLES)
        return ("default-server", *kept) if kept else ()

    def _source(self, section: Section, line: Line) -> Sequence[str]:
        if "usesrc" in line.words:
            self._obstacle(line, "transparent connections (usesrc)")
        return ()

    def _tcp_request(self, section: Section, line: Line) -> Sequence[str] | None:
        if line.words[1:2] != ("connection",):
            return None
        if line.words[2:3] == ("expect-proxy",):
            if len(line.words) > 4:
                self._obstacle(line, "a PROXY header that only some clients send (expect-proxy with a condition)")
            return ()
        if line.words[2:3] == ("expect-netscaler-cip",):
            self._obstacle(line, "NetScaler's header instead of PROXY (expect-netscaler-cip)")
        if any(earlier.words[:2] == ("tcp-request", "session") and earlier.number < line.number for earlier in section.lines):
            self._obstacle(line, "a `tcp-request connection` rule behind a `tcp-request session` rule")
        behind_proxy = any(one.bind.accept_proxy for found in self.listeners.values() for one in found if one.frontend == section.name)
        if behind_proxy and any(word == "src" or word.startswith(("src_", "src,")) for word in line.words):
            self._obstacle(line, "a `tcp-request connection` rule about the proxy in front (`src` on a bind with accept-proxy)")
        return ("tcp-request", "session", *line.words[2:])

    def _check_connect(self, section: Section, line: Line) -> Sequence[str] | None:
        """`tcp-check connect port N addr A`: the rule holds for all servers of the backend, so it can be mapped for a single one only."""
        words = line.words
        if words[1:2] != ("connect",) or not {"port", "addr"} & set(words[2:]):
            return None
        mine = [server for server in self.servers.values() if server.backend == section.name]
        if len(mine) != 1:
            self._obstacle(line, f"`{words[0]} connect` with an address or port of its own for {len(mine) or 'several'} servers")
            return words
        kept: list[str] = []
        at = 2
        while at < len(words):
            width = 2 if words[at] in ("port", "addr", "via-socks4", "sni", "alpn", "proto", "comment") else 1
            kept += [] if words[at] in ("port", "addr") else words[at:at + width]
            at += width
        return (*words[:2], "port", str(self.places.check(mine[0])), *kept)

    def _transparent(self, section: Section, line: Line) -> Sequence[str] | None:
        if line.words[0] == "transparent" or line.words[1:2] == ("transparent",):
            self._obstacle(line, "transparent proxying")
        if line.words[:2] == ("option", "external-check"):
            self._obstacle(line, "health checks by a program (external-check)")
        return None
