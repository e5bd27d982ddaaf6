"""Which listener of a haproxy.cfg a client reaches, and which frontends carry mail. Pure functions.

`to` of a session is a port, a frontend's name, or `address:port`; by default the only mail listener, or else the one on port 25.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from ..errors import ScenarioError
from .addresses import Address, read_address
from .config import Config
from .proxies import MAIL_PORTS, Bind, Proxy


@dataclass(frozen=True, slots=True)
class Listener:
    """One address of a bind line: where a client can connect to. `index` counts all listeners of the configuration."""

    index: int
    frontend: str
    bind: Bind
    address: Address

    @property
    def port(self) -> int:
        return self.address.port or 0

    @property
    def v4v6(self) -> bool:
        """One IPv6 socket that takes IPv4 clients too; they appear as ::ffff:a.b.c.d."""
        return self.address.family == 6 and self.address.any and "v4v6" in self.bind.options

    def reaches(self, family: int) -> bool:
        """A client of that family (4, 6) can connect."""
        return self.address.kind not in ("ip", "none") or self.address.family == family or self.v4v6

    def __str__(self) -> str:
        return f"{self.frontend} {self.address.text} ({self.bind.line.position})"


def listeners(config: Config) -> tuple[Listener, ...]:
    """Every address of every bind line of frontends and listens, in order."""
    pairs = [(bind, address) for proxy in config.frontends for bind in proxy.binds for address in bind.addresses]
    return tuple(Listener(index, bind.proxy, bind, address) for index, (bind, address) in enumerate(pairs))


def backends_of(config: Config, frontend: str) -> tuple[Proxy, ...]:
    """The backends that sessions of this frontend may reach; all of them where the name is computed."""
    proxy = config.proxy(frontend)
    if proxy is None:
        return ()
    if proxy.has_dynamic_backends:
        return config.backends
    return tuple(backend for backend in config.backends if backend.name in proxy.backend_names)


def carries_mail(config: Config, proxy: Proxy) -> bool:
    """It listens on, or its backends send to, 25, 465, 587 or 2525, or they are checked by smtpchk."""
    if any(address.port in MAIL_PORTS for bind in proxy.binds for address in bind.addresses):
        return True
    reached = [proxy, *backends_of(config, proxy.name)]
    return any(one.check_kind == "smtpchk" or any(server.address.port in MAIL_PORTS for server in one.servers) for one in reached)


def fed_by_haproxy(config: Config, listener: Listener) -> bool:
    """A server line of the same configuration leads to this very listener (a chain inside HAProxy)."""
    found = listener.address
    return any(server.address.kind == found.kind and server.address.host == found.host and server.address.port == found.port
               for proxy in config.backends for server in proxy.servers)


def mail_listeners(config: Config) -> list[Listener]:
    """The listeners of the frontends that carry mail, without those that HAProxy itself feeds."""
    names = {proxy.name for proxy in config.frontends if carries_mail(config, proxy)}
    return [one for one in listeners(config) if one.frontend in names and not fed_by_haproxy(config, one) and one.address.kind != "other"]


def choose_listener(config: Config, to: str | int | None = None, *, family: int = 4) -> Listener:
    """The listener that a client of this family reaches by `to`. Raises ScenarioError that lists what there is."""
    everything = [one for one in listeners(config) if one.address.kind != "other"]
    if to is None or to == "":
        found = _default(mail_listeners(config), everything)
        what = "the configuration"
    else:
        found = _narrow(everything, str(to))
        what = f"`to: {to}`"
    reachable = [one for one in found if one.reaches(family)]
    if len(reachable) > 1:
        reachable = _exact(reachable, str(to or ""))
    if len(reachable) == 1:
        return reachable[0]
    if reachable:
        raise ScenarioError(f"{what} leaves several listeners, name one with `to:`: {_list(reachable)}")
    if found:
        raise ScenarioError(f"no listener for IPv{family} clients; {what} leaves {_list(found)}")
    raise ScenarioError(f"{what} has no such listener; there is: {_list(everything)}" if everything else "haproxy.cfg has no `bind` line")


def _default(mail: Sequence[Listener], everything: Sequence[Listener]) -> Sequence[Listener]:
    candidates = mail or everything
    if len(candidates) == 1:
        return candidates
    return [one for one in candidates if one.port == 25] or candidates


def _narrow(everything: Sequence[Listener], to: str) -> Sequence[Listener]:
    tests: list[Callable[[Listener], bool]] = [lambda one: one.frontend == to]
    if to.isdigit():
        tests.append(lambda one: one.port == int(to))
    else:
        wanted = read_address(to)
        tests.append(lambda one: one.port == wanted.port and (one.address.host == wanted.host or one.address.any))
    for test in tests:
        found = [one for one in everything if test(one)]
        if found:
            return _prefer_mail_port(found) if tests.index(test) == 0 else found
    return []


def _prefer_mail_port(found: Sequence[Listener]) -> Sequence[Listener]:
    """A frontend with several ports: the one on 25, if there is one."""
    return [one for one in found if one.port == 25] or found


def _exact(found: list[Listener], to: str) -> list[Listener]:
    """`address:port` prefers the bind with this address over one for any address; an IPv4 client an IPv4 socket."""
    wanted = read_address(to)
    exact = [one for one in found if one.address.host == wanted.host]
    if wanted.kind == "ip" and exact:
        return exact
    plain = [one for one in found if not one.v4v6]
    return plain if len(plain) == 1 else found


def _list(found: Sequence[Listener]) -> str:
    return ", ".join(str(one) for one in found)


def destination(listener: Listener, client: str, to: str | int | None, fallback: Callable[[int], str]) -> tuple[str, int]:
    """The address and port that the client connects to: the bind's, or for "any address" what `to` names, or `fallback(family)`."""
    family = ip_address(client).version
    if not listener.address.any and listener.address.kind == "ip":
        return listener.address.host, listener.port
    wanted = read_address(str(to)) if to is not None and not str(to).isdigit() else None
    host = wanted.host if wanted and wanted.kind == "ip" else fallback(family)
    return host, listener.port
