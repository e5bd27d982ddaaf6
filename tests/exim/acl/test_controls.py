"""control = …: which there are, where they are allowed (Exim 4.96, asked in every phase), what they change (cases ACL-026 … ACL-030)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_eximsim.errors import NotSimulated, Position
from pytest_eximsim.exim.acl import Phase
from pytest_eximsim.exim.acl.controls import CONTROLS, FAKE_TEXT, find_control, refuse_unsimulated
from pytest_eximsim.exim.acl.reader import read_acl, text_lines
from pytest_eximsim.exim.config import names
from pytest_eximsim.exim.config.builds import named_build
from pytest_eximsim.exim.release import RELEASES
from pytest_eximsim.exim.state import Connection, Message

from ..fake_world import process
from .asking import ask, said
from .test_registry import ASKED, NO_MESSAGE, NO_RECIPIENT

NO_RECEPTION = f"{NO_MESSAGE} DATA"

PHASES = [
    ("allow_auth_unadvertised", "AUTH DATA ETRN EXPN MAIL PREDATA QUIT RCPT STARTTLS VRFY"), ("caseful_local_part", f"{NO_RECIPIENT} VRFY"),
    ("caselower_local_part", f"{NO_RECIPIENT} VRFY"), ("cutthrough_delivery", ""), ("debug", ""), ("dkim_disable_verify", "DATA"),
    ("dmarc_disable_verify", "DATA"), ("dmarc_enable_forensic", "DATA"), ("dscp/ef", ""), ("enforce_sync", ""), ("fakedefer", NO_MESSAGE),
    ("fakereject", NO_MESSAGE), ("freeze", NO_MESSAGE), ("no_callout_flush", ""), ("no_delay_flush", ""), ("no_enforce_sync", ""),
    ("no_mbox_unspool", NO_MESSAGE), ("no_multiline_responses", ""), ("no_pipelining", ""), ("queue", NO_MESSAGE),
    ("submission", NO_RECEPTION), ("suppress_local_fixups", NO_RECEPTION),
]


@pytest.mark.parametrize(("word", "forbidden"), PHASES)
def test_phases(word: str, forbidden: str) -> None:
    for phase in (Phase[name] for name in ASKED):
        result = said(f"warn control = {word}\naccept", phase=phase, release="4.96")
        name = word.partition("/")[0]
        expected = f'error: cannot use "control={name}" in {phase.words} ACL' if phase.name in forbidden.split() else "ok"
        assert result == expected, phase


LATER, OLDER = ("4.96", "4.99"), ("4.82+",)


@pytest.mark.parametrize(("value", "releases"), [
    ("nosuch", LATER + OLDER), ("", LATER + OLDER), ("Freeze", LATER + OLDER), ("freezex", LATER + OLDER), ("freeze/x", LATER + OLDER),
    ("freeze/no_tellx", LATER + OLDER), ("freeze_x", LATER + OLDER), ("fakereject_x", OLDER), ("no_pipelining/x", LATER + OLDER),
    ("dkim_disable_verifyx", LATER + OLDER), ("bmi_run", LATER + OLDER), ("dmarc_verify_disable", LATER + OLDER),
    ("submission/x", LATER + OLDER), ("submission_x", LATER + OLDER), ("dscp", LATER + OLDER), ("queue", OLDER), ("queue_only/x", OLDER),
    ("queuex", LATER + OLDER), ("error", OLDER), ("cutthrough_delivery/x", OLDER),
])
def test_syntax_errors(value: str, releases: tuple[str, ...]) -> None:
    for release in RELEASES:
        result = said(f"warn control = {value}\naccept", release=release)
        if release in releases:
            assert result == f'error: syntax error in "control={value}"'
        else:
            assert "syntax" not in result


@pytest.mark.parametrize("value", ["dscp/64", "dscp/-1", "dscp/nosuch", "dscp/"])
def test_unknown_dscp_values(value: str) -> None:
    assert said(f"warn control = {value}\naccept") == f'error: unrecognised DSCP value in "control={value}"'


@pytest.mark.parametrize("value", ["dscp/0x3f", "dscp/0", "dscp/EF", "dscp/ af11", "queue_only", "queue_x", "queue/x", "debug/tag=x"])
def test_accepted_values(value: str) -> None:
    assert said(f"warn control = {value}\naccept") == "ok"


def changed(value: str, release: str = "4.99", **before: object) -> dict[str, Any]:
    """The fields of the message and of the connection that a control changes."""
    p = process(release)
    p.message.rcpt_count = 1
    for name, one in before.items():
        setattr(p.message, name, one)
    assert ask(f"accept control = {value}", p=p).result.value == "ok"
    found: dict[str, Any] = {}
    for one, fresh in ((p.message, Message(rcpt_count=1)), (p.connection, Connection())):
        found |= {name: getattr(one, name) for name in vars(fresh) if getattr(one, name) != getattr(fresh, name)}
    return found


@pytest.mark.parametrize(("value", "fields"), [
    ("freeze", {"freeze": True}), ("freeze/no_tell", {"freeze": True, "freeze_tell": False}), ("queue", {"queue_only": "ACL"}),
    ("queue/first_pass_route", {"queue_only": "ACL", "queue_routed": True}), ("queue/first_pass_route/only", {"queue_only": "ACL"}),
    ("fakereject", {"fake": "fakereject", "fake_text": "Your message has been rejected but is being kept for evaluation.\n"
                    "If it was a legitimate message, it may still be delivered to the target\nrecipient(s)."}),
    ("fakedefer/a/b", {"fake": "fakedefer", "fake_text": "a/b"}), ("fakereject/", {"fake": "fakereject"}),
    ("submission", {"submission": True, "submission_name": ""}),
    ("submission/sender_retain", {"submission": True, "submission_retain": True, "submission_name": ""}),
    ("submission/domain=/name=A. B/domain=c",
     {"submission": True, "submission_domain": "", "submission_name": '"A. B/domain=c"'}),
    ("submission/domain=d.test/sender_retain",
     {"submission": True, "submission_domain": "d.test", "submission_retain": True, "submission_name": ""}),
    ("suppress_local_fixups", {"suppress_fixups": True}), ("no_multiline_responses", {"no_multiline_responses": True}),
    ("no_pipelining", {"no_pipelining": True}), ("enforce_sync", {"enforce_sync": True}), ("no_enforce_sync", {"enforce_sync": False}),
    ("no_delay_flush", {"no_delay_flush": True}), ("no_callout_flush", {"no_callout_flush": True}),
    ("dkim_disable_verify", {"dkim_disable_verify": True, "dmarc_disable_verify": True}),
    ("dmarc_disable_verify", {"dmarc_disable_verify": True}), ("dmarc_enable_forensic", {"dmarc_enable_forensic": True}),
    ("cutthrough_delivery", {"cutthrough": True}), ("debug", {}), ("no_mbox_unspool", {}),
])
def test_effects(value: str, fields: dict[str, object]) -> None:
    if fields.get("fake"):
        fields = {"fake_text": "", **fields}
    found = changed(value)
    assert {name: one for name, one in found.items() if one != ""} == {name: one for name, one in fields.items() if one != ""}


def test_allow_auth_unadvertised() -> None:
    p = process()
    ask("accept control = allow_auth_unadvertised", phase=Phase.HELO, p=p)
    assert p.connection.allow_auth_unadvertised


def test_local_part_for_the_rest_of_the_acl() -> None:
    text = "warn logwrite = $local_part\n control = caseful_local_part\n logwrite = $local_part\n control = caselower_local_part\n" \
           " logwrite = $local_part\naccept local_parts = joe"
    p = process()
    assert ask(text, p=p, recipient="JoE@b.test").result.value == "ok"
    assert p.world.logs.of("main") == ["joe", "JoE", "joe"]        # type: ignore[attr-defined]


@pytest.mark.parametrize(("before", "release", "result"), [
    ({"freeze": True}, "4.82+", 'error: "control=cutthrough_delivery" on frozen item'),
    ({"queue_only": "ACL"}, "4.82+", 'error: "control=cutthrough_delivery" on queue-only item'),
    ({"freeze": True}, "4.99", "ok"), ({"queue_only": "ACL"}, "4.99", "ok"), ({"rcpt_count": 2}, "4.99", "ok"),
    ({"fake": "fakereject"}, "4.99", "ok"), ({"prdr": True}, "4.99", "ok"),
])
def test_cutthrough_delivery_that_cannot_be(before: dict[str, object], release: str, result: str) -> None:
    p = process(release)
    p.message.rcpt_count = 1
    for name, one in before.items():
        setattr(p.message, name, one)
    assert said("accept control = cutthrough_delivery", p=p) == result
    assert not p.message.cutthrough


@pytest.mark.parametrize(("text", "drivers", "refused"), [
    ("accept control = cutthrough_delivery/defer=pass", ["appendfile"], ""),
    ("accept control = cutthrough_delivery", ["appendfile", "smtp"], '"control = cutthrough_delivery" is not simulated'),
    ("warn control = freeze\naccept control = utf8_downconvert/1", [], '"control = utf8_downconvert" is not simulated'),
    ("accept control = ${if eq{a}{b}{utf8_downconvert}}", [], ""), ("accept control = nosuch", [], ""),
])
def test_what_is_refused_when_a_configuration_is_read(text: str, drivers: list[str], refused: str) -> None:
    release, build = RELEASES["4.99"], named_build("full", "4.99")
    acl = read_acl(text_lines(text, Position("exim.conf", 7)), release)
    transports: Any = [SimpleNamespace(driver=driver) for driver in drivers]
    if not refused:
        refuse_unsimulated([acl], transports, release, build)
        return
    with pytest.raises(NotSimulated) as caught:
        refuse_unsimulated([acl], transports, release, build)
    assert str(caught.value) == f"exim.conf:7: {refused}"


def test_words_that_an_expansion_gives_are_refused_when_they_come() -> None:
    with pytest.raises(NotSimulated, match="utf8_downconvert"):
        ask("accept control = ${if eq{a}{a}{utf8_downconvert}}")


def test_controls_need_what_exim_was_built_with() -> None:
    release = RELEASES["4.96"]
    found = [build for build in ("full", "debian-heavy",
        "debian-light") if find_control("dmarc_disable_verify", release, named_build(build, "4.96"))]
    assert found == ["full"]


@pytest.mark.parametrize("release", ["4.82+", "4.99"])
def test_every_name_is_there(release: str) -> None:
    found = {control.name for control in CONTROLS if RELEASES[release].has(control.since, control.until)}
    known = set(names.known("acl controls", release)) - {"bmi_run"}
    assert found == (known - {"error"} if release == "4.82+" else known)


def test_the_usual_text_of_fake_replies_is_broken_as_messages_are() -> None:
    assert FAKE_TEXT.count("\n") == 1
