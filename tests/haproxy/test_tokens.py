"""HAProxy's words: quoting, escapes, environment (manual 2.2, 2.3)."""

import pytest

from pytest_eximsim.haproxy.tokens import HaproxyError, expand_variables, quote, split_line

ENVIRONMENT = {"A": "x y", "HOST": "10.0.0.1", "EMPTY": ""}

WORDS = [
    ("", []),
    ("   # only a comment", []),
    ("bind :25", ["bind", ":25"]),
    ("\tbind  :25   # c", ["bind", ":25"]),
    ("a#b c", ["a"]),
    (r"a\#b c", ["a#b", "c"]),
    (r"a\ b c", ["a b", "c"]),
    (r"a\tb", ["a\tb"]),
    (r"a\x41b", ["aAb"]),
    (r"a\qb", [r"a\qb"]),
    (r"^220\ ", ["^220 "]),
    ("'a b' c", ["a b", "c"]),
    (r"'a\n$A' c", [r"a\n$A", "c"]),
    ('"a b" c', ["a b", "c"]),
    ('"a # b"', ["a # b"]),
    ('"a \'b\'"', ["a 'b'"]),
    (r'"a \"b\" \$A"', ['a "b" $A']),
    ('pre"mid dle"post', ["premid dlepost"]),
    ('""', [""]),
    ('"$A"', ["x y"]),
    ('"${A}"', ["x y"]),
    ('"${A[*]}"', ["x", "y"]),
    ('z"${A[*]}"', ["zx", "y"]),
    ("$A ${A}", ["$A", "${A}"]),
    ('"${NONE}"', [""]),
    ('"${NONE-d e}"', ["d e"]),
    ('"${EMPTY-d}"', [""]),
    ('server m "${HOST}":25', ["server", "m", "10.0.0.1:25"]),
]


@pytest.mark.parametrize(("text", "words"), WORDS, ids=[repr(text) for text, _ in WORDS])
def test_words(text: str, words: list[str]) -> None:
    assert split_line(text, ENVIRONMENT) == words


@pytest.mark.parametrize(("text", "column", "message"), [
    ("a 'b", 3, "unmatched quote"),
    ('a "b', 3, "unmatched quote"),
    (r"a \xZZ", 3, r"invalid or incomplete '\x' sequence"),
    ('"$-"', 2, "forbidden first char"),
    ('"${A"', 2, "malformed environment variable"),
])
def test_errors_have_a_column(text: str, column: int, message: str) -> None:
    with pytest.raises(HaproxyError, match=message.replace("\\", r"\\")) as caught:
        split_line(text, ENVIRONMENT)
    assert caught.value.position is not None
    assert caught.value.position.column == column


def test_undefined_variables_are_named() -> None:
    undefined: set[str] = set()
    split_line('"${NONE}" "${SOME-x}" "$A"', ENVIRONMENT, undefined=undefined)
    assert undefined == {"NONE"}


@pytest.mark.parametrize("word", ["a", "", "a b", 'a"b', r"a\b", "$A", "#", "a\tb", "a'b", "x\\ny"])
def test_quoted_words_read_back(word: str) -> None:
    assert split_line(quote(word), ENVIRONMENT) == [word]


def test_addresses_expand_variables_without_quotes() -> None:
    assert expand_variables("$HOST:25 ${HOST}", ENVIRONMENT) == "10.0.0.1:25 10.0.0.1"
