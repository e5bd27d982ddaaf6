"""acl = name argument …, and ${acl…} (cases ACL-019, ACL-020)."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.acl import Phase
from pytest_eximsim.exim.expansion import expand

from ...fake_world import process
from ..asking import ask, logs, said


@pytest.mark.parametrize(("inner", "outer", "result"), [
    ("accept message = i", "accept acl = sub", "ok"), ("deny message = i", "accept acl = sub", "fail: i"),
    ("deny message = i", "require acl = sub", "fail: i"), ("deny message = i", "require acl = sub\n message = o", "fail: i"),
    ("deny message = i", "deny !acl = sub\n message = o", "fail: i"),
    ("deny message = i", "deny !acl = sub\n log_message = o", "fail: o: i"),
    ("drop message = i", "require acl = sub", "fail_drop: i"), ("drop", "accept !acl = sub", "ok"),
    ("defer message = i", "accept acl = sub", "defer: i"), ("defer message = i", "accept !acl = sub", "defer: i"),
    ("discard", "accept acl = sub", "discard"), ("discard", "discard acl = sub", "discard"),
    ("discard", "deny acl = sub", 'error: nested ACL returned "discard" for "deny" command (only allowed with "accept" or "discard")'),
    ("accept", "accept acl = ${if", 'error: failed to expand ACL string "${if": condition name expected, but found ""'),
    ("accept", "accept acl = ${if eq{a}{b}{x}fail}", 'error: failed to expand ACL string "${if": condition name expected, but found ""'),
    ("accept", 'accept acl = "${if eq{a}{b}{x}fail}"', "error"),
    ("accept acl = sub", "accept acl = sub", "error: ACL nested too deep: possible loop"),
])
def test_nested(inner: str, outer: str, result: str) -> None:
    assert said(outer, acls=f"sub:\n {inner}\n") == result


def test_arguments_of_nested_acls() -> None:
    acls = "sub:\n accept message = $acl_narg <$acl_arg1> <$acl_arg2> <$acl_arg9>\n" \
           "outer:\n accept acl = sub a\n  message = $acl_narg <$acl_arg1>\n"
    p = process(acls=acls)
    p.acl_phase = Phase.RCPT.words
    asked = {
        "${acl{sub}}": "0 <> <> <>", "${acl{sub}{x y}{}}": "2 <x y> <> <>", "${acl{outer}{z}}": "1 <z>",
        "${if acl{{sub}{q}}{yes $value}{no}}": "yes 1 <q> <> <>",
    }
    assert {text: expand(p, text) for text in asked} == asked
    p = process(acls="sub:\n warn logwrite = $acl_narg <$acl_arg1> <$acl_arg2>\n accept\n")
    assert said('accept acl = sub "a b\\t" ${lc:X} 3 4 5 6 7 8 9 10', p=p) == "ok"
    assert logs(p) == ["9 <a b\t> <x>"]


def test_acls_in_expansions_start_afresh() -> None:
    """Exim forgets computed rates and where refusals are logged when an expansion runs an ACL."""
    p = process(client="192.0.2.9", acls="none:\n accept\n")
    again = "ratelimit = 0/1h/per_cmd/strict\n logwrite = $sender_rate\n"
    verdict = ask(f"deny log_reject_target = panic\n {again} {again} condition = ${{if acl{{{{none}}}}}}\n {again}", p=p)
    assert logs(p) == ["1.0", "1.0", "2.0"]
    assert verdict.log_to == (True, True, False)
