"""fix_phrase: name and what Exim 4.96 makes of it (asked with control = submission/name=…)."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.phrases import fix_phrase

from .fake_world import process

CASES = [
    ("Plain Name", "Plain Name"), ("O'Brien", "O'Brien"), ("A_b=c?d", "A_b=c?d"), ("", ""),
    ("John Q. Public", '"John Q. Public"'), ("A, B", '"A, B"'), ("a@b", '"a@b"'), ("back\\\\slash", '"back\\\\slash"'),
    ("close ) paren", '"close ) paren"'), ("The Name <x>", '"The Name <x>"'),
    ("A (comment) B", "A (comment) B"), ("(just comment)", "(just comment)"), ("unbalanced ( paren", "unbalanced ( paren"),
    ("a (b (c) d) e.", '"a (b (c) d) e."'), ("((a", "((a"), ('a(b"c"d.e f.g"h.i"j.k', 'a(b"c"d.e f.g"h.i"j.k'),
    ('"Quoted" Name', '"Quoted" Name'), ('"open quote', '"open quote"'), ('"a\\\\"b" c', '"a\\\\"b" c"'), ('"a\\\\', '"a\\\\"'),
    ('"Q" A, B', '"Q" "A," B'), ('"Q" xA,b B', '"Q" "xA,b" B'), ('"Q" (c)A. B', '"Q" (c)"A." B'),
    ('A (com"ment) B. C', 'A (com"ment) "B." C'), ("A. (c) D, E", '"A. (c) D, E"'),
    ("(c) A. B", '"(c) A. B"'), ("A (c)B. C", '"A (c)B. C"'),
    ('A, "B" C. D', '"A," "B" "C." D'), ('A(c) "d" (e)f.g h,i j', 'A(c) "d" (e)"f.g" "h,i" j'),
    ('A, b\\\\"c "d" e', '"A, b\\\\""c "d" e"'), ("A, b\\\\", '"A, b\\\\"'), ("(a \\\\) b. c", '"(a \\\\) b. c"'),
    ("\xd6ster Lund", "=?UTF-8?Q?=D6ster_Lund?="),
]


@pytest.mark.parametrize(("name", "fixed"), CASES)
def test_phrases_get_the_quotes_that_exim_gives_them(name: str, fixed: str) -> None:
    assert fix_phrase(process("4.96", main={"headers_charset": "UTF-8"}), name) == fixed
