"""`verify` as Exim 4.96 did it (recorded/*.yaml: whole sessions, logs, and what the remote servers saw)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_eximsim.scenario.loader import load
from pytest_eximsim.scenario.runner import RunOptions, run_case

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.yaml"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded(path: Path) -> None:
    for case in load(path, path.name).cases:
        outcome = run_case(case.bind(), RunOptions())
        assert outcome.passed, [(failure.title, failure.expected, failure.received) for failure in outcome.failures]
