"""Redis and SQL as a real Exim reaches them: at the places that its configuration names, on the scenario's providers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_eximsim.errors import ServiceMissing
from pytest_eximsim.oracle.binary import Binary, find_exim
from pytest_eximsim.oracle.both import run_real
from pytest_eximsim.scenario.loader import load
from pytest_eximsim.scenario.outcome import Outcome
from pytest_eximsim.scenario.runner import RunOptions

Play = Callable[[str], Outcome]


@pytest.fixture(scope="module")
def binary() -> Binary:
    try:
        return find_exim()
    except ServiceMissing as missing:
        pytest.skip(missing.message)


@pytest.fixture
def play(binary: Binary, tmp_path: Path) -> Play:
    """The outcome of a file's only scenario on the real Exim."""

    def call(text: str) -> Outcome:
        path = tmp_path / "test.eximsim.yaml"
        path.write_text(text)
        case, = load(path, path.name).cases
        return run_real(case.bind(), RunOptions(), binary)

    return call


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
    assert outcome.passed, outcome


def test_a_wrong_statement_for_sqlite_has_its_place(play: Play) -> None:
    outcome = play('sql: {sqlite: {log.db: ["create tabl t (a)"]}}\nscenarios: [{name: a, expand: [{string: a, is: a}]}]\n')
    assert [one.title for one in outcome.failures] == ['cannot be run: `log.db`: near "tabl": syntax error']
    assert str(outcome.failures[0].position) == "test.eximsim.yaml:1:15"
