"""Every main option has its use; refused ones refuse, with their place."""

from __future__ import annotations

import pytest

from pytest_eximsim.errors import NotSimulated
from pytest_eximsim.exim.config import names, options
from pytest_eximsim.exim.release import ORDER


def test_the_table_is_complete_and_sorted():
    every = {name for release in ORDER for name in names.options("main", release)}
    assert set(options.TABLE) == every
    assert list(options.TABLE) == sorted(options.TABLE)


def test_there_is_no_fourth_kind():
    assert {use.kind for use in options.TABLE.values()} == {"honoured", "note", "refused"}
    assert all(use.reason for use in options.TABLE.values() if use.kind != "honoured")


@pytest.mark.parametrize("name", sorted(n for n, use in options.TABLE.items() if use.kind == "refused"))
def test_refused_options(read, name):
    release = sorted(names.releases_of("main", name), key=ORDER.index)[-1]
    value = "" if names.options("main", release)[name].type == "bool" else " = x"
    with pytest.raises(NotSimulated, match=f"main option {name} is not simulated") as caught:
        read(f"\n{name}{value}", release)
    assert str(caught.value.position) == "/etc/exim.conf:2"


def test_a_refused_option_may_be_empty(read):
    assert read("acl_smtp_atrn =", "4.99").main["acl_smtp_atrn"] == ""


def test_notes(read):
    notes = read("split_spool_directory\nsmtp_banner = x\ntrusted_users = mail").notes
    assert [str(n) for n in notes] == [
        "/etc/exim.conf:1: note: split_spool_directory has no meaning here: there is no spool on disk",
        "/etc/exim.conf:3: note: trusted_users has no meaning here: accounts of the real Exim",
    ]


def test_what_is_refused_when_it_is_used_is_read(check):
    found = check("acl_smtp_mime = accept\nbegin authenticators\nlogin:\n  driver = dovecot\n  server_socket = /run/auth\n")
    assert [str(one) for one in found] == [
        "/etc/exim.conf:1: warning: main option acl_smtp_mime is not simulated: a scenario with a MIME message for it fails",
        "/etc/exim.conf:4: warning: authenticator driver dovecot is not simulated: it asks a Dovecot server; a scenario that uses it fails",
    ]
