"""Redis and SQL as a real Exim reaches them: at the places that its configuration names, on the scenario's providers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pytest_eximsim.dns import Zone
from pytest_eximsim.errors import Position
from pytest_eximsim.oracle.both import run_both, run_real
from pytest_eximsim.oracle.mta.binary import Binary
from pytest_eximsim.oracle.mta.services import Stores
from pytest_eximsim.oracle.place.namespaces import Network, why_not
from pytest_eximsim.oracle.place.network import Site, Wires
from pytest_eximsim.oracle.place.tree import Tree
from pytest_eximsim.runtime.certificates import Authority, TlsMaker
from pytest_eximsim.runtime.clock import SystemClock
from pytest_eximsim.runtime.hub import Hub
from pytest_eximsim.scenario.model import Redis
from pytest_eximsim.scenario.neighbours import RedisNeighbour, SqlNeighbour
from pytest_eximsim.scenario.outcome import Outcome

Play = Callable[..., Outcome]


# ---- SQLite

def test_sqlite_files_and_their_changes_by_steps(play: Play) -> None:
    outcome = play("""\
sql: {sqlite: {/var/lib/policy/deep/log.db: ["create table t (a)", "insert into t values ('kä')"], sub/other.db: ["create table u (b)"]}}
scenarios:
  - name: sqlite
    steps:
      - expand:
          - {string: "${lookup sqlite{/var/lib/policy/deep/log.db select a from t}}", is: kä}
          - {string: "${lookup sqlite{/var/lib/policy/deep/log.db insert into t values ('more')}}", is: ""}
          - {string: "${lookup sqlite{@DIR@/sub/other.db select b from u}{yes}{no}}", is: "no"}
      - sql: {sqlite: {/var/lib/policy/deep/log.db: ["insert into t values ('step')"], new.db: ["create table u (b)"]}}
      - expand: [{string: "${lookup sqlite{/var/lib/policy/deep/log.db select max(a) from t}}", is: step}]
    expect: {sql: {sqlite: {/var/lib/policy/deep/log.db: {select a from t: ["kä", "more", "step"]}, new.db: {select b from u: []}}}}
""")
    assert outcome.passed, outcome.failures


def test_a_wrong_statement_for_sqlite_has_its_place(play: Play) -> None:
    outcome = play('sql: {sqlite: {log.db: ["create tabl t (a)"]}}\nscenarios: [{name: a, expand: [{string: a, is: a}]}]\n')
    assert [one.title for one in outcome.failures] == ['cannot be run: `log.db`: near "tabl": syntax error']
    assert str(outcome.failures[0].position) == "test.eximsim.yaml:1:15"


# ---- SQL servers

EXIM = """\
exim:
  version: "4.96"
  config: |
    hide pgsql_servers = <; db.internal/mail/exim/secret ; 10.0.0.7/mail/exim/secret ; (/run/pg/.s.PGSQL.5433)/mail/exim/secret
    hide mysql_servers = <; 10.0.0.8/mail/exim/secret ; localhost/mail/exim/secret ; localhost(/run/other.sock)/mail/exim/secret
    acl_smtp_rcpt = rcpt
    begin acl
    rcpt:
      accept condition = ${lookup pgsql{select yes from t where a = '$local_part'}}
      deny   message = unknown
"""


@pytest.mark.parametrize("on", [run_real, run_both])
def test_postgres(play: Play, on: Callable[..., Outcome], pgsql_url: str) -> None:
    outcome = play(EXIM + """
sql:
  pgsql:
    provider: PROVIDER
    setup:
      - create table t (a text, "order" int)
scenarios:
  - name: postgres
    steps:
      - expand:
          - {string: "${lookup pgsql{insert into t values ('x', 1), (NULL, 2)}}", is: "2"}
          - {string: "${lookup pgsql{select * from t where a = 'x'}}", is: "a=x order=1 "}
          - {string: "${lookup pgsql{select * from t where a is null}}", is: "a=\\"\\" order=2 "}
          - {string: "${lookup pgsql{select a from t where false}{yes}{no}}", is: "no"}
          - {string: "${lookup pgsql{drop table if exists u}{yes}{no}}", is: "no"}
          - {string: "${lookup pgsql{select '${quote_pgsql:it's}'}}", is: "it's"}
          - {string: "${lookup pgsql{select 1; select 2}}", is: "2"}
          - {string: "${lookup pgsql{servers=(/run/pg/.s.PGSQL.5433)/mail/exim/secret; select 3}}", is: "3"}
          - string: "${lookup pgsql{select nope}}"
            fails: "lookup of \\"select nope\\" gave DEFER: PGSQL: query failed: ERROR:  column \\"nope\\" does not exist\\n*\\n*^\\n\\
              \\ (PGRES_FATAL_ERROR) (select nope)\\n"
      - sql: {pgsql: {setup: ["insert into t values ('more', 3)"]}}
      - sql: {servers: {db.internal: down, 10.0.0.7: pgsql}}
      - expand: [{string: "${lookup pgsql{select a from t where \\"order\\" = 3}}", is: more}]
      - sql: {servers: {10.0.0.7: down}}
      - expand: [{string: "${lookup pgsql{select 4}{yes}{no}}", fails: "*gave DEFER: PGSQL connection failed: *\\n*\\n"}]
    expect: {sql: {pgsql: {'select "order", a from t order by 1': ["1|x", "2|NULL", "3|more"]}}}
""".replace("PROVIDER", pgsql_url), on)
    assert outcome.passed, outcome.failures


@pytest.mark.parametrize("on", [run_real, run_both])
def test_mariadb(play: Play, on: Callable[..., Outcome], mysql_url: str) -> None:
    outcome = play(EXIM + """
sql: {mysql: {provider: PROVIDER, setup: ["create table t (a varchar(300), n int)"]}}
scenarios:
  - name: mariadb
    steps:
      - expand:
          - {string: "${lookup mysql{insert into t values ('x', 1), (NULL, 2), (repeat('y', 300), 3)}}", is: "3"}
          - {string: "${lookup mysql{update t set n = 7 where a = 'x'}}", is: "1"}
          - {string: "${lookup mysql{select * from t where a = 'x'}}", is: "a=x n=7 "}
          - {string: "${strlen:${lookup mysql{select a from t where n = 3}}}", is: "300"}
          - {string: "${lookup mysql{select a from t where n = 9}{yes}{no}}", is: "no"}
          - {string: "${lookup mysql{set @a = 1}{yes}{no}}", is: "yes"}
          - {string: "${lookup mysql{select '${quote_mysql:it's}'}}", is: "it's"}
          - {string: "${lookup mysql{servers=localhost; select 3}}", is: "3"}
          - {string: "${lookup mysql,servers=localhost(/run/other.sock)/mail/exim/secret{select 5}}", is: "5"}
          - string: "${lookup mysql{select nope}}"
            fails: "lookup of \\"select nope\\" gave DEFER: MYSQL: query failed: Unknown column 'nope' in*\\n"
      - sql: {servers: {10.0.0.8: down}}
      - expand:
          - string: "${lookup mysql,servers=10.0.0.8{select 1}}"
            fails: "lookup of \\"select 1\\" gave DEFER: MYSQL connection failed: Can't connect to server on '10.0.0.8' (115)"
    expect: {sql: {mysql: {select n from t where a = 'x': ["7"]}}}
""".replace("PROVIDER", mysql_url), on)
    assert outcome.passed, outcome.failures


def test_recorded_statements(play: Play) -> None:
    outcome = play(EXIM + """
sql:
  pgsql: {answers: {"select yes*'a'": "1", "select yes*": null}}
  mysql: {answers: {"select 1": "a=x y|b=", "select 2": ""}}
scenarios:
  - name: recorded
    steps:
      - send: {rcpt_to: [a@example.net, b@example.net], expect: {rcpt: {b@example.net: 550 unknown}}}
      - expand:
          - {string: "${lookup mysql{select 1}}", is: "a=\\"x y\\" b=\\"\\" "}
          - {string: "${lookup mysql{select 2}{yes}{no}}", is: "yes"}
      - {expand: [{string: "${lookup mysql{select 3}{yes}{no}}", is: "no"}]}
    expect: {sql: {pgsql: ["select yes from t where a = 'a'", "select yes from t where a = 'b'"]}}
""")
    assert [(one.title, one.received) for one in outcome.failures] == [("`sql` has no answer for a statement", "select 3")]


def test_nobody_listens(play: Play) -> None:
    outcome = play(EXIM + """
scenarios:
  - name: absent
    expand:
      - string: "${lookup mysql{servers=10.0.0.8; select 1}}"
        fails: "*gave DEFER: MYSQL connection failed: Can't connect to server on '10.0.0.8' (115)"
      - string: "${lookup mysql{servers=localhost; select 1}}"
        fails: "*gave DEFER: MYSQL connection failed: Can't connect to local server through socket '/run/mysqld/mysqld.sock' (2)"
      - string: "${lookup pgsql{servers=db.internal; select 1}}"
        fails: "*could not translate host name \\"db.internal\\" to address: Name or service not known\\n"
""", run_both)
    assert outcome.passed, outcome.failures


def test_a_name_has_the_address_that_the_scenario_gives_it(play: Play) -> None:
    """Its door is there, and nowhere else; the hosts file of a step counts, too."""
    outcome = play(EXIM + """
dns: |
  db.internal A 10.0.0.7
sql: {pgsql: {answers: {"*": x}}, servers: {10.0.0.7: pgsql, db.internal: pgsql}}
scenarios:
  - name: names
    steps:
      - expand: [{string: "${lookup pgsql{servers=db.internal; select 1}}", is: x}]
      - hosts: "10.0.0.9 db.internal\\n"
      - expand: [{string: "${lookup pgsql{servers=db.internal; select 1}}", is: x}]
      - expand: [{string: "${lookup pgsql,servers=10.0.0.9::5439/a/b/c{select 2}}", fails: "*refused*\\n*\\n"}]
""")
    assert outcome.passed, outcome.failures


def test_one_place_cannot_be_two_servers(play: Play) -> None:
    outcome = play(EXIM + """
dns: |
  db.internal A 10.0.0.7
sql: {pgsql: {answers: {"*": x}}, servers: {10.0.0.7: down, db.internal: pgsql}}
scenarios: [{name: a, expand: [{string: a, is: a}]}]
""")
    assert outcome.skipped == "`db.internal:5432` and `10.0.0.7:5432` are one place to a real Exim: it finds no two servers there"


# ---- Redis

def test_an_exim_without_redis_says_so_itself(play: Play, binary: Binary) -> None:
    outcome = play("exim: {config: 'redis_servers = 10.0.0.9//'}\nredis: {}\nscenarios: [{name: a, expand: [{string: a, is: a}]}]\n")
    assert outcome.passed if binary.has("redis") else 'main option "redis_servers" unknown' in outcome.skipped


@dataclass(eq=False)
class Mta:
    """As much of an MTA as doors need."""

    site: Site
    files: Tree
    servers: str
    name: str = "exim"
    hosts: str = ""
    more_hosts: str = ""
    options: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.options["redis_servers"] = self.servers

    def text(self) -> str:
        return ""

    def add_hosts(self, lines: str) -> None:
        self.more_hosts = lines


@dataclass
class Place:
    """A scenario's Redis, and who asks for it in the network of an MTA."""

    hub: Hub
    wires: Wires
    redis: RedisNeighbour
    stores: Stores
    mta: Mta

    def use(self, **settings: Any) -> None:
        self.redis.use(Redis(position=Position("test"), **settings))
        self.stores.adjust()

    def ask(self, *words: str, **place: Any) -> Any:
        """The reply, or the kind of error."""
        import redis

        def ask() -> Any:
            with self.network.entered():
                settings = {"host": "10.0.0.9", "socket_timeout": 20.0, "protocol": 2, "retry": None, "decode_responses": True, **place}
                client: Any = redis.Redis(**settings)
                try:
                    return client.execute_command(*words)
                except redis.RedisError as error:
                    return type(error).__name__
                finally:
                    client.close()

        return self.hub.call_blocking(ask)

    @property
    def network(self) -> Network:
        return self.mta.site.network


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Callable[[Callable[[Place], None]], None]]:
    if reason := why_not():
        pytest.skip(reason)
    hub = Hub(SystemClock())
    wires = Wires(hub, TlsMaker(Authority()))
    redis, sql = RedisNeighbour(hub), SqlNeighbour(hub)
    stores = Stores(hub, wires, redis.gate, Zone)

    def run(test: Callable[[Place], None]) -> None:
        def all() -> None:
            servers = "<; 10.0.0.9// ; cache// ; localhost(/run/r.sock)// ; 127.0.0.1:1//"
            mta = Mta(wires.join(["192.0.2.25"]), Tree(str(tmp_path), "/"), servers)
            stores.use(mta, sql.gate(mta.files))  # type: ignore[arg-type]
            test(Place(hub, wires, redis, stores, mta))

        hub.run(all, 60.0)

    yield run
    stores.close()
    wires.close()
    hub.close()
    redis.close()


def test_redis_at_its_places(place: Callable[[Callable[[Place], None]], None], tmp_path: Path) -> None:
    def test(p: Place) -> None:
        assert p.ask("GET", "a") == "ConnectionError"
        p.use(commands=("SET a 1", "SADD s 2 1"))
        assert p.ask("GET", "a") == "1"
        assert sorted(p.ask("SMEMBERS", "s")) == ["1", "2"]
        assert p.ask("NOSUCH") == "ResponseError"
        assert p.ask("GET", "a", host=p.mta.more_hosts.split()[0]) == "1"
        assert p.mta.more_hosts.split()[1::2] == ["cache"]
        assert p.ask("GET", "a", unix_socket_path=str(tmp_path / "run/r.sock")) == "1"
        assert p.ask("GET", "a", host="127.0.0.1", port=1) == "ConnectionError"     # a port of its own: nobody's
        assert p.ask("GET", "a", host="10.0.0.10") == "ConnectionError"

    place(test)


def test_redis_with_faults(place: Callable[[Callable[[Place], None]], None]) -> None:
    def test(p: Place) -> None:
        p.use(commands=("SET a 1",), password="secret")
        assert p.ask("GET", "a") == "AuthenticationError"
        assert p.ask("GET", "a", password="secret") == "1"
        p.use(servers={"10.0.0.9:6379": "down"})
        assert p.ask("GET", "a", password="secret") == "ConnectionError"
        assert p.ask("GET", "a", password="secret", host=p.mta.more_hosts.split()[0]) == "1"
        p.use(servers={"10.0.0.9:6379": "up"}, password="", hang=True)
        assert p.ask("GET", "a", socket_timeout=0.1) == "TimeoutError"
        waiting = p.hub.spawn(lambda: p.ask("GET", "a"), "waits")
        p.hub.settle(0.1)
        assert not waiting.done
        p.use(hang=False)
        waiting.join()
        assert waiting.value == "1"

    place(test)


def test_a_real_redis_behind_the_door(place: Callable[[Callable[[Place], None]], None], require: Callable[[str], str]) -> None:
    require("redis-server")

    def test(p: Place) -> None:
        p.use(provider="binary", commands=("SET a 1",))
        assert p.ask("GET", "a") == "1"
        assert p.ask("BLPOP", "nothing", "0.05") is None

    place(test)
