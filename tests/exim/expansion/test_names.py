"""Every item, operator, condition and variable that the sources of a release have (tests/data/names.yaml) is done or refused by name.

Done: it gives a text, or fails with a text of Exim's. Refused: NotSimulated names it and says where it stands. No third kind.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from pytest_eximsim.errors import ExpansionError, NotSimulated, Position
from pytest_eximsim.exim.expansion import expand
from pytest_eximsim.exim.expansion.registry import tables
from pytest_eximsim.exim.lookups.registry import DRIVERS
from pytest_eximsim.exim.state import Process
from pytest_eximsim.exim.world import CommandResult

from ..fake_world import process

DATA = yaml.safe_load((Path(__file__).parents[2] / "data" / "names.yaml").read_text())
RELEASES = ("4.82+", "4.99")

ITEMS = {
    "acl": "${acl{none}}", "authresults": "${authresults{x}}", "certextract": "${certextract{subject}{$tls_in_peercert}{y}{n}}",
    "dlfunc": "${dlfunc{/file}{f}}", "env": "${env{HOME}{y}{n}}", "extract": "${extract{1}{:}{a:b}}",
    "filter": "${filter{a:b}{eq{$item}{a}}}",
    "hash": "${hash{2}{abc}}", "hmac": "${hmac{md5}{a}{b}}", "if": "${if eq{a}{b}{y}{n}}", "imapfolder": "${imapfolder{a}}",
    "length": "${length{1}{ab}}", "listextract": "${listextract{1}{a:b}}", "listquote": "${listquote{:}{a}}",
    "lookup": "${lookup{a}lsearch{/file}{y}{n}}", "map": "${map{a:b}{$item}}", "nhash": "${nhash{3}{abc}}", "perl": "${perl{f}}",
    "prvs": "${prvs{a@b}{k}}", "prvscheck": "${prvscheck{a@b}{k}{y}}", "readfile": "${readfile{/file}}",
    "readsocket": "${readsocket{/nosuch}{x}{1s}{}{n}}", "reduce": "${reduce{a:b}{}{$value$item}}", "run": "${run{/bin/true}}",
    "sg": "${sg{a}{a}{b}}", "sort": "${sort{b:a}{lt}{$item}}", "srs_encode": "${srs_encode{k}{a@b}{c}}", "substr": "${substr{0}{1}{ab}}",
    "tr": "${tr{a}{a}{b}}",
}
OPERANDS = {
    "base32d": "ab", "base62d": "ab", "base64d": "YWJj", "hex2b64": "6162", "ipv6denorm": "::1", "ipv6norm": "::1", "listnamed": "list",
    "mask": "10.0.0.1/8", "reverse_ip": "10.0.0.1", "stat": "/file", "time_eval": "1h", "utf8_localpart_from_alabel": "xn--h-bga",
    "h": "_2", "hash": "_2", "l": "_2", "length": "_2", "nh": "_2", "nhash": "_2", "s": "_1", "substr": "_1",
}
CONDITIONS = {
    "acl": "acl{{none}}", "and": "and{{eq{a}{a}}}", "def": "def:sender_address", "first_delivery": "first_delivery", "or": "or{{eq{a}{a}}}",
    "queue_running": "queue_running", "saslauthd": "saslauthd{{a}{b}}", "match_ip": "match_ip{10.0.0.1}{10.0.0.0/8}",
    "inbound_srs": "inbound_srs{a}{b}", **{f"for{one}{json}": f"for{one}{json}{{[\"a\"]}}{{eq{{$item}}{{a}}}}" for one in ("all", "any")
                                          for json in ("", "_json", "_jsons")},
}
#: What only a filter has, and what the older release does not know outside its phase.
ELSEWHERE = {"headers_added", "recipients", *(f"{kind}{number}" for kind in ("n", "sn") for number in range(10))}


def made(release: str) -> Process:
    def refused(*_: object, **__: object) -> None:
        raise ConnectionRefusedError(111, "Connection refused")

    p = process(release, files={"/file": "a: b\n"}, lists={"domain": {"list": "a"}}, main={"perl_startup": "x", "redis_servers": "h//"})
    p.configuration.acls, p.configuration.path, p.mta.version_number = {}, "/etc/exim.conf", "4.0"
    p.world.network.connect_unix = refused              # type: ignore[method-assign]
    p.world.commands = SimpleNamespace(run=lambda words, **_: CommandResult(0, b""))
    p.world.entropy.random = lambda limit: 0            # type: ignore[method-assign]
    p.acl_run = SimpleNamespace(statement=SimpleNamespace(verb="deny", position=Position("/etc/exim.conf", 7)))
    return p


def judged(release: str, text: str, name: str) -> str:
    """ "done", or "refused" by its name and place."""
    try:
        assert isinstance(expand(made(release), text), str)
    except NotSimulated as refusal:
        assert name in refusal.message and "is not simulated" in refusal.message
        assert refusal.position is not None and refusal.position.line == 7
        return "refused"
    except ExpansionError as error:
        for wrong in ("not simulated", "unknown", "is not a known operator"):
            assert wrong not in error.message, error.message
    return "done"


def the_names(kind: str, release: str) -> list[str]:
    return sorted(DATA[release][kind])


@pytest.mark.parametrize("release", RELEASES)
def test_items(release: str) -> None:
    found = {name: judged(release, ITEMS[name], name) for name in the_names("expansion items", release)}
    assert {name for name, how in found.items() if how == "refused"} <= {"perl", "dlfunc", "certextract"}
    assert set(tables(release).items) == set(found)


@pytest.mark.parametrize("release", RELEASES)
def test_operators(release: str) -> None:
    found = {}
    for name in the_names("expansion operators", release):
        operand = OPERANDS.get(name, "1")
        text = f"${{{name}{operand}:abc}}" if operand.startswith("_") else f"${{{name}:{operand}}}"
        found[name] = judged(release, text, name)
    assert set(found.values()) == {"done"}
    assert set(tables(release).operators) == set(found)


@pytest.mark.parametrize("release", [*RELEASES, "4.96"])
def test_conditions(release: str) -> None:
    names = the_names("expansion conditions", release) if release in RELEASES else sorted(tables(release).conditions)
    found = {}
    for name in names:
        entry = tables(release).conditions[name]
        text = CONDITIONS.get(name) or name + "{1}" * (2 if entry.shape == "two" else entry.minimum)
        found[name] = judged(release, f"${{if {text}{{y}}{{n}}}}", name)
    refused = {name for name, how in found.items() if how == "refused"}
    assert refused == ({"ldapauth", "pam", "saslauthd"} if release == "4.96" else set())     # the others are built without them


@pytest.mark.parametrize("release", RELEASES)
def test_variables(release: str) -> None:
    names = set(the_names("variables", release))
    assert set(tables(release).variables) == names
    for name in names - ELSEWHERE:
        assert judged(release, f"<${name}>", name) == "done"


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_lookups(name: str) -> None:
    driver = DRIVERS[name]
    text = f"${{lookup{{a}}{name}{{/file}}{{y}}{{n}}}}" if driver.kind == "single" else f"${{lookup {name}{{/file a}}{{y}}{{n}}}}"
    assert (judged("4.99", text, name) == "refused") is driver.refused


def test_what_is_refused_in_a_branch_that_is_skipped_is_no_matter() -> None:
    assert expand(made("4.99"), "${if eq{a}{a}{y}{${perl{f}}${lookup ldap{x}}${lookup{x}dbm{/file}}}}") == "y"
