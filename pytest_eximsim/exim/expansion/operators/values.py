"""Operators on values: eval, time_eval, mask, randint, stat, expand and their relatives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ... import durations
from ...taint import is_tainted
from .. import ip
from ..evaluator import expand, refused
from ..numbers import Arithmetic, integer

if TYPE_CHECKING:
    from ...state import Process

_DIGITS = re.compile(r"[0-9]*")


def evaluated(p: Process, text: str) -> str:
    """${eval:…}: numbers may be hexadecimal or octal (case EXPAND-008)."""
    return str(Arithmetic(text, decimal=False, sum_overflows=p.release.sum_overflows).value())


def evaluated_decimal(p: Process, text: str) -> str:
    return str(Arithmetic(text, decimal=True, sum_overflows=p.release.sum_overflows).value())


def expanded(p: Process, text: str) -> str:
    """${expand:…}: once more (case EXPAND-020)."""
    try:
        if is_tainted(text):
            raise refused(p, text)
        return expand(p, text)
    except ExpansionError as error:
        error.message = f'internal expansion of "{text}" failed: {error.message}'
        raise


def time_eval(text: str, name: str) -> str:
    seconds = durations.read(text)
    if seconds is None:
        raise ExpansionError(f'string "{text}" is not an Exim time interval in "{name}" operator')
    return str(seconds)


def time_interval(text: str, name: str) -> str:
    if not _DIGITS.fullmatch(text):
        raise ExpansionError(f'string "{text}" is not a positive number in "{name}" operator')
    return durations.show((int(text[-400:] or "0") + 2**31) % 2**32 - 2**31)


def masked(p: Process, text: str, argument: str | None) -> str:
    return ip.mask_address(text, argument, p.release)


def ipv6norm(p: Process, text: str) -> str:
    """${ipv6norm:…}; where it has shortened anything, what follows in the same string is lost."""
    short = ip.short_form(ip.long_groups(text, p.release))
    return short + "\0" if "::" in short else short


def ipv6denorm(p: Process, text: str) -> str:
    return ":".join(f"{group:04x}" for group in ip.long_groups(text, p.release))


def reverse_ip(p: Process, text: str) -> str:
    return ip.reversed_address(text, p.release)


def randint(p: Process, text: str) -> str:
    limit = integer(text, positive=True)
    return str(p.world.entropy.random(limit)) if limit > 0 else "0"


def stat(p: Process, text: str) -> str:
    """${stat:path}: what the file system says about it"""
    try:
        found = p.world.files.status(text)
    except OSError as error:
        raise ExpansionError(f"stat({text}) failed: {error.strerror}") from None
    letter = {"file": "-", "dir": "d"}.get(found.kind, "?")
    return (
        f"mode={found.mode & 0o77777:04o} smode={letter}{_symbolic(found.mode)} inode={found.inode} device={found.device} "
        f"links={found.links} uid={found.uid} gid={found.gid} size={found.size} atime={found.atime} mtime={found.mtime} ctime={found.ctime}"
    )


def _symbolic(mode: int) -> str:
    """`rwxr-xr-x`, with s and t."""
    found = ""
    for shift, special, letter in ((6, 0o4000, "s"), (3, 0o2000, "s"), (0, 0o1000, "t")):
        bits = mode >> shift & 7
        last = "x" if bits & 1 else "-"
        if mode & special:
            last = letter if bits & 1 else letter.upper()
        found += ("r" if bits & 4 else "-") + ("w" if bits & 2 else "-") + last
    return found
