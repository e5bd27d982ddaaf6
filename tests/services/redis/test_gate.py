"""Passwords, faults, several servers: the same in front of every provider."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.world import RedisConnection, RedisReply
from pytest_eximsim.services.redis.gate import Fault, Gate, Server


class Backend:
    name = "fake"

    def __init__(self) -> None:
        self.commands: list[list[bytes]] = []

    def connect(self) -> RedisConnection:
        return self

    def command(self, arguments: list[bytes]) -> RedisReply:  # type: ignore[override]
        self.commands.append(list(arguments))
        return b"fine"

    def advance(self, seconds: float) -> None: ...

    def close(self) -> None: ...


def ask(connection: RedisConnection, line: str) -> object:
    reply = connection.command(line.encode().split())
    return str(reply) if isinstance(reply, Exception) else reply


def test_without_a_password() -> None:
    connection = Gate(Server(Backend())).connect("127.0.0.1", 6379)
    assert ask(connection, "GET a") == b"fine"
    assert str(ask(connection, "AUTH x")).startswith("ERR AUTH <password> called without any password")


def test_with_a_password() -> None:
    connection = Gate(Server(Backend(), password="sesame")).connect("127.0.0.1", 6379)
    assert ask(connection, "GET a") == "NOAUTH Authentication required."
    assert ask(connection, "AUTH wrong") == "WRONGPASS invalid username-password pair or user is disabled."
    assert ask(connection, "AUTH sesame") == b"OK"
    assert ask(connection, "GET a") == b"fine"


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 6380), ("10.0.0.9", 6380)])
def test_only_its_own_port_listens(host: str, port: int) -> None:
    with pytest.raises(ConnectionRefusedError, match="Connection refused"):
        Gate(Server(Backend())).connect(host, port).command([b"GET", b"a"])


def test_a_missing_socket() -> None:
    with pytest.raises(FileNotFoundError, match="No such file or directory"):
        Gate(None).connect("", 0, "/nosuch").command([b"GET", b"a"])


def test_several_servers() -> None:
    good, down = Server(Backend()), Server(Backend(), fault=Fault.DOWN)
    gate = Gate(None, servers={"10.0.0.9:6379": down, "10.0.0.10:6379": good, "/run/redis.sock": good})
    with pytest.raises(ConnectionRefusedError):
        gate.connect("10.0.0.9", 6379).command([b"PING"])
    assert gate.connect("10.0.0.10", 6379).command([b"PING"]) == b"fine"
    assert gate.connect("", 0, "/run/redis.sock").command([b"PING"]) == b"fine"


def test_an_open_connection_ends_when_its_server_goes_down() -> None:
    server = Server(Backend())
    connection = Gate(server).connect("127.0.0.1", 6379)
    connection.command([b"PING"])
    server.fault, server.generation = Fault.DOWN, 1
    with pytest.raises(EOFError, match="Server closed the connection"):
        connection.command([b"PING"])


def test_a_hanging_server_waits() -> None:
    class Waited(Exception):
        pass

    def wait() -> None:
        raise Waited

    with pytest.raises(Waited):
        Gate(Server(Backend(), fault=Fault.HANG), wait_for_ever=wait).connect("127.0.0.1", 6379).command([b"PING"])


def test_database_numbers_of_a_shared_server_are_mapped() -> None:
    backend = Backend()
    connection = Gate(Server(backend, databases=lambda number: number + 5)).connect("127.0.0.1", 6379)
    connection.command([b"SELECT", b"2"])
    assert backend.commands == [[b"SELECT", b"5"], [b"SELECT", b"7"]]
