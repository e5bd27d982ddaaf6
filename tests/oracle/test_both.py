"""Every recorded file and the project's own scenarios on the simulator and on Debian's real Exim: both do the same.

What differs stands in known_differences.txt with its reason, what that Exim cannot run in not_run.txt with its own message. The lists are
strict: a scenario that agrees, or runs, must be taken from them. What clients hear may differ only where the reason is that the simulator
refuses something.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_eximsim.cli.fidelity import scenario_files
from pytest_eximsim.oracle.both import compare, judged
from pytest_eximsim.oracle.compare import Difference, kind_of
from pytest_eximsim.oracle.mta.binary import Binary
from pytest_eximsim.report.fidelity import listed, read_list, unknown
from pytest_eximsim.report.text import render
from pytest_eximsim.scenario.loader import Case, load
from pytest_eximsim.scenario.runner import RunOptions

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RELEASE, REFUSES = "4.96", "the simulator refuses"
DIFFERING, NOT_RUN = (read_list((HERE / name).read_text("utf-8")) for name in ("known_differences.txt", "not_run.txt"))
FOLDERS = (ROOT / "tests" / "recorded", ROOT / "scenarios")
FILES = {"/".join(path.parts[-2:]): path for folder in FOLDERS for path in sorted(folder.rglob("*.yaml")) if not path.name.startswith("_")}


@pytest.fixture(scope="session")
def binary(binary: Binary) -> Binary:
    if binary.version != RELEASE:
        pytest.skip(f"the lists speak of Exim {RELEASE}, {binary.path} is {binary.version}")
    return binary


@pytest.mark.parametrize("name", FILES)
def test_both(name: str, binary: Binary) -> None:
    cases = [case for case in load(FILES[name], name).cases if case.skip is None]
    wrong = [said for case in cases if (said := _play(name, case, binary))]
    assert not wrong, "\n\n".join(wrong)
    reasons = {reason for case in cases for names in (DIFFERING, NOT_RUN) if (reason := listed(names, name, case.name))}
    if reasons:
        pytest.xfail("; ".join(sorted(reasons)))


def _play(name: str, case: Case, binary: Binary) -> str:
    """What is not as the lists say, "" for nothing."""
    bound = case.bind()
    made = compare(bound, RunOptions(), binary)
    outcome = judged(made, bound, binary)
    expected: Mapping[str, str | None] = {"differs": listed(DIFFERING, name, case.name), "is not run": listed(NOT_RUN, name, case.name)}
    if outcome.skipped and not outcome.unavailable:
        said = reason_of(outcome.skipped)
        return "" if said == expected["is not run"] else f"{name}::{case.name}: {said}\nis not in not_run.txt"
    if outcome.failures or outcome.skipped:
        reason = expected["differs"]
        return "" if reason and (REFUSES in reason or not any(map(is_heard, made.found))) else render(outcome, case, verbose=True)
    found = [what for what, reason in expected.items() if reason]
    return f"{name}::{case.name} agrees; a list says that it {' and '.join(found)}" if found else ""


def is_heard(found: Difference) -> bool:
    """Do clients hear something else? Ids aside: deliveries make messages, too."""
    simulated, real = (re.sub(r"<id\d+>", "<id>", "\n".join(lines)) for lines in (found.simulated, found.real))
    return kind_of(found.what) == "dialogue" and simulated != real


def reason_of(skipped: str) -> str:
    """Exim's message without the place."""
    return re.sub(r".*cannot read the configuration: (Exim configuration error( in line \d+ of \S+)?: )?", "", skipped)


def test_lists_name_scenarios() -> None:
    files = [file for folder in FOLDERS for file in scenario_files(folder, False)]
    assert unknown([*DIFFERING, *NOT_RUN], files) == []
    assert set(DIFFERING) & set(NOT_RUN) == set()
