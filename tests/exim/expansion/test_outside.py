"""What expansions ask of the world: files, programs, sockets, the environment, lookups, ACLs, time, addresses' hosts."""

from __future__ import annotations

import errno
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_eximsim.errors import ExpansionError
from pytest_eximsim.exim.expansion import expand
from pytest_eximsim.exim.state import Header, Recipient
from pytest_eximsim.exim.world import CommandResult, RedisError

from ..fake_world import process


class Programs:
    """Answers by the first word."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []

    def run(self, words: list[str], **_: object) -> CommandResult:
        self.ran.append(list(words))
        echo = CommandResult(0, " ".join(words[1:]).encode() + b"\n")
        return {"/bin/echo": echo, "/bin/false": CommandResult(1, b"")}.get(words[0], CommandResult(127, b""))


def made(release: str = "4.99", **given: Any) -> Any:
    p = process(release, **given)
    p.world.commands = Programs()
    p.world.environment = {"HOME": "/root"}
    return p


@pytest.mark.parametrize(("text", "wanted"), [
    ("${run{/bin/echo a b}}", "a b\n"),
    ("${run{/bin/false}{y}{n$runrc}}", "n1"),
    ("${run{/nosuch}{y}{n$runrc}}", "n127"),
    ("${run{/bin/echo ${lc:A}}{<$value>}}", "<a\n>"),
    ("${run,preexpand{/bin/echo ${lc:A B}}}", "a b\n"),
    ("${run{/bin/echo \"a\\tb\" 'c d'}}", "a\tb c d\n"),
    ("${env{HOME}{<$value>}{no}}${env{NOSUCH}{y}{n}}", "</root>n"),
    ("${readfile{/f}}|${readfile{/f}{,}}", "one\ntwo\n|one,two,"),
    ("${if exists{/f}{y}{n}}${if exists{/g}{y}{n}}", "yn"),
    ("${stat:/f}", "mode=0644 smode=-rw-r--r-- inode=1 device=1 links=1 uid=0 gid=0 size=8 atime=0 mtime=0 ctime=0"),
    ("${lookup{b}lsearch{/l}}|${lookup{c}lsearch{/l}{y}{n}}", "2|n"),
    ("${lookup redis{GET x}{<$value>}}$value", "<v>"),
    ("${lookup passwd{root}}", "x:0:0:root:/root:/bin/bash"),
    ("${readsocket{/s}{x}{5s}{}{none}}", "none"),
])
def test_answers(text: str, wanted: str) -> None:
    p = made(files={"/f": "one\ntwo\n", "/l": "a: 1\nb: 2\n"}, redis={"GET|x": b"v"}, main={"redis_servers": "127.0.0.1//"})
    p.world.network.connect_unix = _refuse
    assert expand(p, text).replace("*:0:0", "x:0:0") == wanted


def _refuse(path: str, timeout: float | None = None) -> Any:
    raise OSError(errno.ENOENT, "No such file or directory")


@pytest.mark.parametrize(("release", "text", "message"), [
    ("4.99", "${readfile{/nosuch}}", "failed to open /nosuch: No such file or directory"),
    ("4.82+", "${run{/bin/echo ${uc:x y}}}", None),
    ("4.99", "${run{/bin/echo ${uc:x y}}}",
     'Expansion of "${uc:x" from command "/bin/echo ${uc:x y}" in ${run} expansion failed: missing } at end of string'),
    ("4.99", "${stat:/nosuch}", "stat(/nosuch) failed: No such file or directory"),
    ("4.99", "${readsocket{/s}{x}}", "failed to connect to socket /s: No such file or directory"),
    ("4.99", "${readsocket{inet:127.0.0.1}{x}}", "missing port for readsocket inet:127.0.0.1"),
    ("4.96", "${readsocket{inet:127.0.0.1}{x}}", ""),
    ("4.96", "${readsocket{inet:127.0.0.1:x}{x}}", ""),
    ("4.96", "${readsocket{inet:[1.2.3]:25}{x}}", 'malformed IP address "[1.2.3]"'),
    ("4.99", "${readsocket{/s}{x}{bad}}", "bad time value bad"),
    ("4.96", "${readsocket{/s}{x}{bad}}", "failed to connect to socket /s: No such file or directory"),
    ("4.99", "${perl{x}}", "A setting of perl_startup is needed when using the Perl interpreter"),
    ("4.99", "${lookup{x}lsearch{/nosuch}}", "failed to open /nosuch for linear search: No such file or directory"),
    ("4.82+", "${lookup redis{BAD}}", "lookup of \"BAD\" gave DEFER: REDIS: lookup result failed: ERR no\n"),
])
def test_failures(release: str, text: str, message: str | None) -> None:
    p = made(release, redis={"BAD": RedisError("ERR no")}, main={"redis_servers": "127.0.0.1//"})
    p.world.network.connect_unix = _refuse
    if message is None:
        assert expand(p, text) == "X Y\n"
        return
    with pytest.raises(ExpansionError) as caught:
        expand(p, text)
    assert caught.value.message == message
    assert (caught.value.defer is not None) == ("DEFER" in message)


def test_nothing_outside_is_asked_in_a_branch_that_is_skipped() -> None:
    p = made()
    assert expand(p, "${if eq{a}{a}{y}{${run{/bin/echo}}${readfile{/nosuch}}${lookup redis{GET x}}${lookup{x}lsearch{/nosuch}}}}") == "y"
    assert p.world.commands.ran == []


def test_headers() -> None:
    """Case EXPAND-017."""
    p = made(main={"headers_charset": "UTF-8"})
    p.message.headers = [
        Header("Subject: =?utf-8?q?h=C3=A9?= \n there\n"), Header("To: a@b,\n c@d\n", "T"), Header("TO: e@f\n", "T"),
        Header("X-Empty:\n"), Header("X-Gone: 1\n", "*"),
    ]
    assert expand(p, "$h_subject:") == "h\xc3\xa9 \n there"
    assert expand(p, "<$rh_to:>") == "< a@b,\n c@d\n e@f\n>"
    assert expand(p, "$h_to:") == "a@b,\n c@d,\ne@f"
    assert expand(p, "${if def:h_x-empty:{y}{n}}${if def:h_x-gone:{y}{n}}${if def:h_to:{y}{n}}") == "yny"
    assert expand(p, "$bh_subject:") == "h\xc3\xa9 \n there"
    assert expand(p, "$message_headers_raw").endswith("X-Empty:\n")


def test_a_message() -> None:
    p = made()
    p.message.body, p.message.sender = b"one\ntwo\0\n", "joe@a.test"
    p.message.recipients = [Recipient("x@y"), Recipient("z@y")]
    p.scratch.variables["enable_dollar_recipients"] = True
    assert expand(p, "$message_body|$sender_address_local_part|$sender_address_domain|$recipients") == "one two  |joe|a.test|x@y, z@y"


def test_signed_addresses() -> None:
    """The day decides: seven days from now, and not longer."""
    p = made()
    signed = expand(p, "${prvs{joe@a.test}{secret}}")
    assert signed.startswith("prvs=0") and signed.endswith("=joe@a.test")
    assert expand(p, "${prvscheck{" + signed + "}{secret}{<$prvscheck_result>}}") == "<1>"
    assert expand(p, "${prvscheck{" + signed + "}{other}{<$prvscheck_result>}}") == "<>"
    p.world.clock.time += 8 * 86400
    assert expand(p, "${prvscheck{" + signed + "}{secret}{<$prvscheck_result>}}") == "<>"


def test_srs() -> None:
    p = made()
    encoded = expand(p, "${srs_encode{secret}{joe@a.test}{b.test}}")
    local = encoded.partition("@")[0]
    assert expand(p, "${if inbound_srs{" + local + "}{secret}{$srs_recipient}{no}}") == "joe@a.test"
    assert expand(p, "${if inbound_srs{" + local + "}{other}{y}{n}}") == "n"


def test_times() -> None:
    p = made()
    assert expand(p, "$tod_epoch $tod_zulu $tod_logfile $tod_zone") == "1700000000 20231114221320Z 20231114 +0000"
    assert expand(p, "$tod_full|$tod_log|$tod_bsdinbox") == "Tue, 14 Nov 2023 22:13:20 +0000|2023-11-14 22:13:20|Tue Nov 14 22:13:20 2023"


def test_the_client_is_looked_up_when_its_name_is_asked_for() -> None:
    p = made(dns="host 198.51.100.7 mail.example.org", client="198.51.100.7")
    assert expand(p, "$sender_host_name $sender_host_address") == "mail.example.org 198.51.100.7"


def test_an_acl_gives_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases ACL-019, REDIS-064."""
    from pytest_eximsim.exim.expansion import nested_acl

    calls: list[list[str]] = []

    def run(p: object, strings: list[str]) -> tuple[bool, str | None]:
        calls.append(strings)
        return strings[0] == "yes", "said " + strings[0]
    monkeypatch.setattr(nested_acl, "run", run)
    p = made()
    assert expand(p, "${acl{no}{a}{b}}|${if acl{{yes}}{y$value}{n}}|${if acl{{no}{x}}{y}{n$value}}") == "said no|ysaid yes|nsaid no"
    assert calls == [["no", "a", "b"], ["yes"], ["no", "x"]]


def test_random_numbers_are_the_worlds() -> None:
    p = made()
    p.world.entropy = SimpleNamespace(random=lambda limit: limit - 1, pid=lambda: 1)
    assert expand(p, "${randint:10}") == "9"
