"""Which MTA, remote or behaviour stands behind each server line. Pure.

The rule of the scenario format: what `servers:` says (by `backend/server` or `server`); else the MTA, else the remote, whose address the
server line names; else the only MTA.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from ..errors import EximsimError, ScenarioError
from .config import Config
from .proxies import Server
from .tokens import HaproxyError

#: What may stand in `servers:` besides names: a connection that is refused, unanswered at all, accepted and never served, closed at once.
BEHAVIOURS = ("refuse", "timeout", "hang", "drop")


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody whom a server line may mean: an MTA (any port of its addresses) or a remote (one address and port)."""

    name: str
    addresses: tuple[str, ...]
    port: int | None = None
    mta: bool = True


def all_servers(config: Config) -> list[Server]:
    """Every server of every backend and listen, in order."""
    return [server for proxy in config.backends for server in proxy.servers]


def find_servers(config: Config, name: str) -> list[Server]:
    """The servers that `server` or `backend/server` names. Raises ScenarioError with the nearest name."""
    servers = all_servers(config)
    found = [server for server in servers if name in (server.full_name, server.name)]
    if not found:
        known = sorted({text for server in servers for text in (server.full_name, server.name)})
        near = get_close_matches(name, known, 1)
        hint = f", did you mean {near[0]}?" if near else f"; there is: {', '.join(server.full_name for server in servers)}"
        raise ScenarioError(f"haproxy.cfg has no server {name}{hint}")
    return found


def assign(config: Config, parties: Sequence[Party], chosen: Mapping[str, str], *,
           resolve: Callable[[str], str | None] = lambda name: None) -> dict[str, str]:
    """`backend/server` → a party's name or a behaviour, for every server of the configuration.

    Raises ScenarioError for unknown names in `chosen`, HaproxyError (with the server's line) where nothing says what it means.
    """
    names = {party.name for party in parties} | set(BEHAVIOURS)
    explicit: dict[str, str] = {}
    for text, target in sorted(chosen.items(), key=lambda item: "/" in item[0]):
        if target not in names:
            near = get_close_matches(target, sorted(names), 1)
            hint = f", did you mean {near[0]}?" if near else f"; one of {', '.join(sorted(names))}"
            raise ScenarioError(f"servers: {text}: unknown {target}{hint}")
        explicit.update({server.full_name: target for server in find_servers(config, text)})
    found: dict[str, str] = {}
    for server in all_servers(config):
        meant = explicit.get(server.full_name) or _by_address(server, parties, resolve)
        if meant is not None:
            found[server.full_name] = meant
    return found


def _by_address(server: Server, parties: Sequence[Party], resolve: Callable[[str], str | None]) -> str | None:
    host = server.address.host
    address = resolve(host) if server.address.kind == "name" else host if server.address.kind == "ip" else None
    for party in sorted(parties, key=lambda one: not one.mta):
        if address in party.addresses and party.port in (None, server.address.port):
            return party.name
    if server.address.kind == "none":
        return None
    mtas = [party for party in parties if party.mta]
    return mtas[0].name if len(mtas) == 1 else None


def unassigned(server: Server, parties: Sequence[Party]) -> EximsimError:
    """Why nothing stands behind a server that carries mail."""
    if server.address.kind == "none":
        unset = f" (not set: {', '.join(server.line.undefined)})" if server.line.undefined else ""
        return HaproxyError(f"server {server.name} has no address{unset}: HAProxy would connect to the address that the "
                            f"client connected to; give the variable in haproxy.env, or name somebody in haproxy.servers",
                            server.line.position)
    names = ", ".join(f"{party.name} ({', '.join(party.addresses)})" for party in parties)
    return HaproxyError(f"nobody in the scenario has the address of server {server.name}, {server.address.text}; there is: {names}; "
                        f"or say what it is in haproxy.servers", server.line.position)
