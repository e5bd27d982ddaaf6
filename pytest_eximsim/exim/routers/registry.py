"""The table of router drivers; what Exim has and the simulator has not is refused when an address comes to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...errors import NotSimulated
from . import accept, dnslookup, ipliteral, manualroute, redirect
from .result import Answer, Job

if TYPE_CHECKING:
    from ..config.model import Driver

Route = Callable[[Job, "Driver"], Answer]

DRIVERS: dict[str, Route] = {
    "accept": accept.route,
    "dnslookup": dnslookup.route,
    "ipliteral": ipliteral.route,
    "manualroute": manualroute.route,
    "redirect": redirect.route,
}
NOT_SIMULATED = {"queryprogram": "it runs a program", "iplookup": "it asks a foreign server"}


def run(job: Job, router: Driver) -> Answer:
    """What the router says of the address."""
    found = DRIVERS.get(router.driver)
    if found is None:
        raise NotSimulated(f"router driver {router.driver} is not simulated: {NOT_SIMULATED[router.driver]}", router.positions["driver"])
    return found(job, router)
