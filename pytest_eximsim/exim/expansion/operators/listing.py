"""Operators on lists: listcount, listnamed (case EXPAND-016)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ..splitting import split

if TYPE_CHECKING:
    from ...state import Process

_KINDS = {"a": "address", "d": "domain", "h": "host", "l": "localpart"}


def listcount(text: str) -> str:
    return str(len(split(text)[1]))


def listnamed(p: Process, text: str, argument: str | None) -> str:
    """${listnamed:name}, ${listnamed_d:name}: the text of a named list, references to others resolved; not expanded."""
    if argument is not None and argument[:1] not in _KINDS:
        raise ExpansionError('bad suffix on "list" operator')
    return " : ".join(_items(p, text, argument, 0))


def _items(p: Process, name: str, argument: str | None, depth: int) -> list[str]:
    name = name.removeprefix("+")
    kind = _KINDS[argument[0]] if argument else ""
    lists = p.configuration.named_lists
    for known in (kind,) if kind else ("address", "domain", "host", "localpart"):
        found = lists.get(known, {}).get(name)
        if found is not None:
            break
    else:
        raise ExpansionError(f'"{name}" is not a {kind + " " if kind else ""}named list')
    if depth > 50:
        raise ExpansionError(f'named list "{name}" refers to itself')
    separator, parts = split(found.text)
    items: list[str] = []
    for part in parts:
        if part.startswith("+"):
            items.append(" : ".join(_items(p, part, argument, depth + 1)))
        elif separator != ":":
            items.append(part.replace(":", "::"))
        else:
            items.append(part)
    return items
