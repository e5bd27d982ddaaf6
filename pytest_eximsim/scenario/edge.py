"""HAProxy in front of a scenario's MTAs: from `haproxy:` to a running service, and the names of those behind its server lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import Position, ScenarioError
from ..exim.world import Stream
from ..haproxy.assignment import Party
from .configuration import folder_of
from .model import Haproxy
from .outcome import NotYetAvailable

if TYPE_CHECKING:
    from ..runtime.hub import Hub
    from ..services.haproxy import HaproxyService


def settings_of(haproxy: Haproxy) -> dict[str, object]:
    """The keywords of HaproxySettings. Raises ScenarioError, NotYetAvailable."""
    if not haproxy.config_file:
        raise ScenarioError("`haproxy` needs a `config_file`", haproxy.position)
    if haproxy.provider == "container" or haproxy.images:
        raise NotYetAvailable("haproxy in a container", haproxy.place("provider" if haproxy.provider else "images"))
    if haproxy.mode == "exact":
        raise NotYetAvailable("haproxy: {mode: exact}", haproxy.place("mode"))
    if haproxy.lint:
        raise NotYetAvailable("haproxy: {lint: true}", haproxy.place("lint"))
    folder = folder_of(haproxy, "config_file")
    root = str(folder_of(haproxy, "root") / haproxy.root) if haproxy.root else None
    return {
        "config_files": tuple(str(folder / name) for name in haproxy.config_file), "environment": haproxy.env or {}, "root": root,
        "files": haproxy.files or {}, "address": haproxy.address, "servers": haproxy.servers or {}, "replace": haproxy.replace or {},
        "requires": haproxy.requires,
    }


def start(haproxy: Haproxy, hub: Hub, parties: Sequence[Party], serve: Callable[[str, Stream, bool], None],
          resolve: Callable[[str], str | None], make_certificate: Callable[[tuple[str, ...]], bytes],
          authority_file: Callable[[], str]) -> HaproxyService:
    """Start it and wait until it answers. Raises ServiceMissing, HaproxyRefused, ScenarioError; nothing is left behind then."""
    from ..services.haproxy import HaproxyService, HaproxySettings

    settings = HaproxySettings(**settings_of(haproxy))  # type: ignore[arg-type]
    service = HaproxyService(hub, settings, parties, serve, resolve, make_certificate, authority_file)
    service.start()
    return service


def change(service: HaproxyService, haproxy: Haproxy, position: Position) -> None:
    """`haproxy:` as a step: servers, reload, restart. Raises ScenarioError, NotYetAvailable."""
    for name in haproxy.places:
        if name not in ("servers", "reload", "restart"):
            raise NotYetAvailable(f"haproxy: {{{name}: …}} as a step", haproxy.place(name))
    if haproxy.servers:
        service.set_servers(haproxy.servers)
    if haproxy.reload:
        service.reload()
    if haproxy.restart:
        service.restart()
