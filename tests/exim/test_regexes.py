from __future__ import annotations

import pytest

from pytest_eximsim.exim import regexes
from pytest_eximsim.exim.release import RELEASES


@pytest.mark.parametrize(("pattern", "old", "new"), [
    ("(", "missing ) at offset 1", "missing closing parenthesis at offset 1"),
    ("^*bad", "nothing to repeat at offset 1", "quantifier does not follow a repeatable item at offset 1"),
    ("[", "missing terminating ] for character class at offset 1", "missing terminating ] for character class at offset 1"),
    ("a)", "unmatched parentheses at offset 1", "unmatched closing parenthesis at offset 1"),
    ("\\1", "reference to non-existent subpattern at offset 1", "reference to non-existent subpattern at offset 1"),
    ("[[:foo:]]", "unknown POSIX class name at offset 3", "unknown POSIX class name at offset 3"),
])
def test_errors(pattern: str, old: str, new: str) -> None:
    with pytest.raises(regexes.RegexError) as caught:
        regexes.compile(pattern)
    assert regexes.regex_error_text(caught.value, RELEASES["4.82+"]) == old
    assert regexes.regex_error_text(caught.value, RELEASES["4.99"]) == new


@pytest.mark.parametrize(("pattern", "text", "groups"), [
    ("(b)(x)?(c)?", "abc", ["bc", "b", "", "c"]),
    ("[[:alpha:]]+", "1ab2", ["ab"]), (r"\x{41}\x42", "AB", ["AB"]), ("a.c", "a\xe9c", ["a\xe9c"]), ("x", "y", None), ("a.b", "a\nb", None),
])
def test_search(pattern: str, text: str, groups: list[str] | None) -> None:
    found = regexes.compile(pattern).search(text)
    assert (found.groups if found else None) == groups


def test_caseless() -> None:
    assert regexes.compile("ABC", caseless=True).search("xabcx") is not None


def test_a_match_that_is_not_empty() -> None:
    assert regexes.compile("b*?").search_not_empty_here("abb", 1) is not None
    assert regexes.compile("x*").search_not_empty_here("abb", 1) is None
