"""Digests: md5 in lower case, the others in upper case (case EXPAND-006)."""

from __future__ import annotations

import hashlib

from ....errors import ExpansionError


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")


def md5(text: str) -> str:
    return hashlib.md5(_bytes(text)).hexdigest()


def sha1(text: str) -> str:
    return hashlib.sha1(_bytes(text)).hexdigest().upper()


def sha2(text: str, argument: str | None) -> str:
    variant = "256" if argument is None else argument
    if variant not in ("256", "384", "512"):
        raise ExpansionError("unrecognised sha2 variant")
    return hashlib.new(f"sha{variant}", _bytes(text)).hexdigest().upper()


def sha3(text: str, argument: str | None) -> str:
    variant = "256" if argument is None else argument
    if variant not in ("224", "256", "384", "512"):
        raise ExpansionError("unrecognised sha3 variant")
    return hashlib.new(f"sha3_{variant}", _bytes(text)).hexdigest().upper()
