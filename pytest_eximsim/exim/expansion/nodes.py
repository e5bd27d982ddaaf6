"""The tree that a string is parsed into. Nodes are immutable and shared between all expansions of the same text.

A literal part of a Sequence is a plain `str`. The first structural error of a string ends its tree: it is a Malformed node, or the
`fault` of the node that could not be completed. `error` repeats it on every node around it, with what Exim adds to the text there, so that
a branch that is not taken can be refused without walking it. `checks` says what Exim looks at even there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..state import Process
    from .registry import Condition as ConditionEntry
    from .registry import Item, Operator

#: Bits of `checks`: values that are looked at in skipped branches too; ACL variables, which may be unknown under strict_acl_vars.
CHECKS_VALUES = 1
CHECKS_ACL_VARIABLES = 2

#: Deeper than any real configuration; the interpreter's stack must hold a walk of it.
DEPTH_LIMIT = 80
TOO_DEEP = f"expansion nested more than {DEPTH_LIMIT} levels deep (limit of the simulator)"


@dataclass(frozen=True, slots=True, eq=False)
class Malformed:
    """The first structural error; raised when evaluation comes here."""

    error: str
    checks: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A variable; `get` gives its value, `name` is what was written. `acl` marks variables that are read even where they are skipped."""

    get: Callable[[Process], str]
    name: str
    acl: bool = False
    checks: int = 0
    error: None = None


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """$0, $1 …"""

    number: int
    checks: int = 0
    error: None = None


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """$h_name: and its relatives; `kind` is "h", "r", "b" or "l", `name` without colon."""

    kind: str
    name: str
    checks: int = 0
    error: None = None


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """${name_argument:text}. `certificate` names the certificate variable that the text is, where the operator takes one."""

    entry: Operator | None
    name: str
    argument: str | None
    text: Sequence
    fault: str | None
    error: str | None
    checks: int
    source: str
    certificate: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Branches:
    """{yes}{no}, {yes}fail, {yes} or nothing, behind a condition. `fault_failing` is the fault where `fail` would be executed."""

    yes: Sequence | None = None
    no: Sequence | None = None
    fail: bool = False
    fault: str | None = None
    fault_failing: str | None = None
    error: str | None = None
    checks: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """One condition of ${if}; `members` are those of and, or, forany …; `word` is what def: names; `data` what the parser prepared."""

    entry: ConditionEntry | None
    name: str
    negated: bool
    arguments: tuple[Sequence, ...]
    members: tuple[Condition, ...]
    data: Any
    fault: str | None
    error: str | None
    checks: int
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """An item, ${name{…}{…}…}. `data` is what its parser prepared (a lookup's type, the option of run, extract's format)."""

    entry: Item
    arguments: tuple[Sequence, ...]
    condition: Condition | None
    branches: Branches | None
    data: Any
    fault: str | None
    error: str | None
    checks: int
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A string: its parts in order. `fixed` is its value where nothing needs evaluation; `cut` says that a NUL ends it early."""

    parts: tuple[Node, ...]
    fixed: str | None
    cut: bool
    error: str | None
    checks: int
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Traced:
    """A node under observation (explain.py): `record` is told its source and its result."""

    node: Node
    record: Callable[[Process, Node], str]
    checks: int = 0
    error: str | None = None


Node = str | Malformed | Value | Number | Header | Operation | Call | Traced
