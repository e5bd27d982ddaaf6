"""The parser's part for items, ${name…}: one method a shape of syntax. The items themselves are in `items/`.

    plain    {string}…                                   up to the item's maximum
    if       condition branches
    lookup   [ "{" key "}" ] type "{" file or query "}" branches
    extract  [ "json" | "jsons" ] {string}{string}[{string}] branches
    fields   {string}{string} branches                    listextract; certextract and env alike
    each     {list}[{start}]{expression or condition}     map, reduce, filter
    sort     {list}{comparator}{expression}
    prvscheck {address}{key}{result}
    readsocket {name}{request}{timeout}{eol}{failure}
    run      [",preexpand"] {command} branches
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .cursor import DIGITS, LETTERS, SPACES
from .nodes import CHECKS_VALUES, Branches, Call, Condition, Malformed, Operation, Sequence
from .registry import Item

if TYPE_CHECKING:
    from ..release import Release
    from .cursor import Cursor
    from .registry import Tables


class ItemParser:
    """Mixed into Parser, whose cursor and tables it uses."""

    cursor: Cursor
    names: Tables
    release: Release

    if TYPE_CHECKING:
        def sequence(self, *, braced: bool, dollar: bool = True) -> Sequence: ...
        def braced(self) -> Sequence: ...
        def strings(self, name: str, minimum: int, maximum: int, *, closed: bool) -> tuple[list[Sequence], str | None]: ...
        def branches(self, name: str) -> Branches: ...
        def branches_of(self, name: str, groups: list[tuple[int, Sequence]], first: int) -> Branches: ...
        def curly(self, reason: str = "") -> str: ...
        def condition(self) -> Condition: ...

    def item(self, entry: Item, start: int) -> Call:
        found = getattr(self, "item_" + entry.shape)(entry, start)
        assert isinstance(found, Call)
        return found

    def call(self, entry: Item, start: int, arguments: list[Sequence], *, condition: Condition | None = None,
             branches: Branches | None = None, data: object = None, fault: str | None = None, error: str | None = None) -> Call:
        """The node; its error is that of the first bad part, else its own fault. `error` overrides that text."""
        checks = 0
        for part in (condition, *arguments, branches):
            if part is not None:
                error = part.error if error is None else error
                checks |= part.checks
        if self.names.checks(entry):
            checks |= CHECKS_VALUES
        source = self.cursor.text[start:self.cursor.pos]
        error = fault if error is None else error
        return Call(entry, tuple(arguments), condition, branches, data, fault, error, checks, source)

    def with_branches(self, entry: Item, start: int, arguments: list[Sequence], data: object = None) -> Call:
        return self.call(entry, start, arguments, branches=self.branches(entry.name), data=data)

    def argument(self, arguments: list[Sequence], missing: str, unclosed: str = "") -> str | None:
        """One more braced string; the fault if there is none. A malformed one is appended, and the caller looks at its error."""
        if self.cursor.skip_space() != "{":
            return self.curly(missing)
        arguments.append(self.braced())
        return None

    def item_plain(self, entry: Item, start: int) -> Call:
        found, fault = self.strings(entry.name, entry.minimum, entry.maximum, closed=True)
        return self.call(entry, start, found, fault=fault)

    def item_absent(self, entry: Item, start: int) -> Call:
        """Items of which Exim knows only the name (perl, where it is not built in)."""
        return self.call(entry, start, [], fault=f'"${{{entry.name}" encountered, but this facility is not included in this binary')

    def item_if(self, entry: Item, start: int) -> Call:
        self.cursor.skip_space()
        condition = self.condition()
        if condition.error is not None:
            return self.call(entry, start, [], condition=condition)
        return self.call(entry, start, [], condition=condition, branches=self.branches("if"))

    def item_lookup(self, entry: Item, start: int) -> Call:
        """`data` is (the lookup's type, its name as written, whether there is a key)."""
        from ..lookups import LookupTypeError, parse_type

        cursor, found = self.cursor, list[Sequence]()
        keyed = cursor.skip_space() == "{"
        if keyed:
            found.append(self.braced())
            if found[0].error is not None:
                return self.call(entry, start, found)
            cursor.skip_space()
        if not cursor.char or cursor.char not in LETTERS:
            return self.call(entry, start, found, fault="missing lookup type")
        name = cursor.read_lookup_type()
        cursor.skip_space()
        try:
            kind = parse_type(name, self.release)
        except LookupTypeError as error:
            return self.call(entry, start, found, fault=str(error))
        if kind.single_key and not keyed:
            return self.call(entry, start, found, fault=f'missing {{key}} for single-key "{name}" lookup')
        if keyed and not kind.single_key:
            fault = f'a single key was given for lookup type "{name}", which is not a single-key lookup type'
            return self.call(entry, start, found, fault=fault)
        if cursor.char != "{":
            return self.call(entry, start, found, fault=self.curly("missing '{' for lookup file-or-query arg"))
        found.append(self.braced())
        if found[-1].error is not None:
            return self.call(entry, start, found)
        return self.with_branches(entry, start, found, (kind, name, keyed))

    def item_extract(self, entry: Item, start: int) -> Call:
        """Two strings or three: that shows only when the first one is known. `data` is an ExtractForm."""
        cursor, form = self.cursor, ""
        if cursor.skip_space() != "{" and self.release.json and cursor.text.startswith("json", cursor.pos):
            cursor.pos += 4
            form = "json"
            if cursor.char == "s":
                cursor.pos += 1
                form = "jsons"
        spaced = bool(form) and cursor.char != "{"      # a blank behind json: no string is seen where all is skipped
        groups = self.groups(5)
        faults = tuple(self.curly(f"missing '{{' for arg {n} of extract") for n in (1, 2, 3))
        named = numbered = Branches(fault=faults[min(len(groups), 2)], error=faults[min(len(groups), 2)])
        here = cursor.pos
        if len(groups) > 1:
            named = self.branches_of(entry.name, groups, 2)
        there, cursor.pos = cursor.pos, here
        if form:
            numbered = named
        elif len(groups) > 2:
            numbered = self.branches_of(entry.name, groups, 3)
        cursor.pos = max(there, cursor.pos)
        strings = [group for _, group in groups]
        broken = next((group.error for group in strings if group.error is not None), None)
        if broken is None and self.release.json:
            cursor.pos = here
            cursor.skip_space()
            broken = self.skipped_extract()
        elif broken is None:
            broken = self.extract_error(strings, named, numbered)
        skipped = self.curly("missing '}' closing extract") if spaced else broken
        made = self.call(entry, start, strings, data=ExtractForm(form, named, numbered, faults, skipped), error=broken)
        return replace(made, checks=made.checks | CHECKS_VALUES) if spaced else made

    def skipped_extract(self) -> str | None:
        """The later releases take any number of strings where they skip, and `fail`."""
        cursor = self.cursor
        if cursor.text.startswith("fail", cursor.pos) and cursor.text[cursor.pos + 4:cursor.pos + 5] in ("}", " ", "\t", ""):
            cursor.pos += 4
            cursor.skip_space()
        if cursor.char != "}":
            return self.curly("missing '}' closing extract")
        cursor.pos += 1
        return None

    def extract_error(self, strings: list[Sequence], named: Branches, numbered: Branches) -> str | None:
        """The older release's structural error that shows whatever the first string turns out to be."""
        if not strings:
            return named.error
        if strings[0].fixed is not None:
            return (numbered if is_field_number(strings[0].fixed) else named).error
        return named.error if numbered.error is not None else None

    def groups(self, limit: int) -> list[tuple[int, Sequence]]:
        """Up to `limit` braced strings with the places where they begin; a malformed one is the last."""
        found: list[tuple[int, Sequence]] = []
        while len(found) < limit and self.cursor.skip_space() == "{":
            found.append((self.cursor.pos, self.braced()))
            if found[-1][1].error is not None:
                break
        return found

    def item_fields(self, entry: Item, start: int) -> Call:
        """{…}{…} and branches; each string has its own text for a missing brace."""
        found: list[Sequence] = []
        for number in range(1, entry.maximum + 1):
            fault = self.argument(found, f"missing '{{' for arg {number} of {entry.name}")
            if fault is not None or found[-1].error is not None:
                return self.call(entry, start, found, fault=fault)
        return self.with_branches(entry, start, found)

    def item_env(self, entry: Item, start: int) -> Call:
        """A missing brace behind `env` leaves the message empty."""
        if self.cursor.skip_space() != "{":
            return self.call(entry, start, [], fault="")
        found = [self.braced()]
        return self.call(entry, start, found) if found[0].error is not None else self.with_branches(entry, start, found)

    def item_certextract(self, entry: Item, start: int) -> Call:
        """{field}{$variable} branches; `data` is the variable's name."""
        found: list[Sequence] = []
        fault = self.argument(found, "missing '{' for field arg of certextract")
        if fault is not None or found[0].error is not None:
            return self.call(entry, start, found, fault=fault)
        if self.cursor.skip_space() != "{":
            return self.call(entry, start, found, fault=self.curly("missing '{' for cert variable arg of certextract"))
        self.cursor.pos += 1
        if self.cursor.char != "$":
            return self.call(entry, start, found, fault='second argument of "certextract" must be a certificate variable')
        self.cursor.pos += 1
        found.append(self.sequence(braced=True, dollar=False))
        if found[1].error is not None:
            return self.call(entry, start, found)
        self.cursor.pos += 1
        return self.with_branches(entry, start, found)

    def item_each(self, entry: Item, start: int) -> Call:
        """{list}[{start}]{expression}; for filter the last is a condition."""
        words = ["first", "second"] if entry.name == "reduce" else ["first"]
        found: list[Sequence] = []
        for word in words:
            fault = self.argument(found, f"missing '{{' for {word} arg of {entry.name}")
            if fault is not None or found[-1].error is not None:
                return self.call(entry, start, found, fault=fault)
        cursor = self.cursor
        if cursor.skip_space() != "{":
            return self.call(entry, start, found, fault=self.curly(f"missing '{{' for last arg of {entry.name}"))
        cursor.pos += 1
        condition: Condition | None = None
        if entry.name == "filter":
            condition = self.condition()
            error = condition.error
        else:
            found.append(self.sequence(braced=True))
            error = found[-1].error
        if error is not None:
            return self.call(entry, start, found, condition=condition, error=f'{error} inside "{entry.name}" item')
        return self.call(entry, start, found, condition=condition, fault=self.each_end(entry.name))

    def each_end(self, name: str) -> str | None:
        """The two closing braces of map, reduce and filter."""
        cursor = self.cursor
        if cursor.skip_space() != "}":
            hint = "; could be an unquoted } in the content" if self.release.unquoted_brace_hint else ""
            return f'missing }} at end of condition or expression inside "{name}"{hint}'
        cursor.pos += 1
        if cursor.skip_space() != "}":
            return f'missing }} at end of "{name}"'
        cursor.pos += 1
        return None

    def item_sort(self, entry: Item, start: int) -> Call:
        """{list}{comparator}{expression}; `data` is the comparator's name."""
        cursor, found = self.cursor, list[Sequence]()
        fault = self.argument(found, "missing '{' for list arg of sort")
        if fault is not None or found[0].error is not None:
            return self.call(entry, start, found, fault=fault)
        if cursor.skip_space() != "{":
            return self.call(entry, start, found, fault=self.curly("missing '{' for comparator arg of sort"))
        cursor.pos += 1
        found.append(self.sequence(braced=True, dollar=False))
        if found[1].error is not None:
            return self.call(entry, start, found)
        cursor.pos += 1
        comparator = self.comparator(found[1].fixed or "")
        if comparator not in SORTING:
            return self.call(entry, start, found, fault=self.bad_comparator(comparator, found[1].fixed or ""))
        fault = self.argument(found, "missing '{' for extractor arg of sort")
        if fault is not None or found[2].error is not None:
            return self.call(entry, start, found, fault=fault)
        if cursor.char != "}":
            return self.call(entry, start, found, fault='missing } at end of "sort"')
        cursor.pos += 1
        return self.call(entry, start, found, data=comparator)

    def bad_comparator(self, comparator: str, text: str) -> str:
        """Exim's message for an unknown condition stays empty here."""
        if not comparator:
            return f'condition name expected, but found "{text[:16]}"'
        return "comparator not handled for sort" if comparator in self.names.conditions else ""

    def comparator(self, text: str) -> str:
        return (_COMPARATOR.match(text) or [""])[0]

    def item_prvscheck(self, entry: Item, start: int) -> Call:
        """`data` is the fault where the address is a prvs address; the strings are counted differently then."""
        name = entry.name if self.release.brace_reasons else "prvs"
        found, fault = self.strings(name, 2, 3, closed=True)
        matched = fault
        if fault is not None and len(found) == 3 and self.cursor.char == "{":
            fault, matched = (fault.replace("max is 3", f"max is {limit}") for limit in (2, 1))
        elif fault is not None:
            fault = matched = fault.replace("min is 2", "min is 1")
        return self.call(entry, start, found, data=matched, fault=fault)

    def item_readsocket(self, entry: Item, start: int) -> Call:
        """Four strings; one behind them is for failures, but only where all four are there."""
        cursor = self.cursor
        found, fault = self.strings(entry.name, 2, 4, closed=False)
        if fault is None and found[-1].error is None and cursor.char == "{":
            found.append(self.braced())
        if fault is None and found[-1].error is None:
            if cursor.skip_space() == "}":
                cursor.pos += 1
            else:
                fault = self.curly("missing '}' closing readsocket")
        return self.call(entry, start, found, fault=fault)

    def item_run(self, entry: Item, start: int) -> Call:
        """`data` is the raw command where its words are expanded one by one (the later releases), else None."""
        cursor = self.cursor
        late = self.release.run_expands_words
        while cursor.char == "," and self.release.run_expands_words:
            cursor.pos += 1
            if not cursor.text.startswith("preexpand", cursor.pos):
                return self.call(entry, start, [], fault=f"bad option '{self.option()}' for run")
            cursor.pos += len("preexpand")
            late = False
        if cursor.skip_space() != "{":
            return self.call(entry, start, [], fault=self.curly("missing '{' for command arg of run"))
        begin = cursor.pos + 1
        cursor.pos = begin
        command = self.sequence(braced=True)
        if command.error is not None and not late:
            return self.call(entry, start, [command])
        if cursor.char != "}" or (command.error is not None and not self.ends_badly(command)):
            return self.call(entry, start, [], fault=self.curly("missing '}' closing command arg of run"))
        raw = cursor.text[begin:cursor.pos] if late else None
        cursor.pos += 1
        return self.with_branches(entry, start, [command] if raw is None else [], raw)


    def option(self) -> str:
        """What stands behind the comma of run, at least a character."""
        return (_OPTION.match(self.cursor.rest) or [""])[0]

    def ends_badly(self, command: Sequence) -> bool:
        """Exim looks for the end of the command without minding errors: it goes on behind an unknown variable or operator."""
        last = command.parts[-1]
        if isinstance(last, Operation):
            return last.text.error is None or self.ends_badly(last.text)
        return isinstance(last, Malformed)


@dataclass(frozen=True, slots=True)
class ExtractForm:
    """How an extract goes on in either reading; `faults` are the texts for a missing first, second, third string."""

    form: str
    named: Branches
    numbered: Branches
    faults: tuple[str, ...]
    skipped: str | None


def is_field_number(text: str) -> bool:
    """Is this first string of extract a field's number? An empty one counts as 0, as it does where Exim skips."""
    digits = text.strip(SPACES).removeprefix("-")
    return all(char in DIGITS for char in digits)


SORTING = frozenset(["<", "<=", ">", ">=", "ge", "gei", "gt", "gti", "le", "lei", "lt", "lti"])
_OPTION = re.compile(r"(?:.[A-Za-z]*)?", re.DOTALL)
_COMPARATOR = re.compile(r"[=<>]=?|[A-Za-z0-9_]*")
