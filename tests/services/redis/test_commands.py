"""Redis commands as lines: redis-cli's quoting."""

import pytest

from pytest_eximsim.exim.world import RedisError
from pytest_eximsim.services.redis.commands import reply_value, split_command


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("GET a", [b"GET", b"a"]),
        ("  GET \t a  ", [b"GET", b"a"]),
        ("", []),
        ("SET 'two words' spaced", [b"SET", b"two words", b"spaced"]),
        ('SET k ""', [b"SET", b"k", b""]),
        (r'SET k "a\x41\n\"q\""', [b"SET", b"k", b'aA\n"q"']),
        (r"SET k 'it\'s \n'", [b"SET", b"k", b"it's \\n"]),
        (r"SET k a\b", [b"SET", b"k", b"a\\b"]),
        ("SET k käse", [b"SET", b"k", "käse".encode()]),
    ],
)
def test_split(line: str, arguments: list[bytes]) -> None:
    assert split_command(line) == arguments


@pytest.mark.parametrize("line", ['GET "a', "GET 'a", 'GET "a"b'])
def test_bad_quotes(line: str) -> None:
    with pytest.raises(ValueError, match="quote"):
        split_command(line)


def test_reply_values() -> None:
    assert reply_value([None, 1, b"x\xff", RedisError("ERR no"), [b"a"]]) == [None, 1, "x�", "ERR no", ["a"]]
