"""`parameters:` and `${{ … }}`: one scenario becomes many, texts get their values, secrets are remembered.

    ${{ NAME }}           a parameter, or `n`, the count of a `repeat`
    ${{ env.NAME }}       an environment variable; its value is a secret
    ${{ fixture.NAME }}   a pytest fixture's value, known when the scenario runs

Substitution makes a new tree; the places stay. A name that is unknown is a mistake with the place of its text.
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .schema import TEMPLATE, Binding, suggestion
from .yamltree import Listing, Node, Scalar, Table


@dataclass
class Values:
    """What `${{ … }}` can stand for. `used` collects names; a value None is not yet known and left as it is."""

    parameters: Mapping[str, str | None] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    fixtures: Mapping[str, Any] | None = None       # None: not yet known
    fixture_names: Sequence[str] = ()
    used: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)


def substitute(node: Node, values: Values, binding: Binding | None = None) -> Node:
    """The tree with what is known put in. Without a binding unknown names stay as they are."""
    match node:
        case Scalar():
            if "${{" not in node.text:
                return node
            return replace(node, text=_text(node, values, binding), substituted="${{" not in _text(node, values, None))
        case Listing():
            items = tuple(substitute(one, values, binding) for one in node.items)
            return node if all(map(operator.is_, items, node.items)) else replace(node, items=items)
        case Table():
            pairs = tuple((_key(name, values, binding), substitute(value, values, binding)) for name, value in node.items)
            same = all(a is c and b is d for (a, b), (c, d) in zip(pairs, node.items, strict=True))
            return node if same else Table(pairs, node.line, node.column, node.source, node.flow)


def _key(name: Scalar, values: Values, binding: Binding | None) -> Scalar:
    made = substitute(name, values, binding)
    return made if isinstance(made, Scalar) else name


def _text(node: Scalar, values: Values, binding: Binding | None) -> str:
    def one(match: re.Match[str]) -> str:
        name = match[1].strip()
        if name.startswith("env."):
            return _environment(name, match[0], node, values, binding)
        if name.startswith("fixture."):
            return _fixture(name, match[0], node, values, binding)
        if name in values.parameters:
            values.used.add(name)
            value = values.parameters[name]
            return match[0] if value is None else value
        if binding is not None:
            known = [*(name for name in values.parameters if name != "n"), *(f"fixture.{one}" for one in values.fixture_names)]
            binding.error(node.position, f"unknown name in `{match[0]}`{suggestion(name, known) or '; there are no parameters here'}")
        return match[0]

    return TEMPLATE.sub(one, node.text)


def _environment(name: str, whole: str, node: Scalar, values: Values, binding: Binding | None) -> str:
    value = values.environment.get(name[4:])
    if value is None:
        if binding is not None:
            binding.error(node.position, f"`{whole}`: the environment has no variable {name[4:]}")
        return whole
    if value:
        values.secrets.add(value)
    return value


def _fixture(name: str, whole: str, node: Scalar, values: Values, binding: Binding | None) -> str:
    fixture = name[8:]
    if fixture not in values.fixture_names:
        if binding is not None:
            names = ", ".join(values.fixture_names)
            binding.error(node.position, f"`{whole}`: `fixtures:` has no {fixture}" + (f"; it has {names}" if names else ""))
        return whole
    if values.fixtures is None:
        return whole
    return str(values.fixtures[fixture])


def names_in(node: Node) -> Iterable[tuple[str, Scalar]]:
    """Every name in `${{ … }}` with the text that holds it."""
    match node:
        case Scalar():
            for match in TEMPLATE.finditer(node.text):
                yield match[1].strip(), node
        case Listing():
            for one in node.items:
                yield from names_in(one)
        case Table():
            for name, value in node.items:
                yield from names_in(name)
                yield from names_in(value)


@dataclass(frozen=True)
class Row:
    """One set of parameters and the id that pytest shows for it."""

    values: Mapping[str, str]
    id: str


def rows(node: Node | None, binding: Binding) -> tuple[Row, ...]:
    """The rows of a `parameters:`; one empty row where there is none."""
    match node:
        case Table():
            names = [name.text for name, _ in node.items]
            lists = [_scalars(value) for _, value in node.items]
            return tuple(Row(dict(zip(names, values, strict=True)), "-".join(values)) for values in itertools.product(*lists))
        case Listing():
            tables = [one for one in node.items if isinstance(one, Table)]
            for one in tables[1:]:
                if set(one.by_name) != set(tables[0].by_name):
                    own, first = ", ".join(one.by_name), ", ".join(tables[0].by_name)
                    binding.error(one.position, f"this row has other keys ({own}) than the first ({first})")
            return tuple(_row(one) for one in tables)
        case _:
            return (Row({}, ""),)


def _scalars(node: Node) -> list[str]:
    return [one.text for one in node.items if isinstance(one, Scalar)] if isinstance(node, Listing) else []


def _row(table: Table) -> Row:
    values = {name: value.text for name, value in table.by_name.items() if isinstance(value, Scalar)}
    return Row(values, "-".join(values.values()))


def product(one: Sequence[Row], other: Sequence[Row]) -> tuple[Row, ...]:
    """Rows of the file by rows of the scenario."""
    return tuple(Row({**a.values, **b.values}, "-".join(x for x in (a.id, b.id) if x)) for a in one for b in other)
