"""SQL as scenarios have it, through the whole system. Results are those of Debian's Exim 4.96 on the same servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Run = Callable[..., str]

EXIM = """\
exim:
  version: "4.96"
  config: |
    hide pgsql_servers = <; db.internal/mail/exim/secret ; 10.0.0.7/mail/exim/secret
    hide mysql_servers = 10.0.0.8/mail/exim/secret
"""
POSTGRES = EXIM + """\
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
          - {string: "${lookup pgsql{select a from t}}", is: "x\\n"}
          - {string: "${lookup pgsql{select a from t where false}{yes}{no}}", is: "no"}
          - {string: "${lookup pgsql{drop table if exists u}{yes}{no}}", is: "no"}
          - {string: "${lookup pgsql{select '${quote_pgsql:it's}'}}", is: "it's"}
          - string: "${lookup pgsql{select nope}}"
            fails: "lookup of \\"select nope\\" gave DEFER: PGSQL: query failed: ERROR:  column \\"nope\\" does not exist\\n*\\n*^\\n\\
              \\ (PGRES_FATAL_ERROR) (select nope)\\n"
      - sql: {pgsql: {setup: ["insert into t values ('more', 3)"]}}
      - expand: [{string: "${lookup pgsql{select a from t where \\"order\\" = 3}}", is: more}]
      - sql: {servers: {db.internal: down, 10.0.0.7: pgsql}}
      - expand: [{string: "${lookup pgsql{select 1}}", is: "1"}]
    expect: {sql: {pgsql: {'select "order", a from t order by 1': ["1|x", "2|NULL", "3|more"]}}}
"""
MARIADB = EXIM + """\
sql: {mysql: {provider: "PROVIDER", setup_file: schema.sql}}
scenarios:
  - name: mariadb
    steps:
      - expand:
          - {string: "${lookup mysql{insert into t values ('x', 1), (NULL, 2)}}", is: "2"}
          - {string: "${lookup mysql{update t set n = 1}}", is: "1"}
          - {string: "${lookup mysql{select * from t where a = 'x'}}", is: "a=x n=1 "}
          - {string: "${lookup mysql{select twice(21)}}", is: "42"}
          - {string: "${lookup mysql{set @a = 1}{yes}{no}}", is: "yes"}
          - {string: "${lookup mysql{select '${quote_mysql:it's}'}}", is: "it's"}
    expect: {sql: {mysql: {select a from t where a is not null: ["x"]}}}
"""
SCHEMA = """\
create table t (a varchar(10), n int);
DELIMITER //
create function twice(x int) returns int deterministic begin return 2 * x; end//
DELIMITER ;
"""


@pytest.mark.parametrize("where", ["url", "container"])
@pytest.mark.parametrize(("text", "kind", "image"), [(POSTGRES, "pgsql", "postgres"), (MARIADB, "mysql", "mariadb")])
def test_real_servers(run: Run, text: str, kind: str, image: str, where: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    provider, arguments = "container", []
    if where == "url":
        provider = request.getfixturevalue(f"{kind}_url")
    else:
        images: Mapping[str, str] = request.getfixturevalue("images")
        arguments = ["-o", f"eximsim_{image}_image={images[image]}"]
    (tmp_path / "schema.sql").write_text(SCHEMA)
    run(text.replace("PROVIDER", provider), *arguments)


def test_recorded_statements(run: Run) -> None:
    run(EXIM + """\
sql:
  pgsql: {answers: {"select name*": alice, "SELECT * FROM f(*": "", "select a, b*": "a=1|b=x y", "*": null}}
scenarios:
  - name: recorded
    expand:
      - {string: "${lookup pgsql{select name from t}}", is: alice}
      - {string: "${lookup pgsql{SELECT * FROM f(1)}{yes}{no}}", is: "yes"}
      - {string: "${lookup pgsql{select a, b from t}}", is: "a=1 b=\\"x y\\" "}
      - {string: "${lookup pgsql{select other}{yes}{no}}", is: "no"}
    expect: {sql: {pgsql: ["select name from t", 'SELECT \\* FROM f(1)', "select a, b from t", "select other"]}}
""")


def test_a_statement_without_an_answer_fails_with_its_text(run: Run) -> None:
    output = run(EXIM + """\
sql: {pgsql: {answers: {"select 1": "1"}}}
scenarios: [{name: a, expand: [{string: "${lookup pgsql{select 2}{yes}{no}}", is: "no"}]}]
""", passes=False)
    assert "select 2" in output


def test_nobody_listens(run: Run) -> None:
    run(EXIM + """\
scenarios:
  - name: absent
    expand:
      - string: "${lookup mysql{select 1}}"
        fails: "lookup of \\"select 1\\" gave DEFER: MYSQL connection failed: Can't connect to server on '10.0.0.8' (115)"
""")


def test_sqlite_is_always_real(run: Run) -> None:
    run("""\
sql: {sqlite: {log.db: ["create table t (a)", "insert into t values ('kä')"]}}
scenarios:
  - name: sqlite
    steps:
      - expand:
          - {string: "${lookup sqlite{@DIR@/log.db select a from t}}", is: kä}
          - {string: "${lookup sqlite{@DIR@/log.db insert into t values ('more')}}", is: ""}
      - sql: {sqlite: {log.db: ["insert into t values ('step')"], new.db: ["create table u (b)"]}}
    expect: {sql: {sqlite: {log.db: {select a from t: ["kä", "more", "step"]}, new.db: {select b from u: []}}}}
""")


def test_folders_of_sqlite_files_are_made(run: Run) -> None:
    run("""\
sql: {sqlite: {/var/lib/policy/deep/log.db: ["create table t (a)", "insert into t values (1)"]}}
scenarios:
  - name: sqlite
    expand: [{string: "${lookup sqlite{/var/lib/policy/deep/log.db select a from t}}", is: "1"}]
""")


def test_a_wrong_statement_for_sqlite_has_its_place(run: Run) -> None:
    output = run("""\
sql: {sqlite: {log.db: ["create tabl t (a)"]}}
scenarios: [{name: a, expand: [{string: a, is: a}]}]
""", passes=False)
    assert 'test.eximsim.yaml:1:15: cannot be run: `log.db`: near "tabl": syntax error' in output


@pytest.mark.parametrize(("string", "result"), [
    ("${lookup sqlite,file=/x.db{select a from t}}", "is: '1'"),
    ("${lookup sqlite{select a from t}}", "is: '1'"),
    ("${lookup sqlite{/y.db select a from t}}", "is: '2'"),
    ("${lookup sqlite,file=/x.db{/y.db select a from t}}", "is: ''"),
    ("${lookup sqlite,file=x.db{select a from t}}", "fails: 'absolute file name expected for \"sqlite\" lookup'"),
    ("${lookup sqlite,file={select a from t}}", "is: '1'"),
    ("${lookup sqlite,abc,file=/y.db,file=/x.db{  select a from t}}", "is: '2'"),
    ("${lookup sqlite,file=/nosuch/y.db{select a from t}}", "fails: unable to open database file"),
    ("${if match_local_part{a}{sqlite,file=/y.db;select a from t where a > 1}{y}{n}}", "is: y"),
    ("${if match_local_part{a}{sqlite;select a from t where a > 1}{y}{n}}", "is: n"),
    ("${if match_address{a@b}{sqlite;select a from t}{y}{n}}", "is: y"),
    ("${if match_ip{1.1.1.1}{net-sqlite;/y.db select a from t}{y}{n}}", "is: y"),
    ("${if match_ip{1.1.1.1}{net-sqlite;select a from t}{y}{n}}", "fails: 'absolute file name expected for \"sqlite\" lookup'"),
])
def test_where_the_file_of_a_query_is_named(string: str, result: str, tmp_path: Path) -> None:
    """As Debian's Exim 4.96 was asked."""
    from pytest_eximsim.scenario.loader import load
    from pytest_eximsim.scenario.runner import RunOptions, run_case

    path = tmp_path / "test.eximsim.yaml"
    path.write_text(f"""\
exim: {{version: "4.96", set: {{sqlite_dbfile: /x.db}}}}
sql: {{sqlite: {{/x.db: ["create table t (a)", "insert into t values (1)"], /y.db: ["create table t (a)", "insert into t values (2)"]}}}}
scenarios: [{{name: a, expand: [{{string: "{string}", {result}}}]}}]
""")
    case, = load(path, path.name).cases
    assert not run_case(case.bind(), RunOptions()).failures
