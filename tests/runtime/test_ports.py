"""Ports of clients."""

from __future__ import annotations

from pytest_eximsim.runtime.ports import FIRST, LAST, ClientPorts


def test_each_address_has_its_own() -> None:
    ports = ClientPorts()
    assert [ports.next(one) for one in ("a", "a", "b", "a")] == [40000, 40001, 40000, 40002]


def test_after_the_last_comes_the_first() -> None:
    assert ClientPorts({"a": LAST}).next("a") == FIRST
