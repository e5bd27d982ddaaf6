"""Phases as sets of bits."""

from __future__ import annotations

from pytest_eximsim.exim.acl.phases import ALL, Phase, all_but, phases


def test_sets() -> None:
    assert phases("MAIL RCPT") == Phase.MAIL.bit | Phase.RCPT.bit
    assert all_but("MAIL") == ALL - Phase.MAIL.bit
    assert sum(phase.bit for phase in Phase) == ALL


def test_headers_can_be_added_in_acls_for_messages() -> None:
    assert {phase.name for phase in Phase if phase.for_message} == {"RCPT", "MAIL", "PREDATA", "MIME", "DKIM", "DATA", "PRDR", "NOTSMTP"}
