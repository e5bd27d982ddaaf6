"""IP addresses as Exim's expansions read and print them: isip, mask, reverse_ip, ipv6norm. Needs no network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...errors import Died, ExpansionError
from ..taint import is_tainted
from .cursor import DIGITS

if TYPE_CHECKING:
    from ..release import Release

_FOUR = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
_SIX_OLD = re.compile(r"[0-9A-Fa-f:.]+(?:%[^/]*)?")


def ip_version(text: str, release: Release) -> int:
    """0, 4 or 6; no mask may follow. The older release does not look at the size of IPv4 bytes (case EXPAND-011)."""
    return address_version(text, strict=release.strict_addresses)


def address_version(address: str, *, strict: bool) -> int:
    """`strict`: IPv4 bytes are at most 255 and without leading zeros."""
    if _FOUR.fullmatch(address):
        bad = strict and any(int(byte) > 255 or str(int(byte)) != byte for byte in address.split("."))
        return 0 if bad else 4
    if ":" not in address:
        return 0
    return 6 if six_groups(address.partition("%")[0]) is not None else 0


def _with_mask(text: str, release: Release) -> tuple[int, str, str | None]:
    """Version, address and mask of an address with an optional mask of digits."""
    if release.tainted_masks_kill and is_tainted(text):
        kill_by_mask(text)
    address, slash, mask = text.partition("/")
    if any(char not in DIGITS for char in mask):
        return 0, address, mask
    return ip_version(address, release), address, mask if slash else None


def kill_by_mask(text: str) -> None:
    """A fault of Exim 4.96: its process ends where it looks at an address with a mask that comes from outside."""
    if text.partition("/")[2].isdecimal():
        raise Died("Taint mismatch, Ustrncpy: string_is_ip_addressX 108\n")


def six_groups(address: str) -> list[int] | None:
    """The eight 16-bit groups of an IPv6 address; None where it is none."""
    head, double, tail = address.partition("::")
    left, right = _groups(head), _groups(tail)
    if left is None or right is None or "::" in tail or tail.startswith(":"):
        return None
    missing = 8 - len(left) - len(right)
    if double:
        return [*left, *[0] * missing, *right] if missing >= 1 else None
    return left if missing == 0 else None


def _groups(text: str) -> list[int] | None:
    if not text:
        return []
    found: list[int] = []
    parts = text.split(":")
    for number, part in enumerate(parts):
        if "." in part and number == len(parts) - 1 and _FOUR.fullmatch(part):
            a, b, c, d = (int(byte) for byte in part.split("."))
            if max(a, b, c, d) > 255:
                return None
            found += [a << 8 | b, c << 8 | d]
        elif re.fullmatch(r"[0-9A-Fa-f]{1,4}", part):
            found.append(int(part, 16))
        else:
            return None
    return found


def four_bytes(address: str) -> list[int]:
    return [int(byte) & 0xFF for byte in address.split(".")]


def mask_address(text: str, argument: str | None, release: Release) -> str:
    """${mask:address/bits}; IPv6 as eight groups of four digits with dots, or (mask_n) in its short form (cases LISTS-003, EXPAND-024)."""
    version, address, mask = _with_mask(text, release)
    if not version:
        raise ExpansionError(f'"{text}" is not an IP address')
    if mask is None:
        raise ExpansionError(f'missing mask value in "{text}"')
    bits, width = int(mask[:9] or "0"), 32 if version == 4 else 128
    if bits > width:
        raise ExpansionError(f'mask value too big in "{text}"')
    keep = ((1 << width) - 1) ^ ((1 << (width - bits)) - 1)
    if version == 4:
        number = int.from_bytes(bytes(four_bytes(address)), "big") & keep
        return ".".join(str(byte) for byte in number.to_bytes(4, "big")) + f"/{bits}"
    groups = six_groups(address.partition("%")[0]) or []
    number = int("".join(f"{group:04x}" for group in groups), 16) & keep
    masked = [number >> shift & 0xFFFF for shift in range(112, -1, -16)]
    if (argument or "").startswith("n") and release.mask_normalises:
        return f"{short_form(masked)}/{bits}"
    return ".".join(f"{group:04x}" for group in masked) + f"/{bits}"


def short_form(groups: list[int]) -> str:
    """Zero-compressed: the first longest run of zero groups, be it one, is `::`; eight zeros are a single colon, as Exim has it."""
    best, length, place = -1, 0, 0
    while place < 8:
        run = place
        while run < 8 and groups[run] == 0:
            run += 1
        if run - place > length:
            best, length = place, run - place
        place = max(run, place + 1)
    words = [f"{group:x}" for group in groups]
    if length == 8:
        return ":"
    if best < 0:
        return ":".join(words)
    return ":".join(words[:best]) + "::" + ":".join(words[best + length:])


def long_groups(text: str, release: Release) -> list[int]:
    """The groups of an address for ipv6norm and ipv6denorm; IPv4 is mapped."""
    version, address = ip_version(text, release), text
    if version == 4:
        a, b, c, d = four_bytes(address)
        return [0, 0, 0, 0, 0, 0xFFFF, a << 8 | b, c << 8 | d]
    groups = six_groups(address.partition("%")[0]) if version else None
    if groups is None:
        raise ExpansionError(f'"{text}" is not an IP address')
    return groups


def reversed_address(text: str, release: Release) -> str:
    """${reverse_ip:…}: as DNS lists want it."""
    version, address, _ = _with_mask(text, release)
    if not version:
        raise ExpansionError(f"reverse_ip() not given an IP address [{text}]")
    if version == 4:
        return ".".join(str(byte) for byte in reversed(four_bytes(address)))
    groups = six_groups(address.partition("%")[0]) or []
    if groups[:6] == [0, 0, 0, 0, 0, 0xFFFF]:
        return ".".join(str(byte) for byte in (groups[7] & 255, groups[7] >> 8, groups[6] & 255, groups[6] >> 8))
    return ".".join(reversed("".join(f"{group:04x}" for group in groups)))
