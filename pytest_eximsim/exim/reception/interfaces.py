"""Where the daemon listens: `local_interfaces`, `daemon_smtp_ports`, `tls_on_connect_ports` (Exim chapter 13); texts to addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..lists.syntax import split_list

if TYPE_CHECKING:
    from ..config.model import Configuration

#: The service names that /etc/services has for mail.
SERVICES = {"smtp": 25, "ssmtp": 465, "smtps": 465, "submissions": 465, "submission": 587}
ANY = {4: "0.0.0.0", 6: "::0"}


@dataclass(frozen=True)
class Interfaces:
    """Addresses (ANY for all of a family) with their ports; no port: `defaults`."""

    items: tuple[tuple[str, int | None], ...]
    defaults: tuple[int, ...]

    def ports(self, address: str) -> list[int]:
        """The ports on which a client reaches this address."""
        wild = ("::", "::0") if ":" in address else ("0.0.0.0",)
        found: list[int] = []
        for item, port in self.items:
            if item == address or item in wild:
                found += [port] if port is not None else self.defaults
        return list(dict.fromkeys(found))


def interfaces_of(configuration: Configuration) -> Interfaces:
    """What the options say (chapter 13.2 to 13.4)."""
    main = configuration.main
    defaults = [number for item in split_list(str(main.get("daemon_smtp_ports") or "smtp")) if (number := port_number(item)) is not None]
    for item in split_list(str(main.get("tls_on_connect_ports") or "")):
        number = port_number(item)
        if number is not None and number not in defaults and configuration.release.has("4.96"):
            defaults.append(number)
    interfaces = main.get("local_interfaces")
    items = tuple(_split(item) for item in split_list(str(interfaces))) if interfaces else ((ANY[4], None), (ANY[6], None))
    return Interfaces(items, tuple(defaults))


def port_number(text: str) -> int | None:
    """A port or a service's name."""
    text = text.strip()
    return int(text) if text.isdigit() else SERVICES.get(text)


def _split(item: str) -> tuple[str, int | None]:
    """`192.0.2.25`, `192.0.2.25.587`, `[192.0.2.25]:587`, `2001:db8::25.587` (chapter 13.3)."""
    item = item.strip()
    bracketed = re.fullmatch(r"\[([^\]]+)\](?:[:.](\d+))?", item)
    if bracketed:
        return bracketed[1], int(bracketed[2]) if bracketed[2] else None
    plain = re.fullmatch(r"(\d+\.\d+\.\d+\.\d+)\.(\d+)", item) or re.fullmatch(r"([0-9A-Fa-f:]*:[0-9A-Fa-f:]*)\.(\d+)", item)
    return (plain[1], int(plain[2])) if plain else (item, None)
