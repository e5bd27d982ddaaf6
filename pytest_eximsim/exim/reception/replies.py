"""Replies: their lines, refusals by ACLs, errors that are counted (Exim chapter 43.19 "message", chapter 43.34 for refusals).

Session.say() sends text as it is; respond() splits it into lines. What the texts of each command are stands with the command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..acl import Phase, Result, Verdict
from ..log import host_and_ident, log, printing
from .arrival import tls_info

if TYPE_CHECKING:
    from .session import Session

_CODE = re.compile(r"[0-9]{3}\s(?:[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\s)?")
_SPACES = " \t\n\v\f\r"


class Code:
    """A reply code with its enhanced code: `digits` as "550", `extended` as "5.7.1 " or "", `length` of what the message said."""

    __slots__ = ("digits", "extended")

    def __init__(self, digits: str, extended: str = "") -> None:
        self.digits = digits
        self.extended = extended


def message_code(s: Session, default: str, text: str | None, log_text: str | None = None, *,
                 any_code: bool = False) -> tuple[Code, str | None, str | None]:
    """Take a code from the head of a message (s004, a013); its first digit must be that of the default, but for `any_code`.

    Returns the code, the text behind it, and the log text with the code mended.
    """
    found = _CODE.match(text) if text else None
    if not found or text is None:
        return Code(default), text, log_text
    said = found.group()
    rest = text[found.end():]
    if said[0] != default[0] and not any_code:
        log(s.p, f'configured error code starts with incorrect digit (expected {default[0]}) in "{text}"', panic=True)
        if log_text == text:
            log_text = f"{default} {rest}"
        return Code(default), rest, log_text
    return Code(said[:3], said[4:]), rest, log_text


def respond(s: Session, code: Code | str, text: str, *, final: bool = True) -> None:
    """Send a reply of as many lines as the text has. A preliminary reply (not final) vanishes with control = no_multiline_responses."""
    if isinstance(code, str):
        code = Code(code)
    single = s.c.no_multiline_responses
    if single and not final:
        return
    s.remember_rcpt_reply(text)
    while True:
        line, newline, rest = text.partition("\n")
        last = not newline or not rest or single
        mark = (" " if final else "-") if last else "-"
        s.write(f"{code.digits}{mark}{code.extended}{line}\r\n")
        if last:
            return
        text = rest.lstrip(_SPACES)


def user_message(s: Session, default: str, text: str) -> None:
    """Send an ACL's message as the reply; its own code counts when its first digit does."""
    code, rest, _ = message_code(s, default, text)
    respond(s, code, rest or "")


def synprot_error(s: Session, kind: str, code: int, data: str | None, text: str) -> bool:
    """A syntax or protocol error: counted, logged with the selector smtp_KIND_error, answered unless the code is 0. True: too many
    (s206).
    """
    log(s.p, f'SMTP {kind} error in "{printed_command(s)}" {host_and_ident(s.p)} {text}', selector=f"smtp_{kind}_error")
    s.synprot_errors += 1
    over = s.synprot_errors > s.option_int("smtp_max_synprot_errors")
    if over:
        dropped(s, "too many syntax or protocol errors", "last command was", s.command_line)
    if code > 0:
        what = f"{data}: {text}" if data is not None else text
        s.say(f"{code}{'-' if over else ' '}{what}")
        if over:
            s.say(f"{code} Too many syntax or protocol errors")
    return over


def printed_command(s: Session) -> str:
    """The command line as error lines show it; later releases escape quotes in it."""
    text = printing(s.command_line)
    return text.replace('"', '\\"') if s.release.command_quotes_escaped else text


def dropped(s: Session, why: str, last: str, command: str) -> None:
    """`SMTP call from … dropped: …`, in later releases with the commands so far."""
    history = ""
    if s.release.command_history and last == "last command was":
        history = ", " + (s.history(" C=") or "NULL")
    text = printing(command) if s.release.command_history else command
    log(s.p, f'SMTP call from {host_and_ident(s.p, False)} dropped: {why} ({last} "{text}"{history})', reject=True)


def refuse(s: Session, phase: Phase, verdict: Verdict) -> bool:
    """Answer and log a refusal by an ACL. True: the connection is to be closed (drop). Facts: section 4 of the ACL sheet."""
    drop = verdict.result is Result.FAIL_DROP
    fail = drop or verdict.result is Result.FAIL
    default = phase.code if fail else "451"
    code, user, log_text = message_code(s, default, verdict.user_message, verdict.log_message,
                                        any_code=phase is Phase.VRFY and s.release.vrfy_any_code)
    _sender_verify_failure(s, fail, code)
    if fail:
        respond(s, code, user if user is not None else "Administrative prohibition")
    elif verdict.temporary_details and user is not None:
        preliminary = verdict.preliminary
        if preliminary is not None:
            respond(s, code, preliminary, final=False)
        respond(s, code, user)
    else:
        respond(s, code, "Temporary local problem - please try later")
    reason = f": {log_text}".partition("\n")[0] if log_text is not None else ""
    main, reject, panic = verdict.log_to
    if main or reject or panic:
        who = host_and_ident(s.p) + (tls_info(s.p) if s.release.rejections_show_tls else "")
        text = f"{who} {_sender_info(s, phase)}{'' if fail else 'temporarily '}rejected {_what(s, phase)}{reason}"
        log(s.p, text, main=main, reject=reject, panic=panic)
    if drop:
        from .ending import dropped_by_acl

        dropped_by_acl(s)
    return drop


def _what(s: Session, phase: Phase) -> str:
    match phase:
        case Phase.PREDATA:
            return "DATA"
        case Phase.DATA:
            return "after DATA"
        case Phase.PRDR:
            return "after DATA PRDR"
        case Phase.CONNECT:
            return 'connection in "connect" ACL'
    data = s.data.rstrip(_SPACES)
    if phase is Phase.AUTH and not s.release.credentials_logged:
        data = data.partition(" ")[0]
    return f"{phase.words} {data}"


def reason(s: Session, verdict: Verdict) -> str:
    """Why an ACL is in error; Exim prints a missing text as its library does."""
    return s.release.null_word if verdict.log_message is None else verdict.log_message


def _sender_info(s: Session, phase: Phase) -> str:
    if phase not in (Phase.RCPT, Phase.DATA):
        return ""
    text = f"F=<{s.p.message.sender_unrewritten or s.p.message.sender}>"
    if s.c.authenticated_by:
        text += f" A={s.c.authenticated_by}"
        if s.c.authenticated_id:
            text += f":{s.c.authenticated_id}"
    return text + " "


def _sender_verify_failure(s: Session, fail: bool, code: Code) -> None:
    """Once for each failed sender: the line `sender verify fail for <…>`, and the details as preliminary reply lines."""
    failed = s.p.message.sender_verify_failed
    if failed is None or failed.told:
        return
    s.rcpt_in_progress, saved = False, s.rcpt_in_progress
    failed.told = True
    text = f"{host_and_ident(s.p)} sender verify {'defer' if failed.deferred else 'fail'} for <{failed.address}>"
    if failed.message is not None:
        text += f": {failed.message}"
    log(s.p, text, reject=True) if not fail or "sender_verify_fail" in s.p.mta.selectors else None
    if fail and failed.user_message is not None:
        respond(s, code, _VERIFY_TEXTS[failed.kind].format(failed.address, failed.user_message), final=False)
    s.rcpt_in_progress = saved


_VERIFY_TEXTS = {
    "": "Verification failed for <{}>\n{}",
    "postmaster": "Postmaster verification failed while checking <{}>\n{}\n"
    "Several RFCs state that you are required to have a postmaster\n"
    "mailbox for each mail domain. This host does not accept mail\n"
    "from domains whose servers reject the postmaster address.",
    "null sender": "Callback setup failed while verifying <{}>\n{}\n"
    "The initial connection, or a HELO or MAIL FROM:<> command was\n"
    "rejected. Refusing MAIL FROM:<> does not help fight spam, disregards\n"
    "RFC requirements, and stops you from receiving standard bounce\n"
    "messages. This host does not accept mail from domains whose servers\n"
    "refuse bounces.",
}
