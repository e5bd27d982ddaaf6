"""world.Resolver over a zone: what is not in the zone or in the hosts text does not exist. Remembers what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from ..exim.world import Clock, DnsAnswer, DnsStatus
from .zone import Zone

#: How long the system's resolver tries one server that never answers: twice five seconds.
PATIENCE = 10.0
LOOPBACK = "127.0.0.1 localhost\n"


class ZoneResolver:
    """Answers from `zone` and from `hosts_text`, the text of /etc/hosts behind its line for localhost.

    `asked` has every question in order; `missing` those that nothing answers (NXDOMAIN, NODATA), once each. A forced TIMEOUT lets
    `patience` seconds pass. Both `zone` and the hosts may be replaced while the MTA runs.
    """

    def __init__(self, zone: Zone, hosts_text: str, clock: Clock, *, patience: float = PATIENCE) -> None:
        self.zone = zone
        self.clock = clock
        self.patience = patience
        self.asked: list[tuple[str, str]] = []
        self.missing: dict[tuple[str, str], DnsStatus] = {}
        self.set_hosts(hosts_text)

    def set_hosts(self, text: str) -> None:
        """Takes another hosts text."""
        self._hosts: list[tuple[str, list[str]]] = []
        for line in (LOOPBACK + text).splitlines():
            words = line.partition("#")[0].split()
            if len(words) > 1:
                self._hosts.append((words[0], words[1:]))

    def query(self, name: str, type: str) -> DnsAnswer:
        name, type = name.rstrip("."), type.upper()
        self.asked.append((name, type))
        if len(name) > 253 or any(not label or len(label) > 63 for label in name.split(".")):
            answer = DnsAnswer(DnsStatus.NXDOMAIN, name=name)
        else:
            answer = self.zone.question(name, type)
        if answer.status is DnsStatus.TIMEOUT:
            self.clock.sleep(self.patience)
        elif answer.status in (DnsStatus.NXDOMAIN, DnsStatus.NODATA):
            self.missing.setdefault((name, type), answer.status)
        return answer

    def hosts_by_name(self, name: str) -> Sequence[str]:
        wanted = name.rstrip(".").lower()
        return [address for address, names in self._hosts if wanted in map(str.lower, names)]

    def hosts_by_address(self, address: str) -> Sequence[str]:
        try:
            wanted = ip_address(address)
        except ValueError:
            return []
        return next((names for listed, names in self._hosts if _same(listed, wanted)), [])


def _same(listed: str, wanted: object) -> bool:
    try:
        return ip_address(listed) == wanted
    except ValueError:
        return False

