"""AUTH on both sides of the wire (RFC 4954): PLAIN (RFC 4616), LOGIN, CRAM-MD5 (RFC 2195). Octets, before and behind base 64."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence

LOGIN_PROMPTS = (b"Username:", b"Password:")
#: Answers a client's challenge; PLAIN's first answer may stand in the command itself.
Answer = Callable[[bytes], bytes]


def encode(octets: bytes) -> bytes:
    return base64.b64encode(octets)


def decode(text: bytes) -> bytes:
    """Raises ValueError. What does not belong to the alphabet is passed over."""
    return base64.b64decode(text)


def plain(user: bytes, password: bytes) -> bytes:
    return b"\0%b\0%b" % (user, password)


def cram_md5(challenge: bytes, secret: bytes) -> bytes:
    """The digest that proves the secret."""
    return hmac.new(secret, challenge, hashlib.md5).hexdigest().encode("ascii")


def answers(mechanism: str, user: bytes, secret: bytes) -> Sequence[Answer]:
    """A client's answers, one for each challenge. KeyError for an unknown mechanism (names in upper case)."""
    by_name: Mapping[str, Sequence[Answer]] = {
        "PLAIN": [lambda _: plain(user, secret)],
        "LOGIN": [lambda _: user, lambda _: secret],
        "CRAM-MD5": [lambda challenge: b"%b %b" % (user, cram_md5(challenge, secret))],
    }
    return by_name[mechanism]


def challenges(mechanism: str, cram: bytes) -> Sequence[bytes]:
    """A server's challenges, none for an unknown mechanism; `cram` is that of CRAM-MD5."""
    return {"PLAIN": (b"",), "LOGIN": LOGIN_PROMPTS, "CRAM-MD5": (cram,)}.get(mechanism, ())


def proved(mechanism: str, given: Sequence[bytes], users: Mapping[bytes, bytes], cram: bytes) -> bytes | None:
    """The user whose password these answers prove."""
    match mechanism, given:
        case "PLAIN", [answer]:
            _, *pair = answer.split(b"\0")
            return pair[0] if len(pair) == 2 and users.get(pair[0]) == pair[1] else None
        case "LOGIN", [user, password]:
            return user if users.get(user) == password else None
        case "CRAM-MD5", [answer]:
            user, _, digest = answer.partition(b" ")
            return user if user in users and hmac.compare_digest(digest, cram_md5(cram, users[user])) else None
    return None
