"""`eximsim compare` as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_eximsim.cli import main
from pytest_eximsim.oracle.mta.binary import Binary

HEAD = "exim: {config: 'primary_hostname = a.test'}\n"


def compare(tmp_path: Path, text: str) -> int:
    file = tmp_path / "a.yaml"
    file.write_text(HEAD + text)
    return main(["compare", str(file)])


def test_they_agree(binary: Binary, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(tmp_path, 'scenarios: [{name: x, expand: [{string: "$primary_hostname", is: b.test}]}]\n') == 0
    assert capsys.readouterr().out == f"Exim {binary.version}: 1 agree\n"


def test_a_scenario_that_cannot_be_played_is_no_agreement(binary: Binary, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(tmp_path, "dns: 'a.test NONSENSE x'\nscenarios: [{name: x, expand: [{string: a, is: a}]}]\n") == 1
    *lines, last = capsys.readouterr().out.splitlines()
    place = f"{tmp_path}/a.yaml:2: cannot be run: NONSENSE record of a.test: DNS resource record type is unknown."
    assert lines == [f"{tmp_path}/a.yaml::x: {who}: {place}" for who in ("the simulator", "the real Exim")]
    assert last == f"Exim {binary.version}: 0 agree, 1 cannot be played"


def test_what_the_binary_cannot_read_is_not_compared(binary: Binary, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(tmp_path, "scenarios: [{name: x, exim: {set: {nonsense: 1}}, expand: [{string: a, is: a}]}]\n") == 0
    assert "x: not compared: " in (said := capsys.readouterr().out)
    assert 'main option "nonsense" unknown' in said
