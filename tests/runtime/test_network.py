"""Streams, one suite for all of them: in memory and over sockets, plain and through TLS, in simulated and real time."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_eximsim.exim.world import Endpoint
from pytest_eximsim.runtime.clock import SystemClock, VirtualClock
from pytest_eximsim.runtime.hub import Hub
from pytest_eximsim.runtime.network import MemoryNetwork, MemoryStream, SocketStream
from pytest_eximsim.runtime.tls import Authority, TlsMaker

SERVER = Endpoint("192.0.2.25", 25)
CLIENT = Endpoint("198.51.100.7", 40001)
TLS = TlsMaker(Authority(), hostname="mail.example.net")
AnyStream = MemoryStream | SocketStream


class Pair:
    """Both ends of a connection. Everything in these tests runs as the hub's main task."""

    def __init__(self, kind: str) -> None:
        where, _, how = kind.partition(" ")
        self.hub = Hub(VirtualClock(1000.0) if where == "simulated" else SystemClock())
        self.client, self.server = self._sockets() if where == "sockets" else self._memory()
        if how:
            self.hub.run(self._handshake)

    def _memory(self) -> tuple[AnyStream, AnyStream]:
        network = MemoryNetwork(self.hub, TLS)
        accepted: list[Any] = []

        def keep(stream: Any) -> None:
            accepted.append(stream)
            self.hub.wait_for_ever()

        network.listen(SERVER, keep)
        client = network.connect(CLIENT, SERVER)
        self.hub.settle()
        return client, accepted[0]

    def _sockets(self) -> tuple[AnyStream, AnyStream]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            near = socket.create_connection(listening.getsockname())
            far, _ = listening.accept()
        for one in (near, far):
            one.setblocking(False)
        return (SocketStream(self.hub, near, peer=SERVER, local=CLIENT, tls=TLS),
                SocketStream(self.hub, far, peer=CLIENT, local=SERVER, tls=TLS))

    def _handshake(self) -> None:
        shaking = self.hub.spawn(lambda: self.server.start_tls(server=True))
        self.client.start_tls(server=False)
        shaking.join()


KINDS = ["simulated", "simulated tls", "real", "real tls", "sockets", "sockets tls"]


@pytest.fixture(params=KINDS)
def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    one = Pair(request.param)
    yield one
    one.client.close()
    one.server.close()
    one.hub.close()
    assert one.hub.failures == []


@pytest.fixture(params=[kind for kind in KINDS if "tls" not in kind])
def plain(request: pytest.FixtureRequest) -> Iterator[Pair]:
    one = Pair(request.param)
    yield one
    one.client.close()
    one.server.close()
    one.hub.close()


def play(pair: Pair, function: Callable[[], None]) -> None:
    pair.hub.run(function)


def all_of(stream: AnyStream, timeout: float = 10) -> bytes:
    """Up to the end of input."""
    data = b""
    while more := stream.receive(timeout=timeout):
        data += more
    return data


# ---- receiving


def test_ends(pair: Pair) -> None:
    assert (pair.client.peer, pair.client.local, pair.server.peer, pair.server.local) == (SERVER, CLIENT, CLIENT, SERVER)


def test_a_read_gives_what_there_is_up_to_the_limit(pair: Pair) -> None:
    def main() -> None:
        pair.client.send(b"abcdef")
        assert pair.server.receive(4, timeout=10) == b"abcd"
        assert pair.server.receive(4, timeout=10) == b"ef"
        pair.server.send(b"")
        pair.server.send(b"x")
        assert pair.client.receive(timeout=10) == b"x"

    play(pair, main)


def test_plain_octets_that_are_there_come_together(plain: Pair) -> None:
    def main() -> None:
        plain.client.send(b"a")
        plain.client.send(b"b")
        plain.server.peek(2, timeout=10)
        plain.hub.settle(0.01)
        assert plain.server.receive(timeout=10) == b"ab"

    play(plain, main)


def test_octets_sent_in_turns_come_apart(pair: Pair) -> None:
    def main() -> None:
        for segment in (b"one", b"two"):
            pair.client.send(segment)
            assert pair.server.receive(timeout=10) == segment

    play(pair, main)


def test_peek_leaves_them(pair: Pair) -> None:
    def main() -> None:
        pair.client.send(b"abc")
        assert pair.server.peek(timeout=10) == b"abc"
        assert pair.server.peek(2, timeout=10) == b"ab"
        assert pair.server.receive(1, timeout=10) == b"a"
        assert pair.server.peek(timeout=10) == b"bc"
        assert pair.server.receive(timeout=10) == b"bc"

    play(pair, main)


def test_a_timeout_loses_nothing(pair: Pair) -> None:
    def main() -> None:
        for waiting in (pair.server.receive, pair.server.peek):
            before = pair.hub.now()
            with pytest.raises(TimeoutError) as caught:
                waiting(timeout=0.02)
            assert caught.value.errno == errno.ETIMEDOUT
            assert pair.hub.now() - before >= 0.0199
        pair.client.send(b"late")
        assert pair.server.receive(timeout=10) == b"late"

    play(pair, main)


def test_ready(pair: Pair) -> None:
    def main() -> None:
        assert not pair.server.ready()
        pair.client.send(b"x")
        pair.server.peek(timeout=10)
        assert pair.server.ready()
        assert pair.server.receive(timeout=10) == b"x"
        assert not pair.server.ready()
        pair.client.close()
        assert pair.server.receive(timeout=10) == b""
        assert pair.server.ready()

    play(pair, main)


# ---- sending


def test_much_in_both_directions(pair: Pair) -> None:
    size = 6_000_000
    there, back = bytes(range(256)) * (size // 256), bytes(range(255, -1, -1)) * (size // 256)

    def main() -> None:
        got: list[bytes] = []

        def other() -> None:
            data = b""
            while len(data) < len(there):
                data += pair.server.receive(65536, timeout=60)
            got.append(data)
            pair.server.send(back, 60)
            pair.server.shutdown()

        beside = pair.hub.spawn(other)
        pair.client.send(there, 60)
        assert all_of(pair.client, 60) == back
        beside.join()
        assert got == [there]

    play(pair, main)


def test_who_sends_to_nobody_who_reads_waits_and_gives_up(pair: Pair) -> None:
    def main() -> None:
        before = pair.hub.now()
        with pytest.raises(TimeoutError):
            pair.client.send(bytes(40_000_000), 0.05)
        assert pair.hub.now() - before >= 0.0499

    play(pair, main)


def test_sending_to_who_has_gone_fails_soon(pair: Pair) -> None:
    def main() -> None:
        pair.server.close()
        with pytest.raises(ConnectionError):
            for _ in range(100):
                pair.client.send(b"anybody there?\r\n", 10)
                pair.hub.settle(0.002 if isinstance(pair.client, SocketStream) else 0)

    play(pair, main)


# ---- ending


def test_what_was_sent_before_the_end_is_read_first(pair: Pair) -> None:
    def main() -> None:
        pair.client.send(b"bye")
        pair.client.close()
        assert pair.server.receive(2, timeout=10) == b"by"
        assert pair.server.receive(timeout=10) == b"e"
        assert pair.server.receive(timeout=10) == b""
        assert pair.server.receive(timeout=10) == b""
        assert pair.server.peek(timeout=10) == b""

    play(pair, main)


def test_half_a_connection(pair: Pair) -> None:
    def main() -> None:
        pair.client.send(b"that is all")
        pair.client.shutdown()
        assert all_of(pair.server) == b"that is all"
        pair.server.send(b"answer")
        pair.server.close()
        assert all_of(pair.client) == b"answer"

    play(pair, main)


def test_a_reset_is_told(pair: Pair) -> None:
    def main() -> None:
        pair.client.abort()
        pair.client.abort()
        with pytest.raises(ConnectionResetError):
            pair.server.receive(timeout=10)
        assert pair.server.receive(timeout=10) == b""
        with pytest.raises(ConnectionError):
            pair.server.send(b"x")

    play(pair, main)


def test_a_reset_wakes_who_waits(pair: Pair) -> None:
    def main() -> None:
        waiting = pair.hub.spawn(lambda: pair.server.receive(timeout=60))
        pair.hub.sleep(0)
        pair.client.abort()
        with pytest.raises(ConnectionResetError):
            waiting.join()

    play(pair, main)


def test_after_the_close_nothing_works(pair: Pair) -> None:
    def main() -> None:
        pair.client.send(b"unread")
        pair.server.close()
        pair.server.close()
        pair.server.abort()
        for use in (lambda: pair.server.receive(timeout=1), lambda: pair.server.peek(timeout=1), lambda: pair.server.send(b"x")):
            with pytest.raises(OSError) as caught:
                use()
            assert caught.value.errno in (errno.EBADF, errno.EPIPE)
        assert pair.server.ready()

    play(pair, main)


def test_a_close_wakes_ones_own_reader(pair: Pair) -> None:
    def main() -> None:
        waiting = pair.hub.spawn(lambda: pair.server.receive(timeout=60))
        pair.hub.sleep(0)
        pair.server.close()
        with pytest.raises(OSError, match=r"Bad file|EBADF"):
            waiting.join()

    play(pair, main)


def test_unread_input_does_not_spoil_the_last_words(pair: Pair) -> None:
    """A system sends a RST when a socket with unread input is closed; the other side might lose the reply by it."""

    def main() -> None:
        pair.client.send(b"QUIT\r\nand more\r\n")
        pair.server.peek(timeout=10)
        pair.server.send(b"221 bye\r\n")
        pair.server.close()
        assert all_of(pair.client) == b"221 bye\r\n"

    play(pair, main)
