"""Conditions that check secrets: crypteq, inbound_srs, and those that ask other services (of which Exim's own refusals are given)."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ... import regexes, unixcrypt
from ...where import not_simulated
from ..budget import spend
from ..evaluator import evaluate
from ..nodes import Condition
from ..operators.encoding import BASE32
from .comparing import folded

if TYPE_CHECKING:
    from ...state import Process

_SRS = r"^(?i)SRS0=([^=]+)=([A-Z2-7]{2})=([^=]*)=(.*)$"
_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+-/=?^_`{|}~")


def crypteq(p: Process, plain: str, encrypted: str) -> bool:
    """crypteq{plain}{encrypted}: {md5}, {sha1} by hex or base64 digest, {crypt}, {crypt16}, else crypt (case EXPAND-011)."""
    head = folded(encrypted)
    if head.startswith("{md5}"):
        return _digest_equals("md5", plain, encrypted[5:], 24)
    if head.startswith("{sha1}"):
        return _digest_equals("sha1", plain, encrypted[6:], 28)
    sixteen = head.startswith("{crypt16}")
    if head.startswith("{crypt}"):
        encrypted = encrypted[7:]
    elif sixteen:
        encrypted = encrypted[9:]
    elif encrypted.startswith("{"):
        raise ExpansionError(f'unknown encryption mechanism in "{encrypted}"')
    if len(encrypted) < 2:
        return False
    spend(p, 10 * unixcrypt.rounds(encrypted))
    try:
        made = unixcrypt.crypt16(plain, encrypted) if sixteen else unixcrypt.crypt(plain, encrypted)
    except unixcrypt.UnknownMethod as error:
        raise not_simulated(p, f"crypteq with {error}") from None
    return made is not None and made == encrypted


def _digest_equals(algorithm: str, plain: str, given: str, coded_length: int) -> bool:
    digest = hashlib.new(algorithm, plain.encode("latin-1")).digest()
    if len(given) == coded_length:
        return base64.b64encode(digest).decode("ascii") == given
    return len(given) == 2 * len(digest) and digest.hex() == folded(given)


def _not_compiled(name: str) -> ExpansionError:
    return ExpansionError(f'support for "{name}" not compiled')


def refused_pam(p: Process, text: str) -> bool:
    raise _service(p, "pam")


def refused_radius(text: str) -> bool:
    raise _not_compiled("radius")


def refused_pwcheck(text: str) -> bool:
    raise _not_compiled("pwcheck")


def refused_ldapauth(p: Process, text: str) -> bool:
    raise _service(p, "ldapauth")


def _service(p: Process, name: str) -> Exception:
    """Debian's binary has it, the others do not."""
    return not_simulated(p, f'the condition "{name}"') if p.release.name == "4.96" else _not_compiled(name)


def saslauthd(p: Process, node: Condition) -> bool:
    """Debian's binary reads the strings, those without it complain before."""
    for part in node.arguments:
        evaluate(p, part)
    if node.fault is not None:
        raise ExpansionError(node.fault)
    raise _service(p, "saslauthd")


def inbound_srs(p: Process, node: Condition) -> bool:
    """inbound_srs{local part}{secret}: $srs_recipient is the original address; an empty secret is not checked."""
    strings = [evaluate(p, part) for part in node.arguments]
    if node.fault is not None:
        raise ExpansionError(node.fault)
    return _srs(p, strings[0], strings[1]) is not node.negated


def _srs(p: Process, local_part: str, secret: str) -> bool:
    from ..items.signing import DAY, srs_hash

    found = regexes.compile(_SRS, caseless=True).search(local_part)
    if found is None:
        return False
    groups = [*found.groups, "", "", "", ""]
    mark, stamp, domain, original = groups[1:5]
    quote = "" if all(char in _LOCAL for char in local_part) else '"'
    recipient = folded(f"{quote}{original}{quote}@{domain}")
    p.scratch.variables["srs_recipient"] = recipient
    if not secret:
        return True
    day = 0
    for char in stamp:
        day = day * 32 + BASE32.find(char)
    if (int(p.world.clock.now()) // DAY - day) & 0x3FF > 10:
        return False
    return len(mark) == 4 and srs_hash(secret, recipient) == mark
