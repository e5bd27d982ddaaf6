"""Comparisons of numbers and strings. Strings are compared bytewise; the caseless forms fold ASCII letters only (case EXPAND-009)."""

from __future__ import annotations

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def folded(text: str) -> str:
    """ASCII letters in lower case."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def less(left: int, right: int) -> bool:
    return left < right


def less_or_equal(left: int, right: int) -> bool:
    return left <= right


def equal(left: int, right: int) -> bool:
    return left == right


def greater(left: int, right: int) -> bool:
    return left > right


def greater_or_equal(left: int, right: int) -> bool:
    return left >= right


def same(left: str, right: str) -> bool:
    return left == right


def same_caseless(left: str, right: str) -> bool:
    return folded(left) == folded(right)


def before(left: str, right: str) -> bool:
    return left < right


def before_caseless(left: str, right: str) -> bool:
    return folded(left) < folded(right)


def not_after(left: str, right: str) -> bool:
    return left <= right


def not_after_caseless(left: str, right: str) -> bool:
    return folded(left) <= folded(right)


def after(left: str, right: str) -> bool:
    return left > right


def after_caseless(left: str, right: str) -> bool:
    return folded(left) > folded(right)


def not_before(left: str, right: str) -> bool:
    return left >= right


def not_before_caseless(left: str, right: str) -> bool:
    return folded(left) >= folded(right)
