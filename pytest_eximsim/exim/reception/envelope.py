"""MAIL and RCPT: options, addresses, limits, ACLs (s101–s119, s522)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..acl import Phase, Result, Verdict
from ..addresses import AddressSyntaxError, parse_address, qualify
from ..expansion import expand_condition
from ..log import host_and_ident, log
from ..rewrite import smtp_rewrite
from ..state import Recipient
from . import ending, replies

if TYPE_CHECKING:
    from .session import Session

MAXIMUM_SIZE = 2147483647
_SPACES = " \t\n\v\f\r"


@dataclass(slots=True)
class Option:
    """`NAME=VALUE` at the end of a command; `rest` is what stands before it."""

    name: str
    value: str
    rest: str
    equals: bool


def take_option(text: str) -> Option | None:
    """The last option of a command's data, None when what is there is none."""
    text = text.rstrip(_SPACES)
    v = len(text) - 1
    while v > 0 and text[v] != "=" and text[v] not in _SPACES:
        if text[v] == '"' and v > 1:
            v -= 1
            while v > 1 and text[v] != '"':
                v -= 1
        v -= 1
    if v <= 0:
        return None
    if text[v] == "=":
        n = v
        while n > 0 and text[n - 1].isascii() and text[n - 1].isalpha():
            n -= 1
        if n == 0 or text[n - 1] not in " \t":
            return None
        return Option(text[n:v], text[v + 1:], text[:n - 1], True)
    return Option(text[v + 1:], text[v + 1:], text[:v], False)


def mail(s: Session) -> bool:
    """MAIL FROM:."""
    s.c.count_mail += 1
    s.was_rejected_mail = True
    if (s.c.helo_verify_required or s.host_in("hosts_require_helo")) and not s.helo_seen:
        log(s.p, f"rejected MAIL from {host_and_ident(s.p, False)}: no HELO/EHLO given", reject=True)
        if s.release.missing_helo_counts:
            return replies.synprot_error(s, "protocol", 503, None, "HELO or EHLO required")
        s.say("503 HELO or EHLO required")
        return False
    if s.p.message.sender_given:
        return replies.synprot_error(s, "protocol", 503, None, "sender already given")
    if not s.data:
        return replies.synprot_error(s, "protocol", 501, None, "MAIL must have an address operand")
    limit = s.option_int("smtp_accept_max_per_connection")
    if limit > 0 and s.c.count_mail > limit:
        s.say("421 too many messages in this connection")
        log(s.p, f"rejected MAIL command {host_and_ident(s.p)}: too many messages in one connection", reject=True)
        return False
    s.reset()
    ended = _mail_options(s) if s.c.esmtp else None
    return _sender(s) if ended is None else ended


def _mail_options(s: Session) -> bool | None:
    """Take the options from the right; None to go on with the address, else the command is answered (s109, s110)."""
    while True:
        option = take_option(s.data)
        if option is None:
            return None
        handler = _mail_option(s, option)
        if handler is None:
            s.data = f"{option.rest} {option.name}" + (f"={option.value}" if option.equals else "")
            return None
        s.data = option.rest
        if not option.value:
            return None
        answer = handler(s, option)
        if answer is _STOP:
            return None
        if answer is not None:
            return bool(answer)


def _mail_option(s: Session, option: Option) -> Callable[[Session, Option], object] | None:
    """What takes an option, or None where this Exim does not know it: then it belongs to the address."""
    handler = _MAIL_OPTIONS.get(option.name.upper())
    if handler is _later_only and not s.release.has("4.96"):
        return None
    if handler is _utf8 and (option.equals or not s.smtputf8_offered):
        return None
    return handler


_STOP = object()                        # the options end here, what is left is the address


def _size(s: Session, option: Option) -> object:
    if not re.fullmatch(r"[+-]?[0-9]+", option.value):
        return _STOP
    size = int(option.value)
    s.p.message.size = MAXIMUM_SIZE if size < 0 or size > MAXIMUM_SIZE else size
    return None


def _body(s: Session, option: Option) -> object:
    if not s.main.get("accept_8bitmime"):
        return _STOP
    kind = {"8BITMIME": 8, "7BIT": 7}.get(option.value.upper())
    if kind is None:
        return replies.synprot_error(s, "syntax", 501, None, "invalid data for BODY")
    s.p.message.body_type = kind
    return None


def xtext_decoded(text: str) -> str | None:
    """RFC 3461 xtext; None when it is none."""
    result, i = "", 0
    while i < len(text):
        c = text[i]
        if c == "+":
            if not re.fullmatch(r"[0-9A-Fa-f]{2}", text[i + 1:i + 3]):
                return None
            result += chr(int(text[i + 1:i + 3], 16))
            i += 3
            continue
        if c < "!" or c > "~" or c == "=":
            return None
        result += c
        i += 1
    return result


def _auth(s: Session, option: Option) -> object:
    if option.value == "<>":
        return None
    decoded = xtext_decoded(option.value)
    if decoded is None:
        return replies.synprot_error(s, "syntax", 501, None, "invalid data for AUTH")
    if s.main.get("acl_smtp_mailauth") is None:
        ignored = "client not authenticated"
        accepted = bool(s.c.authenticated_by)
    else:
        s.p.message.authenticated_sender = decoded
        verdict = s.acl(Phase.MAILAUTH, "acl_smtp_mailauth")
        ignored, accepted = "rejected by ACL", verdict.result is Result.OK
        if verdict.result not in (Result.OK, Result.FAIL):
            return replies.refuse(s, Phase.MAILAUTH, verdict)
    if accepted:
        ignored = _mail_auth_condition(s)
    s.p.message.authenticated_sender = "" if ignored else decoded
    if ignored:
        log(s.p, f"ignoring AUTH={option.value} from {host_and_ident(s.p)} ({ignored})")
    return None


def _mail_auth_condition(s: Session) -> str:
    driver = next((d for d in s.p.configuration.authenticators if d.name == s.c.authenticated_by), None)
    condition = driver.options.get("server_mail_auth_condition") if driver else None
    if driver is None or condition is None or expand_condition(s.p, str(condition), f"{driver.name} authenticator"):
        return ""
    text = "server_mail_auth_condition failed"
    return f'{text}: authenticated ID="{s.c.authenticated_id}"' if s.c.authenticated_id else text


def _later_only(s: Session, option: Option) -> object:
    """RET=, ENVID= and PRDR are taken by later releases whether they were offered or not (s110)."""
    name = option.name.upper()
    if name == "PRDR":
        s.p.message.prdr = bool(s.main.get("prdr_enable"))
    elif name == "RET" and s.dsn_offered:
        if s.p.message.dsn_ret:
            return replies.synprot_error(s, "syntax", 501, None, "RET can be specified once only")
        if option.value.upper() not in ("HDRS", "FULL"):
            return replies.synprot_error(s, "syntax", 501, None, "Value for RET is invalid")
        s.p.message.dsn_ret = option.value.upper()
    elif name == "ENVID" and s.dsn_offered:
        if s.p.message.dsn_envid:
            return replies.synprot_error(s, "syntax", 501, None, "ENVID can be specified once only")
        s.p.message.dsn_envid = option.value
    return None


def _utf8(s: Session, option: Option) -> object:
    """RFC 6531: the protocol in log lines and Received: says so (asked of 4.96)."""
    s.p.message.smtputf8 = True
    s.c.protocol = "utf8" + s.c.protocol.removeprefix("utf8")
    return None


_MAIL_OPTIONS = {
    "SIZE": _size,
    "BODY": _body,
    "AUTH": _auth,
    "PRDR": _later_only,
    "RET": _later_only,
    "ENVID": _later_only,
    "SMTPUTF8": _utf8,
}


def _sender(s: Session) -> bool:
    p, message = s.p, s.p.message
    text = smtp_rewrite(p, s.data)
    try:
        parsed = parse_address(text, s.syntax, allow_null=True)
    except AddressSyntaxError as error:
        return replies.synprot_error(s, "syntax", 501, s.data, str(error))
    sender = parsed.address
    message.sender_raw = sender
    if message.size > s.size_limit > 0:
        s.say("552 Message size exceeds maximum permitted")
        more = ">" if message.size == MAXIMUM_SIZE else ""
        log(p, f"rejected MAIL FROM:<{sender}> {host_and_ident(p)}: message too big: size{more}={message.size} max={s.size_limit}",
            reject=True, selector="size_reject")
        return False
    if sender and not parsed.domain:
        if not s.c.unqualified_sender:
            s.say(f"501 {s.data}: sender address must contain a domain")
            log(p, f"unqualified sender rejected: <{sender}> {host_and_ident(p)}{s.c.host_lookup_message}",
                reject=True, selector="smtp_syntax_error")
            return False
        sender = qualify(p, sender, recipient=False)
    message.sender, message.sender_given = sender, True
    if s.main.get("acl_smtp_mail") is None:
        verdict = Verdict(Result.OK)
    else:
        verdict = s.acl(Phase.MAIL, "acl_smtp_mail")
        if verdict.result is Result.OK and not s.pipelining and not s.pipe_connect and not s.in_sync():
            return ending.synchronization_error(s)
    if verdict.result not in (Result.OK, Result.DISCARD):
        over = replies.refuse(s, Phase.MAIL, verdict)
        p.message.sender, p.message.sender_given = "", False
        return over
    _accept_text(s, "250 OK" + (", PRDR Requested" if s.p.message.prdr else ""), verdict.user_message)
    s.recipients_discarded = verdict.result is Result.DISCARD
    s.discard_reason = verdict.log_message
    s.was_rejected_mail = False
    return False


def _accept_text(s: Session, default: str, message: str | None) -> None:
    if message is None:
        s.say(default)
    else:
        replies.user_message(s, "250", message)


def rcpt(s: Session) -> bool:
    """RCPT TO:."""
    message = s.p.message
    message.rcpt_count += 1
    s.was_rcpt = s.rcpt_in_progress = True
    if not message.sender_given:
        message.rcpt_fail_count += 1
        if s.pipelining and s.last_was_rejected_mail:
            s.say("503 sender not yet given")
            s.was_rejected_mail = True
            return False
        s.was_rcpt = False
        return replies.synprot_error(s, "protocol", 503, None, "sender not yet given")
    if not s.data:
        message.rcpt_fail_count += 1
        return replies.synprot_error(s, "syntax", 501, None, "RCPT must have an address operand")
    recipient = Recipient("")
    if s.c.esmtp and s.release.has("4.96"):
        ended = _rcpt_options(s, recipient)
        if ended is not None:
            message.rcpt_fail_count += 1
            return ended
    try:
        parsed = parse_address(smtp_rewrite(s.p, s.data), s.syntax)
    except AddressSyntaxError as error:
        message.rcpt_fail_count += 1
        return replies.synprot_error(s, "syntax", 501, s.data, str(error))
    address = recipient.original = parsed.address
    if not parsed.domain:
        if not s.c.unqualified_recipient and address.lower() != "postmaster":
            return _unqualified(s, address)
        address = qualify(s.p, address, recipient=True)
    recipient.address = address
    if 0 < s.recipients_max < message.rcpt_count:
        return _too_many(s)
    return _ask_rcpt_acl(s, recipient)


def _rcpt_options(s: Session, recipient: Recipient) -> bool | None:
    while True:
        option = take_option(s.data)
        if option is None:
            return None
        name = option.name.upper()
        if name == "NOTIFY" and s.dsn_offered and option.equals:
            recipient.dsn_notify = option.value.upper()
        elif name == "ORCPT" and s.dsn_offered and option.equals:
            recipient.orcpt = option.value
        else:
            _put_back(s, option)
            return None
        s.data = option.rest


def _put_back(s: Session, option: Option) -> None:
    """The option is put back as Exim does: a blank before a word without `=` has become one (s104)."""
    s.data = f"{option.rest} {option.name}={option.value}" if option.equals else f"{option.rest}={option.value}"


def _unqualified(s: Session, address: str) -> bool:
    s.p.message.rcpt_fail_count += 1
    s.say(f"501 {s.data}: recipient address must contain a domain")
    log(s.p, f"unqualified recipient rejected: <{address}> {host_and_ident(s.p)}{s.c.host_lookup_message}",
        reject=True, selector="smtp_syntax_error")
    return False


def _too_many(s: Session) -> bool:
    message = s.p.message
    who = f"sender=<{message.sender}> {host_and_ident(s.p)}"
    if s.main.get("recipients_max_reject"):
        message.rcpt_fail_count += 1
        s.say("552 too many recipients")
        text = f"too many recipients: message rejected: {who}"
    else:
        message.rcpt_defer_count += 1
        s.say("452 too many recipients")
        text = f"too many recipients: excess temporarily rejected: {who}"
    if not s.too_many:
        log(s.p, text, reject=True)
    s.too_many = True
    return False


def _ask_rcpt_acl(s: Session, recipient: Recipient) -> bool:
    message = s.p.message
    if s.recipients_discarded:
        verdict = Verdict(Result.DISCARD, None, s.discard_reason)
    else:
        verdict = s.acl(Phase.RCPT, "acl_smtp_rcpt", recipient=recipient.address)
        if verdict.result is Result.OK and not s.pipelining and not s.pipe_connect and not s.in_sync():
            return ending.synchronization_error(s)
    if verdict.result is Result.OK:
        _accept_text(s, "250 Accepted", verdict.user_message)
        message.recipients.append(recipient)
        return False
    if verdict.result is Result.DISCARD:
        _accept_text(s, "250 Accepted", verdict.user_message)
        message.rcpt_fail_count += 1
        s.discarded = True
        rejected = "rejected " if s.release.discard_says_rejected else ""
        reason = f": {verdict.log_message}" if verdict.log_message is not None else ""
        log(s.p, f"{host_and_ident(s.p)} F=<{message.sender_unrewritten or message.sender}> {rejected}RCPT {s.argument}: "
            f"discarded by {'MAIL' if s.recipients_discarded else 'RCPT'} ACL{reason}", reject=True)
        return False
    if verdict.result in (Result.FAIL, Result.FAIL_DROP):
        message.rcpt_fail_count += 1
    else:
        message.rcpt_defer_count += 1
    return replies.refuse(s, Phase.RCPT, verdict)
