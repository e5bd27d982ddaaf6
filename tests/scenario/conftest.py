"""What tests of `scenario/` share: playing a scenario file that is written into the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from pytest_eximsim.scenario.loader import load
from pytest_eximsim.scenario.outcome import Outcome
from pytest_eximsim.scenario.runner import RunOptions, run_case

Play = Callable[..., Outcome]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """`play(text, **options)`: the Outcome of the only scenario of a file with this text; more files by `files={name: text}`."""

    def run(text: str, files: dict[str, str] | None = None, **options: object) -> Outcome:
        for name, content in (files or {}).items():
            place = tmp_path / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(dedent(content))
        path = tmp_path / "test.yaml"
        path.write_text(dedent(text))
        cases = load(path, "test.yaml").cases
        assert len(cases) == 1
        return run_case(cases[0].bind(), RunOptions(**options))  # type: ignore[arg-type]

    return run
