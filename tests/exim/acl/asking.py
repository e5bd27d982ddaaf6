"""How the tests of ACLs ask: one ACL, run in the fake world."""

from __future__ import annotations

from typing import Any

from pytest_eximsim.errors import Position
from pytest_eximsim.exim.acl import Phase, Verdict, run_acl
from pytest_eximsim.exim.acl.reader import read_acl, text_lines
from pytest_eximsim.exim.state import Process

from ..fake_world import process

CLIENT = "192.0.2.9"


def ask(text: str, *, phase: Phase = Phase.RCPT, p: Process | None = None, recipient: str = "joe@b.test", **world: Any) -> Verdict:
    """The verdict of an ACL with these statements, which is called `asked`."""
    if p is None:
        p = process(**{"client": CLIENT, **world})
    p.configuration.acls["asked"] = read_acl(text_lines(text, Position("exim.conf", 1)), p.release)        # type: ignore[index]
    return ask_option("asked", phase=phase, p=p, recipient=recipient)


def ask_option(text: str, *, phase: Phase = Phase.RCPT, p: Process, recipient: str = "joe@b.test") -> Verdict:
    """The verdict where an option says `text`."""
    return run_acl(p, phase, text, recipient=recipient if phase in (Phase.RCPT, Phase.VRFY) else None)


def said(text: str, **given: Any) -> str:
    """`ok`, `fail`, `defer`, `error` … and the reason for the log, if there is one: `error: cannot …`."""
    return shown(ask(text, **given))


def shown(verdict: Verdict) -> str:
    return verdict.result.value + (f": {verdict.log_message}" if verdict.log_message is not None else "")


def logs(p: Process, name: str = "main") -> list[str]:
    """The lines of a log, without their times."""
    found: list[str] = p.world.logs.of(name)        # type: ignore[attr-defined]
    return found
