"""Ports that clients get where nobody says which: for each address from 40000 upwards, the same in every run."""

from __future__ import annotations

from dataclasses import dataclass, field

FIRST, LAST = 40000, 65535


@dataclass
class ClientPorts:
    """Those of one network."""

    last: dict[str, int] = field(default_factory=dict)

    def next(self, address: str) -> int:
        """A port for a client with this address, another one each time, until all have had their turn."""
        last = self.last.get(address, LAST)
        port = self.last[address] = last + 1 if last < LAST else FIRST
        return port
