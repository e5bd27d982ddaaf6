"""Which database answers for which server."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.world import SqlError, SqlServer
from pytest_eximsim.services.sql.gate import SqlGate
from pytest_eximsim.services.sql.record import Recorder


def server(host: str = "127.0.0.1", port: int | None = None, socket: str = "") -> SqlServer:
    return SqlServer(host, port, socket, "mail", "exim", "secret")


def test_a_kind_answers_for_all_its_servers() -> None:
    recorder = Recorder({"*": "1"})
    gate = SqlGate(None, {"pgsql": recorder})  # type: ignore[arg-type]
    assert gate.execute("pgsql", server("db1"), "select 1").rows == (("1",),)
    assert gate.execute("pgsql", server("db2", 6000), "select 1").rows == (("1",),)
    assert [entry[2] for entry in gate.seen] == ["pgsql", "pgsql"]


def test_servers_by_name() -> None:
    gate = SqlGate(None, {"pgsql": Recorder({"*": "1"})}, {"db.internal:5432": "pgsql", "10.0.0.7": "down"})  # type: ignore[arg-type]
    assert gate.execute("pgsql", server("db.internal"), "select 1").rows == (("1",),)
    for unreachable in (server("10.0.0.7"), server("db.internal", 5433)):
        with pytest.raises(SqlError) as raised:
            gate.execute("pgsql", unreachable, "select 1")
        assert raised.value.connect


REFUSED = "failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n"
NO_SOCKET = "failed: No such file or directory\n\tIs the server running locally and accepting connections on that socket?\n"


@pytest.mark.parametrize(("kind", "where", "text"), [
    ("pgsql", server(), f'connection to server at "127.0.0.1", port 5432 {REFUSED}'),
    ("pgsql", server(port=5433), f'connection to server at "127.0.0.1", port 5433 {REFUSED}'),
    ("pgsql", server("localhost"), f'connection to server at "localhost" (127.0.0.1), port 5432 {REFUSED}'),
    ("pgsql", server("db.internal"), f'connection to server at "db.internal" (10.0.0.7), port 5432 {REFUSED}'),
    ("pgsql", server("nosuch.invalid"), 'could not translate host name "nosuch.invalid" to address: Name or service not known\n'),
    ("pgsql", server("", 5432, "/tmp/.s.PGSQL.5432"), f'connection to server on socket "/tmp/.s.PGSQL.5432" {NO_SOCKET}'),
    ("mysql", server(), "Can't connect to server on '127.0.0.1' (115)"),
    ("mysql", server("db.internal"), "Can't connect to server on 'db.internal' (115)"),
    ("mysql", server("nosuch.invalid"), "Unknown server host 'nosuch.invalid' (-2)"),
    ("mysql", server("localhost"), "Can't connect to local server through socket '/run/mysqld/mysqld.sock' (2)"),
    ("mysql", server("localhost", None, "/tmp/x.sock"), "Can't connect to local server through socket '/tmp/x.sock' (2)"),
    ("mysql", server("", None, "/tmp/x.sock"), "Can't connect to local server through socket '/tmp/x.sock' (2)"),
    ("mysql", server("127.0.0.1", None, "/tmp/x.sock"), "Can't connect to server on '127.0.0.1' (115)"),
])
def test_nobody_listens(kind: str, where: SqlServer, text: str) -> None:
    """As Debian's Exim 4.96 says it."""
    with pytest.raises(SqlError) as raised:
        SqlGate(None, address_of={"db.internal": "10.0.0.7"}.get).execute(kind, where, "select 1")  # type: ignore[arg-type]
    assert raised.value.text == text
