"""What outlives a process: Exim's hints databases, in memory (chapter 52.40, exim_dumpdb).

Their contents are the business of who uses them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class CalloutRecord:
    """What a callout found out, for an address or a domain; `at`: when. `result` and its sisters: "accept", "reject" or "" (unknown)."""

    at: float
    result: str = ""
    postmaster: str = ""
    postmaster_at: float = 0.0
    random: str = ""
    random_at: float = 0.0


@dataclass(slots=True)
class RateRecord:
    """A smoothed rate (chapter 44.38). `seen`: the unique= values of the period that began at `epoch`."""

    at: float
    rate: float
    epoch: float = 0.0
    seen: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Hints:
    """All stores of one Exim."""

    callout: dict[str, CalloutRecord] = field(default_factory=dict)
    ratelimit: dict[str, RateRecord] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    retry: dict[str, Any] = field(default_factory=dict)
    wait: dict[str, Any] = field(default_factory=dict)
