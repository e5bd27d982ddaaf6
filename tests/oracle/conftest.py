"""A real Exim to lay beside the simulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_eximsim.errors import ServiceMissing
from pytest_eximsim.oracle.both import compare, run_real
from pytest_eximsim.oracle.compare import Difference
from pytest_eximsim.oracle.mta.binary import Binary, find_exim
from pytest_eximsim.scenario.loader import load
from pytest_eximsim.scenario.outcome import Outcome
from pytest_eximsim.scenario.runner import RunOptions

Play = Callable[..., Outcome]


@pytest.fixture(scope="session")
def binary() -> Binary:
    """The machine's Exim."""
    try:
        return find_exim()
    except ServiceMissing as missing:
        pytest.skip(missing.message)


@pytest.fixture
def play(binary: Binary, tmp_path: Path) -> Play:
    """The outcome of a text's only scenario on the real Exim, or (`on`) on both."""

    def call(text: str, on: Callable[..., Outcome] = run_real) -> Outcome:
        path = tmp_path / "test.eximsim.yaml"
        path.write_text(text)
        case, = load(path, path.name).cases
        return on(case.bind(), RunOptions(), binary)

    return call


@pytest.fixture
def differences(binary: Binary, tmp_path: Path) -> Callable[[str], tuple[Difference, ...]]:
    """What simulator and real Exim do differently in a text's only scenario."""

    def call(text: str) -> tuple[Difference, ...]:
        path = tmp_path / "test.eximsim.yaml"
        path.write_text(text)
        case, = load(path, path.name).cases
        made = compare(case.bind(), RunOptions(), binary)
        assert not made.skipped
        assert not [one for one in made.simulated.failures if one.unable]
        assert made.real.evidence.conversations
        return made.found

    return call
