"""The table of names against a list made from the sources of both releases (tests/data/names.yaml)."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pytest_eximsim.exim.config import names

DATA = yaml.safe_load((Path(__file__).parents[2] / "data" / "names.yaml").read_text())
TYPES = {"boolean": "bool", "string": "string", "integer": "int", "time": "time", "octal": "octal", "integer (K, M, G)": "mkint",
         "integer in K": "kint", "fixed-point": "fixed", "time list": "timelist", "user": "user", "group": "group",
         "user, expanded": "xuser", "group, expanded": "xgroup", "user list": "userlist", "group list": "grouplist", "function": "xtime",
         "opt_module": "string"}
#: Types that the list gives coarsely.
FINER = {"xbool": "bool", "rewrite": "string"}
RELEASES = ("4.82+", "4.99")
#: Options held as bits of one word, which the list leaves out.
BITS = {"router redirect"}


def same_type(option: names.Option, text: str) -> bool:
    kind, _, flags = text.partition("; ")
    wanted = "bool" if option.name == "dkim_verify_minimal" else TYPES[kind]
    return FINER.get(option.type, option.type) == wanted and option.repeatable == (flags == "repeatable") and option.internal == (
        flags == "internal")


@pytest.mark.parametrize("release", RELEASES)
def test_main_options(release):
    table = names.options("main", release)
    assert set(table) == set(DATA[release]["main options"])
    assert [n for n, t in DATA[release]["main options"].items() if not same_type(table[n], t)] == []


@pytest.mark.parametrize("release", RELEASES)
def test_main_defaults(read, release):
    found = read("", release)
    wrong = {}
    for name, default in DATA[release]["main option defaults"].items():
        text = found.print_option(name)[0]
        wanted = f"{name} = {default}" if isinstance(default, str) else name if default else f"no_{name}"
        if text.split() != wanted.split():
            wrong[name] = (text, wanted)
    assert wrong == {}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("kind", names.KINDS)
def test_driver_options(release, kind):
    for driver, options in DATA[release][f"{kind}s"].items():
        table = names.options(f"{kind} {driver}", release)
        missing = set(options or {}) - set(table)
        added = set(table) - set(options or {})
        assert not missing
        assert not added or (f"{kind} {driver}" in BITS and all(table[n].type == "bool" for n in added))
        assert [n for n, t in (options or {}).items() if not same_type(table[n], t)] == []


LISTS = ("expansion items", "expansion operators", "expansion conditions", "variables", "acl verbs", "acl conditions and modifiers",
         "acl controls", "acl verify", "log selectors")


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("section", LISTS)
def test_plain_names(release, section):
    assert names.known(section, release) == frozenset(map(str, DATA[release][section]))


def test_event_names():
    assert names.known("event names", "4.99") == frozenset(DATA["4.99"]["event names"])


def test_releases_of_a_name():
    assert names.releases_of("main", "proxy_required_hosts") == {"4.82+"}
    assert names.releases_of("main", "hosts_proxy") == {"4.96", "4.99"}
    assert names.releases_of("main", "smtp_banner") == {"4.82+", "4.96", "4.99"}
    assert names.releases_of("variables", "proxy_host") == {"4.82+"}
    assert names.releases_of("main", "nosuch") == set()
