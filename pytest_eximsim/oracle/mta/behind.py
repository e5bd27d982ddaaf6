"""A real MTA behind a proxy: a connection of HAProxy carried on to it, and PROXY required from those that send it where the scenario has no
configuration of its own.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ...exim.world import Stream
from ...scenario.model import Exim
from .configuration import OWN

if TYPE_CHECKING:
    from ...runtime.hub import Hub
    from .binary import Binary
    from .daemon import Daemon

LIST = f"{OWN}/proxies"


@dataclass
class Proxies:
    """Addresses that send a PROXY header, in a file that the configuration looks into."""

    addresses: set[str] = field(default_factory=set)
    machines: list[Daemon] = field(default_factory=list)

    def allow(self, machine: Daemon) -> None:
        self.machines.append(machine)
        self._write(machine)

    def named(self, exim: Exim, binary: Binary) -> Exim:
        """The option of this release that names them."""
        option = "proxy_required_hosts" if binary.release == "4.82+" else "hosts_proxy"
        return replace(exim, set={**(exim.set or {}), option: f"net-iplsearch;{LIST}"})

    def add(self, address: str) -> None:
        if address not in self.addresses:
            self.addresses.add(address)
            for machine in self.machines:
                self._write(machine)

    def _write(self, machine: Daemon) -> None:
        lines = "".join(f'"{one}": yes\n' for one in sorted(self.addresses))
        machine.files.give(LIST, lines.encode())


def carry(hub: Hub, one: Stream, other: Stream) -> None:
    """All octets of each to the other, to the end of both."""

    def copy(source: Stream, target: Stream) -> None:
        with contextlib.suppress(OSError):
            while data := source.receive(65536):
                target.send(data)
        shutdown = getattr(target, "shutdown", None)
        with contextlib.suppress(OSError):
            if shutdown is not None:
                shutdown()

    back = hub.spawn(lambda: copy(other, one), "from the real MTA")
    copy(one, other)
    back.join()
    one.close()
    other.close()
