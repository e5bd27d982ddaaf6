"""Items that go over a list: map, reduce, filter, sort (case EXPAND-014)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ....errors import ExpansionError
from .. import numbers
from ..conditions import comparing
from ..evaluator import evaluate, scan, scan_condition, test
from ..nodes import Call
from ..splitting import append, split

if TYPE_CHECKING:
    from ...state import Process

_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "lt": comparing.before, "lti": comparing.before_caseless, "le": comparing.not_after, "lei": comparing.not_after_caseless,
    "gt": comparing.after, "gti": comparing.after_caseless, "ge": comparing.not_before, "gei": comparing.not_before_caseless,
}
_NUMERIC: dict[str, Callable[[int, int], bool]] = {
    "<": comparing.less, "<=": comparing.less_or_equal, ">": comparing.greater, ">=": comparing.greater_or_equal,
}


def _begin(p: Process, node: Call, strings: int) -> list[str]:
    """The strings in front of the expression, which is then gone over once; raises the errors of the form."""
    found = [evaluate(p, part) for part in node.arguments[:strings]]
    name = node.entry.name
    if name == "reduce" and len(found) == 2:
        p.scratch.value = found[1]
    try:
        if node.condition is not None:
            scan_condition(p, node.condition)
        for part in node.arguments[strings:]:
            scan(p, part)
    except ExpansionError as error:
        error.message += f' inside "{name}" item'
        raise
    if node.fault is not None:
        raise ExpansionError(node.fault)
    return found


def scan_each(p: Process, node: Call) -> str:
    """The whole item is skipped."""
    count = 2 if node.entry.name == "reduce" else 1
    for part in node.arguments[:count]:
        scan(p, part)
    try:
        if node.condition is not None:
            scan_condition(p, node.condition)
        for part in node.arguments[count:]:
            scan(p, part)
    except ExpansionError as error:
        error.message += f' inside "{node.entry.name}" item'
        raise
    if node.error is not None:
        raise ExpansionError(node.error)
    return ""


def transform(p: Process, node: Call) -> str:
    """${map{list}{string}}"""
    items = _begin(p, node, 1)[0]
    separator, parts = split(items)
    found: list[str] = []
    for text in _values(p, node, parts):
        append(found, text, separator)
    return separator.join(found)


def _values(p: Process, node: Call, items: list[str]) -> list[str]:
    """The expression's value for each item."""
    saved, found = p.scratch.item, list[str]()
    try:
        for item in items:
            p.scratch.item = item
            found.append(evaluate(p, node.arguments[-1]))
            if node.entry.name == "reduce":
                p.scratch.value = found[-1]
    except ExpansionError as error:
        error.message += f' inside "{node.entry.name}" item'
        raise
    finally:
        p.scratch.item = saved
    return found


def reduce(p: Process, node: Call) -> str:
    """${reduce{list}{start}{string}}: $value is what the round before gave."""
    restore = p.scratch.value
    items = _begin(p, node, 2)[0]
    _values(p, node, split(items)[1])
    text = p.scratch.value
    p.scratch.value = restore
    return text


def select(p: Process, node: Call) -> str:
    """${filter{list}{condition}}"""
    items = _begin(p, node, 1)[0]
    separator, parts = split(items)
    saved, value, found = p.scratch.item, p.scratch.value, list[str]()
    assert node.condition is not None
    try:
        for item in parts:
            p.scratch.item = item
            if test(p, node.condition):
                append(found, item, separator)
            p.scratch.value = value
    except ExpansionError as error:
        p.scratch.value = value
        error.message += f' inside "{node.entry.name}" condition'
        raise
    finally:
        p.scratch.item = saved
    return separator.join(found)


def sort(p: Process, node: Call) -> str:
    """${sort{list}{comparator}{key}}: an insertion sort, so equal ones keep their order only with lt, gt, <, >."""
    items = evaluate(p, node.arguments[0]) if node.arguments else ""
    for part in node.arguments[2:]:
        scan(p, part)
    if node.fault is not None:
        raise ExpansionError(node.fault)
    separator, parts = split(items)
    saved, done = p.scratch.item, list[tuple[str, str]]()
    try:
        for item in parts:
            p.scratch.item = item
            key = _sort_key(p, node)
            place = next((n for n, (other, _) in enumerate(done) if _sorts_before(node.data, key, other)), len(done))
            done.insert(place, (key, item))
    finally:
        p.scratch.item = saved
    found: list[str] = []
    for _, item in done:
        append(found, item, separator)
    return separator.join(found)


def _sort_key(p: Process, node: Call) -> str:
    try:
        key = evaluate(p, node.arguments[2])
    except ExpansionError:
        key = ""
    if not key:
        raise ExpansionError(f'field-extract in sort: "{node.arguments[2].source}"')
    return key


def _sorts_before(comparator: str, left: str, right: str) -> bool:
    numeric = _NUMERIC.get(comparator)
    if numeric is None:
        return _COMPARISONS[comparator](left, right)
    try:
        return numeric(numbers.integer(left), numbers.integer(right))
    except ExpansionError:
        return False
