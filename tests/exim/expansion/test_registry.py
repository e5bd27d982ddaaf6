"""The tables are complete: every name that the releases have, and no other."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.config import names
from pytest_eximsim.exim.expansion import conditions, items, operators, variables
from pytest_eximsim.exim.expansion.registry import tables

from ..fake_world import process


@pytest.mark.parametrize("release", ["4.82+", "4.96", "4.99"])
def test_every_variable_has_a_value(release: str) -> None:
    p = process(release)
    p.configuration.path = "/etc/exim.conf"
    p.mta.version_number = "4.0"
    for variable in tables(release).variables.values():
        if variable.name[0] in "ns" and variable.name[-1].isdigit() and len(variable.name) <= 3:
            continue
        if variable.name in ("recipients", "headers_added"):
            continue
        assert isinstance(variable.get(p), str), variable.name


@pytest.mark.parametrize("release", ["4.82+", "4.99"])
def test_the_names_are_those_of_the_release(release: str) -> None:
    found = tables(release)
    for kind, have in (("expansion items", found.items), ("expansion operators", found.operators),
                       ("expansion conditions", found.conditions), ("variables", found.variables)):
        assert set(have) == names.known(kind, release), kind


def test_no_name_stands_twice_in_a_release() -> None:
    for entries in (items.ITEMS, operators.OPERATORS, conditions.CONDITIONS, variables.VARIABLES):
        for release in ("4.82+", "4.96", "4.99"):
            held = [entry.name for entry in entries if tables(release).release.has(entry.since, entry.until)]
            assert len(held) == len(set(held)), release
