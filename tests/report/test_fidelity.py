"""The page about how true the simulator is: figures from files and lists, and docs/fidelity.md in step with them."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from pytest_eximsim.cli import main
from pytest_eximsim.report.fidelity import File, Lists, listed, page, read_list, unknown

ROOT = Path(__file__).parents[2]
FILES = (
    File("acl/acl-001.4.82+.yaml", "4.82+", ("one", "two")),
    File("acl/acl-001.4.99.yaml", "4.99", ("one", "two")),
    File("dkim/dkim-001.4.99.yaml", "4.99", ("three",)),
    File("scenarios/own.yaml", "", ("four",)),
)
LISTS = Lists(
    failing={"dkim/dkim-001.4.99.yaml": "needs DKIM"},
    differing={"dkim/dkim-001.4.99.yaml": "needs DKIM", "acl/acl-001.4.99.yaml::two": "chance"},
    unrun={"acl/acl-001.4.82+.yaml": 'main option "x" unknown'},
)


def test_page_in_docs_is_what_its_command_prints(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "fidelity.md").read_text("utf-8")
    command = next(line.strip() for line in text.splitlines() if line.startswith("    eximsim fidelity"))
    monkeypatch.chdir(ROOT)
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out == text, f"run: {command} > docs/fidelity.md"


def test_recorded_figures() -> None:
    lines = page(FILES, LISTS, "4.96", "eximsim fidelity").splitlines()
    assert "| 4.82+ | 1 | 2 | 1 | 2 |" in lines
    assert "| 4.99 | 2 | 3 | 1 | 2 |" in lines
    assert "| needs DKIM | 1 |" in lines


def test_figures_of_both() -> None:
    lines = page(FILES, LISTS, "4.96", "eximsim fidelity").splitlines()
    assert "| acl | 4 | 2 | 1 | 1 |" in lines
    assert "| dkim | 1 | 1 | 0 | 1 |" in lines
    assert "| all | 6 | 4 | 2 | 2 |" in lines
    assert '| `main option "x" unknown` | 2 |' in lines


def test_each_difference_is_named() -> None:
    text = page(FILES, LISTS, "4.96", "eximsim fidelity")
    assert "### needs DKIM: 1\n\n- dkim/dkim-001 (4.99)\n" in text
    assert "### chance: 1\n\n- acl/acl-001::two (4.99)\n" in text


def test_list() -> None:
    names = read_list("# comment\n\na/b.yaml: why: so\na/c.yaml::one two: because\n")
    assert names == {"a/b.yaml": "why: so", "a/c.yaml::one two": "because"}
    assert listed(names, "a/b.yaml", "any") == "why: so"
    assert listed(names, "a/c.yaml", "one two") == "because"
    assert listed(names, "a/c.yaml", "three") is None


@pytest.mark.parametrize("text", ["a.yaml", "a.yaml:", "a.yaml: ", "a.yaml: x\na.yaml: y"])
def test_list_with_mistakes(text: str) -> None:
    with pytest.raises(ValueError, match=r"a\.yaml"):
        read_list(text)


def test_unknown_names() -> None:
    assert unknown(["acl/acl-001.4.99.yaml::one", "acl/acl-001.4.99.yaml::three", "acl/none.yaml"], FILES) == [
        "acl/acl-001.4.99.yaml::three", "acl/none.yaml"]


def test_command_without_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fidelity", "--recorded", str(tmp_path), "--compared", str(tmp_path), "--exim", "4.96"]) == 1
    assert capsys.readouterr().err == f"eximsim: {tmp_path}/expected_failures.txt: No such file or directory\n"
