"""What a session knows of one message and not of the next; what later releases count and take away (4.96 and 4.98.2, asked)."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    play(tmp_path, FILE)


def play(folder: Path, text: str) -> None:
    path = folder / "a.yaml"
    path.write_text(text, "utf-8")
    outcome = run_case(load(path, "a.yaml").cases[0].bind(), RunOptions())
    assert outcome.passed, outcome.failures


NO_HELO = """\
exim: {version: "RELEASE", config: "acl_smtp_rcpt = accept\\nsmtp_max_synprot_errors = 1\\n"}
scenarios:
  - name: a
    session:
      from: 192.0.2.99
      smtp: |
        S: 220
        C: MAIL FROM:<a@b.test>
        S: 503 HELO or EHLO required
        C: MAIL FROM:<a@b.test>
        S: REPLY
"""


@pytest.mark.parametrize(("release", "reply"), [
    ("4.96", "503 HELO or EHLO required"),
    ("4.99", "503-HELO or EHLO required\n        S: 503 Too many syntax or protocol errors"),
])
def test_a_sender_without_helo(tmp_path: Path, release: str, reply: str) -> None:
    play(tmp_path, NO_HELO.replace("RELEASE", release).replace("REPLY", reply))


REMOVED = """\
exim:
  version: "RELEASE"
  config: |
    acl_smtp_rcpt = rcpt
    acl_smtp_data = data
    begin acl
    rcpt:
      accept remove_header = ^X-[AB] : x-c
    data:
      deny message = done
           log_message = left: <${sg{$h_x-a:}{\\\\n}{ }}> <$h_x-bcd:> <$h_x-c:>
scenarios:
  - name: a
    session:
      from: 192.0.2.99
      smtp: |
        S: 220
        C: HELO x.example
        S: 250
        C: MAIL FROM:<a@b.test>
        S: 250
        C: RCPT TO:<u@b.test>
        S: 250
        C: DATA
        S: 354
        C: X-C: 0
        C: x-a: 1
        C: X-A: 2
        C: X-Bcd: 3
        C:
        C: .
        S: 550 done
        C: QUIT
        S: 221
    expect: {mainlog: ["* rejected after DATA: left: LEFT"]}
"""


@pytest.mark.parametrize(("release", "left"), [("4.96", "<1 2> <3> <>"), ("4.99", "<1> <> <>")])
def test_lines_that_a_pattern_takes_away(tmp_path: Path, release: str, left: str) -> None:
    play(tmp_path, REMOVED.replace("RELEASE", release).replace("LEFT", left))
