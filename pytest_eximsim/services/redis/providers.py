"""Where a scenario's Redis comes from: `provider:` as a table. Each gives a gate.Backend that begins empty, and the same to the scenario.

    embedded    fakeredis in this process, on the scenario's clock; nothing is started (`auto` is this one)
    binary      redis-server on PATH, one for this process
    container   one for this process, by testcontainers
    redis://…   a server that somebody else runs: databases of it that are empty (parts.py); the URL's own keeps who has which
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ...errors import Position, ScenarioError, ServiceError
from ...runtime import containers
from .. import lasting
from ..images import Images
from . import server
from .embedded import EmbeddedRedis
from .gate import Backend
from .parts import Claimed, Claims, Whole
from .real import RealRedis
from .wire import Address, WireConnection

if TYPE_CHECKING:
    from ...runtime.hub import Hub

REDIS_PORT = 6379


def open_provider(provider: str, *, hub: Hub, images: Images | None = None, position: Position | None = None) -> Backend:
    """A Redis for one scenario. Raises ServiceMissing, ServiceError, ScenarioError for a word that is none."""
    if "://" in provider:
        return _shared(provider, hub, position)
    if provider not in PROVIDERS:
        raise ScenarioError(f"`{provider}`: expected {', '.join(PROVIDERS)} or a redis:// URL", position)
    return PROVIDERS[provider](hub, images or Images())


def _embedded(hub: Hub, images: Images) -> Backend:
    return EmbeddedRedis(hub)


def _binary(hub: Hub, images: Images) -> Backend:
    started = lasting.get("redis-server", lambda: hub.call_blocking(server.start))
    return RealRedis(started.name, started.address, Whole(), hub)


def _container(hub: Hub, images: Images) -> Backend:
    def ready(container: containers.RunningContainer) -> None:
        asking = WireConnection(_address(container))
        try:
            asking.command([b"PING"])
        finally:
            asking.close()

    def start() -> containers.RunningContainer:
        specification = containers.Specification(images.redis, [REDIS_PORT], ready)
        return containers.start(specification)

    started = lasting.get(("redis", images.redis), lambda: hub.call_blocking(start))
    return RealRedis(f"Redis ({images.redis})", _address(started), Whole(), hub)


def _address(container: containers.RunningContainer) -> Address:
    return Address(container.address, container.ports[REDIS_PORT])


PROVIDERS: Mapping[str, Callable[[Hub, Images], Backend]] = {
    "auto": _embedded,
    "binary": _binary,
    "container": _container,
    "embedded": _embedded,
}


# --- a server that somebody else runs ------------------------------------------------------------

@dataclass
class _Shared:
    """A connection of ours to such a server, and our claims on it."""

    wire: WireConnection
    claims: Claims
    alive: bool = True

    def close(self) -> None:
        try:
            self.claims.give_back()
        finally:
            self.wire.close()


def _shared(url: str, hub: Hub, position: Position | None) -> Backend:
    address, database, shown = read_url(url, position)
    shared = lasting.get(("redis", url), lambda: _open_shared(address, database, shown))
    return RealRedis(shown, address, Claimed(shared.claims.claim, shared.claims.release), hub)


def _open_shared(address: Address, database: int, shown: str) -> _Shared:
    wire = WireConnection(address)
    try:
        wire.command([b"PING"])
    except (OSError, EOFError) as error:
        wire.close()
        raise ServiceError(f"{shown} cannot be reached: {error}") from None
    return _Shared(wire, Claims(wire.command, database))


def read_url(url: str, position: Position | None = None) -> tuple[Address, int, str]:
    """`redis://[user:password@]host[:port][/database]` or `unix:///path[?db=n]`: the address, the database, and the URL without secrets."""
    parts = urlsplit(url)
    try:
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        shown = url if not (user or password) else url.replace(parts.netloc.rpartition("@")[0], "***")
        if parts.scheme == "unix" and parts.path:
            return Address(path=unquote(parts.path), user=user, password=password), int(parts.query.partition("db=")[2] or 0), shown
        if parts.scheme == "redis" and parts.hostname:
            database = int(parts.path.strip("/") or 0)
            return Address(parts.hostname, parts.port or REDIS_PORT, user=user, password=password), database, shown
    except ValueError:
        pass
    expected = "redis://[user:password@]host[:port][/database] or unix:///path?db=n"
    raise ScenarioError(f"`{parts.scheme}://…` is no address of a Redis here: expected {expected}", position)
