"""What the client libraries make of the servers' side of their protocols."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import psycopg
import pymysql
import pytest

from pytest_eximsim.exim.world import SqlError, SqlResult
from pytest_eximsim.runtime.clock import SystemClock
from pytest_eximsim.runtime.hub import Hub
from pytest_eximsim.runtime.sockets import serve_socket
from pytest_eximsim.services.sql import mysql_wire, pgsql_wire

T = TypeVar("T")
LONG = "x" * 70000


def execute(statement: str) -> SqlResult:
    """A database of one statement each."""
    if statement == "gone":
        raise SqlError("", connect=True)
    if statement.upper().startswith("SET "):       # what clients say at the beginning
        return SqlResult(affected=0)
    if statement.startswith("wrong"):
        raise SqlError('ERROR:  syntax error at or near "wrong"\nLINE 1: wrong\n        ^\n')
    return {"rows": SqlResult(("a", "b"), (("1", None), ("\xc3\xa4", ""))), "none": SqlResult(("a",)), "change": SqlResult(affected=300),
            "nothing": SqlResult(), "long": SqlResult(("a",), ((LONG,), ("y",)))}[statement]


class Served:
    """Clients run in threads beside the server."""

    def __init__(self, serve: Callable[..., None]) -> None:
        self.hub = Hub(SystemClock())
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.serve = serve

    def ask(self, function: Callable[[], T]) -> T:
        def both() -> T:
            self.hub.spawn(lambda: serve_socket(self.hub, self.listening, lambda stream: self.serve(stream, execute)))
            return self.hub.call_blocking(function)

        return self.hub.run(both, 30.0)


@pytest.fixture
def served() -> Iterator[Callable[..., Served]]:
    made: list[Served] = []

    def make(serve: Callable[..., None]) -> Served:
        made.append(Served(serve))
        return made[-1]

    yield make
    for one in made:
        one.hub.close()
        one.listening.close()


def test_libpq(served: Callable[..., Served]) -> None:
    server = served(pgsql_wire.serve)

    def client() -> list[Any]:
        place = f"postgresql://somebody:secret@127.0.0.1:{server.port}/any"
        with psycopg.connect(place, autocommit=True, connect_timeout=10) as connection:
            found: list[Any] = []
            for statement in ("rows", "none", "change", "nothing", "long", "wrong"):
                result = connection.pgconn.exec_(statement.encode())
                rows = [[result.get_value(row, column) for column in range(result.nfields)] for row in range(result.ntuples)]
                found.append(rows or result.command_tuples or result.error_message)
            return [*found, connection.pgconn.exec_(b"gone").status == psycopg.pq.ExecStatus.FATAL_ERROR]

    rows, none, change, nothing, long, wrong, gone = server.ask(client)
    assert rows == [[b"1", None], [b"\xc3\xa4", b""]]
    assert (none, nothing, change) == (0, 0, 300) or (none, nothing, change) == (b"", b"", 300)
    assert long == [[LONG.encode()], [b"y"]]
    assert wrong == b'ERROR:  syntax error at or near "wrong"\nLINE 1: wrong\n        ^\n'
    assert gone


def test_mysql(served: Callable[..., Served]) -> None:
    server = served(mysql_wire.serve)

    def client() -> list[Any]:
        connection = pymysql.connect(host="127.0.0.1", port=server.port, user="somebody", password="secret", database="any")
        found: list[Any] = []
        with connection.cursor() as cursor:
            for statement in ("rows", "none", "change", "nothing", "long"):
                found.append((cursor.execute(statement), cursor.fetchall() if cursor.description else None))
            connection.ping(reconnect=False)
            for statement in ("wrong", "gone"):
                with pytest.raises(pymysql.Error) as raised:
                    cursor.execute(statement)
                found.append(raised.value.args)
        return found

    rows, none, change, nothing, long, wrong, gone = server.ask(client)
    assert rows == (2, (("1", None), ("ä", "")))
    assert (none, change, nothing) == ((0, ()), (300, None), (0, ()))
    assert long == (2, ((LONG,), ("y",)))
    assert wrong == (1105, 'ERROR:  syntax error at or near "wrong"\nLINE 1: wrong\n        ^\n')
    assert gone[0] == 2013


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.0\r\n\r\n", b"\0\0\0\x08\x04\xd2\x16\x2e", b"\0\0\0\x04", b"\xff" * 100])
@pytest.mark.parametrize("serve", [pgsql_wire.serve, mysql_wire.serve])
def test_who_speaks_something_else_is_left(served: Callable[..., Served], serve: Callable[..., None], said: bytes) -> None:
    server = served(serve)

    def client() -> bytes:
        with socket.create_connection(("127.0.0.1", server.port), 10) as talking:
            talking.sendall(said)
            talking.shutdown(socket.SHUT_WR)
            talking.settimeout(10)
            data = b""
            while part := talking.recv(4096):
                data += part
            return data

    server.ask(client)
    assert not server.hub.failures
