"""The callout cache on the clock: what is kept of domains and addresses, and how long."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.acl.verdict import Result
from pytest_eximsim.exim.acl.verify import cache
from pytest_eximsim.exim.acl.verify.address import Verified
from pytest_eximsim.exim.acl.verify.options import Options
from pytest_eximsim.exim.hints import CalloutRecord
from pytest_eximsim.exim.state import Process

from ...fake_world import process

HOUR, DAY = 3600, 86400
KEY, DOMAIN = "a@x.test", "x.test"


def started(domain: CalloutRecord | None = None, address: str = "") -> Process:
    p = process(main={"callout_domain_positive_expire": 7 * DAY, "callout_domain_negative_expire": 3 * HOUR,
                      "callout_positive_expire": DAY, "callout_negative_expire": 2 * HOUR})
    cache.store(p, DOMAIN, domain or CalloutRecord(0.0, cache.ACCEPT), KEY, address)
    return p


def look(p: Process, options: Options | None = None, sender: str = "", after: float = 0) -> tuple[bool, Verified, CalloutRecord]:
    p.world.clock.time += after         # type: ignore[attr-defined]
    verified, new = Verified(KEY), CalloutRecord(0.0)
    return cache.look_up(p, KEY, DOMAIN, sender, options or Options(), verified, new), verified, new


@pytest.mark.parametrize(("result", "after", "decided"), [
    (cache.ACCEPT, DAY, True), (cache.ACCEPT, DAY + 1, False), (cache.REJECT, 2 * HOUR, True), (cache.REJECT, 2 * HOUR + 1, False),
    ("", 0, False),
])
def test_addresses_expire(result: str, after: float, decided: bool) -> None:
    found, verified, _ = look(started(address=result), after=after)
    assert found is decided
    refused = decided and result == cache.REJECT
    assert verified.result is (Result.FAIL if refused else Result.OK)
    assert verified.user_message == ("Previous (cached) callout verification failure" if refused else None)


@pytest.mark.parametrize(("result", "sender", "after", "decided"), [
    (cache.REJECT, "", 3 * HOUR, True), (cache.REJECT, "s@y.test", 0, True), (cache.REJECT, "", 3 * HOUR + 1, False),
    (cache.REJECT_NULL, "", 0, True), (cache.REJECT_NULL, "s@y.test", 0, False), (cache.ACCEPT, "", 0, False),
])
def test_domains(result: str, sender: str, after: float, decided: bool) -> None:
    found, verified, new = look(started(CalloutRecord(0.0, result)), sender=sender, after=after)
    assert found is decided
    if decided:
        assert (verified.result, verified.failure, verified.kind) == (Result.FAIL, "mail", "null sender")
        assert verified.user_message == "(result of an earlier callout reused)."
    elif not after:
        assert new.result == result


@pytest.mark.parametrize(("known", "decided", "asks"), [(cache.ACCEPT, True, True), (cache.REJECT, False, False), ("", False, True)])
def test_random(known: str, decided: bool, asks: bool) -> None:
    p = started(CalloutRecord(0.0, cache.ACCEPT, random=known, random_at=process().world.clock.now()))
    options = Options(random=True)
    found, verified, _ = look(p, options)
    assert (found, options.random) == (decided, asks)
    assert verified.failure == ("random" if decided else "")


@pytest.mark.parametrize(("known", "decided", "asks"), [(cache.ACCEPT, False, None), (cache.REJECT, True, ""), ("", False, "")])
def test_postmaster(known: str, decided: bool, asks: str | None) -> None:
    p = started(CalloutRecord(0.0, cache.ACCEPT, postmaster=known, postmaster_at=process().world.clock.now()))
    options = Options(postmaster="")
    found, verified, _ = look(p, options)
    assert (found, options.postmaster) == (decided, asks)
    assert verified.user_message == ("(result of earlier verification reused)." if decided else None)


def test_a_part_of_a_domain_expires_on_its_own() -> None:
    p = started(CalloutRecord(0.0, cache.ACCEPT, random=cache.REJECT, random_at=process().world.clock.now() - 7 * DAY - 1))
    options = Options(random=True)
    assert look(p, options)[0] is False
    assert options.random is True
