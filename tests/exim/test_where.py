"""Where the configuration is at, for complaints and refusals."""

from __future__ import annotations

from types import SimpleNamespace

from pytest_eximsim.errors import Position
from pytest_eximsim.exim.state import Address
from pytest_eximsim.exim.where import not_simulated, place_of, told

from .fake_world import process


def test_outside_of_everything() -> None:
    p = process()
    assert (place_of(p), told(p), not_simulated(p, "x").position) == (None, "", None)


def test_a_statement_of_an_acl() -> None:
    p = process()
    p.acl_run = SimpleNamespace(statement=SimpleNamespace(verb="deny", position=Position("/c", 7)))
    assert told(p) == " (ACL deny, /c 7)"
    refusal = not_simulated(p, "${perl{f}}")
    assert refusal.message == "${perl{f}} is not simulated"
    assert refusal.position == Position("/c", 7)


def test_drivers() -> None:
    p = process()
    p.configuration.routers = [SimpleNamespace(name="r", position=Position("/c", 3))]           # type: ignore[list-item]
    p.configuration.transports = {"t": SimpleNamespace(name="t", position=Position("/c", 9))}   # type: ignore[dict-item]
    p.address = Address("a@b", "a", "b", router="r")
    assert told(p) == " (router r, /c 3)"
    p.address.transport = "t"
    assert told(p) == " (transport t, /c 9)"
