"""What the head of a run says of the real Exim."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_eximsim.oracle.both import played_on
from pytest_eximsim.oracle.mta.binary import Binary
from pytest_eximsim.report.header import header
from pytest_eximsim.scenario.loader import Case, load


@pytest.fixture
def cases(tmp_path: Path) -> list[Case]:
    path = tmp_path / "test.eximsim.yaml"
    path.write_text("scenarios: [{name: a, expand: [{string: a, is: a}]}]\n")
    return list(load(path, path.name).cases)


def test_what_scenarios_are_played_on(cases: list[Case], binary: Binary) -> None:
    real = f"played on the real Exim {binary.version} ({binary.path})"
    assert played_on("exim", None, "") == real
    assert played_on("both", None, "") == f"{real} and on the simulator as Exim {binary.release}, and compared"
    assert header(cases, 0, real) == [f"eximsim: 1 scenario in 1 file; {real}"]
    assert header(cases, 0)[0].endswith("simulated queue, they are not delivered")


def test_no_exim(tmp_path: Path) -> None:
    assert played_on("exim", str(tmp_path / "nothing"), "").endswith("; all are skipped")
