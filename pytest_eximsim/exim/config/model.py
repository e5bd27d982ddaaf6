"""What a configuration says, once read: frozen records, and `Configuration` that holds them. No reading here.

Texts are latin-1 `str`, unexpanded. Times are seconds, sizes bytes (options held in K are K), fixed-point numbers `float`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import Position

if TYPE_CHECKING:
    from ..release import Release
    from ..world import Users
    from .builds import Build

#: The value of an option: text, boolean, integer, fixed-point number, time list or list of ids; None where it is unset.
Value = str | bool | int | float | list[int] | None


@dataclass(frozen=True, slots=True)
class NamedList:
    """`domainlist NAME = TEXT` and its three sisters; `kind` is "domain", "host", "address" or "localpart"."""

    kind: str
    name: str
    text: str
    position: Position
    hidden: bool = False
    force_cache: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition or modifier of an ACL statement. `variable` is the name behind `set`; `value` is unexpanded."""

    name: str
    value: str
    position: Position
    negated: bool = False
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One verb with its clauses."""

    verb: str
    clauses: tuple[Clause, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Acl:
    """One ACL; `name` is "" for one that was written into an option."""

    name: str
    statements: tuple[Statement, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Driver:
    """A router, transport or authenticator: `kind` says which, `driver` is its type; `options` holds every option of it."""

    kind: str
    name: str
    driver: str
    options: Mapping[str, Value]
    positions: Mapping[str, Position]
    position: Position
    hidden: frozenset[str] = frozenset()

    def option(self, name: str) -> Value:
        """KeyError for a name that this driver does not have."""
        return self.options[name]


@dataclass(frozen=True, slots=True)
class RetryStep:
    """`F,timeout,interval`, `G,timeout,interval,factor` or `H,…`: seconds, seconds, and the factor in thousandths."""

    rule: str
    timeout: int
    interval: int
    factor: int = 0


@dataclass(frozen=True, slots=True)
class RetryRule:
    """One line of `begin retry`. `error` is the second field as written (`*`, `quota_7d`, `timeout_connect_MX` …)."""

    pattern: str
    error: str
    senders: str | None
    steps: tuple[RetryStep, ...]
    position: Position


@dataclass(frozen=True, slots=True)
class RewriteRule:
    """One line of `begin rewrite` (or an item of headers_rewrite). `flags` are the letters as written."""

    pattern: str
    replacement: str
    flags: str
    position: Position


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro at the end of reading; `where` is "builtin", "command line" or "file"."""

    name: str
    text: str
    where: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `eximsim check`: `severity` is "error", "warning" or "note"."""

    severity: str
    text: str
    position: Position | None = None

    def __str__(self) -> str:
        return f"{self.position}: {self.severity}: {self.text}" if self.position else f"{self.severity}: {self.text}"


@dataclass(frozen=True)
class Configuration:
    """A whole configuration. `main` holds every main option of the release; `positions` those that were set."""

    path: str
    release: Release
    build: Build
    users: Users
    main: Mapping[str, Value]
    positions: Mapping[str, Position]
    hidden: frozenset[str]
    named_lists: Mapping[str, Mapping[str, NamedList]]
    acls: Mapping[str, Acl] = field(default_factory=dict)
    routers: Sequence[Driver] = ()
    transports: Mapping[str, Driver] = field(default_factory=dict)
    authenticators: Sequence[Driver] = ()
    retry: Sequence[RetryRule] = ()
    rewrite: Sequence[RewriteRule] = ()
    macros: Mapping[str, Macro] = field(default_factory=dict)
    notes: Sequence[Finding] = ()
    unused_replacements: Sequence[str] = ()
    listing: Sequence[str] = ()

    def option(self, name: str) -> Value:
        """A main option's value; KeyError for a name that this release does not have."""
        return self.main[name]

    def print_option(self, words: Sequence[str] | str, *, admin: bool = True) -> list[str]:
        """What `exim -bP WORDS` prints, as lines (chapter 5, -bP). `admin` false: hidden values are not shown."""
        from .printing import print_option

        return print_option(self, words.split() if isinstance(words, str) else list(words), admin=admin)
