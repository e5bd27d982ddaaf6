"""Items that go over a list: map, reduce, filter, sort (case EXPAND-014)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ....errors import ExpansionError
from ... import taint
from .. import numbers
from ..budget import spend
from ..conditions import comparing
from ..evaluator import evaluate, scan, scan_condition, seen, test
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
    if node.entry.name == "reduce" and len(found) == 2:
        p.scratch.value = found[1]
    _scan_expression(p, node, strings)
    if node.fault is not None:
        raise ExpansionError(node.fault)
    return found


def _scan_expression(p: Process, node: Call, strings: int) -> None:
    """Goes over what stands behind the strings."""
    try:
        if node.condition is not None:
            scan_condition(p, node.condition)
        for part in node.arguments[strings:]:
            scan(p, part)
    except ExpansionError as error:
        error.message += f' inside "{node.entry.name}" item'
        raise


def scan_each(p: Process, node: Call) -> str:
    """The whole item is skipped."""
    count = 2 if node.entry.name == "reduce" else 1
    for part in node.arguments[:count]:
        scan(p, part)
    _scan_expression(p, node, count)
    if node.error is not None:
        raise ExpansionError(node.error)
    return ""


def transform(p: Process, node: Call) -> str:
    """${map{list}{string}}"""
    items = _begin(p, node, 1)[0]
    separator, parts = split(items)
    found: list[str] = []
    marks: list[str] = []
    for text in _values(p, node, taint.parted(parts, items)):
        append(found, text, separator)
        marks.append(text)
    return taint.joined(separator.join(found), marks)


def _values(p: Process, node: Call, items: Iterable[str]) -> list[str]:
    """The expression's value for each item."""
    saved, found = p.scratch.item, list[str]()
    expression = node.arguments[-1]
    try:
        for item in items:
            p.scratch.item = item
            found.append(evaluate(p, expression))
            spend(p, len(expression.source) + len(found[-1]))
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
    _values(p, node, taint.parted(split(items)[1], items))
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
        for item in taint.parted(parts, items):
            p.scratch.item = item
            spend(p, len(node.condition.source))
            if test(p, node.condition):
                append(found, item, separator)
            p.scratch.value = value
    except ExpansionError as error:
        p.scratch.value = value
        error.message += f' inside "{node.entry.name}" condition'
        raise
    finally:
        p.scratch.item = saved
    return taint.joined(separator.join(found), [items])


def sort(p: Process, node: Call) -> str:
    """${sort{list}{comparator}{key}}: an insertion sort, so equal ones keep their order only with lt, gt, <, >."""
    items = evaluate(p, node.arguments[0]) if node.arguments else ""
    for part in node.arguments[1:]:
        scan(p, part)
    if node.fault is not None:
        raise ExpansionError(node.fault)
    separator, parts = split(items)
    saved, keyed = p.scratch.item, list[tuple[str, str]]()
    try:
        for item in taint.parted(parts, items):
            p.scratch.item = item
            spend(p, len(node.arguments[2].source))
            keyed.append((_sort_key(p, node), item))
    finally:
        p.scratch.item = saved
    found: list[str] = []
    for _, item in _sorted(p, node.data, keyed):
        append(found, item, separator)
    return taint.joined(separator.join(found), [items])


def scan_sort(p: Process, node: Call) -> str:
    """The comparator is looked at even where all is skipped."""
    for part in node.arguments[:2]:
        text = seen(p, part)
    if len(node.arguments) > 1 and not text:
        raise ExpansionError('condition name expected, but found ""')
    for part in node.arguments[2:]:
        scan(p, part)
    if node.fault is not None:
        raise ExpansionError(node.fault)
    return ""


def _sort_key(p: Process, node: Call) -> str:
    try:
        key = evaluate(p, node.arguments[2])
    except ExpansionError:
        key = ""
    if not key:
        raise ExpansionError(f'field-extract in sort: "{node.arguments[2].source}"')
    return key


def _sorted(p: Process, comparator: str, keyed: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each goes in front of the first that it sorts before: so equal ones end up turned round where they sort before each other."""
    ranks = _ranks(comparator, [key for key, _ in keyed])
    if ranks is None:
        return _inserted(p, comparator, keyed)
    turned = "=" in comparator or "e" in comparator
    places = sorted(range(len(keyed))[::-1 if turned else 1], key=ranks.__getitem__, reverse=comparator[0] in ">g")
    return [keyed[place] for place in places]


def _ranks(comparator: str, keys: list[str]) -> list[Any] | None:
    """What the comparator goes by, or None where it does not order these keys: some are no numbers, or one begins another without case."""
    if comparator in _NUMERIC:
        try:
            return [numbers.integer(key) for key in keys]
        except ExpansionError:
            return None
    if not comparator.endswith("i"):
        return list(keys)
    folded = [comparing.folded(key) for key in keys]
    ordered = sorted(set(folded))
    return None if any(longer.startswith(shorter) for shorter, longer in itertools.pairwise(ordered)) else folded


def _inserted(p: Process, comparator: str, keyed: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """As Exim itself sorts, whatever the comparator says of two keys."""
    done: list[tuple[str, str]] = []
    for key, item in keyed:
        place = next((n for n, (other, _) in enumerate(done) if _sorts_before(comparator, key, other)), len(done))
        done.insert(place, (key, item))
        spend(p, 16 * place)
    return done


def _sorts_before(comparator: str, left: str, right: str) -> bool:
    numeric = _NUMERIC.get(comparator)
    if numeric is None:
        return _COMPARISONS[comparator](left, right)
    try:
        return numeric(numbers.integer(left), numbers.integer(right))
    except ExpansionError:
        return False
