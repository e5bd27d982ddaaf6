"""How often: errors and rates as Exim 4.96 gave them (case ACL-040)."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.acl import Phase
from pytest_eximsim.exim.state import Message, Process, Recipient

from ...fake_world import process
from ..asking import CLIENT, ask, said


def wrong(text: str) -> str:
    return f'error: error in arguments to "ratelimit" condition: {text}'


@pytest.mark.parametrize(("value", "text"), [
    ("x/1h", '"x" is not a positive number'), ("-1/1h", '"-1" is not a positive number'), ("5k5/1h", '"5k5" is not a positive number'),
    ("5//1h", '"5/1h" is not a positive number'), ("5/1x", '"1x" is not a time value'), ("5", '"<NULL>" is not a time value'),
    ("5/", '"<NULL>" is not a time value'), ("/", '"<NULL>" is not a time value'), ("5/0s", '"0s" is not a time value'),
    ("5/-1h", '"-1h" is not a time value'), ("", "sender rate limit not set"), ("5/1h/strict/leaky", "conflicting update modes"),
    ("5/1h/strict/readonly", "conflicting update modes"), ("5/1h/per_cmd/per_conn", "conflicting per_* options"),
    ("5/1h/per_mail/per_mail", "conflicting per_* options"), ("5/1h/per_byte/per_rcpt", "conflicting per_* options"),
    ("5/1h/count=-1", '"count=-1" is not a positive number'), ("5/1h/count=1k", '"count=1k" is not a positive number'),
])
def test_errors(value: str, text: str) -> None:
    assert said(f"accept ratelimit = {value}") == wrong(text)


def test_errors_of_older_releases() -> None:
    assert said("accept ratelimit = 5", release="4.96") == wrong('"NULL" is not a time value')
    assert said("accept ratelimit =", release="4.82+") == wrong('"NULL" is not a positive number')


@pytest.mark.parametrize(("value", "phase", "option"), [
    ("per_mail/leaky", Phase.HELO, "per_mail"), ("per_byte/strict", Phase.HELO, "per_mail"), ("per_rcpt/strict", Phase.MAIL, "per_rcpt"),
    ("per_addr/leaky", Phase.MAIL, "per_rcpt"),
])
def test_options_in_the_wrong_acl(value: str, phase: Phase, option: str) -> None:
    text = f'"{option}" must not have /leaky or /strict option, or cannot be used in {phase.words} ACL'
    assert said(f"accept ratelimit = 5/1h/{value}", phase=phase) == wrong(text)
    assert said(f"accept ratelimit = 5/1h/{value}/noupdate", phase=phase) == "fail"


@pytest.mark.parametrize(("value", "shown"), [
    ("5/1h", "1.0 5 1h"), ("  5K  /  1h30m  ", "1.0 5K 1h30m"), ("0x10/1h", "1.0 0x10 1h"), ("inf/1h", "1.0 inf 1h"),
    ("nan/1h", "1.0 nan 1h"),
    (".5/1h/count=", "0.0 .5 1h"), ("5/1h/readonly", "0.0 5 1h"), ("5/1h/PER_CMD/Strict", "1.0 5 1h"),
])
def test_variables(value: str, shown: str) -> None:
    p = process(client=CLIENT)
    ask(f"warn ratelimit = {value}\naccept logwrite = $sender_rate $sender_rate_limit $sender_rate_period", p=p)
    ask("accept logwrite = $sender_rate $sender_rate_limit $sender_rate_period", p=p)
    assert p.world.logs.of("main") == [shown, shown]        # type: ignore[attr-defined]


@pytest.mark.parametrize(("value", "over"), [("nan/1h", True), ("inf/1h", False), ("1/1h", True), ("1.1/1h", False), ("0/1h", True)])
def test_limits(value: str, over: bool) -> None:
    assert said(f"accept ratelimit = {value}") == ("ok" if over else "fail")


def rates(p: Process, value: str, *, phase: Phase = Phase.RCPT, times: int = 3, wait: float = 0.0, message: bool = False) -> list[str]:
    """The rates of several commands; `message`: each belongs to a message of its own."""
    found = []
    for _ in range(times):
        if message:
            p.message = Message(size=1000, recipients=[Recipient("a@b"), Recipient("c@d")])
        over = said(f"accept ratelimit = {value}", p=p, phase=phase)
        found.append(f"{p.scratch.variables['sender_rate']}{'!' if over == 'ok' else ''}")
        p.world.clock.sleep(wait)
    return found


@pytest.mark.parametrize(("value", "phase", "result"), [
    ("2/1h/per_rcpt/strict", Phase.RCPT, ["1.0", "2.0", "3.0!", "4.0!"]),
    ("2/1h/per_rcpt/leaky", Phase.RCPT, ["1.0", "2.0", "3.0!", "3.0!"]),
    ("2/1h/per_cmd", Phase.HELO, ["1.0", "2.0", "3.0!", "3.0!"]), ("2/1h/per_conn/strict", Phase.HELO, ["1.0", "1.0", "1.0", "1.0"]),
    ("2/1h/per_mail/strict", Phase.RCPT, ["1.0", "1.0", "1.0", "1.0"]), ("2/1h/strict/per_addr", Phase.RCPT, ["1.0", "1.0", "1.0", "1.0"]),
    ("9/1h/per_rcpt/count=2.5", Phase.RCPT, ["2.5", "5.0", "7.5", "10.0!"]), ("2/1h/per_rcpt", Phase.MAIL, ["0.0", "0.0", "0.0", "0.0"]),
    ("2/1h/unique=a/per_cmd", Phase.RCPT, ["1.0", "1.0", "1.0", "1.0"]),
])
def test_commands_of_one_message(value: str, phase: Phase, result: list[str]) -> None:
    assert rates(process(client=CLIENT), value, phase=phase, times=4) == result


@pytest.mark.parametrize(("value", "phase", "result"), [
    ("2/1h/per_mail/strict", Phase.MAIL, ["1.0", "2.0", "3.0!"]), ("2/1h/per_byte/strict", Phase.DATA, ["1000.0!", "2000.0!", "3000.0!"]),
    ("5/1h/per_rcpt", Phase.DATA, ["2.0", "4.0", "6.0!"]), ("2/1h/per_conn", Phase.MAIL, ["1.0", "1.0", "1.0"]),
    ("2/1h/unique=$sender_host_address", Phase.MAIL, ["1.0", "1.0", "1.0"]),
])
def test_messages(value: str, phase: Phase, result: list[str]) -> None:
    assert rates(process(client=CLIENT), value, phase=phase, message=True) == result


def test_time_lets_rates_fall() -> None:
    p = process(client=CLIENT)
    assert rates(p, "3/1h/strict/per_cmd", times=4) == ["1.0", "2.0", "3.0", "4.0!"]
    p.world.clock.sleep(1800)
    assert rates(p, "3/1h/per_cmd/readonly", times=1) == ["2.4"]
    p.world.clock.sleep(36000)
    assert rates(p, "3/1h/strict/per_cmd", times=1) == ["1.0"]


def test_unique_values_are_counted_again_after_the_period() -> None:
    p = process(client=CLIENT)
    assert rates(p, "9/1h/per_addr/strict", times=2) == ["1.0", "1.0"]
    p.world.clock.sleep(3601)
    assert rates(p, "9/1h/per_addr/strict", times=1) == ["1.0"]
    assert sorted(p.mta.hints.ratelimit) == [f"1h/per_rcpt/unique/{CLIENT}"]


def test_keys() -> None:
    p = process(client=CLIENT)
    for value in ("5/1h", "5/1h/per_cmd/a/b", "5/60m/$sender_host_address", "5/1h/unique=x/k"):
        ask(f"accept ratelimit = {value}", p=p)
    assert sorted(p.mta.hints.ratelimit) == ["1h/per_cmd/a/b", "1h/per_mail/192.0.2.9", "1h/per_mail/unique/k", "60m/per_mail/192.0.2.9"]


def test_noupdate_reads_what_another_acl_counts() -> None:
    p = process(client=CLIENT)
    rates(p, "2/1h/per_rcpt/strict", times=3)
    p.world.clock.sleep(1.0)
    assert rates(p, "2/1h/per_rcpt/strict/noupdate", phase=Phase.HELO, times=2) == ["3.0!", "3.0!"]
