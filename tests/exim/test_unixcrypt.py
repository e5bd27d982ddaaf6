from __future__ import annotations

import pytest

from pytest_eximsim.exim import unixcrypt


@pytest.mark.parametrize("encrypted", [
    "abNANd1rDfiNc", "$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1", "$5$saltstring$C3o4O1TC6aRHF4FI.QSZMXtHbaj2gSXr4sUc/3NcUi.",
    "$6$salt$egUxKNxDs8kPfh8iPMNcosMhb2eWah6d3R44JDm5Rj/j/XWR5E33QPd0YmHXoDHOIDR6kL5D3JcQcz0O8FHE00",
])
def test_the_word_secret(encrypted: str) -> None:
    """Values from the C library's crypt."""
    assert unixcrypt.crypt("secret", encrypted) == encrypted
    assert unixcrypt.crypt("Secret", encrypted) != encrypted


def test_bad_salts_and_other_methods() -> None:
    assert unixcrypt.crypt("x", "a:") is None
    assert unixcrypt.crypt("x", "$9$x") is None
    with pytest.raises(unixcrypt.UnknownMethod):
        unixcrypt.crypt("x", "$2b$12$x")


@pytest.mark.parametrize("setting", [
    "$5", "$1", "$5$rounds=10$salt", "$5$rounds=01000$salt", "$6$rounds=9999999999$salt", "$5$rounds=1000", "$5$a!b", "$1$a:b", "ab\xe9",
])
def test_what_the_library_refuses(setting: str) -> None:
    assert unixcrypt.crypt("x", setting) is None


def test_rounds_and_long_secrets() -> None:
    """Values from the C library's crypt, which takes no secret of more than 511 characters."""
    assert unixcrypt.crypt("a", "$5$rounds=1000$abc") == "$5$rounds=1000$abc$DH82V/64s50w/cPcgSWjP6uKZ/i9J3Ey8WBnwQari11"
    assert unixcrypt.crypt("a", "$5$rounds$x") == "$5$rounds$OqE1wDKxM4Ygc6yJkR2mE6OlVrfPp2hpwW/5jo.Dy73"
    assert unixcrypt.crypt("a" * 511, "$1$salt") is not None
    assert unixcrypt.crypt("a" * 512, "$1$salt") is None


def test_crypt16_uses_both_halves() -> None:
    assert unixcrypt.crypt16("secretsecret", "ab") != unixcrypt.crypt16("secretsecretx", "ab")
