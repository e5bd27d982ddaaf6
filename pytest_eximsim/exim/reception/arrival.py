"""The line that says a message has arrived: `ID <= sender H=… P=… S=…` (s501–s514)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..log import client_details, printing, selector_on
from .fixups import Headers, logged_message_id

if TYPE_CHECKING:
    from ..state import Process
    from .session import Session

SUBJECT = 100


def stored_size(headers: Headers) -> int:
    """`S=`: the message as Exim stores it; header lines of 1000 octets and more count one more for each digit (s405)."""
    message = headers.message
    lines = [h for h in headers.lines if h.text and h.type != "*"]
    return sum(len(h.text) + (1 if len(h.text) >= 1000 else 0) for h in lines) + len(message.body) + 1


def host_info(s: Session) -> str:
    """` H=… I=… Ci=… U=… P=… L`."""
    c, selectors = s.c, s.p.mta.selectors
    text = (f" H={c.fullhost}" if c.fullhost else "") + client_details(s.p)
    if c.protocol:
        text += f" P={c.protocol}"
    if "pipelining" in selectors and s.pipelining:
        text += " L" + ("." if s.pipe_connect_offered else "") + ("" if s.pipelined else "-")
    return text


def tls_info(p: Process) -> str:
    """` X=… CV=… DN="…" SNI="…"`."""
    tls, selectors = p.connection.tls, p.mta.selectors
    if tls is None:
        return ""
    text = ""
    if "tls_cipher" in selectors:
        text += f" X={tls.version}:{tls.cipher}:{tls.bits}"
    if "tls_certificate_verified" in selectors:
        text += f" CV={'yes' if tls.verified else 'no'}"
    if "tls_peerdn" in selectors and tls.peer_dn:
        text += f' DN="{printing(tls.peer_dn)}"'
    if "tls_sni" in selectors and tls.sni:
        text += f' SNI="{printing(tls.sni)}"'
    return text


def arrival_line(s: Session, headers: Headers, raw_recipients: list[str]) -> str:
    """The whole line behind the message id."""
    c, p, message = s.c, s.p, s.p.message
    selectors = p.mta.selectors
    arrow = p.release.fakereject_arrow if message.fake == "fakereject" else "<="
    text = f"{arrow} {message.sender or '<>'}{host_info(s)}{tls_info(p)}"
    if c.authenticated_by:
        text += f" A={c.authenticated_by}"
        if c.authenticated_id:
            text += f":{c.authenticated_id}"
            if "smtp_mailauth" in selectors and message.authenticated_sender:
                text += f":{message.authenticated_sender}"
    if message.prdr:
        text += " PRDR"
    if c.proxy_session and "proxy" in selectors:
        text += f" PRX={c.proxy_host}"
    if message.chunking:
        text += " K"
    text += f" S={message.size}"
    if "8bitmime" in selectors:
        text += f" M8S={message.body_type}"
    if message.queue_name:
        text += f" Q={message.queue_name}"
    if "receive_time" in selectors:
        from .ending import time_text

        text += f" RT={time_text(p.world.clock.now() - message.received_time, 'millisec' in selectors)}"
    if "msg_id" in selectors and (old := logged_message_id(headers)):
        text += f" id={printing(old)}"
    if "subject" in selectors and headers.subject is not None:
        text += f' T="{_subject(p)}"'
    if selector_on(p, "received_sender"):
        text += f" from <{message.sender_raw}>"
    if selector_on(p, "received_recipients") and raw_recipients:
        text += " for " + " ".join(raw_recipients)
    return text


def _subject(p: Process) -> str:
    from ..expansion import expand

    text = expand(p, "$h_subject:")[:SUBJECT]
    return printing(text.replace("\\", "\\\\").replace('"', '\\"'), top_bits=bool(p.configuration.main.get("print_topbitchars")))
