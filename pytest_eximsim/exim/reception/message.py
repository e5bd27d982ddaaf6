"""A message from the 354 to the reply to its final dot: reading, limits, the DATA ACL, acceptance (s302–s307, s401–s419, s516, s522).

The parts are content.py (lines), fixups.py (header lines), arrival.py (the log line); what happens to the message afterwards is delivery's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ExpansionError, NotSimulated
from ..acl import Phase, Result, Verdict
from ..acl.conditions.dmarc import begin_message
from ..ids import new_id
from ..log import log
from ..lookups.cache import tidy_up
from . import ending, prdr, replies
from .arrival import arrival_line, host_info, stored_size
from .channel import Lost
from .connect import die
from .content import ChunkSource, Content, DataSource, HeaderTooLong, read_body, read_header
from .fixups import Headers

if TYPE_CHECKING:
    from .session import Session


def receive(s: Session, source: DataSource | ChunkSource, *, last_chunk: int | None = None) -> bool:
    """Receive one message; true when the session is over. Afterwards a new transaction begins.

    `last_chunk`: it comes by BDAT, with so many octets in the last one.
    """
    message = s.p.message
    tidy_up(s.p)
    message.received_time = s.p.world.clock.now()
    begin_message(s.p)
    try:
        over = _receive(s, source, last_chunk)
    except TimeoutError:
        ending.data_timeout(s)
    if over is None:                    # the client is gone
        s.flush()
        ending.log_no_mail(s)
        raise ending.Ended
    tidy_up(s.p)
    s.message_ended()
    return over


def _receive(s: Session, source: DataSource | ChunkSource, last_chunk: int | None) -> bool | None:
    try:
        content = _read_header(s, source)
    except Lost:
        _gone(s, " (header)")
        return None
    except HeaderTooLong as error:
        return _header_too_long(s, source, error)
    if content.eof and source.dots:
        _gone(s, " (after header)")
        return None
    if last_chunk is not None and content.headers and content.crlf is False:
        s.say("552 Message header not CRLF terminated")
        return False
    message = s.p.message
    headers = Headers(s, [text.decode("latin-1") for text in content.headers])
    message.id = new_id(s.p)
    raw_recipients = [r.address for r in message.recipients]
    headers.fix_up()
    try:
        _read_body(s, source, content)
    except Lost:
        if not s.release.lost_in_body_has_id:
            message.id = ""
        _gone(s, "")
        return None
    if content.too_big:
        return _too_big(s, content)
    try:
        headers.add_received()
    except ExpansionError as error:
        die(s, f'Expansion of "{s.option("received_header_text")}" (received_header_text) failed: {error.message}')
    _measure(s, content)
    headers.apply_acl()
    chunks = "" if last_chunk is None else f"{last_chunk} byte chunk, total {_total(content)}"
    return _decide(s, headers, raw_recipients, chunks)


def _total(content: Content) -> int:
    """What a BDAT reply says of the whole message: its octets, had all lines CR LF; one more where the body begins without a blank line.

    Told by asking 4.96 with -bh.
    """
    return content.size + content.lines + (content.first is not None)


def _read_header(s: Session, source: DataSource | ChunkSource) -> Content:
    return read_header(
        source, maximum=s.option_int("header_maxsize") or (1 << 30), line_maximum=s.option_int("header_line_maxsize"),
        message_maximum=s.size_limit, strict_dots=s.release.bare_lf_is_space,
    )


def _read_body(s: Session, source: DataSource | ChunkSource, content: Content) -> None:
    if content.ended or (content.eof and not source.dots):
        content.body = content.first or b""
        return
    read_body(source, content, strict=s.release.bare_lf_is_space, limit=s.size_limit)


def _measure(s: Session, content: Content) -> None:
    message = s.p.message
    message.body = content.body
    message.body_size = len(content.body)
    message.body_linecount = content.body.count(b"\n")
    message.body_zerocount = content.body.count(b"\0")
    message.size = content.size
    message.linecount = content.lines


def _gone(s: Session, where: str) -> None:
    ending.lost_in_data(s, where)
    s.p.message.id = ""
    s.say("421 Lost incoming connection")


def _header_too_long(s: Session, source: DataSource | ChunkSource, error: HeaderTooLong) -> bool | None:
    maximum = s.option_int("header_line_maxsize" if error.line else "header_maxsize")
    what = "overlong message header line" if error.line else "ridiculously long message header"
    log(s.p, f"{what} received from {s.c.fullhost} (more than {maximum} characters): message abandoned")
    try:
        source.rest(bool(error.content.crlf) and s.release.bare_lf_is_space, 0)
    except Lost:
        return None
    s.say("552 A message header line is too long" if error.line else "552 Message header is ridiculously long")
    return False


def _too_big(s: Session, content: Content) -> bool:
    message, c = s.p.message, s.c
    ident = f" U={c.ident}" if c.ident else ""
    log(s.p, f"rejected from <{message.sender}> H={c.fullhost}{ident}: message too big: read={content.size} max={s.size_limit}",
        reject=True, selector="size_reject")
    message.id = ""
    s.say("552 Message size exceeds maximum permitted")
    return False


def _decide(s: Session, headers: Headers, raw_recipients: list[str], chunk_reply: str) -> bool | None:
    """Ask the DATA ACL, then accept."""
    message = s.p.message
    text = last_line = None
    blackhole = ""
    _no_mime(s)
    if prdr.wanted(s):
        last_line = prdr.analyse(s)
        if not message.recipients:
            s.say(last_line)
            message.id = ""
            return False
    else:
        message.prdr = False
    if not message.recipients:
        blackhole = "MAIL ACL" if s.recipients_discarded else "RCPT ACL"
    elif s.main.get("acl_smtp_data") is not None:
        verdict = s.acl(Phase.DATA, "acl_smtp_data")
        headers.apply_acl()
        if verdict.result is Result.DISCARD:
            blackhole = "DATA ACL"
            message.discard_details = verdict.log_message or ""
        elif verdict.result is not Result.OK:
            return _refused(s, verdict)
        text = verdict.user_message
    message.size = stored_size(headers)
    if _lost_after_dot(s):
        log(s.p, f"SMTP connection lost after final dot{host_info(s)}")
        message.id = ""
        return False
    log(s.p, arrival_line(s, headers, raw_recipients))
    if message.freeze:
        log(s.p, "frozen by ACL")
    if message.queue_only:
        named = f" in {message.queue_name}" if message.queue_name else ""
        log(s.p, f"no immediate delivery: queued{named} by {message.queue_only}", selector="delay_delivery")
    if chunk_reply:
        s.say(f"250- {chunk_reply}")
    _reply(s, text, last_line)
    if blackhole:
        _blackhole(s, blackhole)
    else:
        s.p.mta.accept(s.p)
    return False


def _no_mime(s: Session) -> None:
    """A message without MIME-Version has no parts for the MIME ACL; one with it would have. Raises NotSimulated."""
    p = s.p
    if p.message.recipients and s.main.get("acl_smtp_mime") is not None and any(
            header.type != "*" and header.text.lower().startswith("mime-version:") for header in p.message.headers):
        place = p.configuration.positions.get("acl_smtp_mime")
        raise NotSimulated("main option acl_smtp_mime is not simulated for MIME messages: their parts are not decoded", place)


def _refused(s: Session, verdict: Verdict) -> bool:
    over = replies.refuse(s, Phase.DATA, verdict)
    s.p.message.id = ""
    return over


def _lost_after_dot(s: Session) -> bool:
    """The client closed before it could get the reply: input is at its end (s307)."""
    channel = s.channel
    if channel.pos < len(channel.buffer) or not channel.stream.ready():
        return False
    return not channel.arriving() and channel.lost is not None


def _reply(s: Session, text: str | None, last_line: str | None) -> None:
    message = s.p.message
    if message.fake and not (last_line or "2").startswith("5"):
        replies.respond(s, "450" if message.fake == "fakedefer" else "550", message.fake_text)
    elif last_line is not None:
        s.say(last_line)
    elif text is not None:
        replies.user_message(s, "250", text)
    else:
        s.say(f"250 OK id={message.id}")


def _blackhole(s: Session, by: str) -> None:
    details = f": {s.p.message.discard_details}" if s.p.message.discard_details else ""
    log(s.p, f"=> blackhole ({by} discarded recipients){details}")
    log(s.p, "Completed")
