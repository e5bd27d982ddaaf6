"""The report of a failed scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_eximsim.errors import Position
from pytest_eximsim.report.text import BUDGET, render
from pytest_eximsim.scenario.loader import Case, load
from pytest_eximsim.scenario.outcome import Exchange, Failure, Outcome

TEXT = """\
scenarios:
  - name: a
    session:
      smtp: |
        S: 220
        C: QUIT
        S: 250
"""
PLACE = Position("a.yaml", 7, 9)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    (tmp_path / "a.yaml").write_text(TEXT)
    return load(tmp_path / "a.yaml", "a.yaml").cases[0]


def test_expected_and_received_come_first(case: Case) -> None:
    talk = (Exchange("S", "220 mail.example.net"), Exchange("C", "QUIT"), Exchange("#", "(the client closes)"))
    failure = Failure("the server says something else", PLACE, "250", "221 mail.example.net closing connection", talk, ("a note",))
    outcome = Outcome([failure], mainlog=["2013-11-04 09:25:06 one", "2013-11-04 09:25:06 two"], missing=["DNS: a.example A: nxdomain"],
                      rejectlog=["hidden"], trace=["why"], release="4.99", release_reason="the scenario's `version`")
    assert render(outcome, case).split("\n") == [
        "a.yaml:7:9: the server says something else",
        "expected  250",
        "received  221 mail.example.net closing connection",
        "     7 |         S: 250",
        "       |         ^",
        "  a note",
        "the conversation so far:",
        "  S: 220 mail.example.net",
        "  C: QUIT",
        "  # (the client closes)",
        "mainlog:",
        "  2013-11-04 09:25:06 one",
        "  2013-11-04 09:25:06 two",
        "not there: DNS: a.example A: nxdomain",
    ]
    more = render(outcome, case, verbose=True)
    assert "rejectlog:\n  hidden" in more
    assert more.endswith("imitated: Exim 4.99 (the scenario's `version`)\nwhy:\n  why")


def test_replies_of_many_lines_take_one(case: Case) -> None:
    talk = tuple(Exchange(text[0], text[3:]) for text in ("S: 220 hi", "C: EHLO x", "S: 250-a", "S: 250-b", "S: 250 c", "C: QUIT"))
    outcome = Outcome([Failure("the server says something else", PLACE, "250", "221", talk)])
    assert render(outcome, case).split("\n")[-4:] == ["  S: 220 hi", "  C: EHLO x", "  S: 250 c   (the last of 3 lines)", "  C: QUIT"]
    assert "  S: 250-a\n  S: 250-b\n  S: 250 c\n" in render(outcome, case, verbose=True)


def long_outcome(failures: int) -> Outcome:
    many = tuple(Exchange("C", f"line {number}") for number in range(100))
    found = [Failure(f"failure {number}", PLACE, "a\n" * 20, "b\n" * 20, many, ("note",) * 9) for number in range(failures)]
    return Outcome(found, mainlog=["x" * 5000] * 50, paniclog=["y"] * 50, missing=[f"file: /etc/{number}" for number in range(90)])


@pytest.mark.parametrize("failures", [1, 2, 3, 10, 100])
def test_at_most_25_lines_whatever_happens(case: Case, failures: int) -> None:
    lines = render(long_outcome(failures), case).split("\n")
    assert len(lines) <= BUDGET
    assert max(map(len, lines)) < 230
    assert lines[0] == "a.yaml:7:9: failure 0"


def test_verbose_shows_all(case: Case) -> None:
    text = render(long_outcome(3), case, verbose=True)
    assert all(f"failure {number}" in text for number in range(3))
    assert "  C: line 0\n" in text
    assert text.count("  y\n") == 50


def test_one_failure_without_texts(case: Case) -> None:
    text = render(Outcome([Failure("`route` is not yet available", PLACE)]), case)
    assert text.split("\n")[0] == "a.yaml:7:9: `route` is not yet available"
