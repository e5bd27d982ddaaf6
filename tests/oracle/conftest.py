"""A real Exim to lay beside the simulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_eximsim.errors import ServiceMissing
from pytest_eximsim.oracle.both import compare, run_real
from pytest_eximsim.oracle.compare import Difference
from pytest_eximsim.oracle.mta.binary import Binary, find_exim
from pytest_eximsim.scenario.loader import BoundCase, load
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
def bound(tmp_path: Path) -> Callable[[str], BoundCase]:
    """A text's only scenario."""

    def call(text: str) -> BoundCase:
        path = tmp_path / "test.eximsim.yaml"
        path.write_text(text)
        case, = load(path, path.name).cases
        return case.bind()

    return call


@pytest.fixture
def play(binary: Binary, bound: Callable[[str], BoundCase]) -> Play:
    """The outcome of a text's only scenario on the real Exim, or (`on`) on both."""
    return lambda text, on=run_real: on(bound(text), RunOptions(), binary)


@pytest.fixture
def differences(binary: Binary, bound: Callable[[str], BoundCase]) -> Callable[[str], tuple[Difference, ...]]:
    """What simulator and real Exim do differently in a text's only scenario."""

    def call(text: str) -> tuple[Difference, ...]:
        made = compare(bound(text), RunOptions(), binary)
        assert not made.skipped
        assert not [one for one in made.simulated.failures if one.unable]
        assert made.real.evidence.conversations
        return made.found

    return call
