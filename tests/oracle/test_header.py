"""What the head of a run says of the real Exim."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_eximsim.errors import ServiceMissing
from pytest_eximsim.oracle.binary import find_exim
from pytest_eximsim.report.header import header
from pytest_eximsim.scenario.loader import Case, load


@pytest.fixture
def cases(tmp_path: Path) -> list[Case]:
    path = tmp_path / "test.eximsim.yaml"
    path.write_text("scenarios: [{name: a, expand: [{string: a, is: a}]}]\n")
    return list(load(path, path.name).cases)


def test_what_scenarios_are_played_on(cases: list[Case]) -> None:
    try:
        binary = find_exim()
    except ServiceMissing as missing:
        pytest.skip(missing.message)
    real = f"eximsim: 1 scenario in 1 file; played on the real Exim {binary.version} ({binary.path})"
    assert header(cases, 0, "exim") == [real]
    assert header(cases, 0, "both") == [f"{real} and on the simulator as Exim {binary.release}, and compared"]
    assert header(cases, 0)[0].endswith("simulated queue, they are not delivered")


def test_no_exim(cases: list[Case], tmp_path: Path) -> None:
    line, = header(cases, 0, "exim", str(tmp_path / "nothing"))
    assert line.endswith("; all are skipped")


def test_no_scenarios_need_no_exim() -> None:
    assert header([], 1, "exim", "/nowhere") == ["eximsim: 1 other YAML file left alone"]
