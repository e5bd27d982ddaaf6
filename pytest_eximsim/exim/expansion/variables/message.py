"""Variables of the message that is being received or delivered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ... import headers
from ..registry import Variable

if TYPE_CHECKING:
    from ...state import Process

#: Phases in which $recipients exists (chapter 11.9: after DATA, and in a system filter).
_WITH_RECIPIENTS = frozenset(["DATA", "DKIM", "MIME", "PRDR", "non-SMTP"])


def field(name: str) -> Callable[[Process], str]:
    """A text or number of the Message."""
    return lambda p: str(getattr(p.message, name))


def _body(p: Process) -> bytes:
    return p.message.body


def visible_body(p: Process, *, end: bool) -> str:
    """$message_body, $message_body_end: so much of the body as message_body_visible says; newlines and NULs are blanks."""
    main = p.configuration.main
    limit = main.get("message_body_visible", 500)
    size = min(int(limit) if isinstance(limit, (int, str)) else 500, len(p.message.body))
    part = p.message.body[len(p.message.body) - size:] if end else p.message.body[:size]
    text = part.decode("latin-1").replace("\0", " ")
    return text if main.get("message_body_newlines") else text.replace("\n", " ")


def _recipients_known(p: Process) -> bool:
    return bool(p.scratch.variables.get("enable_dollar_recipients")) or p.acl_phase in _WITH_RECIPIENTS


def recipients(p: Process) -> str:
    """$recipients; elsewhere than in the DATA ACL: unknown in the older release (case ACL-022)."""
    if not _recipients_known(p):
        if p.release.functions_may_be_unknown:
            raise ExpansionError('unknown variable name "recipients"')
        return ""
    return ", ".join(recipient.address for recipient in p.message.recipients)


def _recipients_list(p: Process) -> str:
    if not _recipients_known(p):
        return ""
    return ":".join(recipient.address.replace(":", "::") for recipient in p.message.recipients)


def headers_added(p: Process) -> str:
    """$headers_added: lines that add_header has pending, by newlines; those inside a line are doubled (case ACL-049)."""
    lines = [line.text.removesuffix("\n").replace("\n", "\n\n") for line in p.message.added_headers]
    if not lines and p.release.functions_may_be_unknown:
        raise ExpansionError('unknown variable name "headers_added"')
    return "\n".join(lines)


def _received_count(p: Process) -> str:
    return str(sum(1 for header in p.message.headers if header.type == "R" or header.name.lower() == "received"))


def _received_for(p: Process) -> str:
    """The recipient where there is just one, for the Received: line."""
    if p.scratch.variables.get("received_for") is not None:
        return str(p.scratch.variables["received_for"])
    return ""


def _message_age(p: Process) -> str:
    return str(int(p.world.clock.now() - p.message.received_time)) if p.message.received_time else "0"


def stored(name: str, default: str = "") -> Callable[[Process], str]:
    return lambda p: str(p.scratch.variables.get(name, default))


def _return_path(p: Process) -> str:
    """The sender, where an address is routed or delivered; empty in ACLs."""
    found = p.scratch.variables.get("return_path")
    if found is not None:
        return str(found)
    routed = p.address is not None and (not p.acl_phase or bool(p.address.router))
    return p.message.sender if routed else ""


VARIABLES = (
    Variable("authenticated_sender", field("authenticated_sender"), outside=True),
    Variable("body_linecount", field("body_linecount")),
    Variable("body_zerocount", field("body_zerocount")),
    Variable("headers_added", headers_added),
    Variable("max_received_linelength", stored("max_received_linelength", "0")),
    Variable("message_age", _message_age),
    Variable("message_body", lambda p: visible_body(p, end=False), outside=True),
    Variable("message_body_end", lambda p: visible_body(p, end=True), outside=True),
    Variable("message_body_size", field("body_size")),
    Variable("message_exim_id", field("id")),
    Variable("message_headers", headers.all_decoded, outside=True),
    Variable("message_headers_raw", headers.all_raw, outside=True),
    Variable("message_id", field("id")),
    Variable("message_linecount", field("linecount")),
    Variable("message_size", field("size")),
    Variable("message_smtputf8", lambda p: "yes" if p.message.smtputf8 else "no", since="4.96"),
    Variable("prdr_requested", lambda p: "yes" if p.message.prdr else "no", since="4.96"),
    Variable("queue_name", field("queue_name"), since="4.96"),
    Variable("rcpt_count", field("rcpt_count")),
    Variable("rcpt_defer_count", field("rcpt_defer_count")),
    Variable("rcpt_fail_count", field("rcpt_fail_count")),
    Variable("received_count", _received_count),
    Variable("received_for", _received_for, outside=True),
    Variable("received_time", lambda p: str(int(p.message.received_time))),
    Variable("recipients", recipients, outside=True),
    Variable("recipients_count", lambda p: str(len(p.message.recipients))),
    Variable("recipients_list", _recipients_list, since="4.99", outside=True),
    Variable("reply_address", headers.reply_address, outside=True),
    Variable("return_path", _return_path, outside=True),
)
