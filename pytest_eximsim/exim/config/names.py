"""The names that each release knows, with the types and defaults of options. The table is data/names.txt, read when first asked for.

A line is `name TAB type TAB releases TAB default`; no releases means all; a name with two lines differs between releases. A type ends in
`+` (may be set several times) or `~` (not shown by -bP). In the lists of plain names the type is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

KINDS = ("router", "transport", "authenticator")


@dataclass(frozen=True, slots=True)
class Option:
    """One option: `type` is a key of values.READERS, `default` the text that -bP prints (booleans `yes`/`no`)."""

    name: str
    type: str
    default: str = ""
    repeatable: bool = False
    internal: bool = False


@lru_cache(maxsize=1)
def _sections() -> dict[str, list[list[str]]]:
    text = (files(__package__) / "data" / "names.txt").read_text("ascii")
    sections: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for line in text.split("\n"):
        if line.startswith("["):
            rows = sections.setdefault(line.strip("[]"), [])
        elif line:
            rows.append(line.split("\t"))
    return sections


@lru_cache(maxsize=200)
def options(section: str, release_name: str) -> dict[str, Option]:
    """The options of "main", "router generic", "transport smtp" …; KeyError for a section that does not exist."""
    found = {}
    for row in _sections()[section]:
        name, kind, releases, default = (*row, "", "")[:4]
        if not releases or release_name in releases.split(" "):
            found[name] = Option(name, kind.rstrip("+~"), default, kind.endswith("+"), kind.endswith("~"))
    return found


@lru_cache(maxsize=100)
def known(section: str, release_name: str) -> frozenset[str]:
    """The plain names of "expansion items", "variables", "acl verbs", "log selectors" … that a release knows."""
    return frozenset(row[0] for row in _sections()[section] if len(row) < 2 or release_name in row[1].split(" "))


@lru_cache(maxsize=20)
def drivers(kind: str) -> tuple[str, ...]:
    """The driver names of "router", "transport" or "authenticator", in the table's order."""
    return tuple(s.split(" ", 1)[1] for s in _sections() if s.startswith(kind + " ") and not s.endswith(" generic"))


def releases_of(section: str, name: str) -> frozenset[str]:
    """The releases that know a name of a section; empty when none does."""
    from ..release import ORDER

    found: set[str] = set()
    for row in _sections()[section]:
        if row[0] == name:
            at = 1 if len(row) == 2 and section[0] not in "mrta" else 2
            text = row[at] if len(row) > at else ""
            found.update(text.split(" ") if text else ORDER)
    return frozenset(found)
