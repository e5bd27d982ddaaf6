"""What a value in a scenario file may be: types that bind a node to a Python value and describe themselves as JSON Schema.

`model.py` is the table of keys and uses these types; here is no key's name. A type never raises: what is wrong goes to the Binding's
mistakes, with its place, and None stands for the value. While a file is read (`wild`), a text that holds `${{ … }}` is taken for anything.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from ..errors import Position
from .yamltree import Listing, Mistakes, Node, Scalar, Table

TEMPLATE = re.compile(r"\$\{\{(.*?)\}\}", re.S)


@dataclass
class Binding:
    """One reading: where mistakes go; `wild` while parameters are not yet known."""

    mistakes: Mistakes
    wild: bool = False

    def error(self, position: Position, message: str) -> None:
        self.mistakes.add(position, message)


class Type(Protocol):
    """`owner` is the place of the key whose value this is: there something missing is reported."""

    @property
    def what(self) -> str: ...

    def bind(self, node: Node, owner: Position, binding: Binding) -> Any: ...

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]: ...


def kind_of(node: Node) -> str:
    match node:
        case Table():
            return "a mapping"
        case Listing():
            return "a list"
        case _:
            return {"null": "nothing", "boolean": f"the boolean {node.text}", "number": "a number", "text": "a text"}[node.kind]


def is_wild(node: Node, binding: Binding) -> bool:
    return binding.wild and isinstance(node, Scalar) and "${{" in node.text


def suggestion(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` where a known name is near, else a list of them where there are few."""
    names = list(known)
    near = difflib.get_close_matches(name, names, 1, 0.6)
    if near:
        return f"; did you mean `{near[0]}`?"
    return f"; expected {'one of ' if len(names) > 1 else ''}{', '.join(names)}" if names and len(names) <= 12 else ""


def meant(name: str, words: Iterable[str], between: str = ", ") -> str:
    """`did you mean …?` where a word is near, else all of them."""
    near = nearest(name, words)
    return f"did you mean `{near}`?" if near else f"expected one of {between.join(words)}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    near = difflib.get_close_matches(name, list(known), 1, 0.6)
    return near[0] if near else None


@dataclass(frozen=True)
class Text:
    """A text; a plain number is taken as written. `convert` makes the value or raises ValueError with what is wrong."""

    what: str = "a text"
    convert: Callable[[str], Any] | None = None
    boolean: bool = False               # `true` and `false` are taken as these texts
    null: bool = False                  # an empty value is the empty text

    def bind(self, node: Node, owner: Position, binding: Binding) -> Any:
        if is_wild(node, binding):
            return node.text if isinstance(node, Scalar) else None
        if not isinstance(node, Scalar):
            return binding.error(node.position, f"{kind_of(node)} where {self.what} is expected")
        if not node.substituted and ((node.kind == "null" and not self.null) or (node.kind == "boolean" and not self.boolean)):
            quote = f"; write '{node.text}' in quotes" if node.text else ""
            return binding.error(node.position if node.text else owner, f"{kind_of(node)} where {self.what} is expected{quote}")
        if self.convert is None:
            return node.text
        try:
            return self.convert(node.text)
        except ValueError as error:
            return binding.error(node.position, str(error))

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        types = ["string", "number"] + (["boolean"] if self.boolean else [])
        return {"type": types, "description": self.what} if self.what != "a text" else {"type": types}


@dataclass(frozen=True)
class Boolean:
    what: ClassVar[str] = "true or false"

    def bind(self, node: Node, owner: Position, binding: Binding) -> bool | None:
        if is_wild(node, binding):
            return True
        if isinstance(node, Scalar) and (node.kind == "boolean" or (node.substituted and node.text.lower() in ("true", "false"))):
            return node.text.lower() == "true"
        shown = f"`{node.text}`" if isinstance(node, Scalar) and node.text else kind_of(node)
        binding.error(node.position, f"{shown} where {self.what} is expected")
        return None

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        return {"type": ["boolean", "string"], "pattern": r"\$\{\{"}


@dataclass(frozen=True)
class Integer:
    what: str = "a whole number"
    least: int = 0
    most: int | None = None

    def bind(self, node: Node, owner: Position, binding: Binding) -> int | None:
        if is_wild(node, binding):
            return self.least
        if not isinstance(node, Scalar) or not (node.kind == "number" or node.substituted) or not re.fullmatch(r"[-+]?[0-9]+", node.text):
            shown = f"`{node.text}`" if isinstance(node, Scalar) and node.text else kind_of(node)
            binding.error(node.position, f"{shown} where {self.what} is expected")
            return None
        value = int(node.text)
        if value < self.least or (self.most is not None and value > self.most):
            limits = f"from {self.least} to {self.most}" if self.most is not None else f"of at least {self.least}"
            binding.error(node.position, f"{value} where {self.what} {limits} is expected")
            return None
        return value

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        number: dict[str, Any] = {"type": "integer", "minimum": self.least}
        if self.most is not None:
            number["maximum"] = self.most
        return {"anyOf": [number, {"type": "string", "pattern": r"\$\{\{"}]}


@dataclass(frozen=True)
class Choice:
    words: tuple[str, ...]

    @property
    def what(self) -> str:
        return self.words[0] if len(self.words) == 1 else "one of " + ", ".join(self.words)

    def bind(self, node: Node, owner: Position, binding: Binding) -> str | None:
        if is_wild(node, binding):
            return self.words[0]
        if isinstance(node, Scalar) and node.text in self.words and (node.kind in ("text", "number") or node.substituted):
            return node.text
        if isinstance(node, Scalar) and node.text:
            near = nearest(node.text, self.words)
            binding.error(node.position, f"`{node.text}` where {self.what} is expected" + (f"; did you mean `{near}`?" if near else ""))
        else:
            binding.error(node.position, f"{kind_of(node)} where {self.what} is expected")
        return None

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(self.words)}, {"type": "string", "pattern": r"\$\{\{"}]}


@dataclass(frozen=True)
class ListOf:
    """A list; with `one` a single value stands for a list of one."""

    item: Type
    one: bool = False
    least: int = 0

    @property
    def what(self) -> str:
        return f"a list ({self.item.what} each)"

    def bind(self, node: Node, owner: Position, binding: Binding) -> tuple[Any, ...] | None:
        if not isinstance(node, Listing):
            if self.one and not (isinstance(node, Scalar) and node.kind == "null" and not node.substituted):
                return (self.item.bind(node, owner, binding),)
            if is_wild(node, binding):
                return ()
            binding.error(node.position if not _nothing(node) else owner, f"{kind_of(node)} where {self.what} is expected")
            return None
        if len(node.items) < self.least:
            binding.error(node.position, f"an empty list where {self.what} is expected")
        return tuple(self.item.bind(one, one.position, binding) for one in node.items)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        item = self.item.schema(definitions)
        listing = {"type": "array", "items": item} | ({"minItems": self.least} if self.least else {})
        return {"anyOf": [listing, item]} if self.one else listing


@dataclass(frozen=True)
class MapOf:
    """A mapping with free keys."""

    value: Type
    key: Callable[[str], Any] | None = None     # makes the key or raises ValueError
    what: str = "a mapping"

    def bind(self, node: Node, owner: Position, binding: Binding) -> dict[Any, Any] | None:
        if not isinstance(node, Table):
            if not is_wild(node, binding):
                binding.error(node.position if not _nothing(node) else owner, f"{kind_of(node)} where {self.what} is expected")
            return None
        made = {}
        for key, value in uncut(node, binding):
            name: Any = key.text
            if self.key is not None and not is_wild(key, binding):
                try:
                    name = self.key(key.text)
                except ValueError as error:
                    binding.error(key.position, str(error))
            made[name] = self.value.bind(value, key.position, binding)
        return made

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self.value.schema(definitions)}


@dataclass(frozen=True)
class Either:
    """Different types for a text, a list and a mapping."""

    scalar: Type | None = None
    listing: Type | None = None
    table: Type | None = None

    @property
    def what(self) -> str:
        return " or ".join(one.what for one in (self.scalar, self.listing, self.table) if one is not None)

    def bind(self, node: Node, owner: Position, binding: Binding) -> Any:
        chosen = self.scalar if isinstance(node, Scalar) else self.listing if isinstance(node, Listing) else self.table
        if chosen is None:
            if not is_wild(node, binding):
                binding.error(node.position if not _nothing(node) else owner, f"{kind_of(node)} where {self.what} is expected")
            return None
        return chosen.bind(node, owner, binding)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        return {"anyOf": [one.schema(definitions) for one in (self.scalar, self.listing, self.table) if one is not None]}


@dataclass(frozen=True)
class Key:
    """One line of the model's table."""

    name: str
    type: Type
    doc: str
    required: bool = False


def key(name: str, type: Type, doc: str, *, default: Any = None, required: bool = False) -> Any:
    """A field of a model class: the key's name in YAML, its type and one sentence for editors."""
    return field(default=default, metadata={"key": Key(name, type, doc, required)})


@dataclass(frozen=True, kw_only=True)
class Record:
    """Base of the model's classes: a mapping with closed keys.

    `places` has the place of every value that was given, `nodes` the values' nodes, `keys` those of their keys.
    """

    position: Position = field(default=Position(""), repr=False, compare=False)
    places: Mapping[str, Position] = field(default_factory=dict, repr=False, compare=False)
    nodes: Mapping[str, Node] = field(default_factory=dict, repr=False, compare=False)
    keys: Mapping[str, Scalar] = field(default_factory=dict, repr=False, compare=False)

    def place(self, name: str) -> Position:
        return self.places.get(name, self.position)

    def given(self, name: str) -> bool:
        return name in self.places


@dataclass(frozen=True)
class RecordOf:
    """A mapping bound to a class of the model. `short`: the key that a plain text or list stands for. `partial`: nothing is required."""

    cls: type[Record]
    short: str = ""
    partial: bool = False
    check: Callable[[Record, Position, Binding], None] | None = None

    @property
    def what(self) -> str:
        return "a mapping"

    def bind(self, node: Node, owner: Position, binding: Binding) -> Record | None:
        table = keys_of(self.cls)
        if self.short and not isinstance(node, Table) and not _nothing(node):
            line = table[self.short]
            value = line[1].type.bind(node, owner, binding)
            return self.cls(position=node.position, places={self.short: node.position}, nodes={self.short: node}, **{line[0]: value})
        if not isinstance(node, Table):
            if not is_wild(node, binding):
                binding.error(node.position if not _nothing(node) else owner, f"{kind_of(node)} where {self.what} is expected")
            return None
        values, places, misspelt = self._values(node, table, binding)
        if not self.partial:
            for _, one in table.values():
                if one.required and one.name not in places and one.name not in misspelt:
                    binding.error(owner, f"`{one.name}` is missing: {one.doc}")
        made = self.cls(position=node.position, places=places, nodes=node.by_name, keys=node.keys, **values)
        if self.check is not None:
            self.check(made, owner, binding)
        return made

    def _values(
        self, node: Table, table: Mapping[str, tuple[str, Key]], binding: Binding,
    ) -> tuple[dict[str, Any], dict[str, Position], set[str]]:
        values: dict[str, Any] = {}
        places: dict[str, Position] = {}
        misspelt: set[str] = set()
        for name, value in uncut(node, binding):
            if name.text not in table:
                binding.error(name.position, f"unknown key `{name.text}`{suggestion(name.text, table)}")
                misspelt.add(nearest(name.text, table) or "")
                continue
            attribute, line = table[name.text]
            places[line.name] = value.position
            values[attribute] = line.type.bind(value, name.position, binding)
        return values, places, misspelt

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        name = self.cls.__name__ + ("Defaults" if self.partial else "")
        if name not in definitions:
            definitions[name] = {}
            table = keys_of(self.cls)
            definitions[name] = {
                "type": "object", "description": (self.cls.__doc__ or "").strip().split("\n")[0], "additionalProperties": False,
                "properties": {one.name: one.type.schema(definitions) | {"description": one.doc} for _, one in table.values()},
            }
            required = [one.name for _, one in table.values() if one.required]
            if required and not self.partial:
                definitions[name]["required"] = required
        reference = {"$ref": f"#/$defs/{name}"}
        if not self.short:
            return reference
        return {"anyOf": [reference, keys_of(self.cls)[self.short][1].type.schema(definitions)]}


_KEYS: dict[type, dict[str, tuple[str, Key]]] = {}


def keys_of(cls: type[Record]) -> dict[str, tuple[str, Key]]:
    """The table of a model class: YAML key → (attribute, Key)."""
    if cls not in _KEYS:
        _KEYS[cls] = {one.metadata["key"].name: (one.name, one.metadata["key"]) for one in dataclasses.fields(cls) if "key" in one.metadata}
    return _KEYS[cls]


@dataclass(frozen=True)
class Later:
    """A type that is defined further down (a mapping within itself)."""

    get: Callable[[], Type]

    @property
    def what(self) -> str:
        return self.get().what

    def bind(self, node: Node, owner: Position, binding: Binding) -> Any:
        return self.get().bind(node, owner, binding)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        return self.get().schema(definitions)


def _nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and not node.text and not node.style


def uncut(table: Table, binding: Binding) -> Iterable[tuple[Scalar, Node]]:
    """The pairs of a mapping, without the tails of texts that YAML cut at a comma (`{is: a, b}`): these are reported."""
    if not table.flow:
        return table.items
    kept: list[tuple[Scalar, Node]] = []
    for name, value in table.items:
        place = (name.end_line, name.end_column)
        alone = _nothing(value) and isinstance(value, Scalar) and not name.style and (value.line, value.column) == place
        before = kept[-1][1] if kept else None
        if alone and isinstance(before, Scalar) and not before.style and before.text:
            binding.error(before.position, "YAML ends this text at the comma; write the whole text in quotes")
        else:
            kept.append((name, value))
    return kept
