"""Patterns of scenario files: `*`, `?`, escapes, message ids, `!`, `~`; and how lists of them are compared with lines.

    pattern := { `*` | `?` | `\\*` | `\\?` | `\\\\` | `<idNAME>` | `<id*>` | any other character }

`*` is anything within one line, `?` one character. A name `<id1>` stands for one message id everywhere in a scenario, two names for two ids
(Ids). Line lists know `! pattern` (matches none) and `~ regex`. Texts are compared as Unicode; what is no UTF-8 is `�` on both sides
(`shown`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from ..errors import Position
from .schema import Binding, Text, is_wild, kind_of
from .yamltree import Node, Scalar

#: Message ids of Exim: 6-6-2 up to 4.96, 6-11-4 since 4.97 (chapter 3.4).
MESSAGE_ID = r"[0-9A-Za-z]{6}-(?:[0-9A-Za-z]{11}-[0-9A-Za-z]{4}|[0-9A-Za-z]{6}-[0-9A-Za-z]{2})(?![0-9A-Za-z])"
_TOKEN = re.compile(r"\\([*?\\])|<id(\*|[0-9A-Za-z_]+)>|([*?])")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [-+]\d{4})? ")
_BUDGET = 20_000


def shown(text: str) -> str:
    """A latin-1 text of the MTA as Unicode; bytes that are no UTF-8 as `�`."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def without_stamp(line: str) -> str:
    """A log line without its time stamp."""
    return _STAMP.sub("", line, count=1) if (m := _STAMP.match(line)) and m.start() == 0 else line


@dataclass
class Ids:
    """The names of message ids in one scenario, and what they turned out to be."""

    known: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Ids:
        return Ids(dict(self.known))


@dataclass(frozen=True)
class Pattern:
    """One pattern with its place. `kind` is "" (pattern), "!" (must match none) or "~" (regular expression)."""

    text: str
    position: Position = field(default=Position(""), compare=False)
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.text}" if self.kind else self.text

    def match(self, line: str, ids: Ids | None = None, names: Mapping[str, str] | None = None) -> Ids | None:
        """The ids with what this line adds, or None where it does not match. `names` are `@CONFIG@` and the like, as literal texts."""
        ids = ids if ids is not None else Ids()
        text = self.text
        for name, value in (names or {}).items():
            if name in text:
                text = text.replace(name, re.escape(value) if self.kind == "~" else escape(value))
        if self.kind == "~":
            return ids if re.search(text, line) else None
        expression, groups = _compiled(text)
        found = expression.fullmatch(line)
        if found is None:
            return None
        return _bound(ids, [(name, found[group]) for group, name in groups]) if groups else ids


def _bound(ids: Ids, pairs: Iterable[tuple[str, str]]) -> Ids | None:
    """One name is one id, two names are never the same."""
    made = ids.copy()
    for name, value in pairs:
        if made.known.setdefault(name, value) != value:
            return None
    return made if len(set(made.known.values())) == len(made.known) else None


def escape(text: str) -> str:
    """A pattern that matches just this text."""
    return re.sub(r"([*?\\])", r"\\\1", text)


@lru_cache(maxsize=4096)
def _compiled(text: str, lines: bool = False) -> tuple[re.Pattern[str], tuple[tuple[int, str], ...]]:
    parts: list[str] = []
    groups: list[tuple[int, str]] = []
    end = 0
    for token in _TOKEN.finditer(text):
        parts.append(re.escape(text[end:token.start()]))
        end = token.end()
        if token[1]:
            parts.append(re.escape(token[1]))
        elif token[3]:
            parts.append("[^\n]*" if token[3] == "*" else "[^\n]")
        elif token[2] == "*":
            parts.append(MESSAGE_ID)
        else:
            groups.append((len(groups) + 1, token[2]))
            parts.append(f"({MESSAGE_ID})")
    return re.compile("".join((*parts, re.escape(text[end:])))), tuple(groups)


@dataclass(frozen=True)
class Difference:
    """The first place where lines are not what was expected. `index` counts lines from 0; a side that has ended is None."""

    expected: Pattern | None
    received: str | None
    index: int = -1
    text: str = ""              # the sentence, where neither side says it all


def negatives(patterns: Sequence[Pattern], lines: Sequence[str], ids: Ids, names: Mapping[str, str]) -> Iterable[Difference]:
    """What `! pattern` items forbid and lines have."""
    for one in patterns:
        if one.kind == "!":
            for index, line in enumerate(lines):
                if replace(one, kind="").match(line, ids, names) is not None:
                    yield Difference(one, line, index, "a line matches that must not be there")


def match_exactly(patterns: Sequence[Pattern], lines: Sequence[str], ids: Ids, names: Mapping[str, str]) -> Ids | Difference:
    """Line by line: as many lines as patterns, each matching its own."""
    wanted = [one for one in patterns if one.kind != "!"]
    for index in range(max(len(wanted), len(lines))):
        expected = wanted[index] if index < len(wanted) else None
        received = lines[index] if index < len(lines) else None
        after = expected.match(received, ids, names) if expected is not None and received is not None else None
        if after is None:
            return Difference(expected, received, index)
        ids = after
    return ids


def match_in_order(patterns: Sequence[Pattern], lines: Sequence[str], ids: Ids, names: Mapping[str, str]) -> Ids | Difference:
    """Every pattern matches a line, in this order; other lines may stand between."""
    wanted = [one for one in patterns if one.kind != "!"]
    best, budget = 0, _BUDGET

    def search(which: int, start: int, ids: Ids) -> Ids | None:
        nonlocal best, budget
        best = max(best, which)
        if which == len(wanted):
            return ids
        for index in range(start, len(lines)):
            budget -= 1
            if budget < 0:
                return None
            after = wanted[which].match(lines[index], ids, names)
            if after is not None:
                found = search(which + 1, index + 1, after)
                if found is not None or after.known == ids.known:
                    return found        # without new ids a later line would do no better
        return None

    found = search(0, 0, ids)
    return found if found is not None else Difference(wanted[best], None)


def match_any_order(patterns: Sequence[Pattern], lines: Sequence[str], ids: Ids, names: Mapping[str, str]) -> Ids | Difference:
    """As many lines as patterns, each line matching a pattern of its own, in whatever order."""
    wanted = [one for one in patterns if one.kind != "!"]
    budget = _BUDGET

    def search(rest: tuple[int, ...], ids: Ids, which: int) -> Ids | None:
        nonlocal budget
        if which == len(wanted):
            return ids
        tried: set[tuple[str, ...]] = set()
        for index in rest:
            budget -= 1
            if budget < 0:
                return None
            after = wanted[which].match(lines[index], ids, names)
            if after is None or (seen := (lines[index], *after.known.values())) in tried:
                continue
            tried.add(seen)
            found = search(tuple(i for i in rest if i != index), after, which + 1)
            if found is not None:
                return found
        return None

    if len(wanted) != len(lines):
        return _surplus(wanted, lines, ids, names)
    found = search(tuple(range(len(lines))), ids, 0)
    return found if found is not None else _surplus(wanted, lines, ids, names)


def _surplus(wanted: Sequence[Pattern], lines: Sequence[str], ids: Ids, names: Mapping[str, str]) -> Difference:
    """The first pattern without a line, else the first line without a pattern."""
    free = list(range(len(lines)))
    for one in wanted:
        index = next((i for i in free if one.match(lines[i], ids, names) is not None), None)
        if index is None:
            return Difference(one, lines[free[0]] if free else None, -1, "in any order")
        free.remove(index)
    return Difference(None, lines[free[0]] if free else None, -1, "in any order")


def parse_line(text: str, position: Position) -> Pattern:
    """A line of a list of patterns: `! pattern`, `~ regex`, pattern. Raises ValueError for a regular expression that is none."""
    if text.startswith("! "):
        return Pattern(text[2:], position, "!")
    if text.startswith("~ "):
        try:
            re.compile(text[2:])
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        return Pattern(text[2:], position, "~")
    return Pattern(text, position)


def cut(node: Scalar) -> str | None:
    """What YAML may have taken from a plain text: the sentence for it, or None."""
    if node.style or not node.text:
        return None
    rest = node.rest_of_line()
    if re.match(r"\s+#", rest):
        return "YAML ends this text at ` #`; write the whole text in quotes"
    return None


@dataclass(frozen=True)
class PatternType:
    """A pattern; with `lines` it may begin with `! ` or `~ `; with `listed` a comma behind it in `[…]` is a mistake."""

    lines: bool = False
    listed: bool = False
    what: str = "a pattern"

    def bind(self, node: Node, owner: Position, binding: Binding) -> Pattern | None:
        text = Text(self.what, null=False).bind(node, owner, binding)
        if text is None or not isinstance(node, Scalar):
            return None
        if reason := cut(node):
            binding.error(node.position, reason)
        if self.listed and node.in_flow and not node.style and node.rest_of_line().lstrip().startswith(","):
            binding.error(node.position, "YAML ends this text at the comma; write patterns in `[…]` in quotes")
        if is_wild(node, binding) or not self.lines:
            return Pattern(text, node.position)
        try:
            return parse_line(text, node.position)
        except ValueError as error:
            binding.error(node.position, str(error))
            return None

    def schema(self, definitions: dict[str, object]) -> dict[str, object]:
        return {"type": ["string", "number"], "description": self.what}


@dataclass(frozen=True)
class BlockOfPatterns:
    """Patterns as one text, a line each (`log: |`)."""

    what: str = "a block of patterns, one a line"
    special: bool = True                # `! ` and `~ ` begin a line

    def bind(self, node: Node, owner: Position, binding: Binding) -> tuple[Pattern, ...] | None:
        if not isinstance(node, Scalar) or (node.kind == "null" and not node.substituted):
            binding.error(node.position, f"{kind_of(node)} where {self.what} is expected")
            return None
        if node.style == ">":
            binding.error(node.position, "a folded text (`>`) joins its lines; write `|`")
        if reason := cut(node):
            binding.error(node.position, reason)
        made = []
        for index, line in enumerate(node.text.removesuffix("\n").split("\n") if node.text else ()):
            position = node.line_position(index)
            try:
                made.append(parse_line(line, position) if self.special else Pattern(line, position))
            except ValueError as error:
                binding.error(position, str(error))
        return tuple(made)

    def schema(self, definitions: dict[str, object]) -> dict[str, object]:
        return {"type": "string", "description": self.what}
