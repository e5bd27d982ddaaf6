"""Conditions that match a list, and truth values (cases ACL-015, ACL-017, ACL-041, ACL-046)."""

from __future__ import annotations

import pytest

from pytest_eximsim.errors import Crashed
from pytest_eximsim.exim.acl import Phase
from pytest_eximsim.exim.world import TlsSession

from ...fake_world import process
from ..asking import ask, logs, said


@pytest.mark.parametrize(("value", "result"), [
    ("1", "ok"), ("0", "fail"), ("", "fail"), ("yes", "ok"), ("True", "ok"), ("NO", "fail"), ("false", "fail"), ("00", "fail"),
    ("42", "ok"),
    ("4294967296", "fail"), ("99999999999999999999", "ok"), ("maybe", 'defer: invalid "condition" value "maybe"'),
    (" yes", "ok"), ("1 2", 'defer: invalid "condition" value "1 2"'), ("yes # no", 'defer: invalid "condition" value "yes # no"'),
])
def test_condition(value: str, result: str) -> None:
    assert said(f"accept condition = {value}") == result


def test_negative_numbers_are_true_in_later_releases() -> None:
    assert [said("accept condition = -1", release=release) for release in ("4.82+", "4.99")] == [
        'defer: invalid "condition" value "-1"', "ok"]
    assert said("accept condition = -0") == "fail"


@pytest.mark.parametrize(("clause", "result"), [
    ("domains = b.test", "ok"), ("domains = B.TEST", "ok"), ("domains = +local", "ok"), ("domains =", "fail"),
    ("domains = !b.test", "fail"),
    ("!domains = x.test", "ok"), ("local_parts = JOE", "ok"), ("local_parts = +caseful : joe", "fail"),
    ("local_parts = +caseful : Joe", "ok"),
    ("recipients = joe@B.test", "ok"), ("recipients = *@+local", "ok"), ("recipients = +caseful : joe@b.test", "fail"),
    ("senders = a@s.test", "ok"), ("senders = :", "fail"), ("sender_domains = S.test", "ok"), ("sender_domains = :", "fail"),
    ("hosts = 192.0.2.0/24", "ok"), ("hosts = :", "fail"), ("authenticated = *", "fail"), ("encrypted = *", "fail"),
    ("domains = ${if eq{a}{b}{x}fail}", "fail"), ("!domains = ${if eq{a}{b}{x}fail}", "ok"), ("domains = ${nosuch:x}", "defer"),
    ("domains = +nosuch", "defer"),
])
def test_lists(clause: str, result: str) -> None:
    p = process(client="192.0.2.9", lists={"domain": {"local": "a.test : b.test"}})
    p.message.sender, p.message.sender_given = "A@s.test", True
    assert said(f"accept {clause}", p=p, recipient="Joe@b.test") == result


def test_null_sender() -> None:
    p = process()
    assert [said(f"accept {name} = :", p=p) for name in ("senders", "sender_domains")] == ["ok", "ok"]


def test_authenticated_and_encrypted() -> None:
    p = process()
    p.connection.authenticated_by, p.connection.tls = "plain", TlsSession("TLS1.3", "TLS_AES_256_GCM_SHA384", 256)
    clauses = ("authenticated = plain", "authenticated = login", "encrypted = *", "encrypted = TLS_AES_256*", "encrypted = DES")
    assert [said(f"accept {clause}", p=p) for clause in clauses] == ["ok", "fail", "ok", "fail", "fail"]
    assert [said(f"accept {clause}", p=p) for clause in ("encrypted = tls_aes_256_gcm_sha384", "encrypted = *SHA384")] == ["ok", "ok"]


def test_what_a_lookup_found_is_kept_until_the_next_test() -> None:
    p = process("4.82+", client="192.0.2.9", files={"/d": "b.test: dd\n", "/l": "joe: ll\n", "/s": "a@s.test: ss\n",
        "/h": "192.0.2.9: hh\n"})
    p.message.sender = "a@s.test"
    ask("warn domains = lsearch;/d\n local_parts = lsearch;/l\n senders = lsearch;/s\n hosts = net-lsearch;/h\n"
        "  logwrite = $domain_data $local_part_data $sender_data $host_data\n"
        "warn domains = b.test\n local_parts = joe\n senders = a@s.test\n hosts = *\n"
        "  logwrite = <$domain_data$local_part_data$sender_data$host_data>\naccept", p=p)
    assert logs(p) == ["dd ll ss hh", "<>"]


def test_recipients_leave_data_in_later_releases() -> None:
    p = process(files={"/r": "joe@b.test: rr\n"})
    ask("warn recipients = lsearch;/r\n logwrite = $recipient_data\naccept", p=p)
    assert logs(p) == ["rr"]


def test_deferring_lists_tell_the_reason_of_the_lookup() -> None:
    p = process(main={"redis_servers": "127.0.0.1//"})
    p.world.redis.down["127.0.0.1:6379"] = OSError(1, "Connection refused")        # type: ignore[attr-defined]
    assert said("accept domains = ${lookup redis{GET x}}", p=p) == "defer: REDIS: query failed: Connection refused\n"


@pytest.mark.parametrize("clause", ["senders = a@b", "sender_domains = b"])
def test_no_sender_in_the_not_quit_acl(clause: str) -> None:
    p = process()
    with pytest.raises(Crashed):
        ask(f"accept {clause}", phase=Phase.NOTQUIT, p=p)
    p.message.sender_given = True
    assert said(f"accept {clause}\naccept", phase=Phase.NOTQUIT, p=p) == "ok"


#: Lists one after another in one ACL, and what the variable holds behind each, as Exim 4.96 and 4.98.2 say it.
LEFT_BEHIND = {
    ("senders", "sender_data"): [
        ("joe@a.test", "joe@a.test"), ("@", "joe@a.test"), ("*@c.test", "*@c@"), ("bill@a.test", "*@c@"), ("^x", "*@c@"), ("^joe", "*@c@"),
        ("joe@a.test", "joe@a.test"), ("", "joe@a.test"), ("q@+dl", "joe@a.test"), ("joe@+dl", "joe@a.test"), ("b.test", ""),
        ("joe@*.b", "joe@"), ("*@*.b", "*@*@"), ("!joe@a.test", "joe@a.test"), ("lsearch;/t", ""), ("joe@", "joe@"), ("*@", "*@@"),
        ("joe@ : ^joe", "joe@"),
    ],
    ("domains", "domain_data"): [
        ("a.test", "a.test"), ("b.test", ""), ("!a.test", "a.test"), ("", ""), ("!lsearch;/t : *", "data"), ("+dl", "a.test"),
        ("b.test", ""), ("!+dl", "a.test"), ("b.test", ""), ("+ndl", "a.test"), ("b.test", ""), ("!+ndl", "a.test"),
        ("b.test : !+dl", "a.test"),
        ("/list", "a.test"),
    ],
    ("local_parts", "local_part_data"): [("joe", "joe"), ("bill", ""), ("^j", "^j"), ("^x", ""), ("!joe", "joe"), ("", "")],
    ("recipients", "recipient_data"): [("joe@a.test", "joe@a.test"), ("x@y", "joe@a.test"), ("a.test", "@a.test"), ("x", "")],
    ("hosts", "host_data"): [("net-lsearch;/t", "ip"), ("192.0.2.9", ""), ("!net-lsearch;/t : *", "ip"), ("10.0.0.1", "")],
}


@pytest.mark.parametrize("release", ["4.96", "4.99"])
@pytest.mark.parametrize(("name", "variable"), LEFT_BEHIND)
def test_what_lists_leave_behind(name: str, variable: str, release: str) -> None:
    """Also one that did not match: `!item`, or the last item that was looked at."""
    p = process(release, client="192.0.2.9", lists={"domain": {"dl": "a.test", "ndl": "!a.test : *"}},
                files={"/t": "a.test: data\n192.0.2.9: ip\n", "/list": "x.test\n!a.test\n"})
    p.message.sender, p.message.sender_given = "joe@a.test", True
    steps = LEFT_BEHIND[name, variable]
    ask("\n".join(f"warn {name} = {item}\nwarn logwrite = <${variable}>" for item, _ in steps), p=p, recipient="joe@a.test")
    assert logs(p) == [f"<{left}>" for _, left in steps]


def test_an_own_literal_leaves_the_item_behind() -> None:
    p = process("4.99", main={"local_interfaces": "192.0.2.25"})
    ask("warn domains = @[]\n logwrite = <$domain_data>\naccept", p=p, recipient="joe@[192.0.2.25]")
    assert logs(p) == ["<@[]>"]


@pytest.mark.parametrize(("recipient", "left"), [("Joe@b.test", ["<joe>", "<>", "<Joe>"]), ("joe@b.test", ["<joe>", "<joe>"])])
def test_what_a_named_list_has_left_is_known_of_the_local_part_as_it_was_tested(recipient: str, left: list[str]) -> None:
    """As 4.96 and 4.98.2: that it matches is known all the same."""
    p = process("4.99", lists={"localpart": {"lp": "joe : ^x-"}})
    ask("\n".join(f"warn local_parts = {items}\n logwrite = <$local_part_data>" for items in ("+lp", "+caseful : +lp", "+caseful : Joe")),
        p=p, recipient=recipient)
    assert logs(p) == left


def test_the_next_recipient_begins_without_domain_data() -> None:
    p = process("4.96")
    for _ in range(2):
        ask("warn logwrite = <$domain_data><$local_part_data>\nwarn domains = *.test\n     local_parts = joe", p=p)
    assert logs(p) == ["<><>", "<><joe>"]
