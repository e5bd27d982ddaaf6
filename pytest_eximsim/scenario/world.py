"""The world of one simulated MTA, put together from its neighbours as `exim/world.py` asks for it, for scenarios and the command line.

Lives here: the ports that are small (logs, entropy, the MTA's own view of the network) and `build_world`. Not here: what a scenario file
says (`simulator.py`), the network itself (`runtime/`), the neighbours (`services/`).
"""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..exim.world import Endpoint, Stream, World

if TYPE_CHECKING:
    from ..runtime.hub import Hub
    from ..runtime.memory import MemoryNetwork

#: The first process id of a simulated MTA.
FIRST_PID = 1001
LOGS = ("main", "reject", "panic")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log, as it was written; `mta` is whose it is ("" where there is one)."""

    mta: str
    log: str
    text: str


@dataclass
class LogBook:
    """The logs of all MTAs of a scenario, in the order of writing. `listen` is told every line (eximsim serve, -bh)."""

    lines: list[LogLine] = field(default_factory=list)
    listen: Callable[[str, str], None] | None = None

    def of(self, log: str, mta: str | None = None) -> list[str]:
        """The lines of one log, of one MTA or of all, with their time stamps."""
        return [one.text for one in self.lines if one.log == log and mta in (None, one.mta)]


@dataclass
class Logs:
    """exim.world.Logs of one MTA. With `keep` false lines are only told to who listens."""

    book: LogBook
    mta: str = ""
    keep: bool = True

    def write(self, name: str, line: str) -> None:
        if self.keep:
            self.book.lines.extend(LogLine(self.mta, name, part) for part in line.split("\n"))
        if self.book.listen is not None:
            self.book.listen(name, line)


class Entropy:
    """exim.world.Entropy: with a seed the same numbers in every run."""

    def __init__(self, seed: int | None = 1) -> None:
        self._random = random.Random(seed)
        self._pid = FIRST_PID - 1

    def pid(self) -> int:
        self._pid += 1
        return self._pid

    def random(self, limit: int) -> int:
        return self._random.randrange(limit) if limit > 0 else 0


@dataclass
class MtaNetwork:
    """exim.world.Network of one MTA: everybody is in memory, nothing leaves the process. `addresses` are the MTA's own."""

    network: MemoryNetwork
    addresses: Sequence[str]
    tried: list[Endpoint] = field(default_factory=list)

    def connect(self, remote: Endpoint, source: str = "", timeout: float | None = None) -> Stream:
        self.tried.append(remote)
        return self.network.connect(Endpoint(source or self._own(remote.address), 0), remote, timeout)

    def connect_unix(self, path: str, timeout: float | None = None) -> Stream:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)

    def local_addresses(self) -> Sequence[str]:
        return self.addresses

    def _own(self, remote: str) -> str:
        """Our address of the other side's family: loopback for loopback."""
        family = [one for one in self.addresses if (":" in one) == (":" in remote)]
        loopback = remote.startswith("127.") or remote == "::1"
        return next((one for one in family if one.startswith(("127.", "::1")) == loopback), family[0] if family else remote)


@dataclass
class ScannerAnswers:
    """exim.world.Scanners: None where the scenario does not say what a scanner would answer."""

    spam: Mapping[str, object] | None = None
    malware: str | None = None


@dataclass
class Parts:
    """What `build_world` puts together beside the hub; the caller keeps what it wants to look at later."""

    files: Any
    users: Any
    resolver: Any
    network: Any
    redis: Any
    sql: Any
    commands: Any
    logs: Logs
    entropy: Entropy
    scanners: ScannerAnswers | None = None
    trace: Any = None


def build_world(hub: Hub, parts: Parts, *, hostname: str, zone: str = "UTC", allow: frozenset[str] = frozenset(),
                environment: Mapping[str, str] | None = None) -> World:
    """exim.world.World on a hub: its clock is the scenario's time, its tasks are the hub's."""
    return World(
        clock=hub, tasks=hub, network=parts.network, resolver=parts.resolver, files=parts.files, redis=parts.redis, sql=parts.sql,
        commands=parts.commands, users=parts.users, entropy=parts.entropy, logs=parts.logs, hostname=hostname, zone=zone, allow=allow,
        environment=environment or {}, scanners=parts.scanners, trace=parts.trace,
    )
