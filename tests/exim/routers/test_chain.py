"""Routing as verification and EXPN see it: the modes, what a chain ends in, what it leaves behind. -bt is in test_show.py."""

from __future__ import annotations

import pytest

from pytest_eximsim.errors import NotSimulated
from pytest_eximsim.exim.routers import Deferred, Failed, Mode, Outcome, Redirected, Routed, make_address, route
from pytest_eximsim.exim.routers.result import Fail
from pytest_eximsim.exim.state import Process

from .asking import mta

TRANSPORTS = "begin transports\nt:\n  driver = smtp\n"


def chain(routers: str, address: str = "u@x.test", mode: Mode = Mode.RECIPIENT, **given: object) -> Outcome:
    return route(asked(routers, **given), make_address(address), mode)


def asked(routers: str, **given: object) -> Process:
    return mta(f"begin routers\n{routers}\n{TRANSPORTS}", **given)         # type: ignore[arg-type]


def name(outcome: Outcome) -> str:
    return outcome.router.name if outcome.router is not None else "-"


TWO = "a:\n  driver = accept\n  {}\n  transport = t\nb:\n  driver = accept\n  transport = t"


@pytest.mark.parametrize(("option", "mode", "router"), [
    ("verify_only", Mode.DELIVERY, "b"), ("verify_only", Mode.TEST, "b"), ("verify_only", Mode.EXPN, "b"),
    ("verify_only", Mode.SENDER, "a"), ("verify_only", Mode.RECIPIENT, "a"),
    ("no_address_test", Mode.TEST, "b"), ("no_address_test", Mode.RECIPIENT, "a"), ("no_address_test", Mode.DELIVERY, "a"),
    ("no_verify", Mode.SENDER, "b"), ("no_verify", Mode.RECIPIENT, "b"), ("no_verify", Mode.DELIVERY, "a"), ("no_verify", Mode.EXPN, "a"),
    ("no_verify_sender", Mode.SENDER, "b"), ("no_verify_sender", Mode.RECIPIENT, "a"),
    ("no_verify_recipient", Mode.RECIPIENT, "b"), ("no_verify_recipient", Mode.SENDER, "a"),
    ("no_expn", Mode.EXPN, "b"), ("no_expn", Mode.RECIPIENT, "a"),
])
def test_modes(option: str, mode: Mode, router: str) -> None:
    assert name(chain(TWO.format(option), mode=mode)) == router


@pytest.mark.parametrize(("option", "mode", "failed"), [
    ("fail_verify", Mode.RECIPIENT, True), ("fail_verify", Mode.SENDER, True), ("fail_verify", Mode.TEST, False),
    ("fail_verify_sender", Mode.SENDER, True), ("fail_verify_sender", Mode.RECIPIENT, False),
    ("fail_verify_recipient", Mode.RECIPIENT, True), ("fail_verify_recipient", Mode.SENDER, False),
])
def test_fail_verify(option: str, mode: Mode, failed: bool) -> None:
    outcome = chain(TWO.format(option), mode=mode)
    if not failed:
        assert isinstance(outcome, Routed)
        return
    assert isinstance(outcome, Failed)
    assert outcome.why.message == "a router forced verify failure"


def test_unrouteable_shows_no_router() -> None:
    outcome = chain("a:\n  driver = accept\n  domains = other.test\n  transport = t\n  cannot_route_message = no $local_part here")
    assert outcome == Failed(outcome.address, None, Fail("no u here", "no u here"))


@pytest.mark.parametrize(("data", "message", "tell"), [
    (":fail: gone", "gone", True), (":fail:", "", True), (":defer: later", "later", True),
])
def test_refusals_are_for_the_sender(data: str, message: str, tell: bool) -> None:
    outcome = chain(f"a:\n  driver = redirect\n  allow_fail\n  allow_defer\n  data = {data}")
    assert isinstance(outcome, Failed | Deferred)
    assert (outcome.why.message, outcome.why.user_message, outcome.why.tell) == (message, message, tell)


def test_addresses_before_fail_are_kept() -> None:
    outcome = chain("a:\n  driver = redirect\n  allow_fail\n  data = b@x.test, :fail: no")
    assert isinstance(outcome, Failed)
    assert [one.address for one in outcome.why.new] == ["b@x.test"]


def test_unseen_goes_on_behind_the_router() -> None:
    outcome = chain("a:\n  driver = redirect\n  unseen\n  data = c@y.test\nb:\n  driver = accept\n  transport = t")
    assert isinstance(outcome, Redirected)
    assert [(one.address, one.start_router) for one in outcome.new] == [("u@x.test", "b"), ("c@y.test", "")]


def test_children_inherit() -> None:
    outcome = chain("a:\n  driver = redirect\n  errors_to = e@x.test\n  address_data = data\n  set = r_v = 1\n  headers_add = X: 1\n"
                    "  headers_remove = A : B\n  data = c@y.test", release="4.99")
    assert isinstance(outcome, Redirected)
    child = outcome.new[0]
    assert (child.errors_to, child.address_data, child.variables) == ("e@x.test", "data", {"r_v": "1"})
    assert (child.headers_add, child.headers_remove, child.parent) == (("X: 1",), ("A", "B"), outcome.address)


def test_widening_reroutes() -> None:
    routers = "a:\n  driver = dnslookup\n  widen_domains = one.test\n  transport = t"
    outcome = chain(routers, "U@w", dns="w.one.test. 300 IN A 198.51.100.3\n")
    assert isinstance(outcome, Redirected)
    assert outcome.rerouted and outcome.rewrite and outcome.new[0].address == "U@w.one.test"
    assert isinstance(chain(routers, "u@w", Mode.SENDER, dns="w.one.test. 300 IN A 198.51.100.3\n"), Failed)


def test_self_freezes_and_says_for_whom() -> None:
    p = asked("a:\n  driver = manualroute\n  route_list = * 192.0.2.25\n  transport = t")
    p.connection.fullhost = "(c) [192.0.2.9]"
    outcome = route(p, make_address("u@x.test"), Mode.RECIPIENT)
    assert isinstance(outcome, Deferred) and outcome.why.freeze
    assert p.world.logs.of("main") == [             # type: ignore[attr-defined]
        "remote host address is the local host: x.test (while verifying <u@x.test> from host (c) [192.0.2.9])"]


@pytest.mark.parametrize(("release", "errno"), [("4.82+", -1), ("4.99", -32)])
def test_unknown_hosts_have_a_number_later(release: str, errno: int) -> None:
    outcome = chain("a:\n  driver = manualroute\n  route_list = * nosuch.test\n  transport = t", release=release)
    assert isinstance(outcome, Deferred) and outcome.why.errno == errno


def test_queries_are_not_shown() -> None:
    routers = "a:\n  driver = redirect\n  data = ${lookup redis{GET x}{$value}}"
    outcome = chain(routers, release="4.99")
    assert isinstance(outcome, Deferred)
    assert (outcome.why.message, outcome.why.search) == ("Temporary internal error", "no Redis servers defined (redis_servers option)")


def test_the_process_is_as_before() -> None:
    p = asked("a:\n  driver = redirect\n  domains = lsearch;@DIR@/d\n  data = b@x.test", files={"d": "x.test: found\n"})
    address = make_address("U@X.test")
    route(p, address, Mode.RECIPIENT)
    assert p.address is None and p.scratch.domain_data == ""
    assert (address.routed_by, address.router, address.domain_data) == ("a", "", "found")


def test_drivers_that_are_not_simulated() -> None:
    routers = "a:\n  driver = queryprogram\n  command = /bin/x\n  command_user = mail\n  transport = t"
    with pytest.raises(NotSimulated) as caught:
        chain(routers)
    assert str(caught.value.position) == "/etc/exim.conf:3"


@pytest.mark.parametrize("data", ["# Exim filter\\ndeliver x", "# Sieve filter\\nkeep;"])
def test_filters(data: str) -> None:
    routers = f'a:\n  driver = redirect\n  user = mail\n  {{}}\n  data = "{data}"'
    outcome = chain(routers.format(""))
    assert isinstance(outcome, Deferred) and outcome.why.message == "error in filter data: filtering not enabled"
    with pytest.raises(NotSimulated):
        chain(routers.format("allow_filter"))


def test_make_address() -> None:
    address = make_address('"Joe Local"@X.Test')
    assert (address.local_part, address.original_local_part, address.domain) == ("joe local", "Joe Local", "x.test")
