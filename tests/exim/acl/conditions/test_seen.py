"""`seen`, as Exim 4.96 answered, three seconds apart."""

from __future__ import annotations

import pytest

from ...fake_world import process
from ..asking import CLIENT, said


@pytest.mark.parametrize(("value", "first", "again"), [
    ("5m/key=a", "fail", "ok"), ("-1s/key=b", "fail", "ok"), ("1s/key=c/readonly", "fail", "fail"), ("1s/key=c", "fail", "fail"),
    ("-1s/key=d/write", "fail", "ok"), ("5m", "fail", "ok"), ("-5m", "fail", "fail"), ("-0s/key=f", "fail", "ok"),
    ("0s/key=g", "fail", "fail"),
    ("5m / key=h", "fail", "ok"), ("-1s/key=i/refresh=1s", "fail", "ok"), ("5m/key=k=l", "fail", "ok"),
    ("5m/write/readonly/key=n", "fail", "fail"),
    ("5m/refresh=1d/key=a b", "fail", "ok"),
    *((value, f"error: failed to parse '{value}'", "") for value in ("", "-", "x", "5m/refresh=x", "- 5m/key=m")),
    *((f"5m/{option}", f"error: unrecognised option '{option}' in '5m/{option}'", "") for option in ("readonly=x", "nosuch=1", "key",
        "nosuch")),
])
def test_answers(value: str, first: str, again: str) -> None:
    p = process("4.96", client=CLIENT)
    assert said(f"accept seen = {value}", p=p) == first
    p.world.clock.sleep(3)
    assert said(f"accept seen = {value}", p=p) == (again or first)


def test_the_same_second_is_before_and_not_since() -> None:
    p = process()
    found = [said(f"accept seen = {value}", p=p) for value in ("0s/key=a/write", "0s/key=a", "-0s/key=a", "1s/key=a")]
    assert found == ["fail", "fail", "ok", "ok"]


def test_records() -> None:
    p = process(client=CLIENT)
    now, day = int(p.world.clock.now()), 86400
    said("accept seen = -1d", p=p)
    assert p.mta.hints.seen == {CLIENT: now}
    p.world.clock.sleep(5 * day)
    said("accept seen = -1d", p=p)
    assert p.mta.hints.seen == {CLIENT: now}                    # found, and young enough to be left
    p.world.clock.sleep(10 * day)
    said("accept seen = -1d", p=p)
    assert p.mta.hints.seen == {CLIENT: now + 14 * day}         # refreshed: as old as was asked for
    said("accept seen = 1d", p=p)
    assert p.mta.hints.seen == {CLIENT: now + 15 * day}
