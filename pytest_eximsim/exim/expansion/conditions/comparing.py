"""Comparisons of numbers and strings. Strings are compared bytewise; the caseless forms fold ASCII letters only (case EXPAND-009)."""

from __future__ import annotations

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def folded(text: str) -> str:
    """ASCII letters in lower case."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def compare_caseless(left: str, right: str) -> int:
    """Negative, 0 or positive. A text sorts *behind* one that it begins (`ab` behind `abc`), as Exim's own function has it."""
    left, right = folded(left), folded(right)
    if left == right:
        return 0
    return 1 if right.startswith(left) or left > right else -1


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
    return compare_caseless(left, right) < 0


def not_after(left: str, right: str) -> bool:
    return left <= right


def not_after_caseless(left: str, right: str) -> bool:
    return compare_caseless(left, right) <= 0


def after(left: str, right: str) -> bool:
    return left > right


def after_caseless(left: str, right: str) -> bool:
    return compare_caseless(left, right) > 0


def not_before(left: str, right: str) -> bool:
    return left >= right


def not_before_caseless(left: str, right: str) -> bool:
    return compare_caseless(left, right) >= 0
