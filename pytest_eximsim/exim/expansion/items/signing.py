"""Signed addresses: prvs (BATV) and SRS."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ... import regexes
from ...taint import cut, joined, parted
from ..conditions.comparing import folded
from ..evaluator import evaluate
from ..nodes import Call
from ..operators import addresses, encoding

if TYPE_CHECKING:
    from ...state import Process

DAY = 86400
_PRVS = r"^prvs\=([0-9])([0-9]{3})([A-F0-9]{6})\=(.+)\@(.+)$"


def _day(p: Process, days: int) -> str:
    """The last three digits of the number of the day."""
    number = str(int(p.world.clock.now() + days * DAY) // DAY)
    return number[-3:] if len(number) >= 3 else "100"


def _hash(address: str, key: str, number: str, day: str) -> str | None:
    if len(key) > 64:
        return None
    source = (number[:1] + day[:3] + address).encode("latin-1")
    return hmac.new(key.encode("latin-1"), source, hashlib.sha1).hexdigest()[:6]


def prvs(p: Process, address: str, key: str, number: str | None = None) -> str:
    """${prvs{address}{key}{key number}}"""
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise ExpansionError("prvs first argument must be a qualified email address")
    if number is not None and not (len(number) == 1 and number in "0123456789"):
        which = "third" if p.release.brace_reasons else "second"
        raise ExpansionError(f"prvs {which} argument must be a single digit")
    day = _day(p, 7)
    made = _hash(address, key, number or "0", day)
    if made is None:
        raise ExpansionError("prvs hmac-sha1 conversion failed")
    return cut(f"prvs={number or '0'}{day}{made}={local}@{domain}", address)


def prvscheck(p: Process, node: Call) -> str:
    """${prvscheck{address}{key}{result}}: the key may use $prvscheck_address and _keynum, the result $prvscheck_result."""
    variables, strings = p.scratch.variables, node.arguments
    for name in ("prvscheck_result", "prvscheck_address", "prvscheck_keynum"):
        variables.pop(name, None)
    subject = evaluate(p, strings[0]) if strings else ""
    found = regexes.compile(_PRVS, caseless=True).search(subject) if strings else None
    if found is None:
        for part in strings[1:]:
            evaluate(p, part)
        if node.fault is not None:
            raise ExpansionError(node.fault)
        return ""
    p.scratch.numbers = list(parted(found.groups, subject))
    _, number, day, given, local, domain = found.groups
    address = cut(f"{local}@{domain}", subject)
    variables["prvscheck_address"] = address
    variables["prvscheck_keynum"] = cut(number, subject)
    key = evaluate(p, strings[1]) if len(strings) > 1 else ""
    if len(strings) < 2:
        raise ExpansionError(node.data or "")
    made = _hash(address, key, number, day)
    if made is None:
        raise ExpansionError("hmac-sha1 conversion failed")
    if made == given and _in_time(p, day):
        variables["prvscheck_result"] = "1"
    result = evaluate(p, strings[2]) if len(strings) > 2 else ""
    if node.data is not None:
        raise ExpansionError(node.data)
    variables.pop("prvscheck_address")
    variables.pop("prvscheck_keynum")
    return result or address


def _in_time(p: Process, day: str) -> bool:
    now, expires = int(_day(p, 0)), int(day)
    if expires < 7 and now >= 993:
        now = 0
    return expires >= now


def srs_encode(p: Process, secret: str, path: str, domain: str) -> str:
    """${srs_encode{secret}{return path}{original domain}}"""
    if not path:
        return ""
    mark = srs_hash(secret, folded(path))
    day = int(p.world.clock.now()) // DAY & 0x3FF
    stamp = encoding.BASE32[day >> 5] + encoding.BASE32[day & 31]
    local, host = addresses.parsed(p, path)
    quoted = '"' in local
    local = local.replace('"', "")
    mark_quote = '"' if quoted else ""
    return joined(f"{mark_quote}SRS0={mark}={stamp}={host}={local}{mark_quote}@{domain}", [path, domain])


def srs_hash(secret: str, address: str) -> str:
    return hmac.new(secret.encode("latin-1"), address.encode("latin-1"), hashlib.md5).hexdigest()[:4]


