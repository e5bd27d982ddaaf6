"""Services of a scenario for a real Exim: the same providers as for the simulator, at real addresses in its network.

What a real Exim cannot be given makes a scenario skipped, with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ServiceMissing
from ..scenario.model import Environment

if TYPE_CHECKING:
    from ..runtime.hub import Hub
    from .binary import Binary
    from .network import Wires


def refuse_what_only_the_simulator_has(environment: Environment, binary: Binary) -> None:
    """Raises ServiceMissing with the reason."""
    if environment.scanners is not None:
        raise ServiceMissing("`scanners` says what content scanners would answer: only the simulated MTA can be told")
    mtas = [environment.exim, *(environment.mtas or {}).values()]
    if any("readfile-outside" in (one.allow or ()) for one in mtas if one is not None):
        raise ServiceMissing("`allow: [readfile-outside]` reads this machine's own files: a real Exim runs where they are not seen")


def serve_redis(hub: Hub, wires: Wires, redis: Any, machine: Any) -> None:
    """later"""
