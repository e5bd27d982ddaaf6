"""What real Exims did, file by file, against the simulator: the whole-system test.

Files that do not pass yet stand in expected_failures.txt with their reason; one that passes must be taken from the list.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_eximsim.report.fidelity import read_list
from pytest_eximsim.report.text import render
from pytest_eximsim.scenario.loader import load
from pytest_eximsim.scenario.runner import RunOptions, run_case

HERE = Path(__file__).parent
FILES = sorted(str(path.relative_to(HERE)) for path in HERE.glob("*/*.yaml"))


EXPECTED = read_list((HERE / "expected_failures.txt").read_text("utf-8"))


def _parameters() -> list[object]:
    return [pytest.param(name, marks=[pytest.mark.xfail(reason=EXPECTED[name], strict=True)] if name in EXPECTED else []) for name in FILES]


@pytest.mark.parametrize("name", _parameters())
def test_recorded(name: str) -> None:
    failed = []
    for case in load(HERE / name, name).cases:
        outcome = run_case(case.bind(), RunOptions())
        assert not outcome.skipped, outcome.skipped
        if outcome.failures:
            failed.append(render(outcome, case, verbose=False))
    assert not failed, "\n\n".join(failed)


def test_list_names_files() -> None:
    assert sorted(set(EXPECTED) - set(FILES)) == []
