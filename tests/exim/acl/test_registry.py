"""Where conditions and modifiers are allowed: what Exim 4.96 said when it was asked in every phase (case ACL-031 for the older ones)."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.acl import Phase
from pytest_eximsim.exim.acl.registry import ENTRIES, NOT_SIMULATED
from pytest_eximsim.exim.config import names
from pytest_eximsim.exim.release import RELEASES

from .asking import said

ASKED = ("AUTH", "CONNECT", "DATA", "ETRN", "EXPN", "HELO", "MAIL", "PREDATA", "QUIT", "RCPT", "STARTTLS", "VRFY")
NO_MESSAGE = "AUTH CONNECT ETRN EXPN HELO QUIT STARTTLS VRFY"
NO_RECIPIENT = "AUTH CONNECT DATA ETRN EXPN HELO MAIL PREDATA QUIT STARTTLS"

#: condition or modifier, and the phases where it is an error
PHASES = [
    ("acl = yes", ""), ("add_header = X: y", NO_MESSAGE), ("!authenticated = *", "CONNECT HELO"), ("condition = yes", ""),
    ("continue = x", ""), ("delay = 0s", ""), ("!dnslists = bl.test", ""), ("!domains = zz.test", NO_RECIPIENT),
    ("!encrypted = *", "HELO"), ("!hosts = 10.0.0.1", ""), ("!local_parts = zz", NO_RECIPIENT), ("log_reject_target = main", ""),
    ("logwrite = x", ""), ("queue = x", "DATA"), ("!ratelimit = 1000/1h/readonly", ""), ("!recipients = zz@z", f"{NO_RECIPIENT} VRFY"),
    ("remove_header = X-Z", NO_MESSAGE), ("!seen = 1s/readonly", ""), ("!sender_domains = zz.test", NO_MESSAGE),
    ("!senders = z@z", NO_MESSAGE), ("set acl_c_x = y", ""), ("!spam = 0", f"{NO_MESSAGE} MAIL PREDATA RCPT"),
    ("!malware = 0", f"{NO_MESSAGE} MAIL PREDATA RCPT"),
]


@pytest.mark.parametrize(("clause", "forbidden"), PHASES)
def test_phases(clause: str, forbidden: str) -> None:
    name = clause.lstrip("!").split()[0]
    what = "use" if name in ("add_header", "queue", "remove_header") else "test"
    for phase in (Phase[name] for name in ASKED):
        result = said(f"warn {clause}\naccept", phase=phase, release="4.96", acls="yes:\n accept\n")
        wrong = phase.name in forbidden.split()
        assert result == (f"error: cannot {what} {name} condition in {phase.words} ACL" if wrong else "ok"), phase


@pytest.mark.parametrize(("clause", "phase", "result"), [
    ("!encrypted = *", Phase.HELO, "error: cannot test encrypted condition in EHLO or HELO ACL"),
    ("!encrypted = *", Phase.CONNECT, "error: cannot test encrypted condition in connection ACL"),
    ("!domains = z", Phase.VRFY, "error: cannot test domains condition in VRFY ACL"),
])
def test_phases_of_the_older_release(clause: str, phase: Phase, result: str) -> None:
    assert said(f"warn {clause}\naccept", phase=phase, release="4.82+") == result


@pytest.mark.parametrize("release", sorted(RELEASES))
def test_every_name_is_there_or_refused(release: str) -> None:
    found = {entry.name for entry in ENTRIES if RELEASES[release].has(entry.since, entry.until)}
    refused = {name for name, (since, until) in NOT_SIMULATED.items() if RELEASES[release].has(since, until)}
    assert not found & refused
    assert found | refused == set(names.known("acl conditions and modifiers", release))
