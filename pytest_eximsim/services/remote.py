"""A scripted SMTP or LMTP server: it answers what the scenario says, keeps every line and every message. Works on any Stream.

    replies: {verb: reply | [reply, …]}    turns are taken over all connections, the last reply holds for ever
    reply  = text (lines split by newline) | drop | hang | {after: seconds, reply: …}; at connect also refuse, timeout

Whole commands with patterns go before verbs. The state that SMTP needs is little here: who was named as recipient (an LMTP server answers
the end of the data once for each), whether lines are data. A whole real server is AiosmtpdRemote (aiosmtpd_remote.py).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..exim.world import Endpoint, Stream, TlsFailed

#: What is answered where the script says nothing (scenario format, "Remotes").
DEFAULTS = {
    "connect": "220 ESMTP ready", "EHLO": "250-remote\n250 HELP", "LHLO": "250-remote\n250 HELP", "HELO": "250 remote", "MAIL": "250 OK",
    "RCPT": "250 OK", "RSET": "250 OK", "DATA": "354 go", ".": "250 OK accepted", "QUIT": "221 bye", "STARTTLS": "502 no", "BDAT": "250 OK",
}
UNKNOWN = "500 what?"
_CHALLENGE = "<1896.697170952@remote>"


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
        for pattern, replies in self.script.commands:
            if pattern.match(command) is not None:
                return self._take(pattern, replies)
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
        self.buffer = b""
        self.helo = self.user = self.tls = ""
        self.sender = ""
        self.recipients: list[str] = []
        self.chunks = b""

    def run(self) -> None:
        if self.remote.spec.tls == "implicit":
            self._handshake()
        self._answer("connect", "")
        while True:
            line = self._line()
            self.remote.dialogue.append(f"C: {line}".rstrip() if not line else f"C: {line}")
            self._command(line)

    def _command(self, line: str) -> None:
        verb = line.split(" ", 1)[0].upper()
        argument = line[len(verb) + 1:]
        match verb:
            case "EHLO" | "HELO" | "LHLO":
                self.helo = argument
                self._reset(self._answer(verb, line))
            case "MAIL":
                if self._answer(verb, line):
                    self.sender, self.recipients, self.chunks = _path(argument), [], b""
            case "RCPT":
                if self._answer(verb, line):
                    self.recipients.append(_path(argument))
            case "DATA":
                if self._answer(verb, line):
                    self._data()
            case "BDAT":
                self._chunk(line, argument)
            case "RSET":
                self._reset(self._answer(verb, line))
            case "QUIT":
                self._answer(verb, line)
                raise _Gone
            case "STARTTLS":
                if self._answer(verb, line):
                    self._handshake()
            case "AUTH" if self.remote.spec.auth and "AUTH" not in self.remote.script.verbs:
                self._authenticate(argument)
            case _:
                self._answer(verb, line)

    def _reset(self, done: bool) -> None:
        if done:
            self.sender, self.recipients, self.chunks = "", [], b""

    def _answer(self, verb: str, command: str) -> bool:
        """Give the script's reply; true when it is positive (2xx, 3xx)."""
        reply = self.remote.reply_to(verb, command)
        if reply.after:
            self.remote.sleep(reply.after)
        if reply.word == "hang":
            while self._receive():
                pass
            raise _Gone
        if reply.word:
            raise _Gone
        return self._say(reply.text)

    def _say(self, text: str) -> bool:
        lines = text.split("\n")
        self.remote.dialogue += [f"S: {line}" for line in lines]
        self.stream.send("".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape"))
        return lines[-1][:1] in ("2", "3")

    def _receive(self) -> bytes:
        return self.stream.receive(65536)

    def _line(self) -> str:
        while b"\n" not in self.buffer:
            data = self._receive()
            if not data:
                raise _Gone
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.removesuffix(b"\r").decode("utf-8", "replace")

    def _data(self) -> None:
        lines: list[str] = []
        while (line := self._line()) != ".":
            lines.append(line.removeprefix("."))
            self.remote.dialogue.append(f"C| {lines[-1]}".rstrip() if not lines[-1] else f"C| {lines[-1]}")
        self.remote.dialogue.append("C: .")
        self._end_of_data("".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape"))

    def _chunk(self, line: str, argument: str) -> None:
        words = argument.split()
        size = int(words[0]) if words and words[0].isdigit() else 0
        while len(self.buffer) < size:
            data = self._receive()
            if not data:
                raise _Gone
            self.buffer += data
        chunk, self.buffer = self.buffer[:size], self.buffer[size:]
        self.chunks += chunk
        self.remote.dialogue += [f"C| {one}".rstrip() for one in chunk.decode("utf-8", "replace").splitlines()]
        if words[1:2] and words[1].upper() == "LAST":
            self._end_of_data(self.chunks)
        else:
            self._answer("BDAT", line)

    def _end_of_data(self, data: bytes) -> None:
        accepted = [name for name in (self.recipients if self.remote.spec.lmtp else [""]) if self._answer(".", ".")]
        names = tuple(accepted) if self.remote.spec.lmtp else tuple(self.recipients)
        if accepted:
            self.remote.messages.append(ReceivedMessage(self.sender, names, data, self.helo, self.tls, self.user))
        self._reset(True)

    def _handshake(self) -> None:
        session = self.stream.start_tls(server=True)
        self.tls, self.buffer = session.version, b""

    def _authenticate(self, argument: str) -> None:
        mechanism, _, initial = argument.partition(" ")
        answers = self._challenges(mechanism.upper(), initial)
        try:
            self.user = _check(mechanism.upper(), list(answers), self.remote.spec.auth)
        except ValueError:
            self.user = ""
        self._say("235 Authentication succeeded" if self.user else "535 Incorrect authentication data")

    def _challenges(self, mechanism: str, initial: str) -> Iterator[bytes]:
        asked = {"PLAIN": [""], "LOGIN": ["Username:", "Password:"], "CRAM-MD5": [_CHALLENGE]}.get(mechanism, [])
        for index, text in enumerate(asked):
            if index == 0 and initial:
                yield base64.b64decode(initial)
                continue
            self._say("334 " + base64.b64encode(text.encode()).decode())
            line = self._line()
            self.remote.dialogue.append(f"C: {line}")
            yield base64.b64decode(line)


def _check(mechanism: str, answers: list[bytes], users: Mapping[str, str]) -> str:
    """The user whose password the answers prove, or empty. Raises ValueError for what is no answer of the mechanism."""
    match mechanism, answers:
        case "PLAIN", [answer]:
            _, user, password = answer.decode("utf-8", "replace").split("\0")
        case "LOGIN", [name, word]:
            user, password = name.decode("utf-8", "replace"), word.decode("utf-8", "replace")
        case "CRAM-MD5", [answer]:
            user, _, digest = answer.decode("utf-8", "replace").partition(" ")
            wanted = hmac.new(users.get(user, "").encode(), _CHALLENGE.encode(), hashlib.md5).hexdigest()
            return user if user in users and hmac.compare_digest(digest, wanted) else ""
        case _:
            return ""
    return user if user in users and users[user] == password else ""


def _path(argument: str) -> str:
    """The address of `FROM:<a@b> SIZE=1`, without brackets."""
    _, _, rest = argument.partition(":")
    rest = rest.strip()
    if rest.startswith("<") and ">" in rest:
        return rest[1:rest.index(">")]
    return rest.split(" ", 1)[0]


def endpoint(spec: RemoteSpec) -> Endpoint:
    """Where the remote is reached."""
    return Endpoint(spec.address, spec.port)
