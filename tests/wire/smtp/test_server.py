"""The table of what a server knows."""

from __future__ import annotations

import pytest

from pytest_eximsim.wire.smtp.commands import parse
from pytest_eximsim.wire.smtp.server import AFTER, State

BUSY = State("a", "s@x", ("r@x",))


@pytest.mark.parametrize(("before", "line", "after"), [
    (State(), "EHLO a", State("a")),
    (BUSY, "LHLO b", State("b")),
    (BUSY, "HELO", State()),
    (State("a"), "MAIL FROM:<>", State("a", "")),
    (BUSY, "MAIL FROM:<t@x>", State("a", "t@x")),
    (BUSY, "RCPT TO:<q@x>", State("a", "s@x", ("r@x", "q@x"))),
    (BUSY, "RSET", State("a")),
    (BUSY, ".", State("a")),
    (BUSY, "STARTTLS", State()),
    (BUSY, "NOOP", BUSY),
    (BUSY, "DATA", BUSY),
])
def test_after(before: State, line: str, after: State) -> None:
    assert before.after(parse(line)) == after


def test_the_table_is_sorted() -> None:
    assert list(AFTER) == sorted(AFTER)
