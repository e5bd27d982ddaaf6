"""log_selector, time stamps, the three logs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_eximsim.exim.log import SelectorError, default_selectors, host_and_ident, log, parse_selectors, printing
from pytest_eximsim.exim.release import RELEASES
from pytest_eximsim.exim.state import Header, Process, Recipient

OLD, NEW = RELEASES["4.82+"], RELEASES["4.99"]


class Logs:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def write(self, name: str, line: str) -> None:
        self.lines.append((name, line))


def process(release: str = "4.99", selectors: str = "", now: float = 1383557106.25, **main: object) -> tuple[Process, Logs]:
    logs = Logs()
    found = RELEASES[release]
    world = SimpleNamespace(clock=SimpleNamespace(now=lambda: now), logs=logs)
    mta: Any = SimpleNamespace(world=world, release=found, selectors=parse_selectors(selectors, found), zone="UTC",
                               configuration=SimpleNamespace(main=main, positions={}))
    return Process(mta=mta, pid=77), logs


@pytest.mark.parametrize(("text", "on", "off"), [
    ("+subject", ["subject", "etrn"], ["pid"]),
    ("+all -subject", ["pid", "proxy"], ["subject"]),
    ("-all +pid", ["pid"], ["etrn", "lost_incoming_connection"]),
    ("-rejected_headers", [], ["rejected_header"]),
    (" + pid".replace("+ ", "+"), ["pid"], []),
    ("+SUBJECT-etrn", ["subject"], ["etrn"]),
])
def test_selectors(text: str, on: list[str], off: list[str]) -> None:
    selectors = parse_selectors(text, NEW)
    assert selectors.issuperset(on)
    assert not selectors.intersection(off)


def test_ids_are_always_logged_by_the_older_release() -> None:
    assert "msg_id" in parse_selectors("-all", OLD)
    assert "msg_id" not in parse_selectors("-all", NEW)
    assert "millisec" not in parse_selectors("+all", OLD)
    assert "tls_certificate_verified" in default_selectors(NEW)


@pytest.mark.parametrize(("text", "message"), [
    ("nosuch", 'malformed log_selector setting: + or - expected but found "nosuch"'),
    ("+nosuch", "unknown log_selector setting: + nosuch"),
])
def test_wrong_selectors(text: str, message: str) -> None:
    with pytest.raises(SelectorError) as error:
        parse_selectors(text, NEW)
    assert str(error.value) == message


@pytest.mark.parametrize(("selectors", "main", "line"), [
    ("", {}, "2013-11-04 09:25:06 hello"),
    ("+pid", {}, "2013-11-04 09:25:06 [77] hello"),
    ("+millisec", {}, "2013-11-04 09:25:06.250 hello"),
    ("", {"log_timezone": True}, "2013-11-04 09:25:06 +0000 hello"),
])
def test_line_heads(selectors: str, main: dict[str, object], line: str) -> None:
    p, logs = process(selectors=selectors, **main)
    log(p, "hello")
    assert logs.lines == [("main", line)]


def test_a_selector_silences_the_main_log_only() -> None:
    p, logs = process()
    log(p, "x", selector="subject")
    log(p, "y", reject=True, selector="smtp_syntax_error")
    assert [(name, line[20:]) for name, line in logs.lines] == [("reject", "y")]


def test_reject_lines_show_the_message() -> None:
    p, logs = process()
    p.message.id = "1VdGPC-0000G8-10"
    p.message.sender = "s@x.example"
    p.message.recipients = [Recipient(f"r{n}@x.example") for n in range(7)]
    p.message.headers = [Header("From: a\n b\n", "F"), Header("X: y\n")]
    log(p, "rejected", main=False, reject=True)
    assert logs.lines[0][1].split("\n")[1:] == [
        "Envelope-from: <s@x.example>", "Envelope-to: <r0@x.example>", *(f"    <r{n}@x.example>" for n in range(1, 5)), "    ...",
        "F From: a", " b", "  X: y",
    ]


def test_no_reject_log() -> None:
    p, logs = process(write_rejectlog=False)
    log(p, "x", reject=True)
    assert [name for name, _ in logs.lines] == ["main"]


@pytest.mark.parametrize(("text", "printed"), [
    ("plain", "plain"), ("a\nb\r", "a\\nb\\r"), ("tab\tstays", "tab\tstays"), ("\x00\x7f\xe9", "\\000\\177\\351"),
    ("back\\slash", "back\\slash"),
])
def test_printing(text: str, printed: str) -> None:
    assert printing(text) == printed


def test_host_and_ident() -> None:
    p, _ = process(selectors="+incoming_interface")
    p.connection.fullhost = "(h) [192.0.2.9]"
    p.connection.interface_address, p.connection.interface_port, p.connection.ident = "192.0.2.25", 25, "joe"
    assert host_and_ident(p) == "H=(h) [192.0.2.9] I=[192.0.2.25]:25 U=joe"
    assert host_and_ident(p, False) == "(h) [192.0.2.9] I=[192.0.2.25]:25 U=joe"
