"""Scripted remotes: replies, turns, LMTP, what is recorded."""

import base64
import hashlib
import hmac

import pytest

from pytest_eximsim.exim.world import Endpoint, TlsSession
from pytest_eximsim.services.remote import PlainReply, PlainScript, RemoteSpec, ScriptedRemote


class FakeStream:
    """A client that has sent everything already, in the given segments."""

    peer = Endpoint("192.0.2.25", 40000)
    local = Endpoint("203.0.113.5", 25)

    def __init__(self, *segments: bytes) -> None:
        self.segments = list(segments)
        self.sent = b""
        self.closed = False
        self.handshakes = 0

    def receive(self, limit: int = 8192, timeout: float | None = None) -> bytes:
        return self.segments.pop(0) if self.segments else b""

    def peek(self, limit: int = 8192, timeout: float | None = None) -> bytes:
        return self.segments[0] if self.segments else b""

    def ready(self) -> bool:
        return True

    def send(self, data: bytes, timeout: float | None = None) -> None:
        self.sent += data

    def start_tls(self, *, server: bool, certificate: str = "", key: str = "", authorities: str = "", sni: str = "",
                  verify: bool = False) -> TlsSession:
        self.handshakes += 1
        return TlsSession("TLS1.3", "X", 256)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True


class Exactly:
    """A pattern that is one text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def match(self, line: str) -> object | None:
        return True if line == self.text else None


def script(**verbs: str | list[str]) -> PlainScript:
    def reply(text: str) -> PlainReply:
        return PlainReply(word=text) if text in ("drop", "hang", "refuse", "timeout") else PlainReply(text)

    return PlainScript({name.replace("dot", "."): tuple(reply(one) for one in ([value] if isinstance(value, str) else value))
                        for name, value in verbs.items()})


def remote(replies: PlainScript | None = None, **spec: object) -> ScriptedRemote:
    return ScriptedRemote(RemoteSpec("mx", "203.0.113.5", script=replies or PlainScript(), **spec), lambda seconds: None)  # type: ignore[arg-type]


def talk(one: ScriptedRemote, text: str) -> FakeStream:
    """A client that sends these lines."""
    stream = FakeStream("".join(f"{line}\r\n" for line in text.splitlines()).encode())
    one.serve(stream)
    return stream


def replies(stream: FakeStream) -> list[str]:
    return stream.sent.decode().splitlines()


MESSAGE = "EHLO a\nMAIL FROM:<a@b>\nRCPT TO:<c@d>\nRCPT TO:<e@f> NOTIFY=NEVER\nDATA\nSubject: x\n\n..dot\n.\nQUIT"


def test_a_message_and_its_dialogue() -> None:
    one = remote()
    stream = talk(one, MESSAGE)
    assert one.dialogue == [
        "<connect>", "S: 220 ESMTP ready", "C: EHLO a", "S: 250-remote", "S: 250 HELP", "C: MAIL FROM:<a@b>", "S: 250 OK",
        "C: RCPT TO:<c@d>", "S: 250 OK", "C: RCPT TO:<e@f> NOTIFY=NEVER", "S: 250 OK", "C: DATA", "S: 354 go", "C| Subject: x", "C|",
        "C| .dot", "C: .", "S: 250 OK accepted", "C: QUIT", "S: 221 bye"]
    message, = one.messages
    assert (message.sender, message.recipients, message.data, message.helo) == ("a@b", ("c@d", "e@f"), b"Subject: x\r\n\r\n.dot\r\n", "a")
    assert stream.closed


def test_bytes_one_by_one_make_the_same_dialogue() -> None:
    whole, slow = remote(), remote()
    talk(whole, MESSAGE)
    slow.serve(FakeStream(*(bytes([byte]) for byte in MESSAGE.replace("\n", "\r\n").encode() + b"\r\n")))
    assert slow.dialogue == whole.dialogue


def test_turns_go_over_connections_and_the_last_stays() -> None:
    one = remote(script(RCPT=["450 busy", "250 OK"]))
    assert replies(talk(one, "RCPT TO:<a@b>")) == ["220 ESMTP ready", "450 busy"]
    assert replies(talk(one, "RCPT TO:<a@b>\nRCPT TO:<a@b>")) == ["220 ESMTP ready", "250 OK", "250 OK"]


def test_new_replies_begin_anew() -> None:
    one = remote(script(RCPT=["450 busy", "250 OK"]))
    talk(one, "RCPT TO:<a@b>")
    one.use(script(RCPT=["451 one", "452 two"]))
    assert replies(talk(one, "RCPT TO:<a@b>"))[1] == "451 one"


@pytest.mark.parametrize(("verb", "text", "expected"), [
    ("connect", "HELO x", []),
    ("EHLO", "EHLO x\nMAIL FROM:<>", ["220 ESMTP ready"]),
    ("DATA", "MAIL FROM:<>\nDATA", ["220 ESMTP ready", "250 OK"]),
    ("dot", "DATA\nx\n.", ["220 ESMTP ready", "354 go"]),
])
@pytest.mark.parametrize("word", ["drop", "hang"])
def test_drop_and_hang(verb: str, text: str, expected: list[str], word: str) -> None:
    assert replies(talk(remote(script(**{verb: word})), text)) == expected


def test_whole_commands_go_first() -> None:
    scripted = PlainScript({"RCPT": (PlainReply("250 verb"),)}, ((Exactly("RCPT TO:<b@c>"), (PlainReply("550 pattern"),)),))
    assert replies(talk(remote(scripted), "RCPT TO:<b@c>\nRCPT TO:<d@e>"))[1:] == ["550 pattern", "250 verb"]


def test_unknown_commands_and_garbage() -> None:
    assert replies(talk(remote(), "FOO\n\nstarttls"))[1:] == ["500 what?", "500 what?", "502 no"]


def test_lmtp_answers_once_for_each_accepted_recipient() -> None:
    one = remote(script(RCPT=["250 OK", "550 no", "250 OK"], dot=["250 one", "450 two"]), lmtp=True)
    stream = talk(one, "LHLO a\nMAIL FROM:<>\nRCPT TO:<a@x>\nRCPT TO:<b@x>\nRCPT TO:<c@x>\nDATA\n.")
    assert replies(stream)[-2:] == ["250 one", "450 two"]
    assert one.messages[0].recipients == ("a@x",)


def test_a_refused_message_is_not_kept() -> None:
    one = remote(script(dot="550 spam"))
    talk(one, MESSAGE)
    assert one.messages == []


def test_chunks() -> None:
    one = remote()
    one.serve(FakeStream(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 6\r\nab\r\nc", b"dBDAT 3 LAST\r\nef\nQUIT\r\n"))
    assert one.messages[0].data == b"ab\r\ncdef\n"
    assert one.dialogue[-2:] == ["C: QUIT", "S: 221 bye"]


def test_silence_before_a_reply() -> None:
    slept: list[float] = []
    slow = PlainScript({"connect": (PlainReply("220 slow", after=6.0),)})
    one = ScriptedRemote(RemoteSpec("mx", "203.0.113.5", script=slow), slept.append)
    assert replies(talk(one, "")) == ["220 slow"]
    assert slept == [6.0]


def test_refusing_takes_a_turn() -> None:
    one = remote(script(connect=["refuse", "220 now"]))
    assert one.at_connect == "refuse"
    one.not_connected()
    assert one.at_connect == ""
    assert replies(talk(one, "")) == ["220 now"]


def test_starttls_and_implicit_tls() -> None:
    one = remote(tls="starttls")
    stream = talk(one, "EHLO a\nSTARTTLS\nx")
    assert "250-STARTTLS" in replies(stream)
    assert stream.handshakes == 1
    implicit = remote(tls="implicit")
    assert talk(implicit, "QUIT").handshakes == 1


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


DIGEST = hmac.new(b"p", b"<1896.697170952@remote>", hashlib.md5).hexdigest()


@pytest.mark.parametrize(("text", "reply"), [
    ("AUTH PLAIN " + b64("\0u\0p"), "235 Authentication succeeded"),
    ("AUTH PLAIN " + b64("\0u\0q"), "535 Incorrect authentication data"),
    ("AUTH PLAIN\n" + b64("\0u\0p"), "235 Authentication succeeded"),
    ("AUTH LOGIN\n" + b64("u") + "\n" + b64("p"), "235 Authentication succeeded"),
    ("AUTH CRAM-MD5\n" + b64(f"u {DIGEST}"), "235 Authentication succeeded"),
    ("AUTH CRAM-MD5\n" + b64("u 00"), "535 Incorrect authentication data"),
    ("AUTH PLAIN !", "535 Incorrect authentication data"),
    ("AUTH NOSUCH", "535 Incorrect authentication data"),
])
def test_authentication(text: str, reply: str) -> None:
    assert replies(talk(remote(auth={"u": "p"}), text))[-1] == reply
