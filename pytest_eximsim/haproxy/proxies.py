"""What frontends, backends and listens say: mode, binds, servers, where sessions go, with what `defaults` gives them.

Import direction: config.py makes these from its sections; this module only needs their shape.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .addresses import Address, read_address, read_addresses

if TYPE_CHECKING:
    from .config import Line, Section

MAIL_PORTS = frozenset((25, 465, 587, 2525))

#: Options of server lines that take one value (HAProxy 2.4 to 3.4); the others stand alone. `source` is read on its own.
SERVER_VALUES = frozenset((
    "addr", "agent-addr", "agent-inter", "agent-port", "agent-send", "alpn", "ca-file", "check-alpn", "check-proto", "check-sni",
    "ciphers", "ciphersuites", "client-sigalgs", "cookie", "crl-file", "crt", "curves", "default-proxy", "downinter", "error-limit",
    "fall", "fastinter", "force-name", "guid", "hash-key", "healthcheck", "id", "idle-ping", "init-addr", "init-state", "inter",
    "interface", "log-bufsize", "log-proto", "max-reuse", "maxconn", "maxqueue", "minconn", "namespace", "npn", "observe", "on-error",
    "on-marked-down", "on-marked-up", "pool-conn-name", "pool-low-conn", "pool-max-conn", "pool-purge-delay", "port", "proto",
    "proxy-v2-options", "redir", "resolve-net", "resolve-opts", "resolve-prefer", "resolvers", "rise", "set-proxy-v2-tlv-fmt", "shard",
    "sigalgs", "slowstart", "sni", "socks4", "ssl-max-ver", "ssl-min-ver", "tcp-ut", "track", "usesrc", "verify", "verifyhost", "weight",
    "ws",
))
_CHECKS = ("smtpchk", "tcp-check", "httpchk", "mysql-check", "pgsql-check", "redis-check", "ldap-check", "ssl-hello-chk", "spop-check")


@dataclass(frozen=True, slots=True)
class Bind:
    """One `bind` line of a proxy."""

    proxy: str
    line: Line
    addresses: tuple[Address, ...]
    options: tuple[str, ...]

    @property
    def ssl(self) -> bool:
        return "ssl" in self.options

    @property
    def accept_proxy(self) -> bool:
        return "accept-proxy" in self.options


@dataclass(frozen=True, slots=True)
class Server:
    """One `server` (or `server-template`) line. `options` are the effective ones: those of `default-server` lines before it, then its own.

    `own` are the words behind the address as they stand on the line. A flag has the value "".
    """

    backend: str
    name: str
    line: Line
    address: Address
    options: Mapping[str, str]
    own: tuple[str, ...]

    @property
    def full_name(self) -> str:
        return f"{self.backend}/{self.name}"

    @property
    def checked(self) -> bool:
        return "check" in self.options

    @property
    def sends_proxy(self) -> str:
        """`v1`, `v2` or empty. Both given: v2 wins (measured)."""
        if any(name.startswith("send-proxy-v2") for name in self.options):
            return "v2"
        return "v1" if "send-proxy" in self.options else ""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A frontend, backend or listen. `lines` are its own, `inherited` those of its defaults (the nearest last)."""

    kind: str
    name: str
    head: Line
    lines: tuple[Line, ...]
    inherited: tuple[Line, ...]
    binds: tuple[Bind, ...]
    servers: tuple[Server, ...]

    def last(self, *words: str) -> Line | None:
        """The line that counts for a setting: the last of the proxy's own that begins with these words, else of its defaults."""
        for lines in (self.lines, self.inherited):
            for line in reversed(lines):
                if line.words[:len(words)] == words:
                    return line
        return None

    @property
    def mode(self) -> str:
        line = self.last("mode")
        return line.words[1] if line and len(line.words) > 1 else "tcp"

    @property
    def check_kind(self) -> str:
        """`smtpchk`, `tcp-check`, `httpchk` …; empty for a plain connection. The last one given wins (measured)."""
        for lines in (self.lines, self.inherited):
            for line in reversed(lines):
                if line.keyword == "option" and line.words[1:2] and line.words[1] in _CHECKS:
                    return line.words[1]
        return ""

    @property
    def backend_names(self) -> tuple[str, ...]:
        """The backends that sessions may go to, as far as names are literal; a listen with servers is its own."""
        names = [self.name] if self.kind == "listen" and self.servers else []
        names += [line.words[1] for line in self.lines if line.keyword == "use_backend" and len(line.words) > 1]
        default = self.last("default_backend")
        return tuple(dict.fromkeys(names + ([default.words[1]] if default and len(default.words) > 1 else [])))

    @property
    def has_dynamic_backends(self) -> bool:
        """Some `use_backend` is computed at run time (`%[…]`, or a map)."""
        return any("%" in name for name in self.backend_names)


def read_proxies(sections: Sequence[Section], environment: Mapping[str, str]) -> tuple[Proxy, ...]:
    """All proxies in order. An unnamed parent is the last `defaults` section before the proxy; `from` names another."""
    defaults: dict[str, tuple[Line, ...]] = {}
    latest: tuple[Line, ...] = ()
    proxies = []
    for section in sections:
        if section.kind == "defaults":
            latest = (*defaults.get(section.parent, ()), *section.lines)
            defaults[section.name] = latest
        elif section.kind in ("frontend", "backend", "listen"):
            inherited = defaults.get(section.parent, ()) if section.parent else latest
            proxies.append(_read_proxy(section, inherited, environment))
    return tuple(proxies)


def _read_proxy(section: Section, inherited: tuple[Line, ...], environment: Mapping[str, str]) -> Proxy:
    binds = tuple(read_bind(section.name, line, environment) for line in section.lines if line.keyword == "bind" and len(line.words) > 1)
    servers = tuple(_read_servers(section, inherited, environment))
    return Proxy(section.kind, section.name, section.head, section.lines, inherited, binds, servers)


def read_bind(proxy: str, line: Line, environment: Mapping[str, str]) -> Bind:
    """A line `bind ADDRESSES OPTIONS…`."""
    return Bind(proxy, line, tuple(read_addresses(line.words[1], environment)), line.words[2:])


def _read_servers(section: Section, inherited: Iterable[Line], environment: Mapping[str, str]) -> Iterable[Server]:
    options: dict[str, str] = {}
    for line in inherited:
        if line.keyword == "default-server":
            options = merge_options(options, line.words[1:])
    for line in section.lines:
        match line.words:
            case ("default-server", *words):
                options = merge_options(options, words)
            case ("server", name, address, *words):
                yield Server(section.name, name, line, read_address(address, environment), merge_options(options, words), tuple(words))
            case ("server-template", prefix, _, address, *words):
                yield Server(section.name, prefix, line, read_address(address, environment), merge_options(options, words), tuple(words))
            case ("dispatch", address, *_):
                yield Server(section.name, "dispatch", line, read_address(address, environment), {}, ())


def merge_options(inherited: Mapping[str, str], words: Sequence[str]) -> dict[str, str]:
    """Options of a server line over those it inherits; `no-X` takes X away."""
    options = dict(inherited)
    at = 0
    while at < len(words):
        word = words[at]
        width = option_width(words, at)
        if word.startswith("no-"):
            options.pop(word[3:], None)
        options[word] = " ".join(words[at + 1:at + width])
        at += width
    return options


def option_width(words: Sequence[str], at: int) -> int:
    """How many words the option at this place takes, itself included."""
    word = words[at]
    if word == "source":
        width = 2
        while words[at + width:at + width + 1] and words[at + width] in ("usesrc", "interface"):
            width += 2
        return width
    if word == "set-proxy-v2-tlv-fmt" or word.startswith("set-proxy-v2-tlv-fmt("):
        return 2
    return 2 if word in SERVER_VALUES else 1
