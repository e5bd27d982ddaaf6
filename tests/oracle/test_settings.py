"""What a scenario sets for a real Exim, at the beginning and by steps, shows in nothing that Exim says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_eximsim.oracle.both import run_both
from pytest_eximsim.oracle.mta.configuration import Written
from pytest_eximsim.scenario.outcome import Outcome

TEXT = """\
exim:
  version: "4.96"
  set: {recipients_max: "9"}
  config: |
    pgsql_servers = 10.0.0.7/a/b/c
    acl_smtp_rcpt = rcpt
    begin acl
    rcpt:
      accept condition = ${lookup pgsql{select '$local_part'}}
      deny   message = unknown
sql: {pgsql: {answers: {"*": null}}}
scenarios:
"""


@pytest.fixture
def both(play: Callable[..., Outcome]) -> Callable[[str], Outcome]:
    return lambda text: play(TEXT + text, run_both)


def test_lines_keep_their_numbers(both: Callable[[str], Outcome]) -> None:
    outcome = both("""
  - name: lines
    send: {rcpt_to: b@example.net, expect: rcpt 550 unknown}
    expect: {mainlog: ["tainted search query is not properly quoted (ACL accept, @CONFIG@ 5): select *", "* rejected RCPT *"]}
""")
    assert outcome.passed, outcome.failures


def test_what_steps_give_is_not_written_by_exim(both: Callable[[str], Outcome]) -> None:
    outcome = both("""
  - name: steps
    steps:
      - exim: {set: {recipients_max: "1"}}
      - files: {given: text}
      - hosts: "192.0.2.99 client.example\\n"
      - send: {rcpt_to: b@example.net, expect: rcpt 550 unknown}
""")
    assert outcome.passed, outcome.failures


@pytest.mark.parametrize(("said", "told"), [
    ("error in line 7 of /c: no", "error in line 6 of /c: no"), ("(ACL deny, /c 7): x", "(ACL deny, /c 6): x"),
    ("line 2 of /c", "line 2 of /c"), ("/c 7", "/c 7"), ("line 7 of /d", "line 7 of /d"),
])
def test_numbers_behind_a_line_of_ours(said: str, told: str) -> None:
    assert Written("/c", (3,)).original(said) == told
