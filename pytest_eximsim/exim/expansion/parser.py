"""The parser: text to tree, whole, without evaluating anything. It is total: every text gives a tree, the first structural error is in it.

    string    = { literal | escape | variable | "${" form "}" }
    variable  = "$" name | "${" name "}" | "$" digits | "${" digits "}" | "$h_" header-name [":"]
    form      = operator [ "_" argument ] ":" string
              | item { "{" string "}" }                       plain items
              | "if" condition branches                       the others: parser_items.py
    branches  = "" | "{" yes "}" [ "{" no "}" | "fail" ]
    condition = { "!" } name ...                              parser_conditions.py

Exim reads and evaluates in one go, so what it reports first is what stands first; a node's `fault` therefore counts after its arguments
(case EXPAND-003). What it accepts in branches that it skips: EXPAND-019.
"""

from __future__ import annotations

from functools import lru_cache

from .cursor import DIGITS, LETTERS, Cursor
from .nodes import DEPTH_LIMIT, TOO_DEEP, Branches, Call, Header, Malformed, Node, Number, Operation, Sequence, Value
from .parser_conditions import ConditionParser
from .parser_items import ItemParser
from .registry import Tables, tables
from .variables.lookup import find_variable, header_kind, unknown_variable


@lru_cache(maxsize=8192)
def parse(text: str, release_key: str) -> Sequence:
    """The tree of a string. Never raises."""
    return Parser(text, tables(release_key)).sequence(braced=False)


class Parser(ConditionParser, ItemParser):
    """One text being parsed. The three classes are one parser, divided by subject."""

    def __init__(self, text: str, names: Tables) -> None:
        self.cursor = Cursor(text)
        self.names = names
        self.release = names.release
        self.malformed_header = False
        self.depth = 0

    def sequence(self, *, braced: bool, dollar: bool = True) -> Sequence:
        """A string up to its closing brace (which is not swallowed), or up to the end of the text."""
        cursor, start, parts = self.cursor, self.cursor.pos, list[Node]()
        self.depth += 1
        error = TOO_DEEP if self.depth > DEPTH_LIMIT else None
        while error is None:
            char = cursor.char
            if not char:
                error = self.missing_brace() if braced else None
                break
            if char == "}" and braced:
                break
            if char == "\\":
                error = self.backslash(parts)
            elif char == "$" and dollar:
                cursor.pos += 1
                node = self.dollar()
                parts.append(node)
                if node.error is not None:
                    return self.ended(parts, start, node.error)
            else:
                cursor.pos += 1
                parts.append(char + cursor.read_plain())
        if error is not None:
            parts.append(Malformed(error))
        return self.ended(parts, start, error)

    def ended(self, parts: list[Node], start: int, error: str | None) -> Sequence:
        """The node of a string whose parts are known: literals joined, its summary made."""
        self.depth -= 1
        joined: list[Node] = []
        checks, cut = 0, False
        for part in parts:
            if isinstance(part, str):
                cut = cut or "\0" in part
                if joined and isinstance(joined[-1], str):
                    joined[-1] += part
                    continue
            else:
                checks |= part.checks
                cut = cut or (isinstance(part, Operation) and part.name == "ipv6norm")
            joined.append(part)
        fixed = None
        if error is None and all(isinstance(part, str) for part in joined):
            fixed = "".join(part for part in joined if isinstance(part, str)).partition("\0")[0]
        return Sequence(tuple(joined), fixed, cut, error, checks, self.cursor.text[start:self.cursor.pos])

    def backslash(self, parts: list[Node]) -> str | None:
        """An escape; returns the error of a backslash with nothing behind it."""
        cursor = self.cursor
        following = cursor.text[cursor.pos + 1:cursor.pos + 2]
        if not following:
            return "\\ at end of string"
        parts.append(cursor.read_protected() if following == "N" else cursor.read_escape())
        return None

    def dollar(self) -> Malformed | Value | Number | Operation | Call | Header:
        """What follows a dollar."""
        cursor = self.cursor
        char = cursor.char
        if char and char in LETTERS:
            return self.variable(cursor.read_name())
        if char and char in DIGITS:
            return Number(cursor.read_number())
        if char != "{":
            return Malformed("$ not followed by letter, digit, or {")
        cursor.pos += 1
        char = cursor.char
        if char and char in DIGITS:
            number = cursor.read_number()
            if cursor.char != "}":
                return Malformed("} expected after number")
            cursor.pos += 1
            return Number(number)
        if not char or char not in LETTERS:
            return Malformed("letter or digit expected after ${")
        return self.form()

    def variable(self, name: str) -> Malformed | Value | Header:
        """$name, or a header."""
        kind = header_kind(name, self.release)
        if kind:
            header = self.cursor.read_header_name(name)
            self.malformed_header = self.malformed_header or "}" in header
            return Header(kind, header)
        found = find_variable(name, self.names)
        if found is not None:
            return found
        return Malformed(unknown_variable(f'unknown variable name "{name}"', name))

    def form(self) -> Malformed | Value | Operation | Call:
        """What follows `${` and a letter."""
        cursor, start = self.cursor, self.cursor.pos - 2
        name = cursor.read_item_name()
        item = self.names.items.get(name)
        if item is not None:
            return self.item(item, start)
        if cursor.char == ":":
            cursor.pos += 1
            return self.operation(name, start)
        if cursor.char == "}":
            cursor.pos += 1
            found = find_variable(name, self.names)
            return found or Malformed(unknown_variable(f'unknown variable in "${{{name}}}"', name))
        return Malformed(f'"${{{name}" is not a known operator (or a }} is missing in a variable reference)')

    def operation(self, name: str, start: int) -> Operation:
        """${name:string}; the name is judged when the string has been read."""
        entry, argument = self.names.operator(name)
        certificate = self.certificate_operand() if entry and entry.certificate else ""
        text = self.sequence(braced=True, dollar=certificate == "")
        if text.error is None:
            self.cursor.pos += 1
        fault = None if entry else f'unknown expansion operator "{name}"'
        source = self.cursor.text[start:self.cursor.pos]
        return Operation(entry, name, argument, text, fault, fault if text.error is None else text.error, text.checks, source,
                         certificate or "")

    def certificate_operand(self) -> str | None:
        """The name of the certificate variable that is the whole operand; the dollar is swallowed. None: there is no end of the operand."""
        cursor = self.cursor
        if cursor.char != "$" or not self.release.certificate_operators:
            return ""
        end = cursor.text.find("}", cursor.pos)
        if end < 0:
            return None
        variable = self.names.variables.get(cursor.text[cursor.pos + 1:end]) if end > 0 else None
        if variable is None or not variable.certificate:
            return ""
        cursor.pos += 1
        return variable.name

    # --- parts that items and conditions share ---------------------------------------------------------------------------

    def missing_brace(self) -> str:
        text = "missing } at end of string"
        return text + " - could be header name not terminated by colon" if self.malformed_header else text

    def curly(self, reason: str = "") -> str:
        """The text of a brace error; the reasons came with later releases."""
        if self.malformed_header:
            return "missing or misplaced { or } - could be header name not terminated by colon"
        return reason if reason and self.release.brace_reasons else "missing or misplaced { or }"

    def braced(self) -> Sequence:
        """A string in braces, of which the first is at the place; both are swallowed unless the string is malformed."""
        self.cursor.pos += 1
        found = self.sequence(braced=True)
        if found.error is None:
            self.cursor.pos += 1
        return found

    def strings(self, name: str, minimum: int, maximum: int, *, closed: bool) -> tuple[list[Sequence], str | None]:
        """Up to `maximum` braced strings, then (`closed`) the item's closing brace; and what is wrong behind them."""
        cursor, found = self.cursor, list[Sequence]()
        cursor.skip_space()
        while len(found) < maximum and cursor.char == "{":
            found.append(self.braced())
            if found[-1].error is not None:
                return found, None
            cursor.skip_space()
        if len(found) < minimum:
            return found, self.curly(f"Not enough arguments for '{name}' (min is {minimum})")
        if not closed:
            return found, None
        if cursor.char == "{":
            quote = "'" if self.release.brace_reasons else '"'
            return found, f"Too many arguments for {quote}{name}{quote} (max is {maximum})"
        if cursor.char != "}":
            return found, self.curly(f"missing '}}' after '{name}'")
        cursor.pos += 1
        return found, None

    def branches(self, name: str) -> Branches:
        """{yes}{no} of item `name`, with the closing brace of the item."""
        return self.branches_of(name, self.groups(2), 0)

    def branches_of(self, name: str, groups: list[tuple[int, Sequence]], first: int) -> Branches:
        """The branches where their strings, `groups` from `first` on, are parsed; the place is behind the last of all groups."""
        cursor = self.cursor
        yes = groups[first][1] if len(groups) > first else None
        no = groups[first + 1][1] if len(groups) > first + 1 else None
        broken = next((part.error for part in (yes, no) if part is not None and part.error is not None), None)
        if broken is not None:
            return self.made_branches(yes, no, error=broken)
        if len(groups) > first + 2:
            return self.unclosed(yes, no, False, groups[first + 2][0])
        cursor.skip_space()
        fail = False
        if yes is None and cursor.char != "}":
            return self.made_branches(None, None, fault=self.yes_no("'yes' part did not start with '{'", cursor.pos))
        if yes is not None and no is None and cursor.char != "}":
            here = cursor.pos
            fail = cursor.read_name() == "fail"
            cursor.skip_space()
            if not fail:
                cursor.pos = here
                return self.made_branches(yes, None, fault=f'syntax error in "{name}" item - "fail" expected')
        if cursor.char != "}":
            return self.unclosed(yes, no, fail, cursor.pos)
        cursor.pos += 1
        made = self.made_branches(yes, no, fail=fail)
        return made

    def unclosed(self, yes: Sequence | None, no: Sequence | None, fail: bool, place: int) -> Branches:
        fault = self.yes_no("did not close with '}'", place)
        return self.made_branches(yes, no, fail=fail, fault=fault, failing=self.yes_no("did not close with '}' after forcedfail", place))

    def made_branches(self, yes: Sequence | None, no: Sequence | None, *, fail: bool = False, fault: str | None = None,
                      failing: str | None = None, error: str | None = None) -> Branches:
        checks = (yes.checks if yes else 0) | (no.checks if no else 0)
        return Branches(yes, no, fail, fault, fault if failing is None else failing, fault if error is None else error, checks)

    def yes_no(self, reason: str, place: int) -> str:
        rest = self.cursor.text[place:]
        return self.curly(f"curly-bracket problem in conditional yes/no parsing: {reason}\n remaining string is '{rest}'")
