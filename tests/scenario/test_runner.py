"""One scenario from its start to its end: what fails, what is said about it, what is left behind."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pytest_eximsim.scenario.loader import load
from pytest_eximsim.scenario.runner import RunOptions, run_case

CONFIG = """
exim:
  config: |
    queue_only
    acl_smtp_rcpt = check
    begin acl
    check:
      deny domains = elsewhere.example
           message = relay not permitted
      accept
"""


def test_passes_without_exim(play):
    assert play("scenarios: [{name: a, send: {rcpt_to: b@example.net}}]").passed


def test_place_and_texts_of_a_failure(play):
    outcome = play(CONFIG + """
scenarios:
  - name: a
    session:
      smtp: |
        S: 220
        C: EHLO client.example
        S: 250
        C: MAIL FROM:<a@example.org>
        S: 250 OK
        C: RCPT TO:<b@elsewhere.example>
        S: 250 Accepted
""")
    (failure,) = outcome.failures
    assert (str(failure.position), failure.expected, failure.received) == ("test.yaml:22:9", "250 Accepted", "550 relay not permitted")
    assert failure.conversation[-1].text == "RCPT TO:<b@elsewhere.example>"
    assert "rejected RCPT <b@elsewhere.example>: relay not permitted" in outcome.mainlog[-1]


def test_all_failures_of_one_expect(play):
    outcome = play(CONFIG + """
scenarios:
  - name: a
    send: {rcpt_to: b@example.net}
    expect:
      messages: 2
      queue: 0
      log: [nothing like this]
""")
    assert [one.title.split(":")[0] for one in outcome.failures] == [
        "another number of messages", "another number of messages on the queue", "the log"]


def test_expect_as_a_step_stops_there(play):
    outcome = play(CONFIG + """
scenarios:
  - name: a
    steps:
      - expect: {messages: 1, within: 1s}
      - send: {rcpt_to: b@example.net}
    expect: {messages: 5}
""")
    assert [(one.expected, one.received) for one in outcome.failures] == [("1", "0")]


def test_mistake_of_an_inline_configuration_is_placed_in_the_yaml_file(play):
    outcome = play("""
exim:
  config: |
    queue_only
    nosuch = 1
scenarios: [{name: a, send: {rcpt_to: b@example.net}}]
""")
    assert str(outcome.failures[0].position).startswith("test.yaml:5")
    assert 'main option "nosuch" unknown' in outcome.failures[0].received


def test_config_error_is_compared_without_indentation(play):
    text = """
exim: {config: "nosuch = 1\\n"}
scenarios:
  - name: a
    expect:
      config_error: ['Exim configuration error in line 1 of @CONFIG@:', 'main option "nosuch" unknown']
"""
    assert play(text).passed
    assert not play(text.replace("nosuch = 1", "queue_only")).passed
    assert not play(text.replace("in line 1", "in line 2")).passed


def test_not_simulated_is_no_config_error(play):
    outcome = play("""
exim:
  config: |
    acl_smtp_data = x
    begin acl
    x:
      warn dcc = *
scenarios: [{name: a, expect: {config_error: ['*', '*']}}]
""")
    assert outcome.failures[0].title.startswith("not simulated")


def test_repeat_counts(play):
    assert play(CONFIG + """
scenarios:
  - name: a
    send: {rcpt_to: "user${{ n }}@example.net"}
    repeat: 3
    expect:
      messages: [{rcpt_to: user1@example.net}, {rcpt_to: user2@example.net}, {rcpt_to: user3@example.net}]
""").passed


def test_parallel_steps(play):
    outcome = play(CONFIG + """
scenarios:
  - name: a
    steps:
      - parallel:
          - send: {rcpt_to: b@example.net}
          - send: {rcpt_to: c@example.net}
          - send: {rcpt_to: d@elsewhere.example}
    expect: {messages: 2}
""")
    assert [one.received for one in outcome.failures] == ["550 relay not permitted"]


def test_session_held_open(play):
    assert play(CONFIG.replace("queue_only", "queue_only\n    smtp_accept_max = 1") + """
scenarios:
  - name: a
    steps:
      - session: {as: A, smtp: "S: 220"}
      - session:
          smtp: |
            S: 421 Too many concurrent SMTP connections; please try again later.
            S: <eof>
      - session:
          as: A
          smtp: |
            C: QUIT
            S: 221
            S: <eof>
      - send: {rcpt_to: b@example.net}
""").passed


def test_output_that_nobody_read_is_a_failure(play):
    outcome = play(CONFIG + """
scenarios:
  - name: a
    session:
      smtp: |
        S: 220
        C: EHLO client.example
""")
    assert outcome.failures[0].title == "the server said more than the dialogue reads"


def test_step_of_the_environment(play):
    assert play(CONFIG + """
dns: |
  host 192.0.2.99 one.example
scenarios:
  - name: a
    steps:
      - exim: {set: {host_lookup: "*"}}
      - send: {rcpt_to: b@example.net}
      - dns: |
          host 192.0.2.99 two.example
      - send: {rcpt_to: b@example.net}
    expect:
      log: ["* H=one.example (client.example) *", "* H=two.example (client.example) *"]
""").passed


def test_what_is_not_there_yet_says_so(play):
    outcome = play(CONFIG + "scenarios: [{name: a, sendmail: {user: root, message: x}}]\n")
    assert outcome.failures[0].title == "`sendmail` is not yet available"


def test_missing_names_and_files_are_told(play):
    outcome = play("""
exim:
  config: |
    host_lookup = *
    acl_smtp_rcpt = ${readfile{/etc/nothere}}
scenarios: [{name: a, send: {rcpt_to: b@example.net}}]
""")
    assert any("99.2.0.192.in-addr.arpa PTR" in one for one in outcome.missing)
    assert "file: /etc/nothere" in outcome.missing


def test_unused_remote_is_told(play):
    outcome = play("""
remotes: {mx: {address: 203.0.113.5}}
scenarios: [{name: a, send: {rcpt_to: b@example.net}}]
""")
    assert [text for _, text in outcome.unused] == ["remote mx was used by nothing in this scenario"]


def test_waiting_costs_nothing_and_is_the_same_every_time(play):
    text = CONFIG + """
clock: {start: 2020-01-01 00:00:00}
scenarios:
  - name: a
    steps:
      - send: {rcpt_to: b@example.net}
      - wait: 4d
      - send: {rcpt_to: b@example.net}
"""
    first, second = play(text), play(text)
    assert first.mainlog == second.mainlog
    assert [line[:10] for line in first.mainlog] == ["2020-01-01", "2020-01-05"]


def test_nothing_is_left_behind(play, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    play(CONFIG + "scenarios: [{name: a, send: {rcpt_to: b@example.net}}]")
    play("exim: {config: 'nosuch = 1'}\nscenarios: [{name: a, send: {rcpt_to: b@example.net}}]")
    assert list(tmp_path.glob("eximsim-*")) == []


def test_defaults_and_within(tmp_path: Path):
    path = tmp_path / "a.yaml"
    path.write_text(CONFIG + """
defaults:
  session: {from: 198.51.100.7}
  send: {mail_from: x@example.org}
  within: 1s
scenarios:
  - name: a
    send: {rcpt_to: b@example.net}
    expect: {messages: [{mail_from: x@example.org, variables: {sender_host_address: 198.51.100.7}}]}
""")
    assert run_case(load(path).cases[0].bind(), RunOptions()).passed


def test_the_date_that_a_client_sends(play):
    assert play("""
exim:
  config: |
    acl_smtp_rcpt = accept
    acl_smtp_data = data
    begin acl
    data:
      deny message = $h_date:
scenarios:
  - name: a
    session:
      smtp: |
        S: 220
        C: EHLO client.example
        S: 250
        C: MAIL FROM:<a@example.org>
        S: 250
        C: RCPT TO:<b@example.net>
        S: 250
        C: DATA
        S: 354
        C: Date: <date>
        C:
        C: .
        S: 550 Mon, 4 Nov 2013 09:25:06 +0000
""").failures == []
