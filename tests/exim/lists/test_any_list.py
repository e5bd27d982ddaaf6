"""No list, whatever its items and its subject, makes matching raise anything but an error of ours, run without end, or crash."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_eximsim.errors import Died, EximsimError
from pytest_eximsim.exim import lists
from pytest_eximsim.exim.release import RELEASES
from pytest_eximsim.exim.state import Process

from ..fake_world import process

ITEMS = [
    "", "*", "!", "!*", "a", "A.example", "*.example", "*@a.example", "user@a.example", "@", "@[]", "@mx_any",
    "@mx_primary/ignore=192.0.2.1", "@mx_", "@@lsearch;/f", "@@/f", "^a(b)?", "^(", "^(a+)+$", "\\N^a$\\N", "+list", "+self", "+nosuch",
    "+", "+caseful", "+include_unknown", "+ignore_unknown", "+include_defer", "+ignore_defer", "/f", "/nosuch", "/", "!/f", "192.0.2.1",
    "192.0.2.0/24", "10.0.0.0/8/9", "1.2.3", "1.2.3.4/33", "::1", "2001:db8::/32", "::ffff:192.0.2.1", ":::", "fe80::1%eth0", "[192.0.2.1]",
    "net-lsearch;/f", "net24-iplsearch;/f", "net99999999999-lsearch;/f", "net-;", "lsearch;/f", "lsearch;", "partial-lsearch;/f",
    "partial99(x)lsearch*@;/f", "dsearch;/", "iplsearch;/f", "nosuch;x", ";", "dnsdb;a=b.example", "redis;get x", "b.example",
    "nosuch.example", "$sender_address", "${lc:$acl_m_x}", "${if", "${acl{a}}", "\xe9", "\xb2", "\0", "\\", "\\x", '"quoted"@a', "a@b@c",
    "<>", "::", "; b", "a" * 300, "9" * 5000, " ", "\n", "\t",
]
SEPARATORS = [" : ", ":", "; ", "\n", ",", "::", "", "  "]
SUBJECTS = ["", "a", "aab", "a.example", "A.EXAMPLE", "user@a.example", '"q u"@a.example', "@", "x" * 300, "192.0.2.1", "::1", "10.1.2.3",
            "::ffff:10.1.2.3", "b.example", "\xe9", "a\0b", "<a@b>", "999.1.1.1", "1:2:3"]
ADDRESSES = ["", "192.0.2.1", "::1", "10.1.2.3", "::ffff:10.1.2.3", "fe80::1%eth0", "999.1.1.1", "12345::1", "1:2:3:4:5:6:7.8.9.10"]
NAMED = {
    kind: {"list": "a : *.example : /f", "self": "a : +self", "l0": "x", **{f"l{n}": f"+l{n - 1} : +l{n - 1}" for n in range(1, 40)}}
    for kind in ("domain", "host", "address", "localpart")
}


def some_list(random: Random) -> str:
    begin = random.choice(["", "", "", "<; ", "<,", "<", "<\n", "<!", "<a", " <; "])
    separator = random.choice(SEPARATORS)
    return begin + separator.join(random.choice(["", "", "!"]) + random.choice(ITEMS) for _ in range(random.randint(0, 6)))


Matcher = Callable[[Process], lists.Result]
LISTS = st.builds(some_list, st.randoms(use_true_random=False))


def some_process(release: str) -> Process:
    p = process(release, dns="host 192.0.2.1 b.example\nb.example MX 10 mx.example\nhost 10.1.2.3 c.example\nbad.example RCODE SERVFAIL",
                files={"/f": "a: b\n*.x: y\n192.0.2.0/24: z # comment\n^(: q\n\xe9\n!b\n"}, lists=NAMED, client="10.1.2.3")
    p.configuration.path = "/etc/exim.conf"
    return p


@settings(max_examples=500, deadline=None)
@given(LISTS, st.sampled_from(SUBJECTS), st.sampled_from(ADDRESSES), st.sampled_from(sorted(RELEASES)))
def test_any_items(text: str, subject: str, address: str, release: str) -> None:
    p = some_process(release)
    assert all(isinstance(item, str) for item in lists.split_list(text))
    for match in (
        lambda: lists.match_domain(p, text, subject), lambda: lists.match_domain(p, text, subject, expanded=True, cache="domain"),
        lambda: lists.match_local_part(p, text, subject), lambda: lists.match_address(p, text, subject),
        lambda: lists.match_string(p, text, subject), lambda: lists.match_string(p, text, subject, single=True),
        lambda: lists.match_host(p, text, name=subject, address=address), lambda: lists.match_ip(p, text, address),
        lambda: lists.match_sender_host(p, text),
    ):
        try:
            assert isinstance(match(), (lists.Matched, lists.NotMatched, lists.ListDeferred))
        except EximsimError as error:
            assert isinstance(error.message, str)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=20))
def test_any_characters(data: bytes, subject: bytes) -> None:
    p, text = some_process("4.99"), data.decode("latin-1")
    for kind in (lists.match_domain, lists.match_address, lists.match_local_part):
        try:
            assert kind(p, text, subject.decode("latin-1")) is not None
        except EximsimError as error:
            assert isinstance(error.message, str)


@pytest.mark.parametrize(("known", "unknown"), [
    pytest.param(lambda p: lists.match_domain(p, "+l39", "b", cache="domain"), lambda p: lists.match_domain(p, "+l39", "b"), id="domains"),
    pytest.param(lambda p: lists.match_sender_host(p, "+l39"), lambda p: lists.match_ip(p, "+l39", "192.0.2.7"), id="hosts"),
    pytest.param(lambda p: lists.match_address(p, "+l39", "b@c", cache="a"),
                 lambda p: lists.match_address(p, "+l39", "b@c"), id="addresses"),
    pytest.param(lambda p: lists.match_local_part(p, "+l39", "b", cache="l"),
                 lambda p: lists.match_local_part(p, "+l39", "b"), id="local parts"),
])
def test_lists_of_lists_of_lists_end(known: Matcher, unknown: Matcher) -> None:
    """Each of forty holds the one before twice; without a cache all of them would be gone through 2^39 times."""
    p = some_process("4.99")
    assert isinstance(known(p), lists.NotMatched | lists.ListDeferred)
    with pytest.raises(Died, match="limit of the simulator"):
        unknown(p)


def test_long_lists_and_subjects_end() -> None:
    p = some_process("4.99")
    many = " : ".join(f"^a{number}(b|bb)*$" for number in range(2000))
    assert isinstance(lists.match_domain(p, many, "a1999" + "b" * 200, expanded=True), lists.Matched)
    assert isinstance(lists.match_address(p, "*.x : " * 50_000, "a@" + "b." * 1000), lists.NotMatched)
    assert len(lists.split_list("a::" * 100_000)) == 1
