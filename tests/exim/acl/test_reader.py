"""ACLs as text: statements, clauses, and what is wrong with them (case ACL-044)."""

from __future__ import annotations

import pytest

from pytest_eximsim.errors import NotSimulated, Position
from pytest_eximsim.exim.acl.reader import AclSyntaxError, read_acl, read_acl_section, text_lines
from pytest_eximsim.exim.config.source import Line
from pytest_eximsim.exim.release import RELEASES

LATER, OLDER = RELEASES["4.99"], RELEASES["4.82+"]


def section(text: str) -> dict[str, object]:
    lines = (Line(line.strip(), Position("exim.conf", number)) for number, line in enumerate(text.split("\n"), 1) if line)
    return dict(read_acl_section(lines, LATER))


def read(text: str) -> list[tuple[str, list[tuple[str, str]]]]:
    acl = read_acl(text_lines(text, Position("x")), LATER)
    return [(statement.verb, [("!" * clause.negated + clause.name, clause.value) for clause in statement.clauses])
            for statement in acl.statements]


@pytest.mark.parametrize(("text", "statements"), [
    ("", []), ("accept", [("accept", [])]), ("deny\naccept", [("deny", []), ("accept", [])]),
    ("deny hosts = a : b", [("deny", [("hosts", "a : b")])]), ("deny !hosts = a\n  ! domains=b", [("deny", [("!hosts", "a"),
    ("!domains", "b")])]),
    ("accept domains = x\n endpass\n verify = recipient", [("accept", [("domains", "x"), ("endpass", ""), ("verify", "recipient")])]),
    ("warn set acl_m_x = a b", [("warn", [("set", "a b")])]), ("deny message = a # b", [("deny", [("message", "a # b")])]),
    ("# c\ndeny \\\n  # d\n  message = a\\\n   b\n", [("deny", [("message", "ab")])]), ("deny message =", [("deny", [("message", "")])]),
    ("deny\nmessage = x: y", [("deny", [("message", "x: y")])]),
])
def test_statements(text: str, statements: list[object]) -> None:
    assert read(text) == statements


@pytest.mark.parametrize(("text", "message"), [
    ("allow hosts = *", 'unknown ACL verb "allow" in "allow hosts = *"'), ("Accept", 'unknown ACL verb "Accept" in "Accept"'),
    ("accept nosuch = x", 'unknown ACL condition/modifier in "accept nosuch = x"'),
    ("accept hosts", '"=" missing after ACL "hosts" condition'),
    ("accept message", '"=" missing after ACL "message" modifier'),
    ("deny !message = x", 'ACL error: negation is not allowed with "message"'),
    ("deny endpass", 'ACL error: "endpass" is not allowed with "deny"'), ("!deny", 'malformed ACL line "!deny"'),
    ("warn set foo = x", 'invalid variable name after "set" in ACL modifier "set foo = x" (must start "acl_c" or "acl_m")'),
    ("warn set acl_cX = x",
     'invalid variable name after "set" in ACL modifier "set acl_cX = x" (digit or underscore must follow acl_c or acl_m)'),
    ("warn set acl_m_a-b = x", 'invalid character "-" in variable name in ACL modifier "set acl_m_a-b = x"'),
    ("warn set acl_m_a", '"=" missing after ACL "set" modifier'), ("accept atrn_domains", None),
])
def test_errors(text: str, message: str | None) -> None:
    with pytest.raises(AclSyntaxError if message else NotSimulated) as caught:
        read(text)
    if message:
        assert str(caught.value) == message


def test_section() -> None:
    found = section("a: accept\n\nb:\n deny\n\n accept\nc :\nd:")
    assert list(found) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(("text", "message", "line"), [
    ("accept", "missing or malformed ACL name", 1), ("a:\n accept\n\na:\n deny", 'there are two ACLs called "a"', 4),
    ("a:\n accept\n nosuch = x", 'error in ACL: unknown ACL condition/modifier in "nosuch = x"', 3),
])
def test_errors_of_the_section(text: str, message: str, line: int) -> None:
    with pytest.raises(AclSyntaxError) as caught:
        section(text)
    assert (str(caught.value), caught.value.position) == (message, Position("exim.conf", line))


def test_what_another_release_has() -> None:
    with pytest.raises(AclSyntaxError):
        read_acl(text_lines("warn seen = 1s", Position("x")), OLDER)
    with pytest.raises(NotSimulated, match='the ACL condition "demime" is not simulated'):
        read_acl(text_lines("warn demime = *", Position("x")), OLDER)
    with pytest.raises(AclSyntaxError):
        read("warn demime = *")
