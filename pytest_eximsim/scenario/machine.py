"""One simulated MTA of a scenario: its file tree, its logs, its world, its configuration, and the places where it listens."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ExpansionError
from ..exim.config.model import Configuration
from ..exim.config.version import Choice
from ..exim.expansion import expand
from ..exim.mta import Accepted, Mta
from ..exim.reception.interfaces import Interfaces, interfaces_of
from ..exim.world import Endpoint, Stream, World
from . import configuration as configurations
from .model import Exim

if TYPE_CHECKING:
    from ..runtime.files import FileTree
    from ..runtime.tls import TlsMaker
    from .world import MtaNetwork


#: Names of variables that are header fields; Exim wants a colon behind them.
HEADER = re.compile(r"(?:[rbl]?h|[rbl]?header)_")


@dataclass(frozen=True)
class Seen:
    """scenario.subject.SeenMessage of the simulated MTA."""

    mta: Mta
    accepted: Accepted

    @property
    def sender(self) -> str:
        return self.accepted.message.sender

    @property
    def recipients(self) -> Sequence[str]:
        return [one.address for one in self.accepted.message.recipients]

    @property
    def headers(self) -> Sequence[str]:
        return [one.text for one in self.accepted.message.headers if one.type != "*"]

    @property
    def body(self) -> bytes:
        return self.accepted.message.body

    def variable(self, name: str) -> str:
        p = self.mta.expander(message=self.accepted.message)
        p.connection = self.accepted.connection
        name = name.removeprefix("$")
        text = f"${name.rstrip(':')}:" if HEADER.match(name) else f"${{{name}}}"
        try:
            return expand(p, text)
        except ExpansionError as error:
            return f"Failed: {error.message}"


@dataclass
class Machine:
    """One MTA. `choice` says which release it is and why; `names` are `@CONFIG@` and the like."""

    name: str
    exim: Exim
    files: FileTree
    world: World
    configuration: Configuration
    choice: Choice
    names: Mapping[str, str]
    addresses: tuple[str, ...]
    tls: TlsMaker
    network: MtaNetwork
    behind_proxy: Mta | None = None
    mta: Mta = field(init=False)
    listening: Interfaces = field(init=False)

    def __post_init__(self) -> None:
        self.mta = Mta(self.configuration, self.world, version_number=self.exim.version_number)
        self.listening = interfaces_of(self.configuration)

    def reread(self, exim: Exim, configuration: Configuration, choice: Choice) -> None:
        """Another configuration from now on: a new daemon with the same queue, hints and files."""
        before = self.mta
        self.exim, self.configuration, self.choice = exim, configuration, choice
        self.mta = Mta(configuration, self.world, version_number=exim.version_number)
        self.mta.hints, self.mta.queue, self.mta.messages = before.hints, before.queue, before.messages
        self.listening = interfaces_of(configuration)

    def serve(self, stream: Stream, proxied: bool = False) -> None:
        """One connection, to its end. `proxied`: who connects sends a PROXY header."""
        (self.behind_proxy if proxied and self.behind_proxy is not None else self.mta).serve(stream)

    def use_behind_proxy(self, configuration: Configuration) -> None:
        """Where the scenario gives no configuration: what holds for connections with a PROXY header."""
        twin = self.behind_proxy = Mta(configuration, self.world, version_number=self.exim.version_number)
        twin.hints, twin.queue, twin.messages, twin.open = self.mta.hints, self.mta.queue, self.mta.messages, self.mta.open

    def keep_nothing(self) -> None:
        """For a daemon that runs on and on: neither messages nor log lines are kept."""
        self.mta.keep = False
        self.world.logs.keep = False  # type: ignore[attr-defined]

    def messages(self) -> list[Seen]:
        return [Seen(self.mta, one) for one in self.mta.messages]

    def endpoints(self) -> list[Endpoint]:
        """Where clients reach it."""
        return [Endpoint(address, port) for address in (*self.addresses, "127.0.0.1", "::1") for port in self.listening.ports(address)]


def addresses_of(exim: Exim) -> tuple[str, ...]:
    """`address` or `addresses`, or the default."""
    if exim.addresses:
        return tuple(exim.addresses)
    return (exim.address or configurations.ADDRESS,)


def names_of(work: Path, placed: configurations.Placed) -> dict[str, str]:
    """What `@CONFIG@` … stand for; the spool is known when the configuration has been read."""
    return {"@CONFIG@": placed.path, "@DIR@": str(work), "@PWD@": str(work), "@SPOOL@": configurations.SPOOL}


def given_files(texts: Mapping[str, str], names: Mapping[str, str], placed: configurations.Placed) -> dict[str, bytes]:
    """The files of a scenario as bytes, `@DIR@` filled in, and the inline configuration among them."""
    made = {path: configurations.fill(text, names).encode("utf-8", "surrogateescape") for path, text in texts.items()}
    if placed.text is not None:
        made[placed.path] = placed.text.encode("utf-8", "surrogateescape")
    return made


def accounts_of(users: Any) -> dict[str, tuple[int, str]]:
    """The scenario's accounts as (uid, home)."""
    return {name: (one.uid if one.uid is not None else 1000 + index, one.home or f"/home/{name}")
            for index, (name, one) in enumerate((users or {}).items())}
