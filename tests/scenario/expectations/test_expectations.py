"""Every key of `expect`, with something that holds and something that does not."""

from __future__ import annotations

import pytest

HEAD = r"""
exim:
  config: |
    queue_only
    redis_servers = 127.0.0.1//
    pgsql_servers = localhost/db/user/secret
    acl_smtp_rcpt = check
    acl_smtp_data = data
    begin acl
    check:
      warn logwrite = :panic: panicking
      deny local_parts = bad
           message = not you
      warn set acl_m_x = ${lookup redis{INCR counter}}${lookup redis{RPUSH l a b}}${lookup pgsql{select 1}}
           set acl_m_y = ${lookup sqlite{@DIR@/log.db insert into t values ('x y')}}
      accept
    data:
      accept add_header = X-Added: yes
redis: {commands: [SET full yes, EXPIRE full 100]}
sql:
  pgsql: {answers: {"select *": "1"}}
  sqlite: {log.db: ["create table t (a)"]}
files: {list: "one\ntwo\nthree\n"}
scenarios:
  - name: a
    send:
      rcpt_to: [a@example.net, bad@example.net]
      message: |
        Subject: a
         long subject

        first
        .second
      expect: {rcpt: {bad@example.net: 550 not you}}
    expect:
"""

HOLDS = [
    "log: ['* H=(client.example) [192.0.2.99] F=<sender@example.org> rejected RCPT <bad@example.net>: not you', '* <= *']",
    "log: ['~ rejected RCPT <bad', '* <= sender@example.org *', '! *never*']",
    "log: |\n        * <= sender@*\n        ! *Completed*",
    "mainlog: ['* rejected RCPT <bad@example.net>: not you', '<id1> <= *']",
    "mainlog: {any_order: ['<id1> <= *', '* rejected RCPT *']}",
    "rejectlog: ['* rejected RCPT <bad@example.net>: not you']",
    "paniclog: ['panicking', 'panicking']",
    "messages: 1",
    "messages: [{mail_from: sender@example.org, rcpt_to: a@example.net, body: \"first\\n.second\"}]",
    "messages: [{headers: {Subject: a long subject, X-Added: 'yes', X-No: absent}}]",
    "messages: [{variables: {sender_address: sender@example.org, h_message-id: '', h_to: '', acl_m_y: ''}}]",
    "queue: 1",
    "queue: ['<id*>']",
    "redis: {GET counter: '1', GET nothing: null, 'LRANGE l 0 -1': [a, b], TTL full: {between: [1, 100]}}",
    "sql: {pgsql: [select 1], sqlite: {log.db: {'select a from t': [x y]}}}",
    "files: {list: \"one\\ntwo\\nthree\\n\", '@DIR@/list': {contains: ['one', 'three']}, nothing: absent}",
]
FAILS = [
    ("log: ['* => *']", "* => *", "(no such line)"),
    ("log: ['! *<=*']", "! *<=*", "*<= sender@example.org*"),
    ("mainlog: []", "(nothing more)", "H=*"),
    ("paniclog: [panicking]", "(nothing more)", "panicking"),
    ("mainlog: {any_order: ['* <= *']}", "(nothing more)", "H=*"),
    ("messages: 2", "2", "1"),
    ("messages: [{mail_from: other@example.org}]", "other@example.org", "sender@example.org"),
    ("messages: [{headers: {Subject: absent}}]", "absent", "a long subject"),
    ("messages: [{headers: {X-No: something}}]", "something", "(absent)"),
    ("messages: [{body: first}]", "(nothing more)", ".second"),
    ("messages: [{variables: {acl_m_x: nothing}}]", "nothing", "*"),
    ("queue: 0", "0", "1"),
    ("redis: {GET counter: '2'}", "2", "1"),
    ("redis: {GET full: null}", "null", "yes"),
    ("redis: {'LRANGE l 0 -1': [a]}", "[a]", "[a, b]"),
    ("redis: {TTL full: {between: [1, 2]}}", "between (1, 2)", "*"),
    ("sql: {pgsql: ['select 1', 'select 2']}", "select 2", "(nothing more)"),
    ("sql: {sqlite: {log.db: {'select a from t': []}}}", "(nothing more)", "x y"),
    ("files: {list: absent}", "absent", "one*"),
    ("files: {nothing: something}", "a file", "(No such file or directory)"),
    ("files: {list: {contains: ['three', 'one']}}", "one", "(no such line)"),
    ("tls: {version: TLS1.3}", "", ""),
]


@pytest.mark.parametrize("expect", HOLDS)
def test_holds(play, expect):
    outcome = play(HEAD + "      " + expect + "\n")
    assert outcome.failures == []


@pytest.mark.parametrize(("expect", "expected", "received"), FAILS)
def test_fails(play, expect, expected, received):
    outcome = play(HEAD + "      " + expect + "\n      within: 0s\n")
    assert len(outcome.failures) == 1
    failure = outcome.failures[0]
    assert failure.expected == expected
    assert failure.received == received or (received.endswith("*") and received.strip("*") in failure.received)
    assert failure.position.file == "test.yaml" and failure.position.line > 30


def test_dmarc_is_not_yet_available(play):
    outcome = play(HEAD + "      dmarc: {status: accept}\n")
    assert outcome.failures[0].title == "`expect: {dmarc: …}` is not yet available"


def test_throughout(play):
    text = """
scenarios:
  - name: a
    steps:
      - send: {rcpt_to: b@example.net}
    expect: {messages: 1, throughout: 1h}
"""
    assert play(text).passed


def test_several_mtas(play):
    outcome = play("""
mtas:
  mx1: {address: 192.0.2.1}
  mx2: {address: 192.0.2.2, set: {smtp_banner: second}}
scenarios:
  - name: a
    steps:
      - send: {to: mx1, rcpt_to: one@example.net}
      - send: {to: mx2, rcpt_to: two@example.net, expect: {connect: 220 second}}
    expect:
      messages: 2
      mtas:
        mx1: {messages: [{rcpt_to: one@example.net}]}
        mx2: {messages: [{rcpt_to: other@example.net}]}
""")
    assert [(one.expected, one.received) for one in outcome.failures] == [("other@example.net", "two@example.net")]
