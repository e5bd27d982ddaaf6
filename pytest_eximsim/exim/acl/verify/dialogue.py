"""One SMTP conversation of a callout as a client: commands out, whole replies in. What is asked is callout.py's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...world import Endpoint

if TYPE_CHECKING:
    from ...state import Process
    from ...world import Stream

LONGEST = 4096


class Broken(Exception):
    """No answer: `reason` is "timeout", "closed" or "malformed"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Again(Exception):
    """The server did not go on after the random local part, or with TLS: a new connection without."""


@dataclass(slots=True)
class Dialogue:
    """A connection to one host. `sent` is the last command as errors show it, `reply` the last reply, its lines joined by newlines."""

    stream: Stream
    timeout: float
    sent: str = "initial connection"
    reply: str = ""
    rest: bytes = b""
    broken: bool = False
    before: str = ""            # the reply to EHLO, where HELO was sent after it and got none

    def ask(self, command: str) -> bool:
        """Send a command, read its reply: is it a good one?"""
        self.send(command)
        return self.read()

    def send(self, command: str) -> None:
        self.sent = command
        self.reply = ""
        try:
            self.stream.send(f"{command}\r\n".encode("latin-1"), timeout=self.timeout)
        except TimeoutError:
            raise self._break("timeout") from None
        except OSError:
            raise self._break("closed") from None

    def read(self) -> bool:
        """One reply: does it begin with 2?"""
        lines: list[str] = []
        while True:
            line = self._line()
            lines.append(line)
            if not (line[:3].isdigit() and len(line) >= 3 and line[3:4] in ("", " ", "-")):
                self.reply = "\n".join(lines)
                raise self._break("malformed")
            if line[3:4] != "-":
                break
        self.reply = "\n".join(lines)
        return self.reply.startswith("2")

    def _line(self) -> str:
        while b"\n" not in self.rest:
            try:
                data = self.stream.receive(timeout=self.timeout)
            except TimeoutError:
                raise self._break("timeout") from None
            except OSError:
                data = b""
            if not data:
                raise self._break("closed")
            self.rest += data
            if len(self.rest) > LONGEST:
                raise self._break("malformed")
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode("latin-1").rstrip("\r \t")

    def _break(self, reason: str) -> Broken:
        self.broken = True
        return Broken(reason)

    def quit(self, *, wait: bool) -> None:
        """QUIT where the other side still listens; later releases wait a second for the answer."""
        try:
            if not self.broken:
                self.send("QUIT")
                if wait:
                    self.timeout = 1.0
                    self.read()
        except Broken:
            pass
        self.stream.close()


def connect(p: Process, address: str, port: int, source: str, timeout: float) -> Stream:
    """Raises OSError or TimeoutError."""
    return p.world.network.connect(Endpoint(address, port), source, timeout)
