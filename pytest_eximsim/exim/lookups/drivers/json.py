"""`json`: a value in a file with one JSON object; the key is a colon list of member names and array positions (Exim chapter 9.3)."""

from __future__ import annotations

from json import dumps, loads
from typing import TYPE_CHECKING, Any

from ...expansion.splitting import split
from ..result import NOT_FOUND, Deferred, Found, Reply
from ..servers import whole_number
from .lsearch import check_file

if TYPE_CHECKING:
    from ...state import Process


def open_file(p: Process, file: str) -> None:
    """Raises LookupSetupError."""
    check_file(p, file, "json search", "json")


def find(p: Process, file: str, key: str, options: str) -> Reply:
    """Strings come without quotes, everything else as JSON writes it."""
    try:
        value: Any = loads(p.world.files.read(file).decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError, OSError) as error:
        return Reply(Deferred(f"JSON error on open: {error}"))
    for word in split(key)[1]:
        if isinstance(value, dict) and word in value:
            value = value[word]
        elif isinstance(value, list) and (place := whole_number(word)) is not None and place < len(value):
            value = value[place]
        else:
            return Reply(NOT_FOUND)
    text = value if isinstance(value, str) else dumps(value, ensure_ascii=False)
    return Reply(Found(text.encode("utf-8", "surrogateescape").decode("latin-1")))
