"""What logs say of callouts that failed, in both wordings (case ACL-037; the later ones as Exim 4.96 said them)."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_eximsim.exim.acl.verify import texts
from pytest_eximsim.exim.acl.verify.dialogue import Dialogue
from pytest_eximsim.exim.routers import Host

HOST = Host("mx.test", "198.51.100.9")
NONE: Any = None


def dialogue(sent: str, reply: str, before: str = "") -> Dialogue:
    return Dialogue(NONE, 30.0, sent, reply, before=before)


@pytest.mark.parametrize(("reason", "reply", "expected"), [
    ("refused", "550 no", 'response to "RCPT TO:<a@b>" from mx.test [198.51.100.9] was: 550 no'),
    ("refused", "550-a\n550 b", 'response to "RCPT TO:<a@b>" from mx.test [198.51.100.9] was: 550-a\\n550 b'),
    ("closed", "", 'response to "RCPT TO:<a@b>" from mx.test [198.51.100.9] was: connection dropped'),
    ("timeout", "", None),
    ("malformed", "hello", None),
])
def test_plain(reason: str, reply: str, expected: str | None) -> None:
    assert texts.plain(reason, dialogue("RCPT TO:<a@b>", reply), HOST) == expected


@pytest.mark.parametrize(("stage", "reason", "reply", "said", "expected"), [
    ("setup", "refused", "550 no", "", "SMTP error from remote mail server after X: 550 no"),
    ("setup", "closed", "", "", "Remote host closed connection in response to X"),
    ("setup", "timeout", "", "", "SMTP timeout after X"),
    ("setup", "malformed", "hello", "", "Malformed SMTP reply in response to X: hello"),
    ("own", "refused", "250 ok", "our reason", "our reason"),
    ("mail", "refused", "550 no", "", 'response to "X" was: 550 no'),
    ("mail", "refused", "450 no", "", "NULL"),
    ("mail", "closed", "", "", 'response to "X" was: connection dropped'),
    ("mail", "timeout", "", "", "NULL"),
    ("mail", "malformed", "hello", "", "NULL"),
    ("rcpt", "refused", "450 no", "", "SMTP error from remote mail server after X: 450 no"),
    ("rcpt", "closed", "", "", 'response to "X" was: connection dropped'),
    ("rcpt", "closed", "", "earlier", "earlier"),
    ("rcpt", "timeout", "", "", "SMTP timeout after X"),
    ("rcpt", "malformed", "hello", "", "NULL"),
    ("postmaster", "refused", "450 no", "", 'response to "X" was: 450 no'),
])
def test_modern(stage: str, reason: str, reply: str, said: str, expected: str) -> None:
    assert texts.modern(stage, reason, dialogue("X", reply), said) == expected


def test_closed_after_helo() -> None:
    d = dialogue("HELO me", "", before="550 x")
    assert texts.modern("setup", "closed", d) == "Remote host closed connection in response to HELO me (EHLO response was: 550 x)"


@pytest.mark.parametrize(("ehlo", "helo", "expected"), [
    ("550 no ehlo", "550 no helo", "550 no helo"),
    ("450 no", "450 no2", "450 no2450 no2"),
    ("550 a long text", "550 no", "550 nolong text"),
])
def test_overlaid(ehlo: str, helo: str, expected: str) -> None:
    assert texts.overlaid(ehlo, helo) == expected


def test_sendable() -> None:
    assert texts.sendable("550 a\tb\n550 c") == "550 a\tb\n550 c"
    assert texts.sendable("550 a\x01b") == "550 a(truncated)"
