"""Operators that quote or escape: quote, quote_local_part, quote_<lookup>, rxquote, escape, escape8bit, headerwrap (case EXPAND-007)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ...log import printing
from ...taint import cut, marked
from ..cursor import ALPHANUMERIC

if TYPE_CHECKING:
    from ...state import Process

_PLAIN = frozenset(ALPHANUMERIC + "_-.")
_ATOM = frozenset(ALPHANUMERIC + "!#$%&'*+-/=?^_`{|}~")


def quote(p: Process, text: str, argument: str | None) -> str:
    """${quote:…}, or ${quote_type:…} as a lookup type wants it (case REDIS-072)."""
    if argument is not None:
        return _quoted_for_lookup(p, text, argument)
    return text if text and all(char in _PLAIN for char in text) else _in_quotes(text)


def _quoted_for_lookup(p: Process, text: str, argument: str) -> str:
    """No type's quoting knows an option."""
    from ...lookups import LookupTypeError, has_quoting
    from ...lookups import quote as quote_for

    name, underscore, option = argument.partition("_")
    try:
        found = quote_for(p, text, name)
    except LookupTypeError as error:
        raise ExpansionError(str(error)) from None
    if underscore:
        raise ExpansionError(f'"{option}" unrecognized after "${{quote_{name}"')
    return marked(found, name) if type(text) is not str and has_quoting(name) else cut(found, text)


def _in_quotes(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def quote_local_part(p: Process, text: str) -> str:
    last = len(text) - 1
    plain = text and all(char in _ATOM or (char == "." and 0 < place < last) for place, char in enumerate(text))
    return text if plain else _in_quotes(text)


def rxquote(text: str) -> str:
    return "".join(char if char in ALPHANUMERIC else "\\" + char for char in text)


def escape(p: Process, text: str) -> str:
    """${escape:…}: print_topbitchars lets bytes above 127 through."""
    return printing(text, top_bits=bool(p.configuration.main.get("print_topbitchars")))


def escape8bit(text: str) -> str:
    return "".join(char if char < "\x7f" and char != "\\" else f"\\{ord(char):03o}" for char in text)


def headerwrap(text: str, argument: str | None) -> str:
    """${headerwrap_columns_limit:…}: folded at white space behind `columns`, cut at `limit`."""
    numbers = [part for part in (argument or "").split("_") if part]
    columns = _leading(numbers[0]) if numbers else 80
    limit = _leading(numbers[1]) if len(numbers) > 1 else 998
    return wrap(text, columns, limit)


def _leading(text: str) -> int:
    digits = ""
    for char in text:
        if char not in "0123456789":
            break
        digits += char
    return int(digits or "0")


def wrap(text: str, columns: int, limit: int) -> str:
    """Lines of at most `columns`, continued by a tab that counts as eight; the whole at most `limit` long."""
    found: list[str] = []
    rest, width = text, columns
    while len(rest) > width:
        space = rest.rfind(" ", 1, width + 1)
        if space <= 0:
            space = rest.find(" ", width)
        if space <= 0:
            break
        found.append(rest[:space])
        rest = rest[space + 1:]
        width = columns - 8
    return "\n\t".join([*found, rest])[:limit]
