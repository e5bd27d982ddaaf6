"""AUTH: which mechanism, what it says, what is answered and logged (s215, s216). The mechanisms are in authenticators/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ExpansionError
from ..acl import Phase, Result
from ..expansion import expand
from ..log import host_and_ident, log, printing
from . import ending, replies
from .channel import Lost

if TYPE_CHECKING:
    from ..config.model import Driver
    from .session import Session

_SPACES = " \t\n\v\f\r"


def auth(s: Session) -> bool:
    """AUTH."""
    c = s.c
    s.p.scratch.variables["authentication_failed"] = "1"
    if not s.auth_advertised and not c.allow_auth_unadvertised:
        return replies.synprot_error(s, "protocol", 503, None, "AUTH command used when not advertised")
    if c.authenticated_by:
        return replies.synprot_error(s, "protocol", 503, None, "already authenticated")
    if s.p.message.sender_given:
        return replies.synprot_error(s, "protocol", 503, None, "not permitted in mail transaction")
    if s.main.get("acl_smtp_auth") is not None:
        verdict = s.acl(Phase.AUTH, "acl_smtp_auth")
        if verdict.result is not Result.OK:
            return replies.refuse(s, Phase.AUTH, verdict)
    name, _, rest = s.data.partition(" ")
    if not all(ch.isascii() and (ch.isalnum() or ch in "-_") for ch in name):
        return replies.synprot_error(s, "syntax", 501, None, "invalid character in authentication mechanism name")
    driver = _driver(s, name)
    if driver is None:
        return replies.synprot_error(s, "protocol", 504, None, f"{name} authentication mechanism not supported")
    _run(s, driver, rest.strip(_SPACES))
    return False


def _driver(s: Session, name: str) -> Driver | None:
    for driver in s.p.configuration.authenticators:
        public = str(driver.options.get("public_name") or driver.name)
        if public.lower() == name.lower() and (s.auth_advertised.get(driver.name) or s.c.allow_auth_unadvertised):
            return driver
    return None


def _ask(s: Session, challenge: str) -> str:
    s.say(f"334 {challenge}")
    try:
        line, _ = s.channel.command_line()
    except TimeoutError:
        ending.command_timeout(s)
    except Lost as lost:
        ending.connection_lost(s, lost.reason)
        raise ending.Ended from None
    return line.decode("latin-1").rstrip(_SPACES)


def _run(s: Session, driver: Driver, initial: str) -> None:
    from ..authenticators import Exchange, Outcome, authenticate
    from ..authenticators.exchange import Result as Ended
    from ..authenticators.exchange import Stopped

    _clear(s)
    s.p.scratch.numbers = [""]
    try:
        outcome = authenticate(Exchange(s.p, lambda text: _ask(s, text)), driver, initial)
    except Stopped as stopped:
        outcome = Outcome(stopped.result)
    except ExpansionError as error:
        outcome = Outcome(Ended.DEFER, log_text=error.message)
    set_id, failure = _set_id(s, driver)
    s.p.scratch.numbers = []
    _clear(s)
    if outcome.result is Ended.OK and failure is not None:
        outcome = Outcome(Ended.DEFER, log_text=failure)
    if outcome.result is Ended.OK:
        _succeeded(s, driver, set_id)
        return
    shown = f" (set_id={set_id})" if set_id else ""
    match outcome.result:
        case Ended.BAD64:
            reply, logged = ("501 Invalid base64 data",) * 2
        case Ended.CANCELLED:
            reply, logged = ("501 Authentication cancelled",) * 2
        case Ended.UNEXPECTED:
            reply, logged = ("553 Initial data not expected",) * 2
        case Ended.DEFER:
            s.c.authenticated_fail_id = shown
            reply = f"435 Unable to authenticate at present{outcome.user_text}"
            logged = f"435 Unable to authenticate at present{shown}: {outcome.log_text}"
        case _:
            s.c.authenticated_fail_id = shown
            reply, logged = "535 Incorrect authentication data", f"535 Incorrect authentication data{shown}"
    s.say(reply)
    who = host_and_ident(s.p, s.release.failed_login_has_flag)
    log(s.p, f"{driver.name} authenticator failed for {who}: {logged}", reject=True)


def _clear(s: Session) -> None:
    for name in ("auth1", "auth2", "auth3"):
        s.p.scratch.variables.pop(name, None)


def _set_id(s: Session, driver: Driver) -> tuple[str, str | None]:
    """server_set_id expanded, and why that failed."""
    option = driver.options.get("server_set_id")
    if option is None:
        return "", None
    try:
        return printing(expand(s.p, str(option))), None
    except ExpansionError as error:
        return "", error.message


def _succeeded(s: Session, driver: Driver, set_id: str) -> None:
    from .hello import protocol_name

    s.c.authenticated_id = set_id
    s.c.authenticated_by = driver.name
    s.c.authenticated_fail_id = ""
    s.p.scratch.variables["authentication_failed"] = "0"
    s.c.protocol = protocol_name(s)
    s.say("235 Authentication succeeded")
