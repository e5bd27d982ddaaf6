"""The server's side of PostgreSQL's protocol 3.0 on a stream, as far as simple queries need it: for programs that connect to a scenario's
database by themselves. Whoever calls is let in, whatever database, user and password it names.
"""

from __future__ import annotations

import contextlib
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from ...exim.world import SqlError, SqlResult, Stream

SSL, GSS, CANCEL, PROTOCOL = 80877103, 80877104, 80877102, 3
PARAMETERS = {"server_version": "15.0", "server_encoding": "UTF8", "client_encoding": "UTF8", "DateStyle": "ISO, MDY",
              "integer_datetimes": "on", "standard_conforming_strings": "on"}
#: What libpq says by itself where its caller sets the encoding: octets go as they are whatever it is.
ENCODING = re.compile(r"set client_encoding to '\w+'")
TEXT = 25           # the type of every column
LONGEST_STARTUP, LONGEST = 10_000, 1 << 30


@dataclass
class _Reader:
    """Raises EOFError at the client's end, and for what is no message."""

    stream: Stream
    buffer: bytes = b""

    def take(self, size: int) -> bytes:
        while len(self.buffer) < size:
            data = self.stream.receive(65536)
            if not data:
                raise EOFError
            self.buffer += data
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def sized(self, longest: int) -> bytes:
        """What stands behind a length that counts itself."""
        size = int.from_bytes(self.take(4)) - 4
        if not 0 <= size <= longest:
            raise EOFError
        return self.take(size)


def serve(stream: Stream, execute: Callable[[str], SqlResult]) -> None:
    """Answer one client until it goes. `execute` raises SqlError; one with `connect` ends the connection."""
    reader = _Reader(stream)
    with contextlib.suppress(EOFError, OSError):
        if not _start(stream, reader):
            return
        while (kind := reader.take(1)) != b"X":
            body = reader.sized(LONGEST)
            if kind != b"Q":
                stream.send(_error("FATAL:  only simple queries are answered here"))
                return
            statement = body.partition(b"\0")[0].decode("latin-1")
            try:
                answer = SET if ENCODING.fullmatch(statement) else _answer(execute(statement))
            except SqlError as error:
                if error.connect:
                    return
                answer = _error(error.text)
            stream.send(answer + READY)


def _start(stream: Stream, reader: _Reader) -> bool:
    """Encryption is declined, then everybody is let in."""
    while True:
        body = reader.sized(LONGEST_STARTUP)
        code = int.from_bytes(body[:4])
        if code in (SSL, GSS):
            stream.send(b"N")
            continue
        if code == CANCEL or code >> 16 != PROTOCOL:
            return False
        settings = b"".join(_message(b"S", _text(name) + _text(value)) for name, value in PARAMETERS.items())
        stream.send(_message(b"R", struct.pack("!I", 0)) + settings + _message(b"K", struct.pack("!II", 1, 1)) + READY)
        return True


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def _text(text: str) -> bytes:
    return text.encode("latin-1", "replace") + b"\0"


def _answer(result: SqlResult) -> bytes:
    """Rows, or how many a statement has changed. A result of neither is one without rows."""
    if result.affected is not None and not result.columns:
        return _message(b"C", _text(f"UPDATE {result.affected}"))
    columns = result.columns or ("answer",)
    described = b"".join(_text(name) + struct.pack("!IHIhiH", 0, 0, TEXT, -1, -1, 0) for name in columns)
    rows = b"".join(_message(b"D", struct.pack("!H", len(row)) + b"".join(map(_value, row))) for row in result.rows)
    return _message(b"T", struct.pack("!H", len(columns)) + described) + rows + _message(b"C", _text(f"SELECT {len(result.rows)}"))


def _value(value: str | None) -> bytes:
    if value is None:
        return struct.pack("!i", -1)
    data = value.encode("latin-1")
    return struct.pack("!I", len(data)) + data


def _error(text: str) -> bytes:
    """Without a severity of its own, libpq shows the text as it stands, and ends its line."""
    return _message(b"E", b"CXX000\0M" + _text(text.removesuffix("\n")) + b"\0")


READY = _message(b"Z", b"I")
SET = _message(b"C", _text("SET"))
