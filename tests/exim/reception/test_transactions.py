"""What a session knows of one message and not of the next."""

from __future__ import annotations

from pathlib import Path

from pytest_eximsim.scenario.loader import load
from pytest_eximsim.scenario.runner import RunOptions, run_case

FILE = """\
exim:
  version: "4.96"
  config: |
    addresslist known = *@b.test : joe@c.test
    acl_smtp_rcpt = rcpt
    begin acl
    rcpt:
      accept senders = +known
             logwrite = known <$sender_data>
      accept logwrite = unknown
scenarios:
  - name: a
    session:
      smtp: |
        S: 220
        C: HELO x.example
        S: 250
        C: MAIL FROM:<a@b.test>
        S: 250
        C: RCPT TO:<u@d.test>
        S: 250
        C: RSET
        S: 250
        C: MAIL FROM:<joe@c.test>
        S: 250
        C: RCPT TO:<u@d.test>
        S: 250
        C: HELO x.example
        S: 250
        C: MAIL FROM:<x@z.test>
        S: 250
        C: RCPT TO:<u@d.test>
        S: 250
        C: QUIT
        S: 221
    expect: {mainlog: ["known <*@b.test>", "known <joe@c.test>", "unknown"]}
"""


def test_each_sender_is_looked_for_in_named_lists(tmp_path: Path) -> None:
    """Also where no MAIL ACL begins the transaction."""
    path = tmp_path / "a.yaml"
    path.write_text(FILE, "utf-8")
    outcome = run_case(load(path, "a.yaml").cases[0].bind(), RunOptions())
    assert outcome.passed, outcome.failures
