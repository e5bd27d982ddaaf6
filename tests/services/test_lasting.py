"""Servers that serve one scenario after the other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from pytest_eximsim.services import lasting


class Server:
    def __init__(self, name: str, closed: list[str]) -> None:
        self.name = name
        self.closed = closed
        self.alive = True

    def close(self) -> None:
        self.closed.append(self.name)


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    monkeypatch.setattr(lasting, "_servers", {})
    yield []


def test_one_of_a_name(closed: list[str]) -> None:
    first = lasting.get("a", lambda: Server("a", closed))
    assert lasting.get("a", lambda: Server("a again", closed)) is first
    assert lasting.get("b", lambda: Server("b", closed)) is not first
    lasting.close_all()
    assert sorted(closed) == ["a", "b"]


def test_a_dead_one_is_replaced(closed: list[str]) -> None:
    first = lasting.get("a", lambda: Server("a", closed))
    first.alive = False
    assert lasting.get("a", lambda: Server("a again", closed)).name == "a again"
    assert closed == ["a"]


def test_one_that_cannot_be_made_leaves_nothing(closed: list[str]) -> None:
    def fail() -> Server:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        lasting.get("a", fail)
    assert lasting.get("a", lambda: Server("a", closed)).name == "a"


def test_they_end_with_the_process() -> None:
    script = ("from pytest_eximsim.services import lasting\n"
              "class Server:\n    alive = True\n    def close(self): print('closed')\n"
              "lasting.get('a', Server)\n")
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "closed\n"
