"""Processes to the side of another: one that writes no log, one that changes nothing of it."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..state import Process


class _NoLogs:
    """world.Logs that forgets."""

    def write(self, name: str, line: str) -> None:
        pass


def without_logs(p: Process) -> Process:
    """The same process, message and caches and all, whose log lines are not written (disable_logging, -bt)."""
    twin = copy.copy(p)
    twin.mta = copy.copy(p.mta)
    twin.mta.world = replace(p.world, logs=_NoLogs())
    return twin


def copied(p: Process) -> Process:
    """A process that sees what this one sees; what it does to message, connection and scratch stays its own. No fork: it takes no pid."""
    twin = copy.copy(p)
    twin.connection, twin.message, twin.scratch = copy.copy(p.connection), copy.copy(p.message), copy.copy(p.scratch)
    twin.scratch.variables = dict(p.scratch.variables)
    return twin
