"""`send:` — a whole message: the session is made from phases, each must succeed unless `expect` says something else."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import Position
from ...wire.lines import canonical
from ...wire.smtp.data import stuffed
from .. import dialogue
from ..model import PHASES, Send, Session
from ..outcome import Failure, NotYetAvailable, StepFailed
from ..replies import ExpectedReply, SendExpect
from .conversation import Conversation, Ended, Silent
from .session import close, open_connection

if TYPE_CHECKING:
    from ..runner import Run


class _Stop(Exception):
    """The session ends here, as expected."""


@dataclass(frozen=True)
class Phase:
    """How a phase went: `said` is the reply's last line."""

    name: str
    recipient: str
    accepted: bool
    differs: bool
    said: str


@dataclass
class _Sending:
    run: Run
    send: Send
    position: Position
    talk: Conversation
    reached: set[str] = dataclasses.field(default_factory=set)
    phases: list[Phase] = dataclasses.field(default_factory=list)

    @property
    def expect(self) -> SendExpect:
        return self.send.expect or SendExpect()

    def phase(self, name: str, key: str = "", success: str = "2") -> bool:
        """Read the reply of a phase and compare it. True when the server accepted."""
        self.reached.add(name)
        below = self.expect.phases.get(name, {})
        wanted = below.get(key, below.get(""))
        if wanted is not None:
            self.reached.add(f"{name} {key}")
        start = len(self.talk.history)
        try:
            got = self.talk.read_reply()
        except (Ended, Silent) as stop:
            text = f"<{stop.how}>" if isinstance(stop, Ended) else "(silence)"
            self.differs(self.failed(name, wanted, success, text, start))
            raise _Stop from None
        accepted = got[-1][:1] == success
        differs = (wanted is None and not accepted) or (wanted is not None and not self.talk.matches(_as_line(wanted), got))
        self.phases.append(Phase(name, key, accepted, differs, got[-1]))
        if differs:
            self.differs(self.failed(name, wanted, success, "\n".join(got), start))
        return accepted

    def differs(self, failed: StepFailed) -> None:
        """Raises it, unless mistakes are only to be kept."""
        if self.talk.mistakes is None:
            raise failed
        self.talk.mistakes += failed.failures

    def failed(self, phase: str, wanted: ExpectedReply | None, success: str, received: str, start: int) -> StepFailed:
        expected = "\n".join(one.text for one in wanted.lines) if wanted is not None else f"{success}xx (accepted)"
        where = wanted.position if wanted is not None else self.expect.position if self.send.expect else self.position
        return StepFailed(Failure(f"another reply in phase {phase}", where, expected, received, tuple(self.talk.history[:start])))

    def say(self, text: str) -> None:
        self.talk.send(text.encode("utf-8", "surrogateescape") + b"\r\n", text)

    def after(self, phase: str) -> None:
        """`quit_after` and `drop_after`."""
        if self.send.quit_after == phase:
            self.quit()
            raise _Stop
        if self.send.drop_after == phase:
            self.talk.leave(abort=True)
            raise _Stop

    def quit(self) -> None:
        self.say("QUIT")
        with suppress(Ended, Silent):
            self.talk.read_reply()


def _as_line(expected: ExpectedReply) -> dialogue.Line:
    text = "\n".join(one.text for one in expected.lines)
    if len(expected.lines) == 1:
        return dialogue.Reply(text, expected.position, expected.lines[0].text[:3], expected.lines)
    return dialogue.Reply(text, expected.position, "", expected.lines, listed=True)


def run(run: Run, send: Send, position: Position) -> None:
    """Send the message; every reply is checked."""
    if send.dkim is not None:
        raise NotYetAvailable("dkim", send.place("dkim"))
    node = run.node
    line = Session(position=send.position, places=send.places, from_=send.from_, via=send.via, to=send.to, tls=send.tls)
    talk = open_connection(run, line, position)
    assert talk is not None
    sending = _Sending(run, send, position, talk)
    try:
        with suppress(_Stop):
            _phases(sending)
        unreached = [name for name in sending.expect.phases if name not in sending.reached]
        if unreached:
            raise StepFailed(Failure(f"phase {unreached[0]} was never reached", sending.expect.position, "", "", tuple(talk.history)))
    finally:
        if run.recorder is not None and node is not None:
            run.recorder.send(run, send, node, sending.phases)
        run.tls = talk.tls or run.tls
        if send.as_ and not talk.closed:
            run.sessions[send.as_] = talk
    if not send.as_:
        close(run, talk, position)
    run.subject.settle()


def _phases(s: _Sending) -> None:
    if not s.phase("connect"):
        return s.quit()
    s.after("connect")
    _hello(s)
    if s.send.tls == "starttls":
        _starttls(s)
    if s.send.auth is not None:
        auth = s.send.auth
        s.talk.authenticate((auth.mechanism or "PLAIN").lower(), auth.user or "", auth.password or "")
        if not s.phase("auth"):
            return s.quit()
        s.after("auth")
    s.say(f"MAIL FROM:<{s.send.mail_from if s.send.mail_from is not None else 'sender@example.org'}>")
    if not s.phase("mail"):
        return s.quit()
    s.after("mail")
    accepted = 0
    for recipient in s.send.rcpt_to or ():
        s.say(f"RCPT TO:<{recipient}>")
        accepted += s.phase("rcpt", recipient)
    s.after("rcpt")
    if not accepted and not {"data", "end"} & set(s.expect.phases):
        return s.quit()
    s.say("DATA")
    if s.phase("data", success="3"):
        s.after("data")
        data = message_of(s)
        s.talk.send(stuffed(data), f"(the message, {len(data)} bytes, and the final dot)")
        s.phase("end")
    if not s.send.as_:
        s.quit()


def _hello(s: _Sending) -> None:
    s.say(f"EHLO {s.send.helo or 'client.example'}")
    if not s.phase("helo"):
        s.quit()
        raise _Stop
    s.after("helo")


def _starttls(s: _Sending) -> None:
    s.say("STARTTLS")
    if not s.phase("starttls"):
        s.quit()
        raise _Stop
    s.talk.start_tls(dialogue.StartTls("tls", s.send.place("tls")))
    s.after("starttls")
    _hello(s)


assert PHASES[-1] == "end"


def message_of(s: _Sending) -> bytes:
    """The message with CRLF line ends, as the client has it (not dot-stuffed)."""
    send = s.send
    if send.message_file is not None:
        node = send.nodes["message_file"]
        data = (s.run.folder_of(node) / Path(send.message_file)).read_bytes()
    elif send.message is not None:
        data = send.message.encode("utf-8", "surrogateescape")
    else:
        recipients = ", ".join(send.rcpt_to or ())
        text = (f"From: <{send.mail_from or 'sender@example.org'}>\nTo: {recipients}\nDate: {formatdate(s.run.subject.now())}\n"
                "Subject: a message of pytest-eximsim\n\nThis is one line.\n")
        data = text.encode()
        if send.size is not None:
            missing = max(send.size - len(data) - data.count(b"\n"), 0)
            data += (b"x" * 76 + b"\n") * (missing // 78) + (b"x" * (missing % 78 - 2) + b"\n" if missing % 78 > 2 else b"")
    return canonical(data)
