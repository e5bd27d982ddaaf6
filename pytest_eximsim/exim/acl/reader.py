"""ACL text → config.model.Acl: the `acl` section, and ACLs written into options or files (Exim chapter 44.5).

    ACL        = { statement }                 statement = verb { clause }         (a clause may stand on the verb's line)
    clause     = ["!"] condition "=" text | modifier "=" text | "set" variable "=" text | "endpass"

What Exim finds wrong when it reads raises AclSyntaxError with its text; what it knows and is not simulated raises NotSimulated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ...errors import NotSimulated, Position
from ..config.model import Acl, Clause, Statement
from ..config.source import Line
from ..release import Release
from .registry import NOT_SIMULATED, Entry, find_entry

VERBS = ("accept", "defer", "deny", "discard", "drop", "require", "warn")
_NAME = re.compile(r"[ \t\n\v\f\r]*([A-Za-z][A-Za-z0-9_]*)?[ \t\n\v\f\r]*", re.ASCII)
_VARIABLE_END = re.compile(r"[=\s]|$")


class AclSyntaxError(Exception):
    """`message` is Exim's text, `position` the place; in a section it is to be shown with that line."""

    def __init__(self, message: str, position: Position | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


class _Lines:
    """Lines with one of them looked at ahead."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.rest = iter(lines)
        self.line: Line | None = None
        self.step()

    def step(self) -> None:
        self.line = next(self.rest, None)


def read_acl_section(lines: Iterable[Line], release: Release) -> dict[str, Acl]:
    """All ACLs of the section. Raises AclSyntaxError, NotSimulated. Case ACL-044."""
    found: dict[str, Acl] = {}
    source = _Lines(lines)
    while source.line is not None:
        line = source.line
        if not line.text:
            source.step()
            continue
        name, rest = read_name(line.text)
        if not name or not rest.startswith(":"):
            raise AclSyntaxError("missing or malformed ACL name", line.position)
        if name in found:
            raise AclSyntaxError(f'there are two ACLs called "{name}"', line.position)
        if rest[1:].strip():
            source.line = Line(rest[1:].strip(), line.position)
        else:
            source.step()
        try:
            statements = _read(source, release, section=True)
        except AclSyntaxError as error:
            raise AclSyntaxError(f"error in ACL: {error.message}", error.position) from None
        found[name] = Acl(name, statements, line.position)
    return found


def read_acl(lines: Iterable[Line], release: Release) -> Acl:
    """One ACL without a name; it ends at a line that would begin another one. Raises AclSyntaxError, NotSimulated."""
    source = _Lines(lines)
    position = source.line.position if source.line is not None else Position("")
    return Acl("", _read(source, release, section=False), position)


def text_lines(text: str, position: Position) -> Iterator[Line]:
    """The logical lines of an ACL in an option: comments, continuation lines and leading blanks as in a file; all at one position."""
    place = 0
    while True:
        while place < len(text) and text[place] in " \t\n\v\f\r":
            place += 1
        if place >= len(text):
            return
        newline = text.find("\n", place)
        if newline < 0:
            if text[place] != "#":
                yield Line(text[place:], position)
            return
        line, place, comment = text[place:newline], newline + 1, text[place] == "#"
        if comment:
            continue
        while line.rstrip().endswith("\\"):
            line = line.rstrip()[:-1]
            more, place = _continuation(text, place)
            line += more
        yield Line(line.rstrip(), position)


def _continuation(text: str, place: int) -> tuple[str, int]:
    """The next line that is no comment, without its leading blanks."""
    while place < len(text):
        newline = text.find("\n", place)
        end = len(text) if newline < 0 else newline
        line, place = text[place:end].lstrip(), end + 1
        if not line.startswith("#"):
            return line, place
    return "", place


def read_name(text: str) -> tuple[str, str]:
    """The name at the head of `text` ("" for none), and what follows its blanks."""
    found = _NAME.match(text)
    assert found is not None
    return found.group(1) or "", text[found.end():]


def _read(source: _Lines, release: Release, *, section: bool) -> tuple[Statement, ...]:
    statements: list[Statement] = []
    verb, clauses, place = "", list[Clause](), Position("")
    while (line := source.line) is not None:
        text = line.text.lstrip()
        negated = text.startswith("!")
        name, rest = read_name(text[1:] if negated else text)
        if rest.startswith(":") or (name[:1].isupper() and rest.startswith("=")) or (section and not line.text):
            break
        if name in VERBS:
            if negated:
                raise AclSyntaxError(f'malformed ACL line "{line.text}"', line.position)
            if verb:
                statements.append(Statement(verb, tuple(clauses), place))
            verb, clauses, place = name, [], line.position
            if not rest:
                source.step()
                continue
            negated = rest.startswith("!")
            name, rest = read_name(rest[1:] if negated else rest)
        elif not verb:
            raise AclSyntaxError(f'unknown ACL verb "{name}" in "{line.text}"', line.position)
        clauses.append(_clause(name, rest, negated, verb, line, release))
        source.step()
    if verb:
        statements.append(Statement(verb, tuple(clauses), place))
    return tuple(statements)


def _clause(name: str, rest: str, negated: bool, verb: str, line: Line, release: Release) -> Clause:
    entry = find_entry(name, release)
    if entry is None:
        if name in NOT_SIMULATED and release.has(*NOT_SIMULATED[name]):
            raise NotSimulated(f'the ACL condition "{name}" is not simulated', line.position)
        raise AclSyntaxError(f'unknown ACL condition/modifier in "{line.text}"', line.position)
    if negated and entry.modifier:
        raise AclSyntaxError(f'ACL error: negation is not allowed with "{name}"', line.position)
    if name == "endpass":
        if verb not in ("accept", "discard"):
            raise AclSyntaxError(f'ACL error: "{name}" is not allowed with "{verb}"', line.position)
        return Clause(name, "", line.position)
    variable = ""
    if name == "set":
        variable, rest = _variable(rest, line)
    return Clause(name, _value(name, entry, rest, line), line.position, negated, variable)


def _value(name: str, entry: Entry, rest: str, line: Line) -> str:
    if not rest.startswith("="):
        what = "modifier" if entry.modifier else "condition"
        raise AclSyntaxError(f'"=" missing after ACL "{name}" {what}', line.position)
    return rest[1:].lstrip()


def _variable(text: str, line: Line) -> tuple[str, str]:
    start = f'invalid variable name after "set" in ACL modifier "set {text}"'
    if text[:5] not in ("acl_c", "acl_m"):
        raise AclSyntaxError(f'{start} (must start "acl_c" or "acl_m")', line.position)
    if not (text[5:6].isdigit() or text[5:6] == "_"):
        raise AclSyntaxError(f"{start} (digit or underscore must follow acl_c or acl_m)", line.position)
    end = _VARIABLE_END.search(text)
    assert end is not None
    for char in text[5:end.start()]:
        if not (char.isascii() and (char.isalnum() or char == "_")):
            raise AclSyntaxError(f'invalid character "{char}" in variable name in ACL modifier "set {text}"', line.position)
    return text[4:end.start()], text[end.start():].lstrip()
