"""Where a scenario's clients connect to, and what a scenario's `dns:` is: what every Subject finds out the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from ..dns import Zone
from ..errors import Position, ScenarioError
from ..exim.world import Endpoint
from .configuration import folder_of, shown
from .model import DnsFile, Environment

CLIENT = "192.0.2.99"


class HasAddresses(Protocol):
    """An MTA."""

    @property
    def addresses(self) -> Sequence[str]: ...


def server_for(machines: Mapping[str, HasAddresses], client: Endpoint, to: str | None, position: Position) -> Endpoint:
    """The MTA's address and port that `to` picks, for a client of this family. Raises ScenarioError."""
    if to is not None and to in machines:
        return _own(machines[to], client, 25, position)
    if to is not None and not to.isdigit():
        from .values import endpoint

        try:
            found = endpoint(to)
        except ValueError:
            known = ", ".join(machines)
            raise ScenarioError(f"`to`: `{to}` is no port, address:port or MTA; the MTAs are {known}", position) from None
        return Endpoint(found.address, found.port or 25)
    if len(machines) > 1:
        raise ScenarioError(f"`to` is needed: which MTA? There are {', '.join(machines)}", position)
    return _own(next(iter(machines.values())), client, int(to or 25), position)


def _own(machine: HasAddresses, client: Endpoint, port: int, position: Position) -> Endpoint:
    for address in machine.addresses:
        if (":" in address) == (":" in client.address):
            return Endpoint(address, port)
    raise ScenarioError(f"no address of the MTA is of the family of {client.address}: {', '.join(machine.addresses)}", position)


def zone_of(environment: Environment) -> Zone:
    """The zone of `dns:`. Raises ScenarioError with the line's place."""
    node = environment.nodes.get("dns")
    if isinstance(environment.dns, DnsFile):
        path = folder_of(environment.dns, "file") / (environment.dns.file or "")
        try:
            return Zone.parse(path.read_text("latin-1"), shown(path))
        except OSError as error:
            raise ScenarioError(f"`dns`: {path} cannot be read: {error.strerror}", environment.dns.place("file")) from None
    text = (environment.dns or "").encode("utf-8", "surrogateescape").decode("latin-1")
    first = node.line_position(0) if node is not None and hasattr(node, "line_position") else Position("dns", 1)
    return Zone.parse(text, first.file, first.line)
