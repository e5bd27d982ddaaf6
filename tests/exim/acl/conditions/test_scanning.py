"""spam and malware as the scenario says (Exim chapter 45)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_eximsim.errors import NotSimulated
from pytest_eximsim.exim.acl import Phase
from pytest_eximsim.exim.state import Process

from ...fake_world import process
from ..asking import ask, said


def scanned(spam: object = None, malware: str | None = None, release: str = "4.99") -> Process:
    p = process(release)
    scanners: Any = SimpleNamespace(spam=spam, malware=malware)
    p.world.scanners = scanners
    return p


@pytest.mark.parametrize(("score", "value", "result", "shown"), [
    ("3.1", "nobody", "fail", "3.1 31 +++ no action"), ("5", "nobody", "ok", "5.0 50 +++++ reject"),
    ("-2.55", "nobody", "fail", "-2.5 -26 -- no action"),
    ("0.4", "nobody:true", "ok", "0.4 4 / no action"), ("99", "nobody/defer_ok", "ok", f"99.0 990 {'+' * 50} reject"),
    ("9", "0", "fail", "   "),
    ("9", "False", "fail", "   "), ("9", "", "fail", "   "),
])
def test_spam(score: str, value: str, result: str, shown: str) -> None:
    p = scanned({"score": score})
    assert said(f"accept spam = {value}", phase=Phase.DATA, p=p) == result
    assert said("accept message = $spam_score $spam_score_int $spam_bar $spam_action", phase=Phase.DATA, p=p) == f"ok: {shown}"


@pytest.mark.parametrize(("score", "shown"), [
    ("3.1", "3.1 31 +++ no action"), ("4.99", "5.0 49 ++++ no action"), ("-2.56", "-2.6 -25 -- no action"), ("0.06", "0.1 0 / no action"),
    ("51", f"51.0 510 {'+' * 51} reject"), ("-60", f"-60.0 -599 {'-' * 51} no action"),
])
def test_scores_as_exim_4_96_shows_them(score: str, shown: str) -> None:
    p = scanned({"score": score}, release="4.96")
    ask("warn spam = nobody\naccept", phase=Phase.DATA, p=p)
    assert said("accept message = $spam_score $spam_score_int $spam_bar $spam_action", phase=Phase.DATA, p=p) == f"ok: {shown}"


@pytest.mark.parametrize(("malware", "value", "result"), [
    ("clean", "*", "fail"), ("Eicar-Test", "*", "ok: Eicar-Test"), ("Eicar-Test", "true", "ok: Eicar-Test"),
    ("Eicar-Test", "1", "ok: Eicar-Test"),
    ("Eicar-Test", "^Eicar", "ok: Eicar-Test"), ("Eicar-Test", "^Other", "fail"), ("Eicar-Test", "0", "fail"), ("Eicar-Test", "", "fail"),
    ("Eicar-Test", "*/defer_ok/tmo=5s", "ok: Eicar-Test"),
])
def test_malware(malware: str, value: str, result: str) -> None:
    assert said(f"accept malware = {value}\n message = $malware_name\ndeny", phase=Phase.DATA, p=scanned(malware=malware)) == result


@pytest.mark.parametrize("clause", ["spam = nobody", "malware = *"])
def test_without_a_scanner_the_condition_is_refused(clause: str) -> None:
    for p in (process(), scanned()):
        with pytest.raises(NotSimulated, match="needs the answer of a scanner"):
            ask(f"accept {clause}", phase=Phase.DATA, p=p)
