"""The server's side of RESP2 on a stream: for programs that connect to a scenario's Redis by themselves. Knows nothing of Redis."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from ...exim.world import RedisConnection, RedisError, RedisReply, Stream

#: Replies that Redis gives as a status, not as a bulk string.
STATUSES = (b"OK", b"PONG", b"QUEUED")
LONGEST_LINE, MOST_ARGUMENTS, LONGEST_ARGUMENT = 65536, 1 << 20, 1 << 29
PROTOCOL_ERROR = RedisError("ERR Protocol error: invalid request")


class _NoRequest(Exception):
    """What a client says is none."""


@dataclass
class _Reader:
    """What a client says. Raises EOFError at its end, _NoRequest."""

    receive: Callable[[], bytes]
    buffer: bytes = b""

    def command(self) -> list[bytes]:
        """The words of one request: an array of bulk strings, or a line as somebody types it."""
        line = self._line()
        if not line.startswith(b"*"):
            return line.split()
        return [self._bulk() for _ in range(_number(line, b"*", MOST_ARGUMENTS))]

    def _bulk(self) -> bytes:
        size = _number(self._line(), b"$", LONGEST_ARGUMENT)
        while len(self.buffer) < size + 2:
            self._more()
        text, self.buffer = self.buffer[:size], self.buffer[size + 2:]
        return text

    def _line(self) -> bytes:
        while b"\n" not in self.buffer:
            if len(self.buffer) > LONGEST_LINE:
                raise _NoRequest
            self._more()
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.removesuffix(b"\r")

    def _more(self) -> None:
        data = self.receive()
        if not data:
            raise EOFError
        self.buffer += data


def _number(line: bytes, mark: bytes, most: int) -> int:
    digits = line.removeprefix(mark)
    if digits == line or not digits.isdigit() or len(digits) > 10 or int(digits) > most:
        raise _NoRequest
    return int(digits)


def serve(stream: Stream, connection: RedisConnection) -> None:
    """Answer one client until it goes, or the connection behind it ends."""
    reader = _Reader(lambda: stream.receive(65536))
    try:
        with contextlib.suppress(EOFError, OSError):
            while True:
                arguments = reader.command()
                if arguments:
                    stream.send(encoded(connection.command(arguments)))
    except _NoRequest:
        with contextlib.suppress(OSError):
            stream.send(encoded(PROTOCOL_ERROR))
    finally:
        connection.close()


def encoded(reply: RedisReply) -> bytes:
    """A reply as it goes over the wire."""
    match reply:
        case None:
            return b"$-1\r\n"
        case int():
            return b":%d\r\n" % reply
        case bytes():
            return b"+%b\r\n" % reply if reply in STATUSES else b"$%d\r\n%b\r\n" % (len(reply), reply)
        case list():
            return b"*%d\r\n" % len(reply) + b"".join(map(encoded, reply))
    return b"-%b\r\n" % str(reply).encode("latin-1", "replace").replace(b"\r", b" ").replace(b"\n", b" ")
