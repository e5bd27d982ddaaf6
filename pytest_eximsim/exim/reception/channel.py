"""The bytes of a session: input buffered by what one read gives, output collected until input must be waited for.

Exim decides by its buffer whether a client sent too soon, so reads are made as it makes them: one of at most 8192 octets whenever the
buffer
is empty, after everything that was written has been sent. No SMTP here.
"""

from __future__ import annotations

from ..world import Stream

BUFFER = 8192
COMMAND_LIMIT = 16384


class Lost(Exception):
    """No more input: `reason` is "" for a closed connection, else ` (error: …)` as Exim's log lines have it."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class Channel:
    """One connection's octets. `timeout` is for every single read, in seconds, None for ever."""

    __slots__ = ("buffer", "failed", "lost", "out", "pos", "stream", "timeout")

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.buffer = b""
        self.pos = 0
        self.out: list[bytes] = []
        self.timeout: float | None = None
        self.lost: Lost | None = None
        self.failed = False

    # --- output -------------------------------------------------------------------------------------
    def write(self, data: bytes) -> None:
        """Add output; it is sent before the next read, or by flush()."""
        self.out.append(data)

    def flush(self) -> None:
        """Send what was written. A client that is gone shows up when input is read."""
        if self.out:
            data = b"".join(self.out)
            self.out.clear()
            if not self.failed:
                try:
                    self.stream.send(data)
                except (OSError, EOFError):
                    self.failed = True

    # --- input --------------------------------------------------------------------------------------
    def refill(self) -> None:
        """Read once more into the empty buffer. Raises Lost at the end of input, TimeoutError."""
        self.flush()
        if self.lost:
            raise self.lost
        try:
            data = self.stream.receive(BUFFER, self.timeout)
        except TimeoutError:
            raise
        except OSError as error:
            self.lost = Lost(f" (error: {error.strerror or 'Connection reset by peer'})")
            raise self.lost from None
        if not data:
            self.lost = Lost()
            raise self.lost
        self.buffer = data
        self.pos = 0

    def more(self) -> None:
        """Read once more behind what is still unread in the buffer (header lines and message data, which are cut elsewhere)."""
        rest = self.buffer[self.pos:]
        self.buffer, self.pos = b"", 0
        try:
            self.refill()
        finally:
            if rest:
                self.buffer = rest + self.buffer
                self.pos = 0

    def unread(self) -> bytes:
        """What was read and not yet used."""
        return self.buffer[self.pos:]

    def push_back(self, data: bytes) -> None:
        """Put octets in front of the unread ones."""
        self.buffer = data + self.buffer[self.pos:]
        self.pos = 0

    def arriving(self) -> bytes:
        """What a read would give at once, as Exim peeks at a socket: it moves into the buffer; b"" when there is nothing or the end."""
        if not self.stream.ready():
            return b""
        try:
            self.more()
        except (Lost, TimeoutError):
            return b""
        return self.unread()

    def command_line(self) -> tuple[bytes, bool]:
        """The next line up to its LF (which is taken away), or the first 16384 octets of a longer one: then the second value is True."""
        end = self.buffer.find(b"\n", self.pos)
        if end >= 0 and end - self.pos < COMMAND_LIMIT:
            line = self.buffer[self.pos:end]
            self.pos = end + 1
            return line, False
        return self._long_line()

    def _long_line(self) -> tuple[bytes, bool]:
        parts: list[bytes] = []
        have = 0
        while True:
            room = COMMAND_LIMIT - have
            end = self.buffer.find(b"\n", self.pos, self.pos + room)
            if end >= 0:
                parts.append(self.buffer[self.pos:end])
                self.pos = end + 1
                return b"".join(parts), False
            piece = self.buffer[self.pos:self.pos + room]
            parts.append(piece)
            self.pos += len(piece)
            have += len(piece)
            if have >= COMMAND_LIMIT:
                return b"".join(parts), True
            if self.pos >= len(self.buffer):
                self.refill()

    def peek_octet(self) -> bytes:
        """The next octet, read and not used."""
        while self.pos >= len(self.buffer):
            self.refill()
        return self.buffer[self.pos:self.pos + 1]
