"""Message ids: shapes of both kinds, never the same twice in one process."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_eximsim.exim.ids import base62, id_text, new_id
from pytest_eximsim.exim.release import RELEASES
from pytest_eximsim.exim.state import Process


@pytest.mark.parametrize(("number", "width", "text"), [
    (0, 2, "00"), (61, 1, "z"), (62, 2, "10"), (1383557106, 6, "1VdGPC"), (3843, 1, "z"),
])
def test_base62(number: int, width: int, text: str) -> None:
    assert base62(number, width) == text


def test_the_two_shapes() -> None:
    assert id_text(1383557106, 1000, 62, long=False) == "1VdGPC-0000G8-10"
    assert id_text(1383557106, 1000, 62, long=True) == "1VdGPC-000000000G8-0010"


@pytest.mark.parametrize("release", ["4.82+", "4.99"])
def test_never_twice_while_the_clock_stands(release: str) -> None:
    world = SimpleNamespace(clock=SimpleNamespace(now=lambda: 1383557106.0))
    mta: Any = SimpleNamespace(world=world, release=RELEASES[release])
    p = Process(mta=mta, pid=1000)
    ids = {new_id(p) for _ in range(5000)}
    assert len(ids) == 5000
    assert sorted(ids)[0].startswith("1VdGPC-")
