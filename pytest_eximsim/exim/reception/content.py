"""Message data on its way in: DATA and BDAT, where header lines and the body begin and end (s401–s418).

Lives here: lines, dots, CR and LF. What becomes of the message is message.py's.

    header  ends at a blank line, at a line that is none (it begins the body), at the final dot
    body    CR LF and a bare CR end a line; a bare LF does too, or (later releases, where the first line ended with CR LF) becomes a blank
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...wire.smtp.data import END, LAX_END, unstuffed
from ..acl import Phase, Result
from . import ending, replies
from .channel import Channel, Lost

if TYPE_CHECKING:
    from .session import Session

_HEADER = re.compile(rb"[!-9;-~\x80-\xff]*[ \t\n\v\f\r]*:")


@dataclass(slots=True)
class Content:
    """What was read. `first` is what the header's end left over: the first lines of the body. `size` counts as Exim's message_size."""

    headers: list[bytes] = field(default_factory=list)
    first: bytes | None = None
    body: bytes = b""
    size: int = 0
    lines: int = 0
    ended: bool = False             # the final dot was seen
    eof: bool = False               # the connection ended behind a complete header line
    crlf: bool | None = None        # how the first line ended
    too_big: bool = False


class HeaderTooLong(Exception):
    """header_maxsize (`line` false) or header_line_maxsize is passed; `content` is what was read."""

    def __init__(self, content: Content, line: bool) -> None:
        super().__init__()
        self.content = content
        self.line = line


class DataSource:
    """Octets of DATA, straight from the channel."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.dots = True

    def line(self, limit: int) -> bytes:
        """Up to and with the next LF, or what is there when it is longer than `limit`. Raises Lost."""
        channel = self.channel
        start = 0
        while True:
            end = channel.buffer.find(b"\n", channel.pos + start)
            if end >= 0:
                line = channel.buffer[channel.pos:end + 1]
                channel.pos = end + 1
                return line
            start = len(channel.buffer) - channel.pos
            if start > limit:
                line = channel.unread()
                channel.buffer, channel.pos = b"", 0
                return line
            channel.more()

    def peek(self) -> bytes:
        """The next octet, b"" when there is no more."""
        return self.channel.peek_octet()

    def push_back(self, data: bytes) -> None:
        self.channel.push_back(data)

    def rest(self, strict: bool, limit: int) -> tuple[bytes, int]:
        """The body up to the final dot, without it, and how much more there was far behind `limit` (that is thrown away)."""
        return _read_to_dot(self.channel, strict, limit)


class ChunkSource:
    """Octets of BDAT chunks, all of them at hand; nothing in them is special."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.pos = 0
        self.dots = False

    def line(self, limit: int) -> bytes:
        """As DataSource.line; b"" at the end."""
        end = self.data.find(b"\n", self.pos)
        end = len(self.data) if end < 0 else end + 1
        line = self.data[self.pos:end]
        self.pos = end
        return line

    def peek(self) -> bytes:
        return self.data[self.pos:self.pos + 1]

    def push_back(self, data: bytes) -> None:
        self.data = data + self.data[self.pos:]
        self.pos = 0

    def rest(self, strict: bool, limit: int) -> tuple[bytes, int]:
        rest = self.data[self.pos:]
        self.pos = len(self.data)
        return rest, 0


def _read_to_dot(channel: Channel, strict: bool, limit: int) -> tuple[bytes, int]:
    """Read the body. To look for the end at its very beginning too, a line end is put before it."""
    head = b"\r\n"
    parts: list[bytes] = []
    length = thrown = 0
    end = END if strict else LAX_END
    tail = head
    while True:
        data = channel.unread()
        channel.buffer, channel.pos = b"", 0
        search = tail + data
        found = end.search(search)
        if found:
            channel.buffer = search[found.end():]
            keep = found.start() - len(tail) + (2 if strict else 1)
            if length > limit:
                thrown += max(keep, 0)
            elif keep >= 0:
                parts.append(data[:keep])
            else:
                parts = [b"".join(parts)[:keep]]
            break
        if data:
            if length > limit:
                thrown += len(data) - data.count(b"\r\n")
            else:
                length += len(data)
                parts.append(data)
            tail = search[-4:]
        channel.refill()
    return b"".join(parts), thrown


def read_header(source: DataSource | ChunkSource, *, maximum: int, line_maximum: int, message_maximum: int, strict_dots: bool) -> Content:
    """Read up to the end of the header. Raises HeaderTooLong with `.content`, Lost, TimeoutError."""
    c = Content()
    while True:
        text = _logical_line(source, c, maximum, strict_dots)
        if text is None:
            return c
        if c.size > message_maximum > 0:
            c.first = text
            return c
        if text[:1] in (b" ", b"\t", b"\v", b"\f", b"\r") or not _HEADER.match(text):
            c.first = text
            return c
        shortened = _without_empty_continuations(text)
        c.size -= len(text) - len(shortened)
        c.headers.append(shortened.replace(b"\0", b"?"))
        if len(shortened) > line_maximum > 0:
            raise HeaderTooLong(c, True)
        if c.eof:
            return c


def _without_empty_continuations(text: bytes) -> bytes:
    """Blank lines at the end of a header go; blanks at the end of its last real line stay."""
    while True:
        body = text[:-1]
        trimmed = body.rstrip(b" \t")
        if not trimmed.endswith(b"\n"):
            return text
        text = trimmed


def _logical_line(source: DataSource | ChunkSource, c: Content, maximum: int, strict_dots: bool) -> bytes | None:
    """One header line with its continuations, ending in LF; None at the header's end (c.ended: by the dot)."""
    text = b""
    while True:
        raw = source.line(maximum - c.size)
        if not raw.endswith(b"\n"):
            text += raw
            c.size += len(raw)
            if not source.dots:
                c.eof = True
                text += b"\n"
                c.size += 1
                c.lines += 1
                if text == b"\n":
                    return None
                break
            c.headers.append(text[:maximum])
            raise HeaderTooLong(c, False)
        line = raw[:-1]
        crlf = line.endswith(b"\r")
        if crlf:
            line = line[:-1]
        if source.dots and not text and line[:1] == b".":
            line = line[1:]
            if not line:
                if crlf or not (c.crlf and strict_dots):
                    c.ended = True
                    return None
                text = b" "
                continue
        space = _line_end(c, crlf)
        line = line.replace(b"\r", b"\n ")
        text += line + b"\n"
        c.size += len(line) + 1
        c.lines += 1
        if c.size - 1 >= maximum:
            c.headers.append(text)
            raise HeaderTooLong(c, False)
        if space:
            source.push_back(b" ")
        if text == b"\n":
            return None
        if not _continues(source, c):
            break
    return text


def _line_end(c: Content, crlf: bool) -> bool:
    """Remember how the first line ended; true when this is a bare LF in a message of CR LF lines: a blank is to follow."""
    if c.crlf is None:
        c.crlf = crlf
        return False
    return c.crlf and not crlf


def _continues(source: DataSource | ChunkSource, c: Content) -> bool:
    try:
        following = source.peek()
    except Lost:
        c.eof = True
        return False
    if not following:
        c.eof = True
    return following in (b" ", b"\t")


def read_body(source: DataSource | ChunkSource, c: Content, *, strict: bool, limit: int) -> None:
    """Read the body behind the header; `limit` is message_size_limit, 0 for none. Sets c.body, c.too_big."""
    strict = strict and bool(c.crlf) and source.dots
    raw, thrown = source.rest(strict, 2 * limit + 65536 if limit else 1 << 62)
    if source.dots:
        raw = unstuffed(raw, lax=not strict)
    body = _line_ends(raw, strict)
    if body and not source.dots and not body.endswith(b"\n"):
        body += b"\n"
    c.size += len(body) + thrown
    c.too_big = c.size > limit > 0 and bool(body)
    c.body = (c.first or b"") + body
    c.lines += body.count(b"\n")


_BARE_LF = re.compile(rb"(?<!\r)\n")


def _line_ends(raw: bytes, strict: bool) -> bytes:
    if strict and raw.count(b"\n") != raw.count(b"\r\n"):
        raw = _BARE_LF.sub(b" ", raw)
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


# --- the commands ---------------------------------------------------------------------------------


def data(s: Session) -> bool:
    """DATA, up to the reply to the final dot."""
    message = s.p.message
    s.pipe_connect = False
    if not s.discarded and not message.recipients:
        return _no_recipients(s, "DATA")
    if s.too_many and s.main.get("recipients_max_reject"):
        message.sender, message.sender_given = "", False
        s.say("554 Too many recipients")
        return False
    text = None
    if s.main.get("acl_smtp_predata") is not None:
        verdict = s.acl(Phase.PREDATA, "acl_smtp_predata")
        if verdict.result is not Result.OK:
            return replies.refuse(s, Phase.PREDATA, verdict)
        if not s.pipe_connect and not s.in_sync():
            return ending.synchronization_error(s)
        text = verdict.user_message
    if text is None:
        s.say('354 Enter message, ending with "." on a line by itself')
    else:
        replies.user_message(s, "354", text)
    from .message import receive

    return receive(s, DataSource(s.channel))


def _no_recipients(s: Session, word: str) -> bool:
    if s.rcpt_replies_same and s.rcpt_reply is not None:
        replies.respond(s, "503", "All RCPT commands were rejected with this error:", final=False)
        if s.rcpt_reply.endswith("\r\n"):
            s.rcpt_reply = s.rcpt_reply[:-2]
        replies.respond(s, "503", s.rcpt_reply, final=False)
    if s.pipelining and s.last_was_rcpt:
        s.say(f"503 Valid RCPT command must precede {word}")
        return False
    return replies.synprot_error(s, "protocol", 503, None, f"valid RCPT command must precede {word}")


_BDAT = re.compile(r"([0-9]+)(?:[ \t]+(LAST))?[ \t]*", re.IGNORECASE)


def bdat(s: Session) -> bool:
    """BDAT: one chunk; the last one ends the message (s417)."""
    found = _BDAT.fullmatch(s.data)
    if not s.chunking_offered:
        return replies.synprot_error(s, "protocol", 503, None, "BDAT command used when CHUNKING not advertised")
    if not found:
        return replies.synprot_error(s, "protocol", 501, None, "missing size for BDAT command")
    size, last = int(found[1]), bool(found[2])
    s.pipe_connect = False
    if s.body_chunks is None:
        if not s.discarded and not s.p.message.recipients:
            _chunk(s, size)
            return _no_recipients(s, "BDAT")
        if s.main.get("acl_smtp_predata") is not None:
            verdict = s.acl(Phase.PREDATA, "acl_smtp_predata")
            if verdict.result is not Result.OK:
                _chunk(s, size)
                return replies.refuse(s, Phase.PREDATA, verdict)
        s.body_chunks = []
    s.body_chunks.append(_chunk(s, size))
    if not last:
        s.say(f"250 {size} byte chunk received")
        return False
    s.p.message.chunking = True
    from .message import receive

    return receive(s, ChunkSource(b"".join(s.body_chunks)), last_chunk=size)


def _chunk(s: Session, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0:
        piece = s.channel.buffer[s.channel.pos:s.channel.pos + size]
        s.channel.pos += len(piece)
        size -= len(piece)
        parts.append(piece)
        if size > 0:
            try:
                s.channel.refill()
            except TimeoutError:
                ending.data_timeout(s)
            except Lost:
                ending.lost_in_data(s, "")
                raise ending.Ended from None
    return b"".join(parts)
