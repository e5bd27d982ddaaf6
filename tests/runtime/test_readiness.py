"""Sockets that can be read or written, and the bell."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_eximsim.runtime.readiness import READ, WRITE, Readiness


class Looking:
    """A Readiness that keeps who was woken."""

    def __init__(self) -> None:
        self.woken: list[str] = []
        self.readiness = Readiness(self.wake)

    def wake(self, waiters: list[Any]) -> None:
        self.woken += waiters
        waiters.clear()

    def wait(self, sock: socket.socket, event: int, name: str) -> None:
        waiters = self.readiness.waiters(sock, event)
        assert waiters is not None
        waiters.append(name)

    def look(self, timeout: float | None = 0) -> list[str]:
        self.woken = []
        self.readiness.poll(timeout)
        return self.woken


@pytest.fixture
def looking() -> Iterator[Looking]:
    one = Looking()
    yield one
    one.readiness.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    yield one, other
    one.close()
    other.close()


def test_readers_and_writers(looking: Looking, pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    looking.wait(one, READ, "reader")
    assert looking.look() == []
    assert looking.readiness.awaited
    looking.wait(one, WRITE, "writer")
    assert looking.look() == ["writer"]
    other.send(b"x")
    assert looking.look() == ["reader"]
    assert not looking.readiness.awaited


def test_all_who_wait_are_woken_in_order(looking: Looking, pair: tuple[socket.socket, socket.socket]) -> None:
    for name in ("a", "b", "c"):
        looking.wait(pair[0], READ, name)
    pair[1].send(b"x")
    assert looking.look() == ["a", "b", "c"]


def test_what_nobody_awaits_is_dropped(looking: Looking, pair: tuple[socket.socket, socket.socket]) -> None:
    looking.wait(pair[0], READ, "a")
    pair[1].send(b"x")
    assert looking.look() == ["a"]
    assert looking.look() == []
    assert not looking.readiness.any
    looking.wait(pair[0], READ, "b")
    assert looking.look() == ["b"]


def test_forget(looking: Looking, pair: tuple[socket.socket, socket.socket]) -> None:
    looking.wait(pair[0], READ, "r")
    looking.wait(pair[0], WRITE, "w")
    assert looking.readiness.forget(pair[0]) == ["r", "w"]
    assert looking.readiness.forget(pair[0]) == []
    assert looking.readiness.forget(pair[1]) == []
    assert looking.look() == []


def test_a_closed_socket_cannot_be_waited_for(looking: Looking, pair: tuple[socket.socket, socket.socket]) -> None:
    pair[0].close()
    assert looking.readiness.waiters(pair[0], READ) is None
    assert looking.readiness.forget(pair[0]) == []


def test_a_descriptor_that_is_used_again_is_another_socket(looking: Looking) -> None:
    first, far = socket.socketpair()
    looking.wait(first, READ, "first")
    number = first.fileno()
    first.close()
    far.close()
    second, far = socket.socketpair()
    if second.fileno() != number:
        second, far = far, second
    assert second.fileno() == number
    looking.wait(second, READ, "second")
    assert looking.woken == ["first"]
    far.send(b"x")
    assert looking.look() == ["second"]
    second.close()
    far.close()


def test_the_bell_ends_a_look(looking: Looking) -> None:
    called: list[int] = []
    thread = threading.Thread(target=lambda: looking.readiness.ring(lambda: called.append(1)))
    looking.readiness.prepare_bell()
    thread.start()
    looking.look(10)
    thread.join()
    assert called == [1]
    assert not looking.readiness.any


def test_a_bell_before_the_look_is_not_lost(looking: Looking) -> None:
    called: list[int] = []
    for number in range(3):
        looking.readiness.ring(lambda number=number: called.append(number))  # type: ignore[misc]
    assert looking.readiness.any
    looking.look()
    assert called == [0, 1, 2]
