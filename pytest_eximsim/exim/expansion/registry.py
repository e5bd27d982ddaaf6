"""What the language consists of: the kinds of table entry, and the tables of one release.

The entries stand in `items/`, `operators/`, `conditions/` and `variables/`, one line a name. A function's signature shows what it
needs: a parameter named `p` gets the process; an operator's others are `text`, `argument` (behind the underscore) and `name` (as
written); those of plain items and conditions are their strings, optional ones default to None.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from ..release import Release, release_of

if TYPE_CHECKING:
    from ..state import Process
    from .nodes import Call
    from .nodes import Condition as ConditionNode


@dataclass(frozen=True, slots=True)
class Operator:
    """${name:text}. A name without an underscore may be followed by one and an argument, `${name_x:text}`.

    The result is marked as the text is (taint.py), unless it is `clean`: made anew.
    """

    name: str
    function: Callable[..., str]
    since: str = ""
    until: str = ""
    certificate: bool = False       # takes a certificate variable as its text
    clean: bool = False
    needs: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "needs", tuple(inspect.signature(self.function).parameters))


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition. Shapes: "one", "two" strings; "def", "none", "group" (and, or), "each" (forany …), "list" (acl{{…}…}), "lax" (bool).

    `function` of "one" and "two" gets strings and returns the truth; of the others it is `(p, node) -> bool`.
    `checked_until` is the last release that looks at the value in skipped branches too ("" none, "*" all); `scan` does that.
    `raw` leaves $ alone in the second string.
    """

    name: str
    function: Callable[..., bool]
    shape: str = "two"
    minimum: int = 1
    maximum: int = 1
    since: str = ""
    until: str = ""
    checked_until: str = ""
    raw: bool = False
    numeric: bool = False           # both strings are integers
    scan: Callable[[Process, ConditionNode], None] | None = None
    takes_process: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "takes_process", "p" in inspect.signature(self.function).parameters)


@dataclass(frozen=True, slots=True)
class Item:
    """${name{…}…}. Shape "plain": `function` gets the strings; otherwise the name of a parser method, and `function` is `(p, node) -> str`.

    `checked_until`: the last release in which a skipped plain item is computed all the same, so that its errors show ("*": every release).
    `scan` replaces the ordinary walk over a skipped item of another shape.
    """

    name: str
    function: Callable[..., str]
    shape: str = "plain"
    minimum: int = 1
    maximum: int = 1
    since: str = ""
    until: str = ""
    checked_until: str = ""
    scan: Callable[[Process, Call], str] | None = None
    takes_process: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "takes_process", "p" in inspect.signature(self.function).parameters)


@dataclass(frozen=True, slots=True)
class Variable:
    """$name. `get` is called with the process; `outside`: what it gives comes from outside (taint.py)."""

    name: str
    get: Callable[[Process], str]
    since: str = ""
    until: str = ""
    certificate: bool = False
    outside: bool = False


@dataclass(frozen=True)
class Tables:
    """All names of one release."""

    release: Release
    items: dict[str, Item]
    operators: dict[str, Operator]
    conditions: dict[str, Condition]
    variables: dict[str, Variable]

    def operator(self, name: str) -> tuple[Operator | None, str | None]:
        """The operator that `name` begins with, and what follows its underscore."""
        whole = self.operators.get(name)
        if whole is not None and "_" in name:
            return whole, None
        head, underscore, argument = name.partition("_")
        return self.operators.get(head), argument if underscore else None

    def checks(self, entry: Item | Condition) -> bool:
        """Does this release look at the entry's value in a skipped branch?"""
        return bool(entry.checked_until) and (entry.checked_until == "*" or self.release.has("", entry.checked_until))


Entry = TypeVar("Entry", Operator, Condition, Item, Variable)


def _of(release: Release, entries: Iterable[Entry]) -> dict[str, Entry]:
    return {entry.name: entry for entry in entries if release.has(entry.since, entry.until)}


@lru_cache(maxsize=16)
def tables(release_key: str) -> Tables:
    """The tables of a release, by its key (`4.82+`, `4.96`, `4.99`; with what was not built in)."""
    from . import conditions, items, operators, variables

    release = release_of(release_key)
    return Tables(
        release,
        _of(release, items.ITEMS),
        _of(release, operators.OPERATORS),
        _of(release, conditions.CONDITIONS),
        _of(release, variables.VARIABLES),
    )
