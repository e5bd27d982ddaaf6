"""Numbers in expansions: the integers of conditions and randint, and the arithmetic of eval.

    expression = or ; or = xor { "|" xor } ; xor = and { "^" and } ; and = shift { "&" shift }
    shift = sum { ( "<<" | ">>" ) sum } ; sum = product { ( "+" | "-" ) product } ; product = unary { ( "*" | "/" | "%" ) unary }
    unary = ( "+" | "-" | "~" ) unary | number [ "k" | "m" | "g" ] | "(" expression ")"

All is signed 64-bit arithmetic that wraps (cases EXPAND-008, EXPAND-010).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ...errors import ExpansionError
from .cursor import SPACES

LARGEST = 2**63 - 1
SMALLEST = -(2**63)
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_INTEGER = re.compile(r"[ \t\n\v\f\r]*([+-]?[0-9]+)")
_DECIMAL = re.compile(r"[0-9]+")
_ANY_BASE = re.compile(r"0[xX][0-9A-Fa-f]*|[0-9]+")
NESTING = 40


def wrap(number: int) -> int:
    """The number as 64 bits hold it."""
    return (number + 2**63) % 2**64 - 2**63


def c_int(digits: str) -> int:
    """What C's atoi makes of an optional sign and digits: the limit of 64 bits first, then the low 32."""
    number = min(max(int(digits[:24]), SMALLEST), LARGEST)
    return (number + 2**31) % 2**32 - 2**31


def integer(text: str, *, positive: bool = False) -> int:
    """An integer with an optional unit and blanks around it; blank text is 0. Raises ExpansionError with Exim's text."""
    text = text.lstrip(SPACES) if text[:1] in SPACES else text
    if not text:
        return 0
    found = _INTEGER.match(text)
    if not found:
        raise ExpansionError(f'integer expected but "{text}" found')
    number, rest = int(found.group(1)[:40]), text[found.end():]
    overflow = not SMALLEST <= number <= LARGEST
    if positive and number < 0:
        raise ExpansionError(f'non-negative integer expected but "{text}" found')
    unit = _UNITS.get(rest[:1].lower())
    if unit is not None:
        number *= unit
        rest = rest[1:]
        overflow = overflow or not SMALLEST <= number <= LARGEST
    if overflow:
        raise ExpansionError(f'absolute value of integer "{text}" is too large (overflow)')
    if rest.strip(SPACES):
        raise ExpansionError(f'invalid integer "{text}"')
    return number


class _Mistake(Exception):
    """What is wrong, at the place where the reader stands."""


class Arithmetic:
    """One expression being evaluated."""

    def __init__(self, text: str, *, decimal: bool, sum_overflows: bool) -> None:
        self.text = text
        self.pos = 0
        self.decimal = decimal
        self.sum_overflows = sum_overflows
        self.depth = 0

    def value(self) -> int:
        """The result; raises ExpansionError with Exim's text."""
        try:
            number = self.either()
            if self.pos < len(self.text):
                raise _Mistake("expecting operator")
        except _Mistake as mistake:
            done = self.text[:self.pos]
            raise ExpansionError(f'error in expression evaluation: {mistake} (after processing "{done}")') from None
        return number

    def level(self, operators: dict[str, Callable[[int, int], int]], below: Callable[[], int]) -> int:
        """A chain of operators of one precedence, from the left."""
        number = below()
        while True:
            sign = next((sign for sign in operators if self.text.startswith(sign, self.pos)), None)
            if sign is None:
                return number
            self.pos += len(sign)
            number = wrap(operators[sign](number, below()))

    def either(self) -> int:
        return self.level({"|": lambda x, y: x | y}, self.exclusive)

    def exclusive(self) -> int:
        return self.level({"^": lambda x, y: x ^ y}, self.both)

    def both(self) -> int:
        return self.level({"&": lambda x, y: x & y}, self.shift)

    def shift(self) -> int:
        return self.level({"<<": lambda x, y: x << (y & 63), ">>": lambda x, y: x >> (y & 63)}, self.sum)

    def sum(self) -> int:
        return self.level({"+": lambda x, y: self.checked("sum", x, y, x + y), "-": lambda x, y: self.checked("difference", x, y, x - y)},
                          self.product)

    def checked(self, what: str, x: int, y: int, number: int) -> int:
        """Later releases refuse sums of large numbers, by a rule that is stricter than need be."""
        half = LARGEST // 2
        if self.sum_overflows and (x >= half or (x <= -half and y <= -half)):
            raise _Mistake(f"overflow in {what}")
        return number

    def product(self) -> int:
        return self.level({"*": lambda x, y: x * y, "/": _divide, "%": _modulo}, self.unary)

    def unary(self) -> int:
        self.skip_space()
        sign = self.text[self.pos:self.pos + 1]
        if sign and sign in "+-~":
            self.pos += 1
            number = self.deeper(self.unary)
            return wrap(-number if sign == "-" else ~number if sign == "~" else number)
        return self.number()

    def number(self) -> int:
        if self.text[self.pos:self.pos + 1] == "(":
            self.pos += 1
            number = self.deeper(self.either)
            if self.text[self.pos:self.pos + 1] != ")":
                raise _Mistake("expecting closing parenthesis")
            self.pos += 1
            self.skip_space()
            return number
        found = (_DECIMAL if self.decimal else _ANY_BASE).match(self.text, self.pos)
        if not found:
            raise _Mistake("expecting number or opening parenthesis")
        number, self.pos = self.literal(found)
        unit = _UNITS.get(self.text[self.pos:self.pos + 1].lower())
        if unit is not None:
            self.pos += 1
            number *= unit
        self.skip_space()
        return wrap(number)

    def literal(self, found: re.Match[str]) -> tuple[int, int]:
        """A number and where it ends; too large ones stop at the limit. Octal digits end at the first 8 or 9."""
        digits = found.group()
        if self.decimal or not digits.startswith("0") or digits == "0":
            return min(int(digits[:25]), LARGEST), found.end()
        if digits[1:2] in "xX":
            return min(int(digits[2:40] or "0", 16), LARGEST), found.end()
        octal = re.match("[0-7]+", digits)
        assert octal is not None
        return min(int(octal.group()[:40], 8), LARGEST), found.start() + octal.end()

    def deeper(self, function: Callable[[], int]) -> int:
        self.depth += 1
        if self.depth > NESTING:
            raise _Mistake("too many nested parentheses for the simulator,")
        number = function()
        self.depth -= 1
        return number

    def skip_space(self) -> None:
        while self.text[self.pos:self.pos + 1] and self.text[self.pos] in SPACES:
            self.pos += 1


def _divide(x: int, y: int) -> int:
    if y == 0:
        raise _Mistake("divide by zero")
    if y == -1 and x == SMALLEST:
        return LARGEST
    return abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)


def _modulo(x: int, y: int) -> int:
    if y == 0:
        raise _Mistake("modulo by zero")
    if y == -1 and x == SMALLEST:
        return LARGEST
    return abs(x) % abs(y) * (-1 if x < 0 else 1)
