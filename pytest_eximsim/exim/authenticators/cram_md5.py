"""The cram_md5 driver (chapter 35, RFC 2195)."""

from __future__ import annotations

import hmac

from ...errors import ExpansionError, ForcedFailure
from ...wire.smtp import auth
from ..config.model import Driver
from ..expansion import expand
from .exchange import Exchange, Outcome, Result


def server(exchange: Exchange, driver: Driver, initial: str) -> Outcome:
    """Challenge, then compare with HMAC-MD5 of server_secret; server_condition may refuse afterwards."""
    if initial:
        return Outcome(Result.UNEXPECTED)
    p = exchange.p
    host = p.configuration.main.get("primary_hostname")
    challenge = f"<{p.pid}.{int(p.world.clock.now())}@{host}>"
    name, blank, digest = exchange.challenge(challenge).rpartition(" ")
    if not blank or len(digest) != 32:
        return Outcome(Result.FAIL)
    exchange.add(name)
    try:
        secret = expand(p, str(driver.options["server_secret"]))
    except ForcedFailure:
        return Outcome(Result.FAIL)
    except ExpansionError as error:
        return Outcome(Result.DEFER, log_text=error.message)
    wanted = auth.cram_md5(challenge.encode("latin-1"), secret.encode("latin-1"))
    if not hmac.compare_digest(wanted, digest.encode("latin-1")):
        return Outcome(Result.FAIL)
    condition = driver.options.get("server_condition")
    return exchange.check(str(condition)) if condition is not None else Outcome(Result.OK)
