"""YAML texts as trees of nodes that know their place. Knows nothing of scenarios; `schema.py` gives nodes a meaning.

    Scalar    text as written (escapes done), plain or not, place of its start
    Listing   items
    Table     (key, value) pairs in order; keys are scalars, no key twice

Built from the events of PyYAML's C parser: an event knows what a composed node no longer does (a tag that was written, an alias, where a
plain scalar was cut). YAML 1.2's core scalars: `yes`, `on`, `12:30` are texts. Refused: tags, `<<`, a second document, more than 1,000
aliases, recursion, nesting beyond 100, keys that are no scalars.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import Position, ScenarioError

MAX_ALIASES = 1000
MAX_DEPTH = 100
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_BAD_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_BOOLEAN = re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")
_NUMBER = re.compile(
    r"[-+]?(?:[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))\Z"
    r"|\.(?:nan|NaN|NAN)\Z"
)


@dataclass(frozen=True)
class Source:
    """One YAML file (or text): where it stands and what it says."""

    name: str                   # as shown to the user
    path: Path | None
    text: str

    @cached_property
    def lines(self) -> list[str]:
        return _BREAK.split(self.text)


@dataclass(frozen=True, eq=False)
class Scalar:
    """One text. `style` is "" (plain), "'", '"', "|" or ">"."""

    text: str
    style: str
    line: int
    column: int
    end_line: int
    end_column: int
    source: Source
    in_flow: bool = False
    substituted: bool = False   # `${{ … }}` was replaced in it

    @property
    def position(self) -> Position:
        return Position(self.source.name, self.line, self.column)

    @property
    def kind(self) -> str:
        """"null", "boolean", "number" or "text", by the core schema."""
        if self.style:
            return "text"
        for kind, pattern in (("null", _NULL), ("boolean", _BOOLEAN), ("number", _NUMBER)):
            if pattern.match(self.text):
                return kind
        return "text"

    def line_position(self, index: int) -> Position:
        """The place of line `index` (from 0) of a block's text; the scalar's own place for other styles."""
        if self.style != "|":
            return self.position
        number = self.line + 1 + index
        written = self.source.lines[number - 1] if number <= len(self.source.lines) else ""
        return Position(self.source.name, number, len(written) - len(written.lstrip(" ")) + 1)

    def rest_of_line(self) -> str:
        """What the file says behind this scalar on its last line."""
        lines = self.source.lines
        return lines[self.end_line - 1][self.end_column - 1:] if self.end_line <= len(lines) else ""


@dataclass(frozen=True, eq=False)
class Listing:
    items: tuple[Node, ...]
    line: int
    column: int
    source: Source
    flow: bool = False

    @property
    def position(self) -> Position:
        return Position(self.source.name, self.line, self.column)


@dataclass(frozen=True, eq=False)
class Table:
    items: tuple[tuple[Scalar, Node], ...]
    line: int
    column: int
    source: Source
    flow: bool = False

    @property
    def position(self) -> Position:
        return Position(self.source.name, self.line, self.column)

    @cached_property
    def by_name(self) -> dict[str, Node]:
        return {key.text: value for key, value in self.items}

    @cached_property
    def keys(self) -> dict[str, Scalar]:
        return {key.text: key for key, _ in self.items}

    def get(self, name: str) -> Node | None:
        return self.by_name.get(name)

    def key(self, name: str) -> Scalar | None:
        return self.keys.get(name)


Node = Scalar | Listing | Table


@dataclass
class Mistakes:
    """The mistakes of one reading, in the order of the file; a place says only one thing."""

    found: list[ScenarioError] = field(default_factory=list)

    def add(self, position: Position, message: str) -> None:
        if not any(one.position == position for one in self.found):
            self.found.append(ScenarioError(message, position))

    def raise_all(self) -> None:
        """Raise the first with all others in `others`; nothing when there is none."""
        if self.found:
            first, *others = sorted(self.found, key=_place)
            raise ScenarioError(first.message, first.position, others)


def _place(error: ScenarioError) -> tuple[str, int, int]:
    return (error.position.file, error.position.line, error.position.column) if error.position else ("", 0, 0)


def read_source(path: Path, shown: str | None = None) -> Source:
    """The text of a file: UTF-8 with or without BOM. Raises ScenarioError."""
    name = shown or str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScenarioError(f"cannot be read: {error.strerror}", Position(name)) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[:error.start].decode("utf-8-sig", "replace")
        last = _BREAK.split(before)
        raise ScenarioError(f"byte 0x{data[error.start]:02x} is no UTF-8; scenario files are written in UTF-8",
                            Position(name, len(last), len(last[-1]) + 1)) from None
    return Source(name, path, text)


def read_tree(source: Source, mistakes: Mistakes) -> Node | None:
    """The tree of a text, or None for an empty or broken one; what is wrong goes to `mistakes`."""
    bad = _BAD_CHARACTER.search(source.text)
    if bad:
        last = _BREAK.split(source.text[:bad.start()])
        mistakes.add(Position(source.name, len(last), len(last[-1]) + 1), f"character U+{ord(bad.group()):04X} may not stand in YAML")
        return None
    import yaml

    builder = _Builder(source, mistakes)
    try:
        return builder.document(yaml.parse(source.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        text = " ".join(part for part in (error.problem, error.context) if part)
        mistakes.add(Position(source.name, mark.line + 1, mark.column + 1) if mark else Position(source.name), f"no valid YAML: {text}")
    except yaml.YAMLError as error:
        mistakes.add(Position(source.name), f"no valid YAML: {' '.join(str(error).split())}")
    except _TooDeep as stop:
        mistakes.add(stop.args[0], stop.args[1])
    return None


class _TooDeep(Exception):
    pass


class _Builder:
    """Events to nodes, one document."""

    def __init__(self, source: Source, mistakes: Mistakes) -> None:
        self.source, self.mistakes = source, mistakes
        self.anchors: dict[str, Node | None] = {}
        self.aliases = 0
        self.flow = 0

    def place(self, mark: Any) -> Position:
        return Position(self.source.name, mark.line + 1, mark.column + 1)

    def document(self, events: Iterator[Any]) -> Node | None:
        import yaml

        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents == 2:
                    self.mistakes.add(self.place(event.start_mark), "a second document; a file holds one")
                    return root
                root = self.node(next(events), events, 1)
        return root

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        import yaml

        where = self.place(event.start_mark)
        if depth > MAX_DEPTH:
            raise _TooDeep(where, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, where)
        if event.tag is not None:
            self.mistakes.add(where, f"tag {event.tag}: tags are not used here; write the value itself")
        if event.anchor:
            self.anchors[event.anchor] = None
        match event:
            case yaml.ScalarEvent():
                made: Node = self.scalar(event)
            case yaml.SequenceStartEvent():
                made = self.listing(event, events, depth)
            case _:
                made = self.table(event, events, depth)
        if event.anchor:
            self.anchors[event.anchor] = made
        return made

    def alias(self, event: Any, where: Position) -> Node:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise _TooDeep(where, f"more than {MAX_ALIASES} aliases")
        if event.anchor not in self.anchors:
            raise _TooDeep(where, f"alias *{event.anchor}: nothing has the anchor &{event.anchor}")
        target = self.anchors[event.anchor]
        if target is None:
            raise _TooDeep(where, f"alias *{event.anchor} stands inside what it names")
        return target

    def scalar(self, event: Any) -> Scalar:
        start, end = event.start_mark, event.end_mark
        style = event.style if event.style and event.style != "plain" else ""
        return Scalar(event.value, style, start.line + 1, start.column + 1, end.line + 1, end.column + 1, self.source, self.flow > 0)

    def listing(self, event: Any, events: Iterator[Any], depth: int) -> Listing:
        import yaml

        self.flow += bool(event.flow_style)
        items = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            items.append(self.node(item, events, depth + 1))
        self.flow -= bool(event.flow_style)
        return Listing(tuple(items), event.start_mark.line + 1, event.start_mark.column + 1, self.source, bool(event.flow_style))

    def table(self, event: Any, events: Iterator[Any], depth: int) -> Table:
        import yaml

        self.flow += bool(event.flow_style)
        items: list[tuple[Scalar, Node]] = []
        seen: dict[str, Scalar] = {}
        while not isinstance(item := next(events), yaml.MappingEndEvent):
            key = self.node(item, events, depth + 1)
            value = self.node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self.mistakes.add(key.position, "a key is a text, not a list or a mapping")
            elif key.text == "<<" and not key.style:
                self.mistakes.add(key.position, "`<<` is not used here; `use` and `defaults` take over what other places say")
            elif key.text in seen:
                self.mistakes.add(key.position, f"`{key.text}` is given twice (first in line {seen[key.text].line})")
            else:
                seen[key.text] = key
                items.append((key, value))
        self.flow -= bool(event.flow_style)
        return Table(tuple(items), event.start_mark.line + 1, event.start_mark.column + 1, self.source, bool(event.flow_style))
