"""The server's side of MySQL's protocol on a stream, as far as text queries need it: for programs that connect to a scenario's database by
themselves. Whoever calls is let in, whatever database, user and password it names.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from dataclasses import dataclass

from ...exim.world import SqlError, SqlResult, Stream

#: What the server can: long passwords, all column flags, a database at once, the protocol of 4.1, transactions, its passwords, several
#: results, named ways of authentication.
CAPABILITIES = 0x1 | 0x4 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x20000 | 0x80000
VERSION, PLUGIN = b"5.5.5-10.11.0-MariaDB", b"mysql_native_password"
UTF8MB4, VAR_STRING, AUTOCOMMIT = 45, 0xFD, 2
SCRAMBLE = b"eximsim-eximsim-exim"
QUIT, INIT_DB, QUERY, PING = 1, 2, 3, 14
MOST = 0xFFFFFF     # octets in one packet


@dataclass
class _Packets:
    """Raises EOFError at the client's end."""

    stream: Stream
    buffer: bytes = b""
    number: int = 0

    def receive(self) -> bytes:
        body, size = b"", MOST
        while size == MOST:
            size = int.from_bytes(self._take(3), "little")
            self.number = (self._take(1)[0] + 1) % 256
            body += self._take(size)
        return body

    def send(self, *bodies: bytes) -> None:
        data = b""
        for body in bodies:
            for start in range(0, len(body) + 1, MOST):
                part = body[start:start + MOST]
                data += len(part).to_bytes(3, "little") + bytes([self.number]) + part
                self.number = (self.number + 1) % 256
        self.stream.send(data)

    def _take(self, size: int) -> bytes:
        while len(self.buffer) < size:
            data = self.stream.receive(65536)
            if not data:
                raise EOFError
            self.buffer += data
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken


def serve(stream: Stream, execute: Callable[[str], SqlResult]) -> None:
    """Answer one client until it goes. `execute` raises SqlError; one with `connect` ends the connection."""
    packets = _Packets(stream)
    with contextlib.suppress(EOFError, OSError):
        packets.send(_greeting())
        packets.receive()
        packets.send(_done(0))
        while (body := packets.receive()) and body[0] != QUIT:
            if body[0] != QUERY:
                packets.send(_done(0) if body[0] in (PING, INIT_DB) else _error(1047, "Unknown command"))
                continue
            try:
                answer = _answer(execute(body[1:].decode("latin-1")))
            except SqlError as error:
                if error.connect:
                    return
                answer = [_error(1105, error.text)]
            packets.send(*answer)


def _greeting() -> bytes:
    low, high = CAPABILITIES & 0xFFFF, CAPABILITIES >> 16
    settings = struct.pack("<HBHHB", low, UTF8MB4, AUTOCOMMIT, high, len(SCRAMBLE) + 1)
    return (b"\x0a" + VERSION + b"\0" + struct.pack("<I", 1) + SCRAMBLE[:8] + b"\0" + settings + bytes(10)
            + SCRAMBLE[8:] + b"\0" + PLUGIN + b"\0")


def _answer(result: SqlResult) -> list[bytes]:
    """Rows, or how many a statement has changed. A result of neither is one without rows."""
    if result.affected is not None and not result.columns:
        return [_done(result.affected)]
    columns = result.columns or ("answer",)
    end = b"\xfe" + struct.pack("<HH", 0, AUTOCOMMIT)
    return [_length(len(columns)), *map(_column, columns), end, *(b"".join(map(_value, row)) for row in result.rows), end]


def _column(name: str) -> bytes:
    words = b"".join(map(_value, ("def", "", "", "", name, "")))
    return words + b"\x0c" + struct.pack("<HIBHB", UTF8MB4, 0xFFFFFF, VAR_STRING, 0, 0) + bytes(2)


def _value(value: str | None) -> bytes:
    if value is None:
        return b"\xfb"
    data = value.encode("latin-1")
    return _length(len(data)) + data


def _length(number: int) -> bytes:
    if number < 0xFB:
        return bytes([number])
    size, mark = (2, b"\xfc") if number < 1 << 16 else (3, b"\xfd") if number < 1 << 24 else (8, b"\xfe")
    return mark + number.to_bytes(size, "little")


def _done(affected: int) -> bytes:
    return b"\0" + _length(affected) + _length(0) + struct.pack("<HH", AUTOCOMMIT, 0)


def _error(number: int, text: str) -> bytes:
    return b"\xff" + struct.pack("<H", number) + b"#HY000" + text.encode("latin-1", "replace")
