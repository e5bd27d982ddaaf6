"""Nothing that a client says raises out of a session: it always ends, its connection closed, with replies and log lines only."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_eximsim.exim.config.model import Configuration
from pytest_eximsim.exim.config.parser import read_configuration
from pytest_eximsim.exim.mta import Mta
from pytest_eximsim.exim.release import RELEASES
from pytest_eximsim.exim.world import Endpoint, TlsFailed, TlsSession

from ..fake_world import FakeFiles, FakeUsers, process

CONFIGURATION = r"""
primary_hostname = mail.example.net
acl_smtp_connect = accept
acl_smtp_helo = named
acl_smtp_rcpt = recipient
acl_smtp_data = message
acl_smtp_vrfy = accept
acl_smtp_expn = accept
acl_smtp_etrn = accept
acl_smtp_quit = named
acl_smtp_notquit = named
helo_try_verify_hosts = *
host_lookup = *
log_selector = +all
tls_advertise_hosts = *
message_size_limit = 100K
PROXY
domainlist local = @ : b.example
begin acl
named:
  warn set acl_c_x = $sender_helo_name/$smtp_command/$smtp_command_argument
  accept
recipient:
  deny local_parts = ^x
  accept domains = +local : a.example
         verify = sender
  deny message = no $local_part@$domain $h_subject:
message:
  warn set acl_m_x = $h_from:/${addresses:$h_to:}/$message_headers/$message_body
  deny !verify = header_syntax
  accept
begin routers
local:
  driver = accept
  domains = +local
  transport = file
begin transports
file:
  driver = appendfile
  file = /var/mail/all
  user = root
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if eq{$auth2}{u}}
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${if eq{$auth1}{u}{secret}fail}
"""
ADDRESSES = [
    "a@b.example", "<a@b.example>", "<>", "", "<", "@", "<y@z>", "<@x,@y:a@b.example>", '<"q \\" x"@b.example>', "<postmaster>",
    "<x@b.example>", "<a@[192.0.2.1]>", "<a@[IPv6:::1]>", "<\xe9@b.example>", "<a@b.example> SIZE=10",
    "<a@b.example> SIZE=99999999999999999999", "<a@b.example", "<a@b.example> BODY=8BITMIME RET=HDRS ENVID=x AUTH=<>",
    "<a@b.example> NOTIFY=NEVER ORCPT=rfc822;x", "<" + "a" * 400 + "@b.example>", "a b c", "<a@b.example>x", "<y@b.example> SIZE=x =",
    "<a@" + "b." * 200 + "example>",
]
HEADERS = [
    "From: a@b.example", 'To: <x@y>, "q" <z@w>;', "Subject: =?utf-8?q?x?=", "Subject: \xe9", 'From: "open <a', "To: group: a@b, c@d;",
    "Bcc: x", "Received: x", "Date: x", "Message-ID: <>", ": empty", "nocolon", "  folded", "X:" + "y" * 3000, "From : a",
    "Resent-From: q@r", "\0X: y", "Sender: (c(d)e) a@b", "Reply-To: ,,;,", "A\xe9: b",
]
COMMANDS = [
    "HELO c.example", "EHLO c.example", "EHLO [192.0.2.1]", "EHLO", "HELO \xe9", "EHLO " + "x" * 600, "STARTTLS", "RSET", "NOOP x", "HELP",
    "quit", "VRFY <a@b.example>", "EXPN list", "ETRN #x", "QUIT", "AUTH PLAIN AHUAcA==", "AUTH PLAIN", "AUTH CRAM-MD5", "AUTH",
    "AUTH NOSUCH x", "*", "dQ==", "!!!", "DATA", "BDAT 10", "BDAT 0 LAST", "BDAT x", "BDAT 99999999999", "XCLIENT ADDR=192.0.2.1", "ATRN",
    "", "\0", "\xff\xfe", ".", "GET / HTTP/1.1", "x" * 3000, "MAIL", "RCPT", "MAIL FROM", "MAIL FROM:",
    "PROXY TCP4 192.0.2.7 192.0.2.25 1 2",
]
PROXY_HEADERS = [
    b"", b"PROXY TCP4 192.0.2.7 192.0.2.25 1 2\r\n", b"PROXY TCP6 ::1 ::2 1 99999\r\n", b"PROXY TCP4 12345::1 x\r\n", b"PROXY",
    b"PROXY UNKNOWN\r\n", b"\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c\x01\x02\x03\x04\x05\x06\x07\x08\0\x19\0\x20",
    b"\r\n\r\n\0\r\nQUIT\n\x20\x00\0\0", b"\r\n\r\n\0\r\nQUIT\n",
]


class Client:
    """exim.world.Stream: what a client sends, in pieces; an exception among them is raised there."""

    def __init__(self, pieces: list[bytes | Exception], random: Random) -> None:
        self.pieces, self.random = pieces, random
        self.peer, self.local = Endpoint("192.0.2.99", 1234), Endpoint("192.0.2.25", 25)
        self.received, self.closed = b"", False

    def peek(self, limit: int = 8192, timeout: float | None = None) -> bytes:
        if not self.pieces:
            return b""
        piece = self.pieces[0]
        if isinstance(piece, Exception):
            del self.pieces[0]
            raise piece
        return piece[:limit]

    def receive(self, limit: int = 8192, timeout: float | None = None) -> bytes:
        got = self.peek(limit)
        if got:
            piece = self.pieces.pop(0)
            assert isinstance(piece, bytes)
            self.pieces[:0] = [piece[limit:]] if piece[limit:] else []
        return got

    def ready(self) -> bool:
        return self.random.random() < 0.1

    def send(self, data: bytes, timeout: float | None = None) -> None:
        if self.random.random() < 0.003:
            raise BrokenPipeError(32, "Broken pipe")
        self.received += data

    def start_tls(self, **_: object) -> TlsSession:
        raise TlsFailed("no shared cipher")

    def close(self) -> None:
        self.closed = True

    abort = close


def some_lines(random: Random) -> list[str]:
    lines = ["EHLO c.example"] if random.random() < 0.7 else []
    for _ in range(random.randrange(12)):
        dice = random.random()
        if dice < 0.25:
            lines.append("MAIL FROM:" + random.choice(ADDRESSES))
        elif dice < 0.5:
            lines.append("RCPT TO:" + random.choice(ADDRESSES))
        elif dice < 0.65:
            body = random.choices(["body", "..", ".x", "\xe9", "", "y" * 2000], k=random.randrange(4))
            envelope = ["MAIL FROM:<a@b.example>", "RCPT TO:<a@b.example>", "DATA"]
            lines += [*envelope, *random.choices(HEADERS, k=random.randrange(6)), "", *body, "."]
        else:
            lines.append(random.choice(COMMANDS))
    return lines


def some_pieces(random: Random) -> list[bytes | Exception]:
    ends = [b"\r\n"] * 8 + [b"\n", b"\r"]
    data = b"".join(line.encode("latin-1") + random.choice(ends) for line in some_lines(random))
    if random.random() < 0.3:
        data = random.choice(PROXY_HEADERS) + data
    pieces: list[bytes | Exception] = []
    while data:
        size = random.choice([1, 5, 50, 500, 5000])
        pieces.append(data[:size])
        data = data[size:]
        if random.random() < 0.01:
            pieces.append(random.choice([TimeoutError(), ConnectionResetError(104, "Connection reset by peer")]))
    return pieces


@lru_cache
def configuration(release: str, proxy: bool) -> Configuration:
    option = "" if not proxy else "hosts_proxy = *" if release != "4.82+" else "proxy_required_hosts = *"
    files = FakeFiles({"/etc/exim.conf": CONFIGURATION.replace("PROXY", option, 1)})
    files.list = lambda path: []  # type: ignore[attr-defined]
    users = SimpleNamespace(by_name=FakeUsers().by_name, by_uid=lambda uid: None, group=lambda name: None)
    return read_configuration(files, "/etc/exim.conf", release=RELEASES[release], users=users, hostname="mail.example.net")  # type: ignore[arg-type]


def serve(pieces: list[bytes | Exception], random: Random, release: str, *, proxy: bool) -> Client:
    def no_connection(*_: object, **__: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    world = process(release, dns="host 192.0.2.99 c.example\nhost 192.0.2.1 b.example\nb.example MX 1 b.example").world
    world.network.connect = no_connection  # type: ignore[method-assign]
    world.entropy.random = lambda limit: 0  # type: ignore[method-assign]
    client = Client(pieces, random)
    Mta(configuration(release, proxy), world).serve(client)
    return client


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(sorted(RELEASES)), st.booleans())
def test_any_session_ends(random: Random, release: str, proxy: bool) -> None:
    client = serve(some_pieces(random), random, release, proxy=proxy)
    assert client.closed
    assert all(line[:3].isdigit() for line in client.received.split(b"\r\n") if line and not line.startswith(b"421"))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6), st.sampled_from(sorted(RELEASES)), st.booleans())
def test_any_bytes_end(pieces: list[bytes], release: str, proxy: bool) -> None:
    assert serve(list(filter(None, pieces)), Random(0), release, proxy=proxy).closed


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_the_sessions_are_real_ones(release: str) -> None:
    """What the others rely on: such a client reaches the end of a message."""
    script = b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<a@b.example>\r\nDATA\r\nFrom: a@b.example\r\n\r\nx\r\n.\r\nQUIT\r\n"
    patient = Random(1)
    patient.random = lambda: 0.9  # type: ignore[method-assign]
    client = serve([line + b"\n" for line in script.split(b"\n")[:-1]], patient, release, proxy=False)
    codes = [line[:3] for line in client.received.split(b"\r\n") if line[3:4] == b" "]
    assert codes == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]
