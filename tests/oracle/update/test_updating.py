"""`--eximsim-update`: a scenario file that says something else is rewritten, and then it passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_eximsim.oracle.update.edits import Edits
from pytest_eximsim.oracle.update.playing import record, summary
from pytest_eximsim.scenario.loader import load
from pytest_eximsim.scenario.outcome import Failure
from pytest_eximsim.scenario.runner import RunOptions, run_case

EXIM = """\
exim:
  version: "4.96"
  config: |
    primary_hostname = mail.example.net
    acl_smtp_rcpt = rcpt
    log_selector = +smtp_connection
    domainlist local = example.net
    begin acl
    rcpt:
      drop local_parts = nobody
           message = never
      accept domains = example.net
      deny message = relay not permitted
"""


def updated(file: Path, text: str) -> tuple[str, list[str], list[Failure]]:
    """The file as it is rewritten, the lines of the summary, and what is left."""
    file.write_text(EXIM + text)
    edits = Edits()
    failures: list[Failure] = []
    for case in load(file, file.name).cases:
        failures += record(case.bind(), RunOptions(), edits, run_case).failures
    lines = summary(edits)
    after = file.read_text()
    assert after.startswith(EXIM)
    return after.removeprefix(EXIM), lines, failures


def passes(file: Path) -> bool:
    return not any(run_case(case.bind(), RunOptions()).failures for case in load(file, file.name).cases)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.yaml"


#: What stands in a file, and what it becomes.
CHANGES = {
    "a reply keeps what the author wrote of it": ("""\
scenarios:
  - name: talk
    session:
      from: 192.0.2.1
      smtp: |
        # the banner
        S: 220 mail.example.net ESMTP Exim *
        C: EHLO client.example
        S: 250-mail.example.net Hello someone else
        S: ...
        S: 250 HELP
        S+ AUTH
        C: MAIL FROM:<a@b.example>
        S: 550
        C: RCPT TO:<x@elsewhere.example>
        S: 250 Accepted

        C: RCPT TO:<x@example.net>
        S~ ^4
        C: QUIT
        S: 221 *
""", """\
scenarios:
  - name: talk
    session:
      from: 192.0.2.1
      smtp: |
        # the banner
        S: 220 mail.example.net ESMTP Exim *
        C: EHLO client.example
        S: 250-mail.example.net Hello client.example [192.0.2.1]
        S: 250-SIZE 52428800
        S: 250-8BITMIME
        S: 250-PIPELINING
        S: 250-PIPECONNECT
        S: 250-CHUNKING
        S: 250-STARTTLS
        S: 250 HELP
        S- AUTH
        C: MAIL FROM:<a@b.example>
        S: 250
        C: RCPT TO:<x@elsewhere.example>
        S: 550 relay not permitted

        C: RCPT TO:<x@example.net>
        S: 250 Accepted
        C: QUIT
        S: 221 *
"""),
    "behind the server's end nobody listens": ("""\
scenarios:
  - name: dropped
    session:
      smtp: |
        S: 220
        C: HELO client.example
        S: 250
        C: MAIL FROM:<>
        S: 250
        C: RCPT TO:<nobody@example.net>
        S: 250
        # not reached
        C: QUIT
        S: 221
        S: 250
""", """\
scenarios:
  - name: dropped
    session:
      smtp: |
        S: 220
        C: HELO client.example
        S: 250
        C: MAIL FROM:<>
        S: 250
        C: RCPT TO:<nobody@example.net>
        S: 550
        # not reached
        C: QUIT
        S: <eof>
        # S: 250
"""),
    "what nobody reads": ("""\
scenarios:
  - name: silent
    session: {smtp: "S: 220\\nC: QUIT"}
""", """\
scenarios:
  - name: silent
    session: {smtp: "S: 220\\nC: QUIT\\nS: 221 mail.example.net closing connection"}
"""),
    "logs keep patterns, comments and order": ("""\
scenarios:
  - name: logs
    send: {from: 192.0.2.1, rcpt_to: [x@example.net, y@elsewhere.example], expect: {rcpt: {y@elsewhere.example: 550 *}}}
    expect:
      mainlog:
        # it begins
        - SMTP connection from *
        - 'H=(client.example) [192.0.2.1] F=<sender@example.org> rejected RCPT <z@elsewhere.example>: relay not permitted'   # wrong
        # it ends
        - "* <= *"
        - 'nothing'
        - "! * panic *"
      rejectlog: []
      queue: 4
""", """\
scenarios:
  - name: logs
    send: {from: 192.0.2.1, rcpt_to: [x@example.net, y@elsewhere.example], expect: {rcpt: {y@elsewhere.example: 550 *}}}
    expect:
      mainlog:
        # it begins
        - SMTP connection from *
        - 'H=(client.example) [192.0.2.1] F=<sender@example.org> rejected RCPT <y@elsewhere.example>: relay not permitted'
        # it ends
        - "* <= *"
        - SMTP connection from (client.example) [192.0.2.1] closed by QUIT
        - "! * panic *"
      rejectlog:
      - 'H=(client.example) [192.0.2.1] F=<sender@example.org> rejected RCPT <y@elsewhere.example>: relay not permitted'
      queue: 1
"""),
    "a log in part": ("""\
scenarios:
  - name: log
    send: {from: 192.0.2.1, rcpt_to: y@elsewhere.example, expect: rcpt 550}
    expect:
      log:
        - SMTP connection from *
        - H=(client.example) [192.0.2.1] F=<sender@example.org> rejected RCPT <y@elsewhere.example>
""", """\
scenarios:
  - name: log
    send: {from: 192.0.2.1, rcpt_to: y@elsewhere.example, expect: rcpt 550}
    expect:
      log:
        - SMTP connection from *
        - 'H=(client.example) [192.0.2.1] F=<sender@example.org> rejected RCPT <y@elsewhere.example>: relay not permitted'
"""),
    "messages that are sent": ("""\
scenarios:
  - name: refused
    steps:
      - send: {rcpt_to: x@elsewhere.example}
      - send:
          rcpt_to: x@example.net
          expect: rcpt 550
      - send: {rcpt_to: x@example.net, expect: {rcpt: 451, end: "250 OK id=<id1>"}}
""", """\
scenarios:
  - name: refused
    steps:
      - send: {rcpt_to: x@elsewhere.example, expect: "rcpt 550 relay not permitted"}
      - send:
          rcpt_to: x@example.net
          expect: accepted
      - send: {rcpt_to: x@example.net, expect: {rcpt: 250 Accepted, end: "250 OK id=<id1>"}}
"""),
    "what is asked": ("""\
scenarios:
  - name: asked
    steps:
      - expand:
          - {string: "${lc:ABC}", is: ABC}   # lower
          - {string: "${nope:x}", is: x}
          - {string: "${uc:a*}", fails: "*"}
      - options: |
          primary_hostname = other
          smtp_banner = *
""", """\
scenarios:
  - name: asked
    steps:
      - expand:
          - {string: "${lc:ABC}", is: abc}   # lower
          - {string: "${nope:x}", fails: unknown expansion operator "nope"}
          - {string: "${uc:a*}", is: "A\\\\*"}
      - options: |
          primary_hostname = mail.example.net
          smtp_banner = *
"""),
}


@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES)
def test_what_is_written(file: Path, before: str, after: str) -> None:
    text, lines, failures = updated(file, before)
    assert failures == []
    assert text == after
    assert [line.partition(":")[0] for line in lines] == [f"updated {file}"]
    assert passes(file)


@pytest.mark.parametrize("text", [after for _, after in CHANGES.values()], ids=CHANGES)
def test_what_holds_stays_octet_by_octet(file: Path, text: str) -> None:
    assert updated(file, text) == (text, ["nothing to update"], [])


def test_a_configuration_that_is_refused(file: Path) -> None:
    file.write_text('exim: {config: "nope = 1"}\nscenarios:\n  - name: wrong\n    expect:\n      config_error: [nonsense]\n')
    edits = Edits()
    for case in load(file, file.name).cases:
        assert record(case.bind(), RunOptions(), edits, run_case).failures == []
    assert summary(edits) == [f"updated {file}: 1 place"]
    assert "main option \\\"nope\\\" unknown" in file.read_text()
    assert passes(file)


ROWS = """\
scenarios:
  - name: rows
    parameters: [{to: x@example.net}, {to: x@elsewhere.example}]
    send: {rcpt_to: "${{ to }}", expect: data 354 wrong}
"""
LEFT = {
    "rows of parameters disagree": (ROWS, "its scenarios disagree", ""),
    "parameters stand in it": ("""\
scenarios:
  - name: rows
    parameters: [{to: x@example.net}]
    send: {rcpt_to: x@example.net, expect: "rcpt 4 ${{ to }}"}
""", "nothing to update", "not updated: there are parameters in it"),
    "a scenario that cannot be played": ("""\
scenarios:
  - name: stops
    steps:
      - send: {rcpt_to: x@example.net, expect: rcpt 550}
      - queue_run: -qff
""", "nothing to update", "`queue_run` is not yet available"),
    "what is described": ("""\
scenarios:
  - name: messages
    send: {rcpt_to: x@example.net}
    expect: {messages: [{mail_from: a@example.org}, {mail_from: b@example.org}]}
""", "nothing to update", "not updated: there are 1 messages, 2 are described"),
    "nobody speaks": ("""\
scenarios:
  - name: silence
    session:
      smtp: |
        S: 220
        S: 250 and then
""", "nothing to update", "not updated: `S: 250 and then`: nothing came"),
}


@pytest.mark.parametrize(("text", "line", "left"), LEFT.values(), ids=LEFT)
def test_what_is_left_is_told(file: Path, text: str, line: str, left: str) -> None:
    after, lines, failures = updated(file, text)
    assert after == text
    assert line in lines[0]
    assert {one.title for one in failures} == ({left} if left else set())

