"""Authenticators as servers (Exim chapters 33 to 35): who proves what. AUTH itself, its replies and log lines are
reception/authentication.py.

One module a driver; each has `server(exchange, driver, initial) -> Outcome`. A driver that is not in DRIVERS is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable

from ..config.model import Driver
from . import cram_md5, plaintext
from .exchange import Exchange, Outcome

__all__ = ["DRIVERS", "Exchange", "Outcome", "is_server"]

DRIVERS: dict[str, Callable[[Exchange, Driver, str], Outcome]] = {
    "cram_md5": cram_md5.server,
    "plaintext": plaintext.server,
}

#: The option without which a driver is no server.
_SERVER_OPTION = {"cram_md5": "server_secret", "plaintext": "server_condition"}


def is_server(driver: Driver) -> bool:
    """Is it configured to authenticate clients?"""
    option = _SERVER_OPTION.get(driver.driver)
    return option is None or driver.options.get(option) is not None
