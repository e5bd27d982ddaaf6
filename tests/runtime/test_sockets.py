"""Real sockets: accepting, addresses, speed. What all streams do is test_network.py."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_eximsim.exim.world import Endpoint, Stream
from pytest_eximsim.runtime.clock import SystemClock
from pytest_eximsim.runtime.hub import Hub
from pytest_eximsim.runtime.sockets import SocketStream, endpoint_of, serve_socket


@pytest.fixture
def hub() -> Iterator[Hub]:
    one = Hub(SystemClock())
    yield one
    one.close()


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as one:
        yield one


def connected(hub: Hub, listening: socket.socket) -> SocketStream:
    made = socket.create_connection(listening.getsockname())
    made.setblocking(False)
    return SocketStream(hub, made, peer=endpoint_of(made.getpeername()), local=endpoint_of(made.getsockname()))


def serving(hub: Hub, listening: socket.socket, handler: Callable[[Stream], None]) -> Any:
    return hub.spawn(lambda: serve_socket(hub, listening, handler), "accepting")


@pytest.mark.parametrize(("address", "expected"), [
    (("192.0.2.1", 25), Endpoint("192.0.2.1", 25)),
    (("::ffff:192.0.2.1", 25, 0, 0), Endpoint("192.0.2.1", 25)),
    (("2001:DB8:0::1", 25, 0, 0), Endpoint("2001:db8::1", 25)),
    (("fe80::1%eth0", 25, 0, 2), Endpoint("fe80::1", 25)),
    ("/run/exim.sock", Endpoint("/run/exim.sock", 0)),
    ("", Endpoint("", 0)),
    (b"\0abstract", Endpoint("\0abstract", 0)),
])
def test_addresses(address: object, expected: Endpoint) -> None:
    assert endpoint_of(address) == expected


def test_each_connection_is_served_by_a_task(hub: Hub, listening: socket.socket) -> None:
    def serve(stream: Stream) -> None:
        stream.send(f"{stream.peer.port} {stream.local.port}".encode())
        while data := stream.receive():
            stream.send(data)

    def main() -> None:
        serving(hub, listening, serve)
        streams = [connected(hub, listening) for _ in range(100)]
        for stream in streams:
            assert stream.receive(timeout=10) == f"{stream.local.port} {stream.peer.port}".encode()
        for stream in reversed(streams):
            stream.send(b"hello")
            assert stream.receive(timeout=10) == b"hello"
            stream.close()

    hub.run(main)


def test_a_handler_that_fails_ends_its_own_connection_only(hub: Hub, listening: socket.socket) -> None:
    def serve(stream: Stream) -> None:
        if stream.receive() == b"fail":
            raise ValueError("a bug")
        stream.send(b"fine")

    def main() -> None:
        serving(hub, listening, serve)
        for text, answer in ((b"fail", b""), (b"work", b"fine")):
            stream = connected(hub, listening)
            stream.send(text)
            assert stream.receive(timeout=10) == answer
            stream.close()

    hub.run(main)
    assert [str(error) for _, error in hub.failures] == ["a bug"]


def test_accepting_ends_when_the_socket_is_forgotten(hub: Hub, listening: socket.socket) -> None:
    accepting = serving(hub, listening, lambda stream: None)

    def main() -> None:
        hub.sleep(0)
        hub.forget(listening)
        accepting.join()

    hub.run(main)
    listening.close()
    serving(hub, listening, lambda stream: None).join()


class Full:
    """A listening socket that cannot accept, a few times."""

    def __init__(self, inner: socket.socket, times: int) -> None:
        self.inner = inner
        self.times = times

    def accept(self) -> Any:
        if self.times:
            self.times -= 1
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return self.inner.accept()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_too_many_open_files_are_waited_for(hub: Hub, listening: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_eximsim.runtime.sockets.FULL_SECONDS", 0.01)
    full: Any = Full(listening, 3)

    def main() -> None:
        serving(hub, full, lambda stream: stream.send(b"at last"))
        assert connected(hub, listening).receive(timeout=10) == b"at last"

    hub.run(main)
    assert full.times == 0


def test_unix_sockets(hub: Hub, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("mta.sock")
        listening.listen()

        def main() -> None:
            serving(hub, listening, lambda stream: stream.send(stream.local.address.encode()))
            made = socket.socket(socket.AF_UNIX)
            made.connect("mta.sock")
            made.setblocking(False)
            assert SocketStream(hub, made, peer=Endpoint("mta.sock", 0), local=Endpoint("", 0)).receive(timeout=10) == b"mta.sock"

        hub.run(main)


def test_a_client_that_is_gone_before_it_is_accepted(hub: Hub, listening: socket.socket) -> None:
    def serve(stream: Stream) -> None:
        with contextlib.suppress(ConnectionResetError):
            while data := stream.receive():
                stream.send(data)

    def main() -> None:
        connected(hub, listening).abort()
        serving(hub, listening, serve)
        stream = connected(hub, listening)
        stream.send(b"hello")
        assert stream.receive(timeout=10) == b"hello"
        stream.close()

    hub.run(main)
    assert hub.failures == []


def test_a_plain_blocking_client_is_served(hub: Hub, listening: socket.socket) -> None:
    """Another program: it waits in a thread, we go on."""

    def client() -> bytes:
        with socket.create_connection(listening.getsockname()) as made:
            made.sendall(b"EHLO a\r\n")
            made.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: made.recv(4096), b""))

    def serve(stream: Stream) -> None:
        stream.send(b"220 x\r\n")
        while data := stream.receive(timeout=10):
            stream.send(b"250 " + data)

    def main() -> bytes:
        serving(hub, listening, serve)
        return hub.call_blocking(client)

    assert hub.run(main) == b"220 x\r\n250 EHLO a\r\n"
    assert threading.active_count() < 20


def test_a_reset_needs_no_reader(hub: Hub, listening: socket.socket) -> None:
    """ready() is true for what is over, so that nobody waits for it."""

    def main() -> None:
        stream = connected(hub, listening)
        accepted, _ = listening.accept()
        accepted.setblocking(False)
        other = SocketStream(hub, accepted, peer=stream.local, local=stream.peer)
        assert not other.ready()
        stream.abort()
        assert hub.wait_readable(accepted, 10)
        assert other.ready()
        other.close()

    hub.run(main)
