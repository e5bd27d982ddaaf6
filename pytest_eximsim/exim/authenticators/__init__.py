"""Authenticators as servers (Exim chapters 33 to 39): who proves what. AUTH itself, its replies and log lines are
reception/authentication.py.

One module a driver; each has `server(exchange, driver, initial) -> Outcome`. A driver that is not in DRIVERS is offered to
clients, and refused by name where one uses it.
"""

from __future__ import annotations

from collections.abc import Callable

from ...errors import NotSimulated
from ..config.drivers import sides
from ..config.model import Driver
from . import cram_md5, external, plaintext
from .exchange import Exchange, Outcome

__all__ = ["Exchange", "Outcome", "authenticate", "is_server"]

DRIVERS: dict[str, Callable[[Exchange, Driver, str], Outcome]] = {
    "cram_md5": cram_md5.server,
    "external": external.server,
    "plaintext": plaintext.server,
}
NOT_SIMULATED = {
    "cyrus_sasl": "it asks the Cyrus SASL library", "dovecot": "it asks a Dovecot server", "spa": "NTLM is not implemented",
}


def authenticate(exchange: Exchange, driver: Driver, initial: str) -> Outcome:
    """What the driver makes of a client's attempt. Raises NotSimulated."""
    found = DRIVERS.get(driver.driver)
    if found is None:
        raise NotSimulated(f"authenticator driver {driver.driver} is not simulated: {NOT_SIMULATED[driver.driver]}",
                           driver.positions["driver"])
    return found(exchange, driver, initial)


def is_server(driver: Driver) -> bool:
    """Is it configured to authenticate clients?"""
    return sides(driver)["server"]
