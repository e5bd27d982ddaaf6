"""One client's side of a connection: plays the lines of a dialogue against a stream and tells the first difference.

Knows streams, not where they come from. Replies are compared as Unicode; what is no UTF-8 is `�`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from ...exim.world import Stream, TlsFailed, TlsSession
from ...wire.lines import Lines, canonical
from ...wire.smtp import auth, data, replies
from .. import dialogue
from ..outcome import SENT_IN_VAIN, Exchange, Failure, StepFailed
from ..patterns import Ids, Pattern

MAX_REPLY_LINES = 1000


class Ended(Exception):
    """The connection is over: `how` is "eof" or "reset"."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Silent(Exception):
    """Nothing came in time."""


@dataclass(frozen=True)
class Heard:
    """What the server said at one line of the dialogue, how the connection had ended by then, and whether that differs."""

    line: dialogue.Line
    said: tuple[str, ...]
    ended: str
    differs: bool


@dataclass
class Conversation:
    """A session in progress. `patience` is how long a reply is awaited, in seconds of the stream's clock."""

    stream: Stream
    ids: Ids
    sleep: Callable[[float], None]
    patience: float
    names: dict[str, str] = field(default_factory=dict)
    input: Lines = field(default_factory=Lines)
    history: list[Exchange] = field(default_factory=list)
    last_reply: list[str] = field(default_factory=list)
    tls: TlsSession | None = None
    ended: str = ""
    closed: bool = False
    now: Callable[[], float] = time.time        # what `<date>` in a line of the client is, seconds since 1970
    silent: bool = False                        # a reply was awaited in vain
    mistakes: list[Failure] | None = None       # where there is a list, differences go there and the dialogue goes on
    heard: list[Heard] = field(default_factory=list)
    rest: Sequence[str] = ()                    # what came and nobody read
    held: bytes = b""                           # lines that go out with the next one

    # ---- bytes

    def send(self, octets: bytes, shown: str, *, hold: bool = False) -> None:
        """What the server did before is seen when the next reply is read. With `hold` it goes out together with what is sent next."""
        self.history.append(Exchange("C", shown))
        self.held += octets
        if hold:
            return
        octets, self.held = self.held, b""
        try:
            self.stream.send(octets, self.patience)
        except (ConnectionError, TimeoutError, OSError):
            self.history.append(SENT_IN_VAIN)

    def fill(self, timeout: float) -> None:
        """Read more. Raises Ended or Silent."""
        if self.ended:
            raise Ended(self.ended)
        try:
            octets = self.stream.receive(65536, timeout)
        except TimeoutError:
            raise Silent from None
        except (ConnectionError, OSError):
            self.ended = "reset"
            raise Ended("reset") from None
        if not octets:
            self.ended = "eof"
            raise Ended("eof")
        self.input.feed(octets)

    def read_line(self, timeout: float) -> str:
        """One line without its end, as Unicode."""
        while (line := self.input.line()) is None:
            self.fill(timeout)
        text = line.decode("utf-8", "replace")
        self.history.append(Exchange("S", text))
        return text

    def read_reply(self, timeout: float | None = None) -> list[str]:
        """A whole reply; what is no reply is one line."""
        timeout = self.patience if timeout is None else timeout
        lines = [self.read_line(timeout)]
        while replies.continues(lines[-1]) and len(lines) < MAX_REPLY_LINES:
            lines.append(self.read_line(timeout))
        self.last_reply = lines
        return lines

    # ---- lines of a dialogue

    def play(self, lines: Sequence[dialogue.Line], folder: Path) -> None:
        """Play them all. Raises StepFailed at the first difference; where `mistakes` are kept, only a silent server ends it.

        Lines of the client that follow each other are sent at once, so that it is no chance what a server finds of them.
        """
        for line, following in zip(lines, [*lines[1:], None], strict=True):
            hold = _is_plain(line) and _is_plain(following)
            start, known = len(self.history), len(self.mistakes or ())
            try:
                self._play(line, folder, hold)
            except StepFailed as failed:
                if self.mistakes is None:
                    raise
                self.mistakes += failed.failures
            said = tuple(one.text for one in self.history[start:] if one.who == "S")
            self.heard.append(Heard(line, said, self.ended, len(self.mistakes or ()) > known))
            if self.silent:
                break

    def _play(self, line: dialogue.Line, folder: Path, hold: bool) -> None:
        match line:
            case dialogue.Say():
                data, text = line.data, line.text[2:].removeprefix(" ")
                if b"<date>" in data and not line.raw:
                    date = self.date()
                    data, text = data.replace(b"<date>", date.encode()), text.replace("<date>", date)
                self.send(data, text, hold=hold)
            case dialogue.SendFile():
                self.send_file(folder / line.file)
            case dialogue.Reply() | dialogue.ReplyRegex() | dialogue.Raw():
                self.expect_reply(line)
            case dialogue.Has():
                self.expect_line(line)
            case dialogue.End():
                self.expect_end(line)
            case dialogue.Silence():
                self.expect_silence(line)
            case dialogue.StartTls():
                self.start_tls(line)
            case dialogue.Authenticate():
                self.authenticate(line.mechanism, line.user, line.secret)
            case dialogue.Pause():
                self.history.append(Exchange("#", line.text))
                self.sleep(line.seconds)
            case dialogue.Leave():
                self.history.append(Exchange("#", line.text))
                self.leave(abort=line.abort)
            case _:
                raise AssertionError(line)

    def date(self) -> str:
        """The present date-time (RFC 5322 section 3.3), its day of the month without a leading zero."""
        moment = datetime.fromtimestamp(self.now(), UTC)
        written = format_datetime(moment)
        return f"{written[:5]}{moment.day}{written[7:]}"

    def send_file(self, path: Path) -> None:
        text = canonical(path.read_bytes())
        self.send(data.stuffed(text), f"({path.name}, {len(text)} bytes, and the final dot)")

    def expect_reply(self, line: dialogue.Reply | dialogue.ReplyRegex | dialogue.Raw) -> None:
        expected = _written(line)
        start = len(self.history)
        try:
            got = [self.read_line(self.patience)] if isinstance(line, dialogue.Raw) else self.read_reply()
        except (Ended, Silent) as stop:
            self.silent = isinstance(stop, Silent)
            partial = self.input.unread.decode("utf-8", "replace")
            silence = f"(silence for {self.patience:g} s)" if self.patience < 86400 else "(nothing: the server waits too)"
            what = silence if isinstance(stop, Silent) else f"<{stop.how}>"
            seen = [one.text for one in self.history[start:] if one.who == "S"] + ([f"{partial} (without a line end)"] if partial else [])
            raise self.failed(line, expected, "\n".join([*seen, what]), start) from None
        if not self.matches(line, got):
            raise self.failed(line, expected, "\n".join(got), start)

    def matches(self, line: dialogue.Line, got: list[str]) -> bool:
        """Does this reply match? Message ids found are kept."""
        match line:
            case dialogue.ReplyRegex():
                return re.search(line.expression, got[-1]) is not None
            case dialogue.Raw():
                return self.match(line.pattern, got[-1])
            case dialogue.Reply(listed=True):
                found = _listed(list(line.lines), got, self.ids, self.names)
                if found is not None:
                    self.ids.known.update(found.known)
                return found is not None
            case dialogue.Reply():
                pattern = line.lines[0]
                assert pattern is not None
                if len(pattern.text) <= 3:
                    return replies.is_last(got[-1]) and self.match(pattern, replies.code(got[-1]))
                return self.match(pattern, got[-1])
        raise AssertionError(line)

    def match(self, pattern: Pattern, text: str) -> bool:
        found = pattern.match(text, self.ids, self.names)
        if found is not None:
            self.ids.known.update(found.known)
        return found is not None

    def expect_line(self, line: dialogue.Has) -> None:
        texts = [replies.text(one) for one in self.last_reply]
        if any(self.match(line.pattern, text) for text in texts) != line.wanted:
            raise self.failed(line, line.text, "\n".join(self.last_reply), len(self.history), "in the reply just read")

    def expect_end(self, line: dialogue.End) -> None:
        start = len(self.history)
        try:
            if not self.input:
                self.fill(self.patience)
            while True:
                self.read_line(self.patience)
        except Ended as end:
            if self.input:
                self.history.append(Exchange("S", self.input.unread.decode("utf-8", "replace")))
            received = [one.text for one in self.history[start:] if one.who == "S"]
            self.history.append(Exchange("#", f"<{end.how}>"))
            if received or end.how != line.how:
                raise self.failed(line, line.text, "\n".join([*received, f"<{end.how}>"]), start) from None
        except Silent:
            self.silent = True
            received = [one.text for one in self.history[start:] if one.who == "S"]
            raise self.failed(line, line.text, "\n".join(received) or "(the connection stays open)", start) from None

    def expect_silence(self, line: dialogue.Silence) -> None:
        start = len(self.history)
        try:
            if not self.input:
                self.fill(line.seconds)
        except Silent:
            self.history.append(Exchange("#", line.text))
            return
        except Ended as end:
            raise self.failed(line, line.text, f"<{end.how}>", start) from None
        got = self.read_reply(0.5)
        raise self.failed(line, line.text, "\n".join(got), start)

    # ---- TLS and AUTH

    def start_tls(self, line: dialogue.StartTls) -> None:
        self.history.append(Exchange("#", line.text))
        try:
            self.tls = self.stream.start_tls(server=False, sni=line.sni, verify=line.verify)
        except (TlsFailed, OSError) as error:
            if line.fails:
                return
            raise self.failed(line, line.text, f"the handshake fails: {error}", len(self.history)) from None
        if line.fails:
            raise self.failed(line, line.text, f"the handshake succeeds ({self.tls.version} {self.tls.cipher})", len(self.history))
        if line.least and self.tls.version.removeprefix("TLS").removeprefix("v") < line.least:
            raise self.failed(line, line.text, self.tls.version, len(self.history))

    def authenticate(self, mechanism: str, user: str, secret: str) -> None:
        """Say AUTH; the final reply is left for the next `S:`."""
        name, given = mechanism.upper(), auth.answers(mechanism.upper(), user.encode(), secret.encode())
        if name == "PLAIN":
            self.send(b"AUTH PLAIN " + auth.encode(given[0](b"")) + b"\r\n", "AUTH PLAIN ***")
            return
        self.send(f"AUTH {name}\r\n".encode(), f"AUTH {name}")
        for answer in given:
            try:
                reply = self.read_reply()
            except (Ended, Silent):
                return
            if replies.code(reply[-1]) != "334":
                self.input.push_back("".join(f"{one}\r\n" for one in reply).encode())
                del self.history[-len(reply):]
                return
            try:
                challenge = auth.decode(replies.text(reply[-1]).encode())
            except ValueError:
                challenge = b""
            self.send(auth.encode(answer(challenge)) + b"\r\n", "***")

    # ---- the end

    def leave(self, *, abort: bool = False) -> None:
        """Close or reset, once."""
        if not self.closed:
            self.closed = True
            if abort:
                self.stream.abort()
            else:
                self.stream.close()

    def unread(self) -> str:
        """Output of the server that nobody read; looks only at what has arrived."""
        try:
            while not self.closed and not self.ended and self.stream.ready():
                self.fill(0.01)
        except (Ended, Silent):
            pass
        return self.input.unread.decode("utf-8", "replace")

    def failed(self, line: dialogue.Line, expected: str, received: str, start: int, title: str = "") -> StepFailed:
        before = tuple(self.history[:start])
        return StepFailed(Failure(title or "the server says something else", line.position, expected, received, before))


def _is_plain(line: dialogue.Line | None) -> bool:
    return isinstance(line, dialogue.Say) and not line.raw


def _written(line: dialogue.Line) -> str:
    """What a reply line expects, as it would be received."""
    match line:
        case dialogue.Reply(listed=True):
            return "\n".join("..." if one is None else one.text for one in line.lines)
        case dialogue.ReplyRegex():
            return f"~ {line.expression}"
        case _:
            return line.text[2:].removeprefix(" ")


def _listed(patterns: list[Pattern | None], got: list[str], ids: Ids, names: dict[str, str]) -> Ids | None:
    """All lines in order; None skips any number of lines."""
    if not patterns:
        return ids if not got else None
    first, rest = patterns[0], patterns[1:]
    if first is None:
        for skip in range(len(got) + 1):
            found = _listed(rest, got[skip:], ids, names)
            if found is not None:
                return found
        return None
    if not got:
        return None
    code_only = len(first.text) <= 3
    after = first.match(got[0][:3] if code_only else got[0], ids, names)
    return _listed(rest, got[1:], after, names) if after is not None else None
