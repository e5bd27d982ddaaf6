"""From the fork to the banner (facts: section 1.1, the order of events).

Lives here: what is decided once for a connection. Not here: the daemon's limits (daemon.py), the PROXY header itself (proxy.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ...errors import ExpansionError
from ..acl import Phase, Result
from ..addresses import syntax_of
from ..expansion import expand
from ..hosts import build_fullhost, look_up_sender_name
from ..log import host_and_ident, log
from . import ending, proxy, replies

if TYPE_CHECKING:
    from .session import Session


def start_session(s: Session) -> bool:
    """Everything up to the banner; False when the connection is to be closed (the reply has been given)."""
    c = s.c
    s.syntax = syntax_of(s.p)
    s.recipients_max = s.option_int("recipients_max")
    if not _limits(s):
        return False
    if c.host_address and not _client_rules(s):
        return False
    proxy.read_header(s)
    if c.tls_on_connect and not _tls_on_connect(s):
        return False
    message = None
    if s.main.get("acl_smtp_connect") is not None:
        verdict = s.acl(Phase.CONNECT, "acl_smtp_connect")
        if verdict.result is not Result.OK:
            replies.refuse(s, Phase.CONNECT, verdict)
            return False
        message = verdict.user_message
    banner = _banner(s, message)
    s.pipe_connect = s.release.pipe_connect and s.host_in("pipelining_connect_advertise_hosts")
    if not s.pipe_connect and not s.in_sync():
        return _too_early(s)
    s.write(banner)
    return True


def _limits(s: Session) -> bool:
    """message_size_limit and the receive timeout, both expanded here."""
    text = s.option("message_size_limit") or "0"
    try:
        s.size_limit = size_value(expand(s.p, text))
    except ExpansionError as error:
        log(s.p, f"unable to expand message_size_limit: {error.message}", panic=True)
    except ValueError:
        log(s.p, f"invalid message_size_limit: {expand(s.p, text)}", panic=True)
    else:
        timeout = s.main.get("smtp_receive_timeout")
        seconds = float(timeout) if isinstance(timeout, (int, float)) else time_value(expand(s.p, str(timeout))) if timeout else 0
        s.channel.timeout = seconds or None
        return True
    ending.closedown(s, "Temporary local problem - please try later")


def size_value(text: str) -> int:
    """A size with K, M or G. Raises ValueError."""
    text = text.strip()
    unit = {"K": 10, "M": 20, "G": 30}.get(text[-1:].upper())
    return int(text[:-1]) << unit if unit else int(text or "0")


def time_value(text: str) -> float:
    """A time as `5m` or `1h30m`. Raises ValueError."""
    total, number = 0, ""
    for c in text.strip():
        if c.isdigit():
            number += c
        else:
            total += int(number) * {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}[c]
            number = ""
    return total + (int(number) if number else 0)


def _client_rules(s: Session) -> bool:
    c, p = s.c, s.p
    if s.host_in("host_lookup"):
        look_up_sender_name(p)
        build_fullhost(p)
    if s.host_in("host_reject_connection"):
        log(p, f"refused connection from {host_and_ident(p, False)} (host_reject_connection)", reject=True, selector="connection_reject")
        s.say("554 SMTP service not available")
        return False
    if not _reserve(s):
        return False
    c.unqualified_sender = s.host_in("sender_unqualified_hosts")
    c.unqualified_recipient = s.host_in("recipient_unqualified_hosts")
    c.helo_verify_required = s.host_in("helo_verify_hosts")
    if not c.helo_verify_required:
        s.helo_verify = s.host_in("helo_try_verify_hosts")
    c.helo_accept_junk = s.host_in("helo_accept_junk_hosts")
    return True


def _reserve(s: Session) -> bool:
    """smtp_accept_reserve keeps the last slots for smtp_reserve_hosts."""
    maximum, reserve = s.option_int("smtp_accept_max"), s.option_int("smtp_accept_reserve")
    count = s.c.count
    if maximum <= 0 or not reserve or count <= maximum - reserve or s.host_in("smtp_reserve_hosts"):
        return True
    log(s.p, f"temporarily refused connection from {host_and_ident(s.p, False)}: not in smtp_reserve_hosts "
        f"(connected={count} max={maximum} reserve={reserve})", selector="connection_reject")
    s.say(f"421 {s.c.active_hostname}: Too many concurrent SMTP connections; please try again later")
    return False


def _tls_on_connect(s: Session) -> bool:
    from .encryption import handshake

    return handshake(s)


def _banner(s: Session, message: str | None) -> str:
    """All lines of the banner (s001–s005)."""
    code, extended = "220", ""
    if message is None:
        option = s.option("smtp_banner") or ""
        try:
            text = expand(s.p, option)
        except ExpansionError as error:
            die(s, f'Expansion of "{option}" (smtp_banner) failed: {error.message}')
    else:
        found, rest, _ = replies.message_code(s, "220", message)
        code, extended, text = found.digits, found.extended, rest or ""
    lines = text.rstrip(" \t\n\v\f\r").split("\n")
    last = len(lines) - 1
    return "".join(f"{code}{'-' if i < last else ' '}{extended}{line}\r\n" for i, line in enumerate(lines))


def die(s: Session, text: str) -> NoReturn:
    """Main and panic log, `421 Unexpected failure`, the end of the process."""
    log(s.p, text, panic=True)
    ending.closedown(s, "Unexpected failure, please try later")


def _too_early(s: Session) -> bool:
    """Input came before the banner (s210)."""
    limit = 128 if s.release.durations else 150
    log(s.p, "SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from "
        f'{host_and_ident(s.p)} input="{ending.shown_input(s, limit)}"', reject=True)
    s.say("554 SMTP synchronization error")
    return False
