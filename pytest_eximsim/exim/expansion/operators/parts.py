"""Operators on characters: lc, uc, strlen, length, substr, hash, nhash (cases EXPAND-004, EXPAND-005)."""

from __future__ import annotations

from collections.abc import Callable

from ....errors import Crashed, Died, ExpansionError
from ..conditions.comparing import folded
from ..cursor import DIGITS

# Both as the real one has them: "qrts" is no slip of ours.
_HASH_CODES = "abcdefghijklmnopqrtsuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113)
_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def lower(text: str) -> str:
    return folded(text)


def upper(text: str) -> str:
    return text.translate(_UPPER)


def strlen(text: str) -> str:
    return str(len(text))


def substring(text: str, offset: int, length: int) -> str:
    """`length` -1 is "not given": the rest, or before a negative offset the text in front of it."""
    size = len(text)
    if offset < 0:
        offset += size
        if offset < 0:
            length = max(length + offset, 0)
            offset = 0
        elif length < 0:
            offset, length = 0, offset
    elif offset > size:
        return ""
    elif length < 0:
        length = size
    return text[offset:offset + length]


def textual_hash(text: str, length: int, characters: int) -> str:
    """A text of `length` characters out of the first `characters` codes; a text that is not longer stays as it is."""
    if characters < 0:
        characters = 26
    if characters > len(_HASH_CODES):
        raise ExpansionError(f'hash count "{characters}" too big')
    if length >= len(text):
        return text
    if length < 0:
        raise Died(f"internal error in string_catn (count {length})")
    if length == 0:
        return ""
    if characters == 0:
        raise Crashed("hash out of 0 characters: Exim divides by zero")
    codes = [ord(char) & 0xFF for char in text]
    for place in range(length, len(codes)):
        code = codes[place]
        shift = (code + place) & 7
        codes[(place - length) % length] ^= (code << shift | code >> (8 - shift)) & 0xFF
    return "".join(_HASH_CODES[code % characters] for code in codes[:length])


def numeric_hash(text: str, first: int, second: int) -> str:
    """A number below `first`, or with `second` two numbers with a slash between."""
    place, total = 0, 0
    for char in text:
        if place == 0:
            place = len(_PRIMES) - 1
        total += _PRIMES[place] * (ord(char) & 0xFF)
        place -= 1
    if first * (second if second >= 0 else 1) == 0:
        raise Crashed("nhash with a limit of 0: Exim divides by zero")
    if second < 0:
        return str(total % abs(first))
    total %= abs(first * second)
    return f"{total // second}/{total % second}"


def _arguments(argument: str | None, name: str, *, single: bool) -> tuple[int, int]:
    """The numbers behind the underscore: (first, second or -1); with `single` all belongs to the second."""
    if argument is None:
        raise ExpansionError(f"missing values after {name}")
    values, current, sign, digits = ([0, 0], 1, 1, argument) if single else ([0, -1], 0, 1, argument)
    if not single and name.startswith("s") and digits.startswith("-"):
        sign, digits = -1, digits[1:]
    place = 0
    while place < len(digits):
        char = digits[place]
        if place and char == "_" and current == 0:
            current, values[1] = 1, 0
            place += 1 if place + 1 < len(digits) else 0
            if place == len(digits) - 1 and digits[place] == "_":
                raise ExpansionError(f'non-digit after underscore in "{name}"')
        elif char not in DIGITS:
            raise ExpansionError(f'non-digit after underscore in "{name}"')
        else:
            values[current] = (values[current] * 10 + int(char)) & 0x7FFFFFFF
            place += 1
    return values[0] * sign, values[1]


def _with_numbers(function: Callable[[str, int, int], str], text: str, argument: str | None, name: str, *, single: bool = False) -> str:
    first, second = _arguments(argument, name, single=single)
    return function(text, first, second)


def length_operator(text: str, argument: str | None, name: str) -> str:
    return _with_numbers(substring, text, argument, name, single=True)


def substr_operator(text: str, argument: str | None, name: str) -> str:
    return _with_numbers(substring, text, argument, name)


def hash_operator(text: str, argument: str | None, name: str) -> str:
    return _with_numbers(textual_hash, text, argument, name)


def nhash_operator(text: str, argument: str | None, name: str) -> str:
    return _with_numbers(numeric_hash, text, argument, name)
