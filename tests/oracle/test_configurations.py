"""Parts of configurations as people run them: the simulator and the real Exim do the same, or it is said why nothing can be compared."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_eximsim.oracle.both import compare
from pytest_eximsim.oracle.compare import Difference
from pytest_eximsim.oracle.mta.binary import Binary
from pytest_eximsim.scenario.loader import load
from pytest_eximsim.scenario.runner import RunOptions

Differences = Callable[[str], tuple[Difference, ...]]


def scenario(config: str, smtp: str, more: str = "") -> str:
    """`more`: keys of the environment; `set` and `replace` of `exim` are indented."""
    return "\n".join(("exim:", "  config: |", textwrap.indent(config, "    "), more, "scenarios:", "  - name: one", "    session:",
                      "      smtp: |", textwrap.indent(smtp, "        ")))


def rcpt(*recipients: str) -> str:
    """A dialogue with these recipients."""
    asked = "".join(f"C: RCPT TO:<{one}>\nS~ .*\n" for one in recipients)
    return f"S: 220\nC: EHLO c.example\nS: 250\nC: MAIL FROM:<a@example.org>\nS: 250\n{asked}C: QUIT\nS: 221"


GREYLIST = r"""
sqlite_dbfile = /var/spool/grey.db
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  accept condition = ${lookup sqlite {SELECT host FROM grey \
                      WHERE helo='${quote_sqlite:$sender_helo_name}' AND host='$sender_host_address';} {1}}
  warn   set acl_m_id = ${hash{20}{62}{$sender_address$local_part}}
         set acl_m_done = ${lookup sqlite {INSERT INTO grey VALUES ('$acl_m_id', \
                           '$sender_host_address', '${quote_sqlite:$sender_helo_name}');}}
  defer  message = come back, $acl_m_id
"""
GREY_TABLE = "sql: {sqlite: {/var/spool/grey.db: [\"CREATE TABLE grey (id TEXT, host TEXT, helo TEXT)\"]}}"
SQLITE = r"""
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  deny   condition = ${lookup sqlite{/var/lib/limits.db SELECT most < 5 FROM users WHERE user = '${quote_sqlite:$local_part}'}{$value}}
  accept
"""
OTHER_USER = "exim_user = mail\nexim_group = mail\nspool_directory = /var/spool/other\nlog_file_path = /var/log/other/%slog\n" \
    "acl_smtp_rcpt = rcpt\nbegin acl\nrcpt:\n  deny ratelimit = 1 / 1h / strict\n  accept\n"
TLS = "tls_certificate = /usr/local/mail/exim.crt\ntls_privatekey = /usr/local/mail/exim.key\nacl_smtp_rcpt = deny\n"
EXTERNAL = r"""
acl_smtp_rcpt = accept
begin authenticators
ext:
  driver = external
  server_param2 = ${if eq{$auth1}{x}{joe}{nobody}}
  server_condition = ${if eq{$auth2}{joe}}
  server_set_id = $auth2
"""
DRIVERS = r"""
begin authenticators
ntlm:
  driver = spa
  client_username = joe
  client_password = ${readfile{/run/secret}}
dovecot_login:
  driver = dovecot
  public_name = LOGIN
  server_socket = /run/dovecot/auth
  server_set_id = $auth1
dovecot_client:
  driver = dovecot
  public_name = PLAIN
"""
LOOKUPS = r"""
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
begin acl
mail:
  accept condition = ${lookup{a}lsearch{/list}{yes}}
rcpt:
  accept local_parts = a
         verify = recipient
  warn   set acl_m0 = ${lookup{a}lsearch{/list}}
  accept local_parts = b
         condition = ${lookup{$local_part}lsearch{/domains/$domain}}
  warn   set acl_m0 = ${lookup{a}lsearch{/list}}${lookup{$local_part}lsearch{/domains/$domain}}
begin routers
domains:
  driver = redirect
  domains = dsearch;/domains
  condition = ${lookup{a}lsearch{/list}{yes}}
  data = ${lookup{$local_part}lsearch{/domains/$domain}}
"""
BANNER = 'smtp_banner = "$primary_hostname ESMTP Exim $version_number \\#$compile_number"\n'
FILES = 'files: {/list: "a: 1", /domains/example.net: "a: b@example.org"}'
AFTER_EHLO = "S: 220\nC: EHLO c.example\nS~ .*\n"


@pytest.mark.parametrize("text", [
    scenario(GREYLIST, rcpt("b@example.net", "c@example.net"), GREY_TABLE),
    scenario(SQLITE.replace("/var/lib/limits.db", "FILE"), rcpt("b@example.net"),
             '  replace: {FILE: "@DIR@/limits.db"}\nsql: {sqlite: {limits.db: ["CREATE TABLE users (user TEXT, most INT)"]}}'),
    scenario(OTHER_USER, rcpt("b@example.net", "c@example.net")),
    scenario(LOOKUPS, rcpt("a@example.net", "b@example.net", "c@example.net"), FILES),
    scenario(TLS, AFTER_EHLO + "C: STARTTLS\nS: 220\ntls\n" + rcpt("b@example.net").removeprefix("S: 220\n")),
    scenario(EXTERNAL, AFTER_EHLO + "C: AUTH EXT eQ==\nS~ .*\nC: AUTH EXT =\nS~ .*\nC: AUTH EXT\nS: 334\nC: eA==\nS~ .*\nC: QUIT\nS: 221"),
    scenario(DRIVERS, AFTER_EHLO + "C: QUIT\nS: 221"),
    scenario(BANNER, AFTER_EHLO + "C: QUIT\nS: 221"),
], ids=["greylist", "place of a database", "another user", "reasons of lookups", "TLS", "external", "foreign authenticators",
        "banner"])
def test_agree(text: str, differences: Differences) -> None:
    assert differences(text) == ()


@pytest.mark.parametrize(("text", "reason"), [
    (scenario(DRIVERS, AFTER_EHLO + "C: AUTH LOGIN\nS~ .*"), "authenticator driver dovecot is not simulated: it asks a Dovecot server"),
    (scenario("acl_smtp_mime = accept\nacl_smtp_rcpt = accept\n", "S: 220\n" + rcpt("b@example.net").removeprefix("S: 220\n").replace(
        "C: QUIT", "C: DATA\nS: 354\nC: MIME-Version: 1.0\nC:\nC: .\nS~ .*\nC: QUIT")), "their parts are not decoded"),
    (scenario("log_file_path = /var/nowhere/%slog\nnosuch = 1\n", "S: 220"), 'main option "nosuch" unknown'),
], ids=["dovecot", "MIME", "configuration"])
def test_why_nothing_is_compared(text: str, reason: str, binary: Binary, tmp_path: Path) -> None:
    path = tmp_path / "test.eximsim.yaml"
    path.write_text(text)
    case, = load(path, path.name).cases
    made = compare(case.bind(), RunOptions(), binary)
    assert made.found == ()
    assert reason in made.skipped or any(reason in one.title for one in made.simulated.failures if one.unable)
