"""Where a scenario's SQL database comes from (`record` is record.py's): `container`, or the URL of a server that somebody else runs.

With `setup` or `setup_file` the scenario gets a database of its own on that server (owned.py); at a URL without them it uses the URL's
database as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ...errors import Position, ScenarioError
from ...exim.world import SqlError
from ...runtime import containers
from .. import lasting
from ..images import Images
from . import mariadb, owned, postgres
from .client import Client
from .owned import OwnDatabase

if TYPE_CHECKING:
    from ...runtime.hub import Hub
    from .gate import Database

class Filled(Protocol):
    """A database that takes statements of `setup`."""

    def script(self, text: str) -> None: ...


USER = PASSWORD = "eximsim"


@dataclass(frozen=True)
class Kind:
    """What differs between the servers. `environment`, `port`: of their containers; `home`: a database that every server has."""

    schemes: Sequence[str]
    client: Callable[..., Client]
    quoted: Callable[[str], str]
    names: str
    port: int
    environment: Mapping[str, str]
    url: str


KINDS: Mapping[str, Kind] = {
    "mysql": Kind(mariadb.SCHEMES, mariadb.MariaDb, mariadb.quoted, "SHOW DATABASES", mariadb.PORT,
                  {"MARIADB_ROOT_PASSWORD": PASSWORD}, f"mysql://root:{PASSWORD}@{{}}:{{}}/mysql"),
    "pgsql": Kind(postgres.SCHEMES, postgres.Postgres, postgres.quoted, "SELECT datname FROM pg_database", postgres.PORT,
                  {"POSTGRES_USER": USER, "POSTGRES_PASSWORD": PASSWORD}, f"postgresql://{USER}:{PASSWORD}@{{}}:{{}}/postgres"),
}
_swept: set[str] = set()


def open_provider(kind: str, provider: str, setup: Sequence[str], *, hub: Hub, images: Images | None = None,
                  position: Position | None = None) -> Database:
    """A database for one scenario, filled by `setup`. Raises ServiceMissing, ServiceError, ScenarioError."""
    differs = KINDS[kind]
    if provider == "container":
        url = _container(kind, differs, hub, images or Images())
        return hub.call_blocking(lambda: _own(differs, url, setup, position))
    if provider.partition("://")[0] in differs.schemes:
        return hub.call_blocking(lambda: _own(differs, provider, setup, position) if setup else _as_it_stands(differs, provider))
    raise ScenarioError(f"`{provider}`: expected record, container or a {differs.schemes[0]}:// URL", position)


def _container(kind: str, differs: Kind, hub: Hub, images: Images) -> str:
    """The URL of this process' container."""
    image = str(getattr(images, kind))

    def url(container: containers.RunningContainer) -> str:
        return differs.url.format(container.address, container.ports[differs.port])

    def ready(container: containers.RunningContainer) -> None:
        asking = differs.client(url(container))
        asking.connect()
        asking.close()

    specification = containers.Specification(image, [differs.port], ready, differs.environment)
    return url(lasting.get((kind, image), lambda: hub.call_blocking(lambda: containers.start(specification))))


def _as_it_stands(differs: Kind, url: str) -> Client:
    client = differs.client(url)
    client.connect()
    return client


def _own(differs: Kind, url: str, setup: Sequence[str], position: Position | None) -> OwnDatabase:
    server = differs.client(url)
    server.connect()
    if url not in _swept:
        _swept.add(url)
        owned.sweep(server, differs.names, differs.quoted)
    database = OwnDatabase(server, lambda name: differs.client(url, name), differs.quoted)
    try:
        _fill(database, setup, position)
    except BaseException:
        database.close()
        raise
    return database


def fill(database: Filled, setup: Sequence[str], *, hub: Hub, position: Position | None = None) -> None:
    """More statements of `setup`. Raises ScenarioError where the server refuses one."""
    hub.call_blocking(lambda: _fill(database, setup, position))


def _fill(database: Filled, setup: Sequence[str], position: Position | None) -> None:
    try:
        for text in setup:
            database.script(text)
    except SqlError as error:
        raise ScenarioError(f"`setup`: {error.text.strip()}", position) from None
