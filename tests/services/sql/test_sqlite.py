"""SQLite is always real."""

from pathlib import Path

import pytest

from pytest_eximsim.exim.world import SqlError, SqlResult
from pytest_eximsim.services.sql import sqlite


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = str(tmp_path / "log.db")
    sqlite.run(path, "create table t (a, b); insert into t values (1, 'x y'); insert into t values (NULL, 'k\xc3\xa4se')")
    return path


def test_rows(database: str) -> None:
    assert sqlite.run(database, "select * from t") == SqlResult(("a", "b"), (("1", "x y"), (None, "k\xc3\xa4se")))


def test_changes(database: str) -> None:
    assert sqlite.run(database, "update t set a = 5") == SqlResult((), (), 2)


def test_several_statements_give_the_rows_of_the_select(database: str) -> None:
    assert sqlite.run(database, "insert into t values (7, ';'); select a from t where a = 7").rows == (("7",),)


def test_a_wrong_statement(database: str) -> None:
    with pytest.raises(SqlError, match="no such table: nope"):
        sqlite.run(database, "select * from nope")


def test_a_file_that_cannot_be_opened() -> None:
    with pytest.raises(SqlError, match="unable to open database file"):
        sqlite.run("/nosuch/dir/file", "select 1")
