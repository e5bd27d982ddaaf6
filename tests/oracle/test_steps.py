"""Steps that only a real Exim can take so far: `sendmail` and `queue_run`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_eximsim.errors import ScenarioError
from pytest_eximsim.oracle.both import run_both, run_real
from pytest_eximsim.scenario.outcome import Outcome

Play = Callable[..., Outcome]
EXIM = """
exim:
  version: "4.96"
  config: |
    primary_hostname = mail.example.net
    acl_smtp_rcpt = accept
    acl_not_smtp = check
    begin acl
    check:
      deny senders = mallory@*
           message = not you
      accept
    begin routers
    out:
      driver = manualroute
      domains = dest.example
      route_list = * 198.51.100.1
      transport = smtp
    local:
      driver = accept
      transport = mbox
    begin transports
    smtp:
      driver = smtp
    mbox:
      driver = appendfile
      file = @DIR@/mbox
      user = mail
    begin retry
    * * F,1h,10m
users: {alice: {uid: 1000, home: /home/alice}, mallory: {uid: 1001, home: /home/mallory}}
"""


@pytest.fixture
def play(play: Play) -> Play:
    """Of a text behind EXIM."""
    return lambda text, on=run_real: play(EXIM + text, on)


def test_a_message_waits_until_a_queue_run_takes_it(play: Play) -> None:
    outcome = play("""
remotes: {mx: {address: 198.51.100.1, replies: {RCPT: [450 busy, 250 OK]}}}
scenarios:
  - name: waits
    steps:
      - sendmail: {user: alice, args: -odi b@dest.example, message: "Subject: here\\n\\nhi\\n"}
      - expect: {queue: 1}
      - queue_run: -q
      - expect: {queue: 1}
      - queue_run: -qf
    expect:
      queue: 0
      messages: [{mail_from: alice@mail.example.net, rcpt_to: [b@dest.example], headers: {Subject: here}, body: hi}]
      remotes: {mx: {messages: 1}}
      mainlog:
        - <id1> <= alice@mail.example.net U=alice P=local S=*
        - "<id1> == b@dest.example R=out T=smtp defer (-44) *: 450 busy"
        - "Start queue run: pid=*"
        - "<id1> == b@dest.example routing defer (-52): retry time not reached"
        - "End queue run: pid=*"
        - "Start queue run: pid=* -qf"
        - <id1> => b@dest.example R=out T=smtp H=198.51.100.1 [198.51.100.1] C="250 OK accepted"
        - <id1> Completed
        - "End queue run: pid=* -qf"
""")
    assert outcome.passed, outcome


def test_recipients_from_the_header_by_default(play: Play) -> None:
    outcome = play("""
scenarios:
  - name: by default
    sendmail: {message: "To: postmaster@mail.example.net\\n\\nhi\\n"}
    expect: {files: {"@DIR@/mbox": {contains: [hi], messages: 1}}, log: ["* <= root@mail.example.net U=root P=local *"]}
""")
    assert outcome.passed, outcome


def test_what_the_command_says_is_shown(play: Play) -> None:
    outcome = play("""
scenarios:
  - name: refused
    sendmail: {user: mallory, args: -oem b, message: "Subject: a\\n\\nhi\\n"}
    expect: {log: ["* F=<mallory@mail.example.net> rejected by non-SMTP ACL: not you"], messages: 1}
""")
    assert outcome.passed, outcome
    assert outcome.services[0] == ("test.eximsim.yaml:35:5: sendmail -oem b prints", "exit code 1")


def test_an_unknown_user(play: Play) -> None:
    outcome = play("scenarios: [{name: a, sendmail: {user: bob, message: x}}]\n")
    assert "there is no user `bob`" in outcome.failures[0].title
    assert outcome.failures[0].position.column == 40


def test_arguments_are_looked_at_before_anything_runs(play: Play) -> None:
    with pytest.raises(ScenarioError, match="no closing quotation"):
        play("scenarios: [{name: a, sendmail: {args: \"-f 'a\", message: x}}]\n")


@pytest.mark.parametrize("step", ["queue_run: -q", "sendmail: {message: x}"])
def test_nothing_to_compare_with(play: Play, step: str) -> None:
    outcome = play(f"scenarios: [{{name: a, {step}}}]\n", run_both)
    assert outcome.skipped == f"`{step.partition(':')[0]}` is not yet available in the simulator"
    assert not outcome.failures
