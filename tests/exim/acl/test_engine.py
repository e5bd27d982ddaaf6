"""Verbs, messages, nested ACLs, options and files (cases ACL-001 … ACL-024, ACL-051)."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.acl import Phase, run_acl

from ..fake_world import process
from .asking import ask, ask_option, logs, said, shown

YES, NO = "condition = yes", "condition = no"

#: verb, a true or a false condition, and the result of an ACL with that statement and an accept behind it
VERBS = [
    ("accept", YES, "ok: m"), ("accept", NO, "ok"), ("deny", YES, "fail: m"), ("deny", NO, "ok"), ("defer", YES, "defer: m"),
    ("defer", NO, "ok"), ("discard", YES, "discard: m"), ("discard", NO, "ok"), ("drop", YES, "fail_drop: m"), ("drop", NO, "ok"),
    ("require", YES, "ok"), ("require", NO, "fail: m"), ("warn", YES, "ok"), ("warn", NO, "ok"),
]


@pytest.mark.parametrize(("verb", "condition", "result"), VERBS)
def test_verbs(verb: str, condition: str, result: str) -> None:
    assert said(f"{verb} message = m\n {condition}\naccept") == result


@pytest.mark.parametrize(("text", "result"), [
    ("", "fail"), ("warn", "fail"), ("deny condition = no", "fail"),
    ("accept message = kept\n condition = no", "fail: kept"), ("deny message = lost\n condition = no", "fail"),
    ("accept message = lost\n condition = no\nwarn", "fail"),
    ("accept message = one\n message = two", "ok: two"), ("deny log_message = inside\n message = outside", "fail: inside"),
    ("deny condition = no\n message = late\naccept", "ok"),
    ("accept endpass\n condition = no\n message = late\naccept", "fail"),
    ("accept message = m\n endpass\n condition = no\naccept", "fail: m"), ("accept message = m\n endpass", "ok"),
    ("deny !condition = no", "fail"), ("deny ! condition = yes\naccept", "ok"),
    ("deny !condition = maybe", 'defer: invalid "condition" value "maybe"'),
    ("warn condition = maybe\naccept", "ok"),
    ("deny condition = ${if eq{a}{b}{x}fail}", "fail"),
    ("deny condition = ${nosuch:x}", 'error: failed to expand ACL string "${nosuch:x}": unknown expansion operator "nosuch"'),
])
def test_statements(text: str, result: str) -> None:
    assert said(text) == result


def test_unset_option_refuses_and_a_forced_failure_of_it_accepts() -> None:
    p = process()
    assert run_acl(p, Phase.RCPT, None, recipient="a@b.test").result.value == "fail"
    assert run_acl(p, Phase.RCPT, "${if eq{a}{b}{x}fail}", recipient="a@b.test").result.value == "ok"


def test_files_and_names() -> None:
    p = process(files={"/etc/acl": "# a comment\ndeny \\\n  message = from the file\n"}, acls="one:\n deny message = by name\n")
    assert [shown(ask_option(text, p=p)) for text in ("/etc/acl", "one", "deny message = inline\n\tcondition = yes", "")] == [
        "fail: from the file", "fail: by name", "fail: inline", "fail",
    ]


@pytest.mark.parametrize(("text", "result"), [
    ("acl_nosuch", 'unknown ACL verb "acl_nosuch" in "acl_nosuch"'), ("one two", 'unknown ACL verb "one" in "one two"'),
    ("/nosuch", 'failed to open ACL file "/nosuch": No such file or directory'),
    ("accept nosuch = x", 'unknown ACL condition/modifier in "accept nosuch = x"'),
    ("${nosuch:x}", 'failed to expand ACL string "${nosuch:x}": unknown expansion operator "nosuch"'),
])
def test_options_that_name_no_acl(text: str, result: str) -> None:
    assert shown(ask_option(text, p=process(acls="one:\n accept\n"))) == f"error: {result}"


def test_data_from_the_client_chooses_no_acl_in_later_releases() -> None:
    for release, result, lines in [("4.82+", "ok", []),
    ("4.99", "error: internal configuration error", ['attempt to use tainted ACL text "one"'])]:
        p = process(release, acls="one:\n accept\n")
        p.message.sender = "one@s.test"
        assert shown(ask_option("$sender_address_local_part", p=p)) == result
        assert logs(p) == lines == logs(p, "panic")


@pytest.mark.parametrize("phase", [Phase.CONNECT, Phase.HELO, Phase.PREDATA, Phase.AUTH])
def test_discard_is_for_messages(phase: Phase) -> None:
    p = process()
    assert ask("discard", phase=phase, p=p).result.value == "error"
    assert logs(p) == [f'"discard" verb not allowed in {phase.words} ACL']


@pytest.mark.parametrize(("release", "text", "result"), [
    ("4.82+", "accept message = bye", "ok: bye"), ("4.99", "warn\naccept", "ok"),
    ("4.82+", "deny condition = no\naccept", 'error: "deny" is not allowed in a QUIT or not-QUIT ACL'),
    ("4.99", "deny condition = no\naccept", "ok"),
    ("4.99", "deny", "error: QUIT or not-QUIT toplevel ACL may not fail ('deny' verb used incorrectly)"),
    ("4.82+", "require acl = sub", 'error: "require" is not allowed in a QUIT or not-QUIT ACL'),
    ("4.82+", "accept acl = sub\naccept", "ok"),
])
def test_quit_takes_accept_and_warn(release: str, text: str, result: str) -> None:
    assert said(text, phase=Phase.QUIT, release=release, acls="sub:\n deny\n") == result


def test_warnings_are_written_once() -> None:
    p = process(client="192.0.2.9")
    p.connection.fullhost = "[192.0.2.9]"
    ask("warn log_message = a\\nb\nwarn log_message = a\\nb\nwarn log_message = c\n condition = no\naccept", p=p)
    assert logs(p) == ["H=[192.0.2.9] Warning: a\\nb"]


def test_warn_with_a_message_is_a_header_line() -> None:
    p = process()
    ask("warn message = X-Seen: 1\nwarn message = plain\nwarn message = X-Seen: 1\naccept", p=p)
    assert [added.text for added in p.message.added_headers] == ["X-Seen: 1\n", "X-ACL-Warn: plain\n"]
    ask("warn message = X-Seen: 1\naccept", phase=Phase.HELO, p=p)
    assert logs(p) == ['ACL "warn" with "message" setting found in a non-message (EHLO or HELO) ACL: '
                       "cannot specify header lines here: message ignored"]


@pytest.mark.parametrize(("release", "acl", "line"), [
    ("4.82+", "warn senders = ${lookup redis{GET a}}",
     'ACL "warn" statement skipped: condition test deferred: REDIS: query failed: down\n'),
    ("4.96", "warn condition = maybe", 'ACL "warn" statement skipped: condition test deferred: invalid "condition" value "maybe"'),
    ("4.99", "warn condition = maybe", """ACL 'warn' statement skipped (in ACL one at line 2 of exim.conf): condition test deferred: """
                                       'invalid "condition" value "maybe"'),
    ("4.99", "warn acl = two", "ACL 'warn' statement skipped (in ACL one): condition test deferred: later"),
])
def test_warn_that_cannot_decide(release: str, acl: str, line: str) -> None:
    p = process(release, acls=f"one:\n{acl}\naccept\n\ntwo:\ndefer message = later\n", main={"redis_servers": "127.0.0.1//"})
    p.connection.fullhost = "[192.0.2.9]"
    p.world.redis.down["127.0.0.1:6379"] = OSError(1, "down")       # type: ignore[attr-defined]
    assert ask_option("one", p=p).result.value == "ok"
    assert logs(p)[-1] == "H=[192.0.2.9] Warning: " + line


def test_recipients_lose_their_quotes() -> None:
    p = process(main={"percent_hack_domains": "b.test"})
    for recipient, meant in [('"Joe Smith"@B.test', "joe smith at b.test"), ("x%y.test@b.test", "x at y.test"),
    ('a\\@b@b.test', "a@b at b.test")]:
        assert ask("deny message = $local_part at $domain", p=p, recipient=recipient).user_message == meant
