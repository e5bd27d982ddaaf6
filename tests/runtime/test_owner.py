"""Whose is it, and is its owner gone?"""

from __future__ import annotations

import dataclasses
import os
import subprocess

import pytest

from pytest_eximsim.runtime.owner import Owner, is_stale, sweeping

HERE = Owner.current()


def test_a_label_says_it_all() -> None:
    assert Owner.parse(str(HERE)) == HERE
    assert HERE.pid == os.getpid()


@pytest.mark.parametrize(("changes", "gone"), [
    ({}, False),
    ({"boot": "an earlier one"}, True),
    ({"started": "1"}, True),
    ({"host": "elsewhere", "boot": "an earlier one"}, False),
])
def test_gone(changes: dict[str, str], gone: bool) -> None:
    owner = dataclasses.replace(HERE, **changes)  # type: ignore[arg-type]
    assert owner.gone() is gone
    assert is_stale(str(owner)) is gone


def test_a_process_that_has_ended() -> None:
    process = subprocess.Popen(["/bin/true"])
    process.wait()
    assert dataclasses.replace(HERE, pid=process.pid).gone()


@pytest.mark.parametrize("label", ["", "somebody", "a|b|c|d", "a|b|1", "a|b|1|2|3"])
def test_what_is_no_owner_is_never_stale(label: str) -> None:
    assert Owner.parse(label) is None
    assert not is_stale(label)


def test_sweeps_may_follow_each_other() -> None:
    for _ in range(2):
        with sweeping():
            pass
