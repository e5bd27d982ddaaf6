"""The parser's part for conditions: what follows `${if`, the members of and{} and or{}, the condition of filter and forany.

    condition = { "!" } name rest
    rest      = ":" variable                 def
              | ""                           first_delivery, queue_running
              | "{" string "}"               one string
              | "{" string "}" "{" string "}"    two strings
              | "{" { "{" condition "}" } "}"    and, or
              | "{" string "}" "{" condition "}" forall, forany …
              | "{" { "{" string "}" } "}"       acl, saslauthd
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .nodes import CHECKS_ACL_VARIABLES, CHECKS_VALUES, DEPTH_LIMIT, TOO_DEEP, Condition, Sequence
from .registry import Condition as Entry
from .variables.lookup import find_variable, header_kind, unknown_variable

if TYPE_CHECKING:
    from ..release import Release
    from .cursor import Cursor
    from .registry import Tables


class ConditionParser:
    """Mixed into Parser, whose cursor and tables it uses."""

    cursor: Cursor
    names: Tables
    release: Release
    malformed_header: bool
    depth: int

    if TYPE_CHECKING:
        def sequence(self, *, braced: bool, dollar: bool = True) -> Sequence: ...
        def braced(self) -> Sequence: ...
        def strings(self, name: str, minimum: int, maximum: int, *, closed: bool) -> tuple[list[Sequence], str | None]: ...

    def condition(self) -> Condition:
        """One condition; the place is left behind it."""
        cursor, negated = self.cursor, False
        start = cursor.pos
        while cursor.skip_space() == "!":
            negated = not negated
            cursor.pos += 1
        name = self.condition_name()
        entry = self.names.conditions.get(name)
        self.depth += 1
        if not name:
            made = self.made(None, name, start, fault=f'condition name expected, but found "{cursor.rest[:16]}"')
        elif entry is None:
            made = self.made(None, name, start, fault=f'unknown condition "{name}"')
        elif self.depth > DEPTH_LIMIT:
            made = self.made(None, name, start, fault=TOO_DEEP)
        else:
            made = getattr(self, "condition_" + entry.shape)(entry, negated, start)
        self.depth -= 1
        return made

    def condition_name(self) -> str:
        cursor = self.cursor
        if cursor.char and cursor.char in "=<>":
            width = 2 if cursor.text[cursor.pos + 1:cursor.pos + 2] == "=" else 1
            cursor.pos += width
            return cursor.text[cursor.pos - width:cursor.pos]
        return cursor.read_name()

    def made(self, entry: Entry | None, name: str, start: int, arguments: list[Sequence] | None = None, *, negated: bool = False,
             members: list[Condition] | None = None, data: object = None, fault: str | None = None, error: str | None = None,
             checks: int = 0) -> Condition:
        """The node; its error is that of the first bad part, else its own fault."""
        for part in arguments or ():
            error = part.error if error is None else error
            checks |= part.checks
        for member in members or ():
            checks |= member.checks
        if entry is not None and self.names.checks(entry):
            checks |= CHECKS_VALUES
        error = fault if error is None else error
        return Condition(entry, name, negated, tuple(arguments or ()), tuple(members or ()), data, fault, error, checks,
                         self.cursor.text[start:self.cursor.pos])

    def condition_none(self, entry: Entry, negated: bool, start: int) -> Condition:
        return self.made(entry, entry.name, start, negated=negated)

    def condition_def(self, entry: Entry, negated: bool, start: int) -> Condition:
        """def:variable, def:h_header"""
        cursor = self.cursor
        if cursor.char != ":":
            return self.made(entry, entry.name, start, fault='":" expected after "def"')
        cursor.pos += 1
        name = cursor.read_name()
        if header_kind(name, self.release):
            header = cursor.read_header_name(name)
            self.malformed_header = self.malformed_header or "}" in header
            return self.made(entry, entry.name, start, negated=negated, data=header)
        variable = find_variable(name, self.names)
        if variable is None:
            text = f'unknown variable "{name}" after "def:"' if name else 'variable name omitted after "def:"'
            return self.made(entry, entry.name, start, fault=unknown_variable(text, name))
        checks = CHECKS_ACL_VARIABLES if variable.acl else 0
        return self.made(entry, entry.name, start, negated=negated, data=variable, checks=checks)

    def condition_one(self, entry: Entry, negated: bool, start: int) -> Condition:
        if self.cursor.skip_space() != "{":
            return self.made(entry, entry.name, start, fault=f'missing {{ after "{entry.name}"')
        return self.made(entry, entry.name, start, [self.braced()], negated=negated)

    def condition_two(self, entry: Entry, negated: bool, start: int) -> Condition:
        found: list[Sequence] = []
        for number in range(2):
            if self.cursor.skip_space() != "{":
                fault = f'missing 2nd string in {{}} after "{entry.name}"' if number else f'missing {{ after "{entry.name}"'
                return self.made(entry, entry.name, start, found, fault=fault)
            self.cursor.pos += 1
            found.append(self.sequence(braced=True, dollar=not (number and entry.raw)))
            if found[-1].error is not None:
                break
            self.cursor.pos += 1
        return self.made(entry, entry.name, start, found, negated=negated)

    def condition_lax(self, entry: Entry, negated: bool, start: int) -> Condition:
        """One or two strings whose count errors have their own text (bool, inbound_srs)."""
        if self.cursor.skip_space() != "{" and entry.maximum == 1:
            return self.made(entry, entry.name, start, fault=f'missing {{ after "{entry.name}"')
        found, fault = self.strings(entry.name, entry.minimum, entry.maximum, closed=False)
        if fault is not None:
            fault = f"too few arguments or bracketing error for {entry.name}"
        return self.made(entry, entry.name, start, found, negated=negated, fault=fault)

    def condition_list(self, entry: Entry, negated: bool, start: int) -> Condition:
        """name{{string}{string}…}"""
        if self.cursor.skip_space() != "{":
            return self.made(entry, entry.name, start, fault=f'missing {{ after "{entry.name}"')
        self.cursor.pos += 1
        found, fault = self.strings(entry.name, entry.minimum, entry.maximum, closed=True)
        if fault is not None and not fault.startswith("Too many"):
            fault = f"too few arguments or bracketing error for {entry.name}"
        return self.made(entry, entry.name, start, found, negated=negated, fault=fault)

    def condition_group(self, entry: Entry, negated: bool, start: int) -> Condition:
        """and{…}, or{…}"""
        cursor, members = self.cursor, list[Condition]()
        if cursor.skip_space() != "{":
            return self.made(entry, entry.name, start, fault=f'missing {{ after "{entry.name}"')
        cursor.pos += 1
        while cursor.skip_space() != "}":
            if cursor.char != "{":
                fault = f'each subcondition inside an "{entry.name}{{...}}" condition must be in its own {{}}'
                return self.made(entry, entry.name, start, members=members, fault=fault)
            cursor.pos += 1
            members.append(self.condition())
            if members[-1].error is not None:
                error = f'{members[-1].error} inside "{entry.name}{{...}}" condition'
                return self.made(entry, entry.name, start, members=members, error=error)
            if cursor.skip_space() != "}":
                fault = f'missing }} at end of condition inside "{entry.name}" group'
                return self.made(entry, entry.name, start, members=members, fault=fault)
            cursor.pos += 1
        cursor.pos += 1
        return self.made(entry, entry.name, start, members=members, negated=negated)

    def condition_each(self, entry: Entry, negated: bool, start: int) -> Condition:
        """forall{list}{condition} and its relatives"""
        cursor = self.cursor
        missing = f'missing {{ after "{entry.name}"'
        if cursor.skip_space() != "{":
            return self.made(entry, entry.name, start, fault=missing)
        items = [self.braced()]
        if items[0].error is not None:
            return self.made(entry, entry.name, start, items)
        if cursor.skip_space() != "{":
            return self.made(entry, entry.name, start, items, fault=missing)
        cursor.pos += 1
        member = self.condition()
        if member.error is not None:
            return self.made(entry, entry.name, start, items, members=[member], error=f'{member.error} inside "{entry.name}" condition')
        if cursor.skip_space() != "}":
            fault = f'missing }} at end of condition inside "{entry.name}"'
            return self.made(entry, entry.name, start, items, members=[member], fault=fault)
        cursor.pos += 1
        return self.made(entry, entry.name, start, items, members=[member], negated=negated)
