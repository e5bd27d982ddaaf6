"""What is a difference between two runs of one scenario, and what is chance."""

from __future__ import annotations

from pytest_eximsim.oracle.compare import differences
from pytest_eximsim.scenario.outcome import Evidence, Exchange, Outcome

NAMES = {"@CONFIG@": "/etc/exim4/exim4.conf"}


def outcome(*lines: str, refusal: tuple[str, ...] | None = None, said: tuple[str, ...] = (), haproxy: str = "") -> Outcome:
    spoken = [("session", [Exchange(one[0], one[3:]) for one in said])] if said else []
    evidence = Evidence(conversations=spoken, refusal=refusal, names=NAMES)
    return Outcome(mainlog=[f"2026-11-27 09:00:00 {line}" for line in lines], evidence=evidence, haproxy=haproxy)


def differ(one: Outcome, other: Outcome) -> list[str]:
    return [found.what for found in differences(one, other)]


def test_lines_of_other_messages_may_come_between() -> None:
    first, second = "1xWrs0-00000A-1L", "1xWrs0-00000B-1M"
    lines = (f"{first} <= a@b", f"{first} Completed", f"{second} <= a@b", f"{second} Completed")
    assert differ(outcome(*lines), outcome(lines[0], lines[2], lines[1], lines[3])) == []
    assert differ(outcome(*lines), outcome(lines[1], lines[0], *lines[2:])) == ["mainlog"]


def test_order_matters_without_haproxy() -> None:
    assert differ(outcome("one", "two"), outcome("two", "one")) == ["mainlog"]
    assert differ(outcome("one"), outcome("one", "one")) == ["mainlog"]


def test_checks_of_haproxy_come_when_they_come() -> None:
    came, lost = "SMTP connection from [10.0.0.2]:4 (TCP/IP connection count = {})", "SMTP connection from [10.0.0.2]:4 lost"
    once = outcome(came.format(1), f"{lost} (error: Connection reset by peer)", "mail from a@b", haproxy="2.8")
    often = outcome("mail from a@b", came.format(1), came.format(2), lost, lost, haproxy="2.8")
    assert differ(once, often) == []
    assert differ(once, outcome(came.format(1), lost, haproxy="2.8")) == ["mainlog"]


def test_dates_that_a_client_sends() -> None:
    said = outcome(said=("C: Date: Fri, 27 Nov 2026 09:02:30 +0000", "S: 250 OK"))
    assert differ(said, outcome(said=("C: Date: Fri, 27 Nov 2026 09:02:31 +0000", "S: 250 OK"))) == []
    assert differ(said, outcome(said=("C: Date: yesterday", "S: 250 OK"))) == ["session (connection 1)"]


def test_numbers_of_connections_and_users() -> None:
    line = 'SMTP connection Ci={} from [10.0.0.2] lost: failed to open /t/list: Permission denied (euid={} egid=106)'
    assert differ(outcome(line.format("1xWssn-00001", 103)), outcome(line.format(4420, 100))) == []
    assert differ(outcome(line.format(7, 103)), outcome(line.format(7, 103).replace(" Ci=7", ""))) == ["mainlog"]


def test_what_set_gives_has_another_place() -> None:
    simulated = ("Exim configuration error in line 2 of /etc/exim4/exim4.conf:", '  main option "x" unknown')
    real = ("Exim configuration error in line 1 of /run/eximsim/settings:", '  main option "x" unknown')
    assert differ(outcome(refusal=simulated), outcome(refusal=real)) == []
    assert differ(outcome(refusal=simulated), outcome(refusal=(real[0], '  main option "y" unknown'))) == ["the configuration is refused"]
    elsewhere = ("Exim configuration error in line 3 of /etc/exim4/exim4.conf:", simulated[1])
    assert differ(outcome(refusal=simulated), outcome(refusal=elsewhere)) == ["the configuration is refused"]


def test_a_message_id_behind_its_letter() -> None:
    one, other = ("1xWrs0-00000A-1L <= a@b id=E{}@mail.test", "1xWrs0-00000A-1L <= a@b Message-Id: <E{}@mail.test>")
    for text in (one, other):
        assert differ(outcome(text.format("1xWrs0-00000A-1L")), outcome(text.format("1xWrs0-00000A-1L"))) == []
    here, there = (other.replace("1xWrs0-00000A-1L", id).format(id) for id in ("1xWrs0-00000A-1L", "1xWrt1-00000B-00"))
    assert differ(outcome(here), outcome(there)) == []


def test_messages_that_exim_makes() -> None:
    bounce = "1xWrs0-00000A-1L <= <> R=1xWrs0-000009-1L U=mail P=local S={}"
    assert differ(outcome(bounce.format(1587)), outcome(bounce.format(1592))) == []
    assert differ(outcome(bounce.format(1587).replace("<>", "a@b")), outcome(bounce.format(1592).replace("<>", "a@b"))) == ["mainlog"]
