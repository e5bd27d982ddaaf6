"""Passwords, faults, several servers: the same in front of every provider."""

from __future__ import annotations

from collections.abc import Callable

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


def test_servers_by_host_alone() -> None:
    gate = Gate(None, servers={"cache.internal": Server(Backend())})
    assert gate.connect("cache.internal", 6380).command([b"PING"]) == b"fine"


@pytest.mark.parametrize(("gate", "host"), [
    (Gate(None), "nosuch.example"), (Gate(Server(Backend())), "nosuch.invalid"), (Gate(None, servers={"a:6379": Server(Backend())}), "b"),
])
def test_an_unknown_host(gate: Gate, host: str) -> None:
    with pytest.raises(OSError, match="Name or service not known"):
        gate.connect(host, 6379).command([b"PING"])


def test_a_known_host_where_nothing_listens() -> None:
    with pytest.raises(ConnectionRefusedError):
        Gate(None, resolves=lambda name: name == "cache.internal").connect("cache.internal", 6379).command([b"PING"])


def test_any_host_is_the_default() -> None:
    assert Gate(Server(Backend())).connect("cache.internal", 6379).command([b"PING"]) == b"fine"


def test_an_open_connection_ends_when_its_server_goes_down() -> None:
    server = Server(Backend())
    gate = Gate(server)
    connection = gate.connect("127.0.0.1", 6379)
    connection.command([b"PING"])
    server.fault = Fault.DOWN
    with pytest.raises(EOFError, match="Server closed the connection"):
        connection.command([b"PING"])
    refused = gate.connect("127.0.0.1", 6379)
    with pytest.raises(ConnectionRefusedError):
        refused.command([b"PING"])
    server.fault = Fault.NONE
    for ended, error in ((connection, EOFError), (refused, ConnectionRefusedError)):
        with pytest.raises(error):
            ended.command([b"PING"])
    assert gate.connect("127.0.0.1", 6379).command([b"PING"]) == b"fine"


class Hanging:
    """An event; while somebody waits, `meanwhile` happens."""

    def __init__(self, meanwhile: Callable[[], None]) -> None:
        self.meanwhile = meanwhile
        self.is_set = False

    def set(self) -> None:
        self.is_set = True

    def wait(self) -> None:
        assert not self.is_set
        self.meanwhile()
        assert self.is_set


def hanging(after: Fault) -> RedisConnection:
    server = Server(Backend(), fault=Fault.HANG)
    return Gate(server, event=lambda: Hanging(lambda: setattr(server, "fault", after))).connect("127.0.0.1", 6379)


def test_a_hanging_server_answers_when_it_is_over() -> None:
    assert hanging(Fault.NONE).command([b"PING"]) == b"fine"


def test_a_hanging_server_goes_down() -> None:
    with pytest.raises(EOFError, match="Server closed the connection"):
        hanging(Fault.DOWN).command([b"PING"])


def test_a_connection_ends_when_another_server_takes_the_place() -> None:
    gate = Gate(Server(Backend()))
    connection = gate.connect("10.0.0.9", 6379)
    assert connection.command([b"PING"]) == b"fine"
    gate.servers = {"10.0.0.10:6379": Server(Backend(), fault=Fault.DOWN)}
    assert connection.command([b"PING"]) == b"fine"
    gate.servers = {"10.0.0.9:6379": Server(Backend(), fault=Fault.DOWN)}
    with pytest.raises(EOFError):
        connection.command([b"PING"])
