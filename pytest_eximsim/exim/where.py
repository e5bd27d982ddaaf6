"""Where the configuration is at while it is used: the statement of an ACL, a router, a transport. For complaints and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import NotSimulated

if TYPE_CHECKING:
    from ..errors import Position
    from .state import Process


def place_of(p: Process) -> tuple[str, Position] | None:
    """`ACL deny`, `router x` or `transport x` with its place; None outside drivers and ACLs."""
    run = p.acl_run
    if run is not None and run.statement is not None:
        return f"ACL {run.statement.verb}", run.statement.position
    if p.address is None:
        return None
    transport = p.configuration.transports.get(p.address.transport) if p.address.transport else None
    if transport is not None:
        return f"transport {transport.name}", transport.position
    router = next((router for router in p.configuration.routers if router.name == p.address.router), None)
    return (f"router {router.name}", router.position) if router is not None else None


def told(p: Process) -> str:
    """As log lines have it: ` (ACL deny, FILE LINE)`, or nothing."""
    place = place_of(p)
    return f" ({place[0]}, {place[1].file} {place[1].line})" if place is not None else ""


def not_simulated(p: Process, what: str) -> NotSimulated:
    """What is raised where something is used that Exim has and this simulator refuses."""
    place = place_of(p)
    return NotSimulated(f"{what} is not simulated", place[1] if place is not None else None)
