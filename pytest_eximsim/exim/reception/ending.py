"""How sessions end: QUIT, lost connections, timeouts, limits; the not-QUIT ACL; the lines that say so (s301–s308, s505, s508, s521)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ..acl import Phase, Result
from ..hosts import connection_info
from ..log import host_and_ident, log, printing, selector_on
from . import replies
from .channel import Lost

if TYPE_CHECKING:
    from .session import Session


class Ended(Exception):
    """The process is over, whatever it was doing."""


def time_text(seconds: float, millisec: bool = False) -> str:
    """`D=` values: `1h2m3s`, with the selector millisec `0.123s`."""
    whole = int(seconds)
    if millisec and whole < 60:
        return f"{whole}.{int((seconds - whole) * 1000):03d}s"
    text = ""
    for unit, size in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60)):
        if whole >= size:
            text += f"{whole // size}{unit}"
            whole %= size
    if whole or not text:
        text += f"{whole}s"
    return text


def duration(s: Session) -> str:
    """` D=1s` where this release has it in closing lines."""
    return f" D={age(s)}" if s.release.durations else ""


def closing_duration(s: Session) -> str:
    """The same, in lines about connections that this side ends."""
    return duration(s) if s.release.closing_durations else ""


def age(s: Session) -> str:
    """How long this connection is open."""
    now = s.p.world.clock.now()
    millisec = "millisec" in s.p.mta.selectors
    return time_text(now - s.c.opened if millisec else int(now) - int(s.c.opened), millisec)


def closed(s: Session, how: str) -> None:
    """`SMTP connection from … closed by QUIT`, under the selector smtp_connection."""
    log(s.p, f"{connection_info(s.p)}{closing_duration(s)} closed by {how}", selector="smtp_connection")


def not_quit(s: Session, reason: str, code: str, text: str) -> None:
    """Run the not-QUIT ACL and answer, once a session. An empty code answers nothing (s308)."""
    if s.exit_called:
        log(s.p, f"smtp_notquit_exit() called more than once ({reason})", main=False, panic=True)
        return
    s.exit_called = True
    message = None
    if s.main.get("acl_smtp_notquit") is not None:
        s.c.notquit_reason = reason
        verdict = s.acl(Phase.NOTQUIT, "acl_smtp_notquit")
        if verdict.result is Result.ERROR:
            log(s.p, f"ACL for not-QUIT returned ERROR: {replies.reason(s, verdict)}", panic=True)
        message = verdict.user_message
    if code:
        if message is None:
            s.say(f"{code} {text}")
        else:
            replies.respond(s, code, message)
        s.flush()


def incomplete_transaction(s: Session, why: str) -> None:
    """`H=… incomplete transaction (QUIT) from <s> for r`, under its selector."""
    message = s.p.message
    if not message.sender_given or not selector_on(s.p, "smtp_incomplete_transaction"):
        return
    text = f"{host_and_ident(s.p)} incomplete transaction ({why}) from <{message.sender}>"
    if message.recipients:
        text += " for " + " ".join(r.address for r in message.recipients)
    log(s.p, text)


def connection_lost(s: Session, reason: str) -> None:
    """The client is gone while a command was awaited."""
    incomplete_transaction(s, "connection lost")
    not_quit(s, "connection-lost", "421", f"{s.c.active_hostname} lost input connection")
    if s.p.message.sender_given or s.p.message.recipients:
        log(s.p, f"unexpected disconnection while reading SMTP command from {host_and_ident(s.p, False)}{reason}{duration(s)}",
            selector="lost_incoming_connection")
    else:
        log(s.p, f"{connection_info(s.p)} lost{reason}{duration(s)}", selector="smtp_connection")


def command_timeout(s: Session) -> NoReturn:
    """smtp_receive_timeout is over while a command was awaited."""
    tls = " TLS" if s.c.tls else ""
    log(s.p, f"SMTP command timeout on{tls} connection from {host_and_ident(s.p, False)}{closing_duration(s)}",
        selector="lost_incoming_connection")
    not_quit(s, "command-timeout", "421", f"{s.c.active_hostname}: SMTP command timeout - closing connection")
    raise Ended


def data_timeout(s: Session) -> NoReturn:
    """smtp_receive_timeout is over in the middle of a message."""
    log(s.p, f"SMTP data timeout (message abandoned) on connection from {s.c.fullhost} F=<{s.p.message.sender}>{closing_duration(s)}",
        selector="lost_incoming_connection")
    not_quit(s, "data-timeout", "421", f"{s.c.active_hostname} SMTP incoming data timeout - closing connection.")
    raise Ended


def lost_in_data(s: Session, where: str) -> None:
    """The client is gone in the middle of a message; `where` is " (header)", " (after header)" or ""."""
    if selector_on(s.p, "lost_incoming_connection") or selector_on(s.p, "smtp_connection"):
        log(s.p, f"{connection_info(s.p)} lost while reading message data{where}")
    if s.release.lost_data_runs_notquit:
        not_quit(s, "connection-lost", "", "")


def dropped_by_acl(s: Session) -> None:
    """`drop` in an ACL: it has answered already."""
    not_quit(s, "acl-drop", "", "")
    closed(s, "DROP in ACL")


def too_many_nonmail(s: Session) -> bool:
    """smtp_accept_max_nonmail is passed."""
    word = s.command_line.split(None, 1)[0] if s.command_line else ""
    incomplete_transaction(s, "too many non-mail commands")
    replies.dropped(s, "too many nonmail commands", "last was", word)
    not_quit(s, "bad-commands", "554", "Too many nonmail commands")
    return True


def too_many_unknown(s: Session) -> bool:
    """smtp_max_unknown_commands is passed."""
    text = f'SMTP syntax error in "{replies.printed_command(s)}" {host_and_ident(s.p)} unrecognized command'
    log(s.p, text, selector="smtp_syntax_error")
    incomplete_transaction(s, "unrecognized command")
    not_quit(s, "bad-commands", "500", "Too many unrecognized commands")
    replies.dropped(s, "too many unrecognized commands", "last was", s.command_line)
    return True


def closedown(s: Session, text: str) -> NoReturn:
    """`421 TEXT` to everything until QUIT or the end; the process is broken (s419)."""
    s.say(f"421 {text}")
    try:
        while True:
            line = s.channel.command_line()[0].decode("latin-1").strip().lower()
            if line == "quit":
                s.say(f"221 {s.c.active_hostname} closing connection")
                break
            s.say("250 Reset OK" if line == "rset" else f"421 {text}")
    except (TimeoutError, Lost):
        pass
    raise Ended


def shown_input(s: Session, limit: int) -> str:
    """Unread input as sync lines show it: cut, up to a NUL, escaped."""
    return printing(s.channel.unread()[:limit].partition(b"\0")[0].decode("latin-1"))


def synchronization_error(s: Session) -> bool:
    """The next input was sent too soon (s211, s213, s221)."""
    incomplete_transaction(s, "sync failure")
    unread = s.channel.unread()[:150]
    count = f" ({len(unread)} bytes)" if s.release.sync_counts_octets else ""
    was = "" if s.pipelining else " not"
    log(s.p, f"SMTP protocol synchronization error (next input sent too soon: pipelining was{was} advertised): "
        f'rejected "{s.command_line}" {host_and_ident(s.p)} next input="{shown_input(s, 150)}"{count}', reject=True)
    not_quit(s, "synchronization-error", "554", "SMTP synchronization error")
    return True


def log_no_mail(s: Session) -> None:
    """`no MAIL in SMTP connection from … D=0s C=…`, under smtp_no_mail (s508, s515)."""
    if s.c.count_mail or not selector_on(s.p, "smtp_no_mail"):
        return
    text = ""
    if s.c.authenticated_by:
        text += f" A={s.c.authenticated_by}" + (f":{s.c.authenticated_id}" if s.c.authenticated_id else "")
    if s.c.tls:
        from .arrival import tls_info

        text += tls_info(s.p)
    text += s.history(" C=")
    log(s.p, f"no MAIL in SMTP connection from {host_and_ident(s.p, False)} D={age(s)}{text}")
