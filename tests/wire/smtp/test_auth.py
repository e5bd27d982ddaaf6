"""Both sides of AUTH; CRAM-MD5 by the example of RFC 2195."""

from __future__ import annotations

import pytest

from pytest_eximsim.wire.smtp import auth

USERS = {b"tim": b"tanstaaftanstaaf", b"": b"empty"}
CRAM = b"<1896.697170952@postoffice.reston.mci.net>"


def test_cram_md5() -> None:
    assert auth.cram_md5(CRAM, b"tanstaaftanstaaf") == b"b913a602c7eda7a495b4e6e7334d3890"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
@pytest.mark.parametrize(("user", "password", "proved"), [
    (b"tim", b"tanstaaftanstaaf", b"tim"), (b"tim", b"wrong", None), (b"tom", b"tanstaaftanstaaf", None), (b"", b"empty", b""),
])
def test_a_client_proves_itself(mechanism: str, user: bytes, password: bytes, proved: bytes | None) -> None:
    challenges = auth.challenges(mechanism, CRAM)
    given = [answer(challenge) for answer, challenge in zip(auth.answers(mechanism, user, password), challenges, strict=True)]
    assert auth.proved(mechanism, given, USERS, CRAM) == proved


@pytest.mark.parametrize(("mechanism", "given"), [
    ("PLAIN", []), ("PLAIN", [b"tim"]), ("PLAIN", [b"\0tim"]), ("PLAIN", [b"\0tim\0tanstaaftanstaaf\0more"]), ("LOGIN", [b"tim"]),
    ("CRAM-MD5", [b"tim"]), ("CRAM-MD5", [b"tim B913A602C7EDA7A495B4E6E7334D3890"]), ("GSSAPI", [b""]),
])
def test_what_proves_nothing(mechanism: str, given: list[bytes]) -> None:
    assert auth.proved(mechanism, given, USERS, CRAM) is None


def test_unknown_mechanisms() -> None:
    assert auth.challenges("GSSAPI", CRAM) == ()
    with pytest.raises(KeyError):
        auth.answers("GSSAPI", b"", b"")
