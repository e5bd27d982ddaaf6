"""Option values: how the text behind `=` is read, type by type, with Exim's error texts (specification 6.10-6.20, cases CONFIG-006, -007).

Every reader takes the text (macros replaced, outer blanks gone) and the option's name, and raises `BadValue`; the caller knows where.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..release import Release
from ..world import Users
from .model import Value

INT_MAX = 2**31 - 1
BLANKS = " \t\n\v\f\r"
ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
ESCAPE = re.compile(r"\\([0-7]{1,3}|x[0-9A-Fa-f]{0,2}|.|$)", re.S)
TIME_PART = re.compile(r"([0-9]+)([wdhms])")
SECONDS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
TIMES_MAX = 12


class BadValue(Exception):
    """The value is not one of its type; the text is Exim's."""


class Refused(BadValue):
    """Exim takes the value, the simulator does not."""


def extra(rest: str, text: str) -> BadValue:
    """What Exim says when something stands behind a complete value."""
    comment = " (# is comment only at line start)" if rest.startswith("#") else ""
    return BadValue(f"extra characters follow {text}{comment}")


# --- texts ---------------------------------------------------------------------------------------

def _escape(match: re.Match[str]) -> str:
    text = match[1]
    if not text:
        return "\\"
    if text[0] in "01234567":
        return chr(int(text, 8) & 0xFF)
    if text[0] == "x":
        return chr(int(text[1:] or "0", 16))
    return ESCAPES.get(text, text)


def dequote(text: str) -> tuple[str, str | None]:
    """A text that starts with a quote → its value and what follows the closing quote (None: there is none)."""
    parts, at = [], 1
    while at < len(text) and text[at] != '"':
        if text[at] == "\\" and (match := ESCAPE.match(text, at)):
            parts.append(_escape(match))
            at = match.end()
        else:
            end = at + 1
            while end < len(text) and text[end] not in '"\\':
                end += 1
            parts.append(text[at:end])
            at = end
    return "".join(parts), text[at + 1:] if at < len(text) else None


def read_string(text: str, name: str) -> str:
    """Verbatim, or between quotes with escapes (6.19)."""
    if text[:1] != '"':
        return text
    value, rest = dequote(text)
    if rest is None:
        raise BadValue(f"missing quote at end of string value for {name}")
    if rest:
        raise extra(rest, f"string value for {name}")
    return value


# --- numbers -------------------------------------------------------------------------------------

def strtol(text: str, octal: bool) -> tuple[int, str] | None:
    """C's strtol with base 0 or 8: the number and the rest, None when there are no digits."""
    match = re.compile(r"[ \t\n\v\f\r]*([+-]?)([0-7]+)").match(text) if octal else None
    if octal:
        return (int(match[1] + match[2], 8), text[match.end():]) if match else None
    match = re.match(r"[ \t\n\v\f\r]*([+-]?)(0[xX][0-9A-Fa-f]+|0[0-7]*|[1-9][0-9]*)", text)
    if match is None:
        return None
    digits = match[2]
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10
    value = int(digits, base) if base != 10 else decimal(digits)
    return (-value if match[1] == "-" else value), text[match.end():]


def decimal(text: str) -> int:
    """Decimal digits with or without a sign; of a number that is too large for anything the first digits do."""
    sign = -1 if text.startswith("-") else 1
    return sign * int(text.lstrip("+-").lstrip("0")[:40] or "0")


def read_integer(text: str, name: str, *, octal: bool = False, suffixes: str = "KMGT") -> int:
    """Decimal, octal or hexadecimal, with a suffix of `suffixes` (each 1024 times the one before), within 32 bits."""
    kind = "octal integer" if octal else "integer"
    found = strtol(text, octal)
    if found is None:
        raise BadValue(f"{kind} expected for {name}")
    value, rest = found
    power, rest = _take_suffix(rest, suffixes)
    return _whole(text, value * 1024**power, rest, f"{kind} value for {name}")


def read_kilobytes(text: str, name: str, *, suffixes: str = "KMGT") -> int:
    """As read_integer, but the result counts K; without suffix bytes, rounded."""
    found = strtol(text, False)
    if found is None:
        raise BadValue(f"integer expected for {name}")
    value, rest = found
    power, rest = _take_suffix(rest, suffixes)
    value = value * 1024 ** (power - 1) if power else (value + 512) // 1024
    return _whole(text, value, rest, f"integer value for {name}")


def _take_suffix(rest: str, suffixes: str) -> tuple[int, str]:
    """The power of 1024 that the first character stands for, 0 where it is none of `suffixes`, and what is left."""
    power = suffixes.find(rest[:1].upper()) + 1 if rest else 0
    return power, rest[1:] if power else rest


def _whole(text: str, value: int, rest: str, what: str) -> int:
    """The value, if it fits and nothing follows."""
    if not -INT_MAX - 1 <= value <= INT_MAX:
        raise BadValue(f'absolute value of integer "{text}" is too large (overflow)')
    rest = rest.lstrip(BLANKS)
    if rest:
        raise extra(rest, what)
    return value


def read_fixed(text: str, name: str) -> float:
    """Up to three decimals."""
    match = re.match(r"[ \t\n\v\f\r]*[+-]?[0-9]+", text)
    if match is None:
        raise BadValue(f"fixed-point number expected for {name}")
    value = decimal(match[0].strip(BLANKS))
    if value < 0 or value * 1000 > INT_MAX:
        raise BadValue(f'integer "{text}" is too large (overflow)')
    thousandths, rest = value * 1000, text[match.end():]
    if rest[:1] == ".":
        digits = re.match("[0-9]*", rest[1:])
        assert digits is not None
        thousandths += int((digits[0] + "000")[:3])
        rest = rest[1 + digits.end():]
    rest = rest.lstrip(BLANKS)
    if rest:
        raise extra(rest, f"fixed-point value for {name}")
    return thousandths / 1000


# --- times ---------------------------------------------------------------------------------------

def parse_time(text: str) -> int:
    """`1h30m` in seconds; -1 when it is none."""
    total = at = 0
    while True:
        match = TIME_PART.match(text, at)
        if match is None:
            return -1
        # As an int holds it: what is too long may come out as something else, or as no time.
        number = min(decimal(match[1]), 2**64 - 1)
        total = (total + number * SECONDS[match[2]] + 2**31) % 2**32 - 2**31
        at = match.end()
        if at == len(text):
            return max(total, -1)


def read_time(text: str, name: str) -> int:
    seconds = parse_time(text)
    if seconds < 0:
        raise BadValue(f"invalid time value for {name}")
    return seconds


def read_expanded_time(text: str, name: str) -> int | str:
    """A time, or a text to be expanded when it starts with `$`."""
    return text if text[:1] == "$" else read_time(text, name)


def read_times(text: str, name: str) -> list[int]:
    """Times between colons, growing; a first 0 means none."""
    times: list[int] = []
    for part in text.split(":") if text else []:
        seconds = read_time(part.strip(BLANKS), name)
        if times and seconds <= times[-1]:
            raise BadValue(f"time value out of order for {name}")
        if len(times) >= TIMES_MAX:
            raise BadValue(f"too many time values for {name}")
        times.append(seconds)
    return [] if times[:1] == [0] else times


def print_time(seconds: int) -> str:
    """As -bP prints it: `1d2h`, `0s`."""
    text, rest = ("-" if seconds < 0 else ""), abs(seconds)
    for unit, size in SECONDS.items():
        count, rest = divmod(rest, size)
        if count or (unit == "s" and text in ("", "-")):
            text += f"{count}{unit}"
    return text


# --- accounts ------------------------------------------------------------------------------------

def find_user(text: str, users: Users) -> tuple[int, int | None] | None:
    """A login name or number → uid and, where there is an account, gid."""
    if user := users.by_name(text):
        return user.uid, user.gid
    if re.fullmatch("-?[0-9]+", text):
        uid = decimal(text)
        account = users.by_uid(uid)
        return uid, account.gid if account else None
    return None


def find_group(text: str, users: Users) -> int | None:
    gid = users.group(text)
    if gid is None and re.fullmatch("-?[0-9]+", text):
        return decimal(text)
    return gid


def read_ids(text: str, name: str, users: Users, *, group: bool) -> list[int]:
    """A list of users or groups (6.18), with `<` changing the separator. Exim expands it when it reads it; that is refused here."""
    if "$" in text:
        raise Refused(f"an expansion in {name} is not simulated")
    separator, rest = ":", text
    if match := re.match(r"<[ \t]*([^\w\s<])", text):
        separator, rest = match[1], text[match.end():]
    found = []
    for part in rest.split(separator) if rest.strip(BLANKS) else []:
        word = part.strip(BLANKS)
        if group:
            gid = find_group(word, users)
            if gid is None:
                raise BadValue(f"group {word} was not found")
            found.append(gid)
        else:
            user = find_user(word, users)
            if user is None:
                raise BadValue(f"user {word} was not found")
            found.append(user[0])
    return found


# --- booleans ------------------------------------------------------------------------------------

WORDS = {"true": True, "yes": True, "false": False, "no": False}


def read_boolean(text: str, name: str, *, negated: bool, expanded: bool) -> bool | str:
    """`text` is what follows `=`, or the name where there is none. With `expanded` a text with a dollar is kept for expansion."""
    if not text:
        return not negated
    if expanded and "$" in text:
        return read_string(text, name)
    match = re.match(r"[A-Za-z][A-Za-z0-9_]*", text)
    word = match[0] if match else ""
    value = WORDS.get(word.lower())
    if value is None:
        raise BadValue(f'"{word}" is not a valid value for the "{name}" option')
    rest = text[len(word):].lstrip(BLANKS)
    if rest:
        raise extra(rest, f'"{word}" for boolean option {name}')
    return value


BOOLEANS = frozenset({"bool", "xbool"})


def read_value(kind: str, text: str, name: str, users: Users, release: Release) -> Value:
    """The value of an option that is not boolean. `kind` is the type of names.Option."""
    match kind:
        case "string" | "rewrite":
            return read_string(text, name)
        case "int" | "mkint":
            return read_integer(text, name, suffixes=release.integer_suffixes)
        case "octal":
            return read_integer(text, name, octal=True, suffixes=release.integer_suffixes)
        case "kint":
            return read_kilobytes(text, name, suffixes=release.integer_suffixes)
        case "user" | "xuser":
            return _account(read_string(text, name), users, group=False, expanded=kind == "xuser")
        case "group" | "xgroup":
            return _account(read_string(text, name), users, group=True, expanded=kind == "xgroup")
        case "userlist" | "grouplist":
            return read_ids(read_string(text, name), name, users, group=kind == "grouplist")
    return OTHERS[kind](text, name)


def _account(text: str, users: Users, *, group: bool, expanded: bool) -> int | str:
    if expanded and "$" in text:
        return text
    if group:
        gid = find_group(text, users)
        if gid is None:
            raise BadValue(f"group {text} was not found")
        return gid
    user = find_user(text, users)
    if user is None:
        raise BadValue(f"user {text} was not found")
    return user[0]


OTHERS: dict[str, Callable[[str, str], Value]] = {
    "fixed": read_fixed, "time": read_time, "timelist": read_times, "xtime": read_expanded_time,
}


def default_value(kind: str, text: str) -> Value:
    """A default of the names table as a value."""
    if kind in BOOLEANS:
        return text == "yes"
    if text == "" or kind in ("user", "group", "xuser", "xgroup", "userlist", "grouplist"):
        return [] if kind == "timelist" else None
    match kind:
        case "int" | "mkint":
            return read_integer(text, "default")
        case "octal":
            return int(text, 8)
        case "kint":
            return read_kilobytes(text, "default")
        case "fixed":
            return float(text)
        case "time" | "xtime":
            return parse_time(text)
        case "timelist":
            return read_times(text, "default")
    return text
