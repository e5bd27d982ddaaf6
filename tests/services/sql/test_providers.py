"""Real servers at a URL and in containers, by one suite. Expected results are those of Debian's Exim 4.96 on the same servers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_eximsim.errors import ScenarioError, ServiceError
from pytest_eximsim.exim.world import SqlError, SqlResult, SqlServer
from pytest_eximsim.runtime.clock import VirtualClock
from pytest_eximsim.runtime.hub import Hub
from pytest_eximsim.runtime.owner import Owner
from pytest_eximsim.services.images import Images
from pytest_eximsim.services.sql import mariadb, owned, postgres, providers
from pytest_eximsim.services.sql.gate import SqlGate
from pytest_eximsim.services.sql.providers import fill, open_provider

Open = Callable[..., Any]


@pytest.fixture
def hub() -> Iterator[Hub]:
    made = Hub(VirtualClock(1383557106.5))
    yield made
    made.close()


def opener(kind: str, where: str, request: pytest.FixtureRequest, hub: Hub) -> Iterator[Open]:
    """`open(*setup)`: a database of that kind; all are closed at the end."""
    made, provider, images = [], where, Images()
    if where == "url":
        provider = request.getfixturevalue(f"{kind}_url")
    else:
        built = request.getfixturevalue("images")
        images = Images(pgsql=built["postgres"], mysql=built["mariadb"])

    def open(*setup: str) -> Any:
        made.append(open_provider(kind, provider, setup, hub=hub, images=images))
        return made[-1]

    yield open
    for one in made:
        one.close()


@pytest.fixture(params=["url", "container"])
def pgsql(request: pytest.FixtureRequest, hub: Hub) -> Iterator[Open]:
    yield from opener("pgsql", request.param, request, hub)


@pytest.fixture(params=["url", "container"])
def mysql(request: pytest.FixtureRequest, hub: Hub) -> Iterator[Open]:
    yield from opener("mysql", request.param, request, hub)


def result(database: Any, statement: str) -> object:
    """Rows of text, a number of changed rows, None, or the error."""
    try:
        found: SqlResult = database.execute(statement)
    except SqlError as error:
        assert not error.connect
        return error.text
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows] if found.columns or found.rows else found.affected


TABLE = "create table t (a varchar(20), b int); insert into t values ('kä', 1), (NULL, 2)"


@pytest.fixture(params=[(kind, where) for kind in ("pgsql", "mysql") for where in ("url", "container")], ids="-".join)
def either(request: pytest.FixtureRequest, hub: Hub) -> Iterator[tuple[str, Open]]:
    """A kind, and `open`."""
    kind, where = request.param
    opening = opener(kind, where, request, hub)
    yield kind, next(opening)
    next(opening, None)


@pytest.mark.parametrize(("statement", "expected"), [
    ("select a, b from t order by b", [{"a": "k\xc3\xa4", "b": "1"}, {"a": None, "b": "2"}]),
    ("select 1 as a, NULL as b, true as c", [{"a": "1", "b": None, "c": "t"}]),
    ("select 1.50 as d, '' as e", [{"d": "1.50", "e": ""}]),
    ("select", [{}]),
    ("select 1 where false", []),
    ("update t set b = 2", 2),
    ("delete from t where b = 1", 1),
    ("insert into t values ('x', 3), ('y', 4)", 2),
    ("insert into t values ('x', 3) returning b", [{"b": "3"}]),
    ("create table u (a text); insert into u values (1); select 5 as x, 6 as y", [{"x": "5", "y": "6"}]),
    ("select 1 as x; update t set b = 2", 2),
    ("drop table t", None),
    ("", None),
    ("show client_encoding", [{"client_encoding": "SQL_ASCII"}]),
    ("select nope", 'ERROR:  column "nope" does not exist\nLINE 1: select nope\n               ^\n'),
    ("select 1; select nope", 'ERROR:  column "nope" does not exist\nLINE 1: select 1; select nope\n                         ^\n'),
    ("select 'k\xe4'", 'ERROR:  invalid byte sequence for encoding "UTF8": 0xe4 0x27\n'),
    ("select 'a'\0 nonsense", [{"?column?": "a"}]),
])
def test_postgres(pgsql: Open, statement: str, expected: object) -> None:
    assert result(pgsql(TABLE), statement) == expected


@pytest.mark.parametrize(("statement", "expected"), [
    ("select a, b from t order by b", [{"a": "k\xc3\xa4", "b": "1"}, {"a": None, "b": "2"}]),
    ("select 1 as a, NULL as b, true as c", [{"a": "1", "b": None, "c": "1"}]),
    ("select 1.50 as d, '' as e", [{"d": "1.50", "e": ""}]),
    ("select 1 as a where false", []),
    ("update t set b = 2", 1),              # rows that changed, not those that were found
    ("delete from t", 2),
    ("insert into t values ('x', 3), ('y', 4)", 2),
    ("create table u (a int)", 0),
    ("set @a = 1", 0),
    ("drop table t", 0),
    ("select @@character_set_client as c", [{"c": "utf8mb4"}]),
    ("select 'k\xe4' as a", [{"a": "k\xe4"}]),
    ("select nope", "Unknown column 'nope' in 'SELECT'"),
    (";", "Query was empty"),
    ("select 5; select 6", "You have an error in your SQL syntax; check the manual that corresponds to your MariaDB server version "
                           "for the right syntax to use near 'select 6' at line 1"),
])
def test_mariadb(mysql: Open, statement: str, expected: object) -> None:
    assert result(mysql(TABLE), statement) == expected


def test_a_function_of_the_setup_file(pgsql: Open) -> None:
    """The way of the specification: SELECT * FROM record_Delivery(…)."""
    database = pgsql("create table deliveries (id text, host text);\n"
                     "create function record_delivery(text, text) returns void language sql as\n"
                     "  $$ insert into deliveries values ($1, $2) $$;")
    assert result(database, "SELECT * FROM record_Delivery('1VdDTy-0000GL-Ks', 'mx.example.com')") == [{"record_delivery": None}]
    assert result(database, "select * from deliveries") == [{"id": "1VdDTy-0000GL-Ks", "host": "mx.example.com"}]


def test_delimiters_of_the_setup_file(mysql: Open) -> None:
    database = mysql("create table t (a int);\nDELIMITER //\ncreate function f(x int) returns int modifies sql data\n"
                     "begin\n  insert into t values (x); return x + 1;\nend//\nDELIMITER ;\ninsert into t values (1);\n")
    assert result(database, "select f(2) as f") == [{"f": "3"}]
    assert result(database, "select a from t order by a") == [{"a": "1"}, {"a": "2"}]


@pytest.mark.parametrize(("text", "parts"), [
    ("a; b;", ["a; b;"]), ("", []), (" ;\n; ", []), ("a;\ndelimiter $$\nb; c$$\nd;$$\nDELIMITER ;\ne;", ["a;\n", "\nb; c", "\nd;", "\ne;"]),
])
def test_split_script(text: str, parts: list[str]) -> None:
    assert mariadb.split_script(text) == parts


def test_each_scenario_has_its_own(either: tuple[str, Open]) -> None:
    """Two of them, at once and one after the other; nothing is left on the server."""
    kind, open = either
    first, second = open(TABLE), open(TABLE)
    first.execute("delete from t")
    assert len(second.execute("select * from t").rows) == 2
    first.close()
    third = open(TABLE)
    assert len(third.execute("select * from t").rows) == 2
    names = providers.KINDS[kind].names
    before = {row[0] for row in third.execute(names).rows}
    third.close()
    assert len(before - {row[0] for row in second.execute(names).rows}) == 1


def test_more_setup_in_a_step(either: tuple[str, Open], hub: Hub) -> None:
    database = either[1](TABLE)
    fill(database, ["insert into t values ('more', 9)"], hub=hub)
    assert result(database, "select a from t where b = 9") == [{"a": "more"}]


def test_a_mistake_in_the_setup(either: tuple[str, Open]) -> None:
    kind, open = either
    reason = {"pgsql": 'syntax error at or near "nonsense"', "mysql": "You have an error in your SQL syntax"}[kind]
    with pytest.raises(ScenarioError, match=f"`setup`: .*{reason}"):
        open("nonsense")


def test_without_setup_the_urls_database_is_used_as_it_stands(pgsql_url: str, hub: Hub) -> None:
    writing, reading = (open_provider("pgsql", pgsql_url, (), hub=hub) for _ in range(2))
    writing.execute("create table standing (a text); insert into standing values ('x')")
    try:
        assert result(reading, "select a from standing") == [{"a": "x"}]
    finally:
        writing.execute("drop table standing")
        writing.close()
        reading.close()


@pytest.mark.parametrize("kind", ["pgsql", "mysql"])
def test_what_a_killed_run_left_is_dropped(kind: str, request: pytest.FixtureRequest) -> None:
    url, differs = request.getfixturevalue(f"{kind}_url"), providers.KINDS[kind]
    here, client = Owner.current(), differs.client(url)
    changes: list[dict[str, Any]] = [{"started": "1"}, {"boot": "before"}, {}, {"host": "elsewhere"}]
    names = [owned.database_name(dataclasses.replace(here, **change), 1) for change in changes]
    try:
        for name in names:
            client.execute(f"CREATE DATABASE {differs.quoted(name)}")
        assert sorted(owned.sweep(client, differs.names, differs.quoted)) == sorted(names[:2])
        left = {row[0] for row in client.execute(differs.names).rows}
        assert left.isdisjoint(names[:2])
        assert left.issuperset(names[2:])
    finally:
        for name in names[2:]:
            client.execute(f"DROP DATABASE {differs.quoted(name)}")
        client.close()


class InUse:
    """A server that has these databases and will not drop one of them."""

    name = "server"

    def __init__(self, names: list[str], used: str) -> None:
        self.names, self.used = names, used
        self.dropped: list[str] = []

    def execute(self, statement: str) -> SqlResult:
        if statement.endswith(self.used):
            raise SqlError("is being accessed by other users")
        if statement.startswith("DROP DATABASE "):
            self.dropped.append(statement.removeprefix("DROP DATABASE "))
        return SqlResult(("name",), tuple((name,) for name in self.names))


def test_one_that_cannot_be_dropped_is_no_matter() -> None:
    names = [owned.database_name(dataclasses.replace(Owner.current(), started="1"), number) for number in range(3)]
    server = InUse(names, names[0])
    assert owned.sweep(server, "list", str) == server.dropped == names[1:]  # type: ignore[arg-type]


def test_who_may_not_make_a_database_is_told(pgsql_url: str, hub: Hub) -> None:
    admin = postgres.Postgres(pgsql_url)
    admin.execute("create role weak login")
    try:
        with pytest.raises(ServiceError, match="`setup` needs a database of its own, which cannot be made: ERROR:  permission denied"):
            open_provider("pgsql", pgsql_url.replace("exim@", "weak@"), ["select 1"], hub=hub)
    finally:
        admin.execute("drop role weak")
        admin.close()


@pytest.mark.parametrize(("kind", "url", "reason"), [
    ("pgsql", "postgresql://u:secret@127.0.0.1:1/d", r"postgresql://\*\*\*@127\.0\.0\.1:1/d: .*Connection refused"),
    ("mysql", "mysql://u:secret@127.0.0.1:1/d", r"mysql://\*\*\*@127\.0\.0\.1:1/d: Can't connect to MySQL server"),
])
def test_nobody_at_the_url(kind: str, url: str, reason: str, hub: Hub) -> None:
    with pytest.raises(ServiceError, match=reason) as caught:
        open_provider(kind, url, (), hub=hub)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("kind", "provider"), [
    ("pgsql", "mysql://h/d"), ("mysql", "postgresql://h/d"), ("pgsql", "binary"), ("mysql", "sqlite:///x"),
])
def test_what_is_no_provider(kind: str, provider: str, hub: Hub) -> None:
    with pytest.raises(ScenarioError, match=r"expected record, container or a (postgresql|mysql):// URL"):
        open_provider(kind, provider, (), hub=hub)


def test_a_lost_connection_is_made_anew(pgsql: Open) -> None:
    database = pgsql(TABLE)
    assert "terminating connection" in str(result(database, "select pg_terminate_backend(pg_backend_pid())"))
    assert result(database, "select 1 as a") == [{"a": "1"}]


@dataclasses.dataclass
class Dead:
    """A server that is there no more."""

    name: str = "dead"

    def execute(self, statement: str) -> SqlResult:
        raise SqlError("what psycopg says of its own address", connect=True)

    def close(self) -> None: ...


def test_a_server_that_died_is_refused_at_the_address_that_the_configuration_names() -> None:
    gate = SqlGate(None, {"pgsql": Dead()})  # type: ignore[arg-type]
    with pytest.raises(SqlError, match=r'connection to server at "10\.0\.0\.7", port 5433 failed: Connection refused') as caught:
        gate.execute("pgsql", SqlServer("10.0.0.7", 5433, "", "d", "u", "p"), "select 1")
    assert caught.value.connect
