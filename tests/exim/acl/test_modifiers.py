"""Modifiers that act (cases ACL-014, ACL-024, ACL-025, ACL-032, ACL-050)."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.state import AddedHeader

from ..fake_world import process
from .asking import ask, logs, said


@pytest.mark.parametrize(("value", "lines"), [
    ("X-A: 1", [("X-A: 1\n", "")]), ("X-A: 1\\nX-B: 2", [("X-A: 1\n", ""), ("X-B: 2\n", "")]),
    ("X-A: 1\\n more\\n", [("X-A: 1\n more\n", "")]),
    ("no name", [("X-ACL-Warn: no name\n", "")]), ("a b: c", [("X-ACL-Warn: a b: c\n", "")]), (":at_start: X: y", [("X: y\n", "at_start")]),
    (":AT_START_RFC: X: y", [("X: y\n", "at_start_rfc")]), (":after_received:X: y", [("X: y\n", "after_received")]),
    (":at_end: X: y", [("X: y\n", "")]), ("\\n\\nX: y", [("X: y\n", "")]), ("", []), ("X: y\\n\\nZ: z", [("X: y\n", ""),
    ("X-ACL-Warn: \n", ""), ("Z: z\n", "")]),
])
def test_add_header(value: str, lines: list[tuple[str, str]]) -> None:
    p = process()
    ask(f"warn add_header = {value}\naccept add_header = {value}", p=p)
    assert p.message.added_headers == [AddedHeader(text, where) for text, where in lines]


def test_remove_header_joins_names() -> None:
    p = process()
    ask("accept remove_header = X-A : X-B\n remove_header = x-c", p=p)
    assert p.message.removed_headers == "X-A : X-B : x-c"


@pytest.mark.parametrize(("value", "seconds"), [("1s", 1.0), ("0s", 0.0), ("1m30s", 90.0)])
def test_delay(value: str, seconds: float) -> None:
    p = process()
    p.connection.stream = object()      # type: ignore[assignment]
    before = p.world.clock.now()
    assert ask(f"accept delay = {value}", p=p).result.value == "ok"
    assert p.world.clock.now() - before == seconds


@pytest.mark.parametrize("value", ["1", "soon", "-1s", ""])
def test_delays_that_are_none(value: str) -> None:
    assert said(f"accept delay = {value}") == f'error: syntax error in argument for "delay" modifier: "{value}" is not a time value'


@pytest.mark.parametrize(("value", "main", "reject", "panic"), [
    ("plain", ["plain"], [], []), (":main: m", ["m"], [], []), (":main,reject: x", ["x"], ["x"], []), (":panic:p", [], [], ["p"]),
    ("a\\nb", ["a\\nb"], [], []), ("", [""], [], []), ("::x", ["x"], [], []),
    (":nosuch: x", ['unknown log name in ":nosuch: x" in "logwrite" in RCPT ACL'], [],
     ['unknown log name in ":nosuch: x" in "logwrite" in RCPT ACL']),
])
def test_logwrite(value: str, main: list[str], reject: list[str], panic: list[str]) -> None:
    p = process()
    ask(f"accept logwrite = {value}", p=p)
    assert (logs(p), logs(p, "reject"), logs(p, "panic")) == (main, reject, panic)


@pytest.mark.parametrize(("text", "targets"), [
    ("deny", (True, True, False)), ("deny log_reject_target = reject", (False, True, False)),
    ("deny log_reject_target =", (False, False, False)),
    ("warn log_reject_target = main : panic\ndeny", (True, False, True)), ("deny log_reject_target = nosuch", (True, True, False)),
    ("deny log_reject_target = panic\n condition = no\ndeny", (False, False, True)), ("deny acl = sub", (False, True, False)),
    ("deny log_reject_target = panic\n condition = ${if acl{{none}}}", (True, True, False)),
])
def test_log_reject_target_holds_to_the_end_of_the_acl(text: str, targets: tuple[bool, bool, bool]) -> None:
    assert ask(text, acls="sub:\n accept log_reject_target = reject\n\nnone:\n accept\n").log_to == targets


def test_queue_names() -> None:
    p = process()
    assert said("accept queue = slow", p=p) == "ok"
    assert p.message.queue_name == "slow"
    assert said("accept queue = a/b", p=p) == "error: Directory separator not permitted in queue name: 'a/b'"
    p.message.sender = "x@y"
    assert said("accept queue = $sender_address", p=p) == "error: Tainted name 'x@y' for queue not permitted"
