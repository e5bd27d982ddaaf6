"""One golden file for each operator, item and condition, written by the real Exim 4.96 (update_golden.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_eximsim.errors import ExpansionError
from pytest_eximsim.exim.expansion import expand

from ..fake_world import process
from .update_golden import GOLDEN, blocks

FILES = sorted(GOLDEN.rglob("*.txt"))


def result(text: str) -> str:
    p = process("4.96", main={"headers_charset": "UTF-8"}, files={"/etc/present": "x"})
    try:
        return expand(p, text.encode("utf-8").decode("latin-1"))
    except ExpansionError as error:
        return f"Failed: {error.message}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_as_the_real_exim(path: Path) -> None:
    wrong = [(text, output, found) for text, output in blocks(path) if (found := result(text).strip("\n")) != output.strip("\n")]
    assert not wrong, "\n".join(f"{text}\n  Exim: {output!r}\n  here: {found!r}" for text, output, found in wrong)


def test_there_are_golden_files() -> None:
    assert len(FILES) > 100
