"""The external driver: who the client is, is known from elsewhere (chapter 39); asked of Exim 4.96."""

from __future__ import annotations

from ..config.model import Driver
from .exchange import Exchange, Outcome, decoded


def server(exchange: Exchange, driver: Driver, initial: str) -> Outcome:
    """Take the client's identity, then server_param2 and server_param3 expanded; then server_condition decides."""
    from ..expansion import expand

    given = exchange.challenge("") if not initial else decoded(initial) if initial != "=" else ""
    for value in given.split("\0"):
        exchange.add(value)
    for name in ("server_param2", "server_param3"):
        text = driver.options.get(name)
        if text is not None:
            exchange.add(expand(exchange.p, str(text)))
    return exchange.check(str(driver.options.get("server_condition") or ""))
