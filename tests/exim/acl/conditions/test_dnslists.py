"""DNS lists, item by item as Exim 4.96 answered them for the same zone (case ACL-039)."""

from __future__ import annotations

import pytest

from ...fake_world import process
from ..asking import CLIENT, ask, logs, said

ZONE = """$ORIGIN .
$TTL 300
9.2.0.192.bl.test A 127.0.0.2
9.2.0.192.bl.test A 127.0.0.4
9.2.0.192.bl.test TXT "why" "second"
9.2.0.192.txt.test A 127.0.0.9
9.2.0.192.txt.test TXT "from txt"
one.test.bl.test A 127.0.0.3
7.2.0.192.bl.test A 127.0.0.5
9.2.0.192.bad.test RCODE SERVFAIL
9.2.0.192.out.test A 192.0.2.1
9.2.0.192.mix.test A 192.0.2.1
9.2.0.192.mix.test A 127.0.0.2
k1.bl.test RCODE SERVFAIL
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test A 127.0.0.6
"""
BOTH = "<bl.test> <127.0.0.2, 127.0.0.4> <why> <192.0.2.9>"
DEFERRED = "DNS list lookup defer (probably timeout) for 9.2.0.192.bad.test: "
FOREIGN = "DNS list lookup for 192.0.2.9 at {} returned 192.0.2.1; not in 127.0/8 and discarded"
STRANGE = 'dnslists domain "{}" contains strange characters - is this right?'


def answer(value: str, release: str = "4.96", client: str = CLIENT) -> list[str]:
    """What is logged, the variables where the condition is true, and the result where it is neither true nor false."""
    p = process(release, dns=ZONE, client=client)
    p.message.sender = "a@one.test"
    verdict = ask(f"deny dnslists = {value}\n logwrite = <$dnslist_domain> <$dnslist_value> <$dnslist_text> <$dnslist_matched>\naccept",
        p=p)
    return logs(p) + ([] if verdict.result.value in ("ok", "fail") else [verdict.result.value])


@pytest.mark.parametrize(("value", "lines"), [
    ("bl.test", [BOTH]), ("none.test : bl.test", [BOTH]), ("bl.test=127.0.0.2", [BOTH]), ("bl.test=127.0.0.3", []),
    ("bl.test!=127.0.0.2", []),
    ("bl.test!=127.0.0.3", [BOTH]), ("bl.test==127.0.0.2,127.0.0.4", [BOTH]), ("bl.test==127.0.0.2", []), ("bl.test!==127.0.0.2", [BOTH]),
    ("bl.test!==127.0.0.2,127.0.0.4", []), ("bl.test&0.0.0.6", []), ("bl.test&0.0.0.2,0.0.0.1", [BOTH]), ("bl.test=&0.0.0.2", []),
    ("bl.test!=&0.0.0.2", [BOTH]), ("bl.test!&0.0.0.8", [BOTH]), ("bl.test!&0.0.0.4", []),
    ("txt.test,bl.test=127.0.0.4", ["<txt.test> <127.0.0.9> <from txt> <192.0.2.9>"]), ("none.test,bl.test", []),
    ("bl.test/one.test", ["<bl.test> <127.0.0.3> <> <one.test>"]), ("bl.test/x::192.0.2.7", ["<bl.test> <127.0.0.5> <> <192.0.2.7>"]),
    ("bl.test/<, x, one.test", ["<bl.test> <127.0.0.3> <> <one.test>"]),
    ("bl.test/$sender_address_domain", ["<bl.test> <127.0.0.3> <> <one.test>"]),
    ("bl.test/", []), ("bl.test=", []), ("bl.test=127.0.0.0/8", []),
    ("bad.test", [DEFERRED + "assumed not in list"]),
    ("+include_unknown : bad.test", [DEFERRED + "assumed in list", "<bad.test> <> <> <192.0.2.9>"]),
    ("+defer_unknown : bad.test : bl.test", [DEFERRED + "returned DEFER", "defer"]),
    ("+DEFER_UNKNOWN : +exclude_unknown : bad.test : bl.test", [DEFERRED + "assumed not in list", BOTH]),
    ("+defer_unknown : bl.test/k1::one.test",
     ["DNS list lookup defer (probably timeout) for k1.bl.test: returned DEFER", "<bl.test> <127.0.0.3> <> <one.test>"]),
    ("+nosuch : bl.test", ["unknown item in dnslist (ignored): +nosuch", BOTH]), ("b l.test", [STRANGE.format("b l.test")]),
    ("x!,y!", [STRANGE.format("y!"), STRANGE.format("x!")]),
    ("out.test", [FOREIGN.format("out.test")]), ("out.test=192.0.2.1", ["<out.test> <192.0.2.1> <> <192.0.2.9>"]),
    ("mix.test", [FOREIGN.format("mix.test"), "<mix.test> <192.0.2.1, 127.0.0.2> <> <192.0.2.9>"]),
])
def test_lists(value: str, lines: list[str]) -> None:
    assert answer(value) == lines


def test_answers_outside_loopback_count_in_the_older_release() -> None:
    assert answer("out.test", "4.82+") == ["<out.test> <192.0.2.1> <> <192.0.2.9>"]


def test_addresses_of_version_six_by_nibbles() -> None:
    assert answer("bl.test", client="2001:db8::1") == ["<bl.test> <127.0.0.6> <> <2001:db8::1>"]


def test_no_client() -> None:
    assert answer("bl.test", client="") == []


def test_answers_are_kept_as_long_as_they_hold() -> None:
    p = process(dns=ZONE, client=CLIENT)
    asked = p.world.resolver.asked        # type: ignore[attr-defined]
    for seconds, count in [(0, 2), (299, 2), (2, 4)]:
        p.world.clock.sleep(seconds)
        assert said("accept dnslists = bl.test", p=p) == "ok"
        assert len(asked) == count
    p = process("4.82+", dns=ZONE, client=CLIENT)
    for _ in range(2):
        p.world.clock.sleep(1e6)
        ask("accept dnslists = bl.test", p=p)
    assert len(p.world.resolver.asked) == 2        # type: ignore[attr-defined]


def test_names_that_are_too_long_are_not_asked_for() -> None:
    p = process(client=CLIENT)
    assert said(f"accept dnslists = bl.test/{'a' * 250}", p=p) == "fail"
    assert logs(p) == [f"dnslist query is too long (ignored): {'a' * 250}.bl.t..."]
