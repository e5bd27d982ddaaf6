"""A scripted SMTP or LMTP server: it answers what the scenario says, keeps every line and every message. Works on any Stream.

    replies: {verb: reply | [reply, …]}    turns are taken over all connections, the last reply holds for ever
    reply  = text (lines split by newline) | drop | hang | {after: seconds, reply: …}; at connect also refuse, timeout

Whole commands with patterns go before verbs. The state that SMTP needs is little here: who was named as recipient (an LMTP server answers
the end of the data once for each), whether lines are data; it is `wire/smtp/server.py`'s. A whole real server is AiosmtpdRemote
(aiosmtpd_remote.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..exim.world import Endpoint, Stream, TlsFailed
from ..wire.lines import Lines
from ..wire.smtp import auth, commands, data, replies
from ..wire.smtp.commands import Command
from ..wire.smtp.server import State

#: What is answered where the script says nothing (scenario format, "Remotes").
DEFAULTS = {
    "connect": "220 ESMTP ready", "EHLO": "250-remote\n250 HELP", "LHLO": "250-remote\n250 HELP", "HELO": "250 remote", "MAIL": "250 OK",
    "RCPT": "250 OK", "RSET": "250 OK", "DATA": "354 go", ".": "250 OK accepted", "QUIT": "221 bye", "STARTTLS": "502 no", "BDAT": "250 OK",
}
UNKNOWN = "500 what?"
_CHALLENGE = b"<1896.697170952@remote>"


class Reply(Protocol):
    """One answer: `text`, or a `word` (drop, hang, refuse, timeout); `after` seconds of silence first."""

    @property
    def text(self) -> str: ...
    @property
    def word(self) -> str: ...
    @property
    def after(self) -> float: ...


class CommandPattern(Protocol):
    """A pattern on a whole command; None where it does not match."""

    def match(self, line: str) -> object | None: ...


class Script(Protocol):
    """What `replies:` says: by verb, and by pattern on the whole command, in order."""

    @property
    def verbs(self) -> Mapping[str, Sequence[Reply]]: ...
    @property
    def commands(self) -> Sequence[tuple[CommandPattern, Sequence[Reply]]]: ...


@dataclass(frozen=True)
class PlainReply:
    """A Reply of our own."""

    text: str = ""
    word: str = ""
    after: float = 0.0


@dataclass(frozen=True)
class PlainScript:
    """A Script of our own; the default answers everything by DEFAULTS."""

    verbs: Mapping[str, Sequence[Reply]] = field(default_factory=dict)
    commands: Sequence[tuple[CommandPattern, Sequence[Reply]]] = ()


@dataclass(frozen=True)
class RemoteSpec:
    """One entry of `remotes:`. `tls` is none, starttls or implicit; `auth` users with their passwords."""

    name: str
    address: str
    port: int = 25
    lmtp: bool = False
    tls: str = "none"
    auth: Mapping[str, str] = field(default_factory=dict)
    script: Script = field(default_factory=PlainScript)


@dataclass
class ReceivedMessage:
    """A message that was answered with 2xx for somebody. `data` is dot-unstuffed, with CR LF; `recipients` those that were accepted."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    helo: str = ""
    tls: str = ""
    user: str = ""


class RemoteServer(Protocol):
    """A remote, whatever answers for it: a ScriptedRemote or an AiosmtpdRemote."""

    spec: RemoteSpec
    messages: list[ReceivedMessage]
    dialogue: list[str]
    connections: int

    @property
    def at_connect(self) -> str: ...
    def not_connected(self) -> None: ...
    def use(self, script: Script) -> None: ...
    def serve(self, stream: Stream) -> None: ...
    def close(self) -> None: ...


class _Gone(Exception):
    """The connection ends: `drop`, the client's end, or QUIT."""


class ScriptedRemote:
    """One remote over all its connections. `dialogue` has `<connect>`, `C: `, `S: ` and `C| ` lines in the order in which they happened."""

    def __init__(self, spec: RemoteSpec, sleep: Callable[[float], None]) -> None:
        self.spec = spec
        self.sleep = sleep
        self.dialogue: list[str] = []
        self.messages: list[ReceivedMessage] = []
        self.connections = 0
        self._turns: dict[object, int] = {}
        self.use(spec.script)

    def use(self, script: Script) -> None:
        """Other replies from now on; their turns begin anew."""
        self.script = script
        self._turns = {}

    @property
    def at_connect(self) -> str:
        """`refuse` or `timeout` where the next connection does not come about (whoever connects asks this first), else empty."""
        reply = self._peek("connect")
        return reply.word if reply and reply.word in ("refuse", "timeout") else ""

    def close(self) -> None:
        """Nothing of its own is open."""

    def not_connected(self) -> None:
        """A connection was refused or not answered, as `at_connect` said: that turn is taken."""
        self._take("connect", self.script.verbs.get("connect", ()))

    def serve(self, stream: Stream) -> None:
        """Serve one connection to its end. Never raises for what the client does."""
        self.connections += 1
        self.dialogue.append("<connect>")
        with contextlib.suppress(_Gone, OSError, TlsFailed):
            _Conversation(self, stream).run()
        stream.close()

    def reply_to(self, verb: str, command: str) -> Reply:
        """The next reply of the script."""
        for pattern, turns in self.script.commands:
            if pattern.match(command) is not None:
                return self._take(pattern, turns)
        if verb in self.script.verbs:
            return self._take(verb, self.script.verbs[verb])
        return PlainReply(self._default(verb))

    def _default(self, verb: str) -> str:
        if verb in ("EHLO", "LHLO") and (self.spec.tls == "starttls" or self.spec.auth):
            extensions = ["remote"] + ["STARTTLS"] * (self.spec.tls == "starttls") + ["AUTH PLAIN LOGIN CRAM-MD5"] * bool(self.spec.auth)
            return "\n".join([*(f"250-{line}" for line in extensions), "250 HELP"])
        if verb == "STARTTLS" and self.spec.tls == "starttls":
            return "220 go ahead"
        return DEFAULTS.get(verb, UNKNOWN)

    def _peek(self, verb: str) -> Reply | None:
        replies = self.script.verbs.get(verb, ())
        return replies[min(self._turns.get(verb, 0), len(replies) - 1)] if replies else None

    def _take(self, key: object, replies: Sequence[Reply]) -> Reply:
        turn = self._turns.get(key, 0)
        self._turns[key] = turn + 1
        return replies[min(turn, len(replies) - 1)] if replies else PlainReply(UNKNOWN)


class _Conversation:
    """One connection."""

    def __init__(self, remote: ScriptedRemote, stream: Stream) -> None:
        self.remote = remote
        self.stream = stream
        self.input = Lines()
        self.state = State()
        self.user = self.tls = ""
        self.chunks = b""

    def run(self) -> None:
        if self.remote.spec.tls == "implicit":
            self._handshake()
        self._answer("connect", "")
        while True:
            line = self._line()
            self.remote.dialogue.append(f"C: {line}" if line else "C:")
            self._command(commands.parse(line), line)

    def _command(self, command: Command, line: str) -> None:
        if command.verb == "BDAT":
            return self._chunk(line, commands.chunk(command.argument))
        if command.verb == "AUTH" and self.remote.spec.auth and "AUTH" not in self.remote.script.verbs:
            return self._authenticate(commands.parse(command.argument))
        accepted = self._answer(command.verb, line)
        if command.verb == "QUIT":
            raise _Gone
        if accepted:
            self._accepted(command)

    def _accepted(self, command: Command) -> None:
        before, self.state = self.state, self.state.after(command)
        if self.state is not before and not self.state.recipients:
            self.chunks = b""
        if command.verb == "DATA":
            self._data()
        elif command.verb == "STARTTLS":
            self._handshake()

    def _answer(self, verb: str, command: str) -> bool:
        """Give the script's reply; true when it is positive (2xx, 3xx)."""
        reply = self.remote.reply_to(verb, command)
        if reply.after:
            self.remote.sleep(reply.after)
        if reply.word == "hang":
            while self.stream.receive(65536):
                pass
            raise _Gone
        if reply.word:
            raise _Gone
        return self._say(reply.text)

    def _say(self, text: str) -> bool:
        lines = text.split("\n")
        self.remote.dialogue += [f"S: {line}" for line in lines]
        self.stream.send(replies.encode(text))
        return replies.accepts(lines[-1])

    def _receive(self) -> None:
        received = self.stream.receive(65536)
        if not received:
            raise _Gone
        self.input.feed(received)

    def _octets(self) -> bytes:
        """A line."""
        while (line := self.input.line()) is None:
            self._receive()
        return line

    def _line(self) -> str:
        return self._octets().decode("utf-8", "replace")

    def _data(self) -> None:
        lines: list[bytes] = []
        while (line := data.unstuffed_line(self._octets())) is not None:
            lines.append(line)
            self._note_data(line)
        self.remote.dialogue.append("C: .")
        self._end_of_data(b"".join(b"%b\r\n" % line for line in lines))

    def _note_data(self, line: bytes) -> None:
        self.remote.dialogue.append(f"C| {line.decode('utf-8', 'replace')}" if line else "C|")

    def _chunk(self, line: str, announced: commands.Chunk) -> None:
        while (chunk := self.input.take(announced.size)) is None:
            self._receive()
        self.chunks += chunk
        for one in chunk.splitlines():
            self._note_data(one)
        if announced.last:
            self._end_of_data(self.chunks)
        else:
            self._answer("BDAT", line)

    def _end_of_data(self, octets: bytes) -> None:
        lmtp, state = self.remote.spec.lmtp, self.state
        accepted = [name for name in (state.recipients if lmtp else ("",)) if self._answer(".", ".")]
        if accepted:
            names = tuple(accepted) if lmtp else state.recipients
            self.remote.messages.append(ReceivedMessage(state.sender or "", names, octets, state.helo, self.tls, self.user))
        self.state, self.chunks = state.after(Command(".")), b""

    def _handshake(self) -> None:
        session = self.stream.start_tls(server=True)
        self.tls = session.version
        self.input.clear()

    def _authenticate(self, command: Command) -> None:
        """The verb is the mechanism, the argument the initial response."""
        users = {name.encode(): word.encode() for name, word in self.remote.spec.auth.items()}
        try:
            user = auth.proved(command.verb, list(self._answers(command)), users, _CHALLENGE)
        except ValueError:
            user = None
        self.user = (user or b"").decode()
        self._say("235 Authentication succeeded" if user is not None else "535 Incorrect authentication data")

    def _answers(self, command: Command) -> Iterator[bytes]:
        for index, challenge in enumerate(auth.challenges(command.verb, _CHALLENGE)):
            if index == 0 and command.argument:
                yield auth.decode(command.argument.encode())
                continue
            self._say("334 " + auth.encode(challenge).decode())
            line = self._line()
            self.remote.dialogue.append(f"C: {line}")
            yield auth.decode(line.encode())


def endpoint(spec: RemoteSpec) -> Endpoint:
    """Where the remote is reached."""
    return Endpoint(spec.address, spec.port)
