"""What tests of `services/` share: scenario files, run as a user runs them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run(text, *arguments)`: pytest's output for a scenario file with this text, in a process of its own."""

    def call(text: str, *arguments: str, passes: bool = True) -> str:
        (tmp_path / "test.eximsim.yaml").write_text(dedent(text))
        argv = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments, "test.eximsim.yaml"]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
        assert (done.returncode == 0) is passes, done.stdout + done.stderr
        return done.stdout

    return call
