"""Conditions made of conditions: and, or, forall and forany (also over JSON), acl."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ....errors import Crashed, ExpansionError
from ... import taint
from .. import json, nested_acl
from ..budget import spend
from ..evaluator import evaluate, scan_condition, seen, test, with_suffix
from ..nodes import Condition
from ..splitting import split

if TYPE_CHECKING:
    from ...state import Process


def both(p: Process, node: Condition) -> bool:
    return _combined(p, node, decisive=False)


def either(p: Process, node: Condition) -> bool:
    return _combined(p, node, decisive=True)


def _combined(p: Process, node: Condition, *, decisive: bool) -> bool:
    """Members are evaluated until one decides; the rest is skipped."""
    truth = not decisive
    for member in node.members:
        if truth is decisive:
            if member.error is not None or member.checks:
                with_suffix(node, scan_condition, p, member)
        else:
            truth = with_suffix(node, test, p, member)
    if node.fault is not None:
        raise ExpansionError(node.fault)
    return truth is not node.negated


def each(p: Process, node: Condition) -> bool:
    """forall{list}{condition}: also false for an empty list."""
    text = evaluate(p, node.arguments[0]) if node.arguments else ""
    return _each(p, node, text)


def _each(p: Process, node: Condition, text: str) -> bool:
    spend(p, len(node.source))
    for member in node.members:
        with_suffix(node, scan_condition, p, member)
    if node.fault is not None:
        raise ExpansionError(node.fault)
    any_is_enough = node.name.startswith("forany")
    saved, truth = p.scratch.item, False
    try:
        for item in taint.parted(_items(node.name, text), text):
            p.scratch.item = item
            spend(p, len(node.source))
            truth = with_suffix(node, test, p, node.members[0])
            if truth is any_is_enough:
                break
    finally:
        p.scratch.item = saved
    return truth is not node.negated


def scan_each(p: Process, node: Condition) -> None:
    """Exim evaluates the condition for a list that is written out even where all of it is skipped."""
    text = seen(p, node.arguments[0]) if node.arguments else ""
    _each(p, node, text)


def _items(name: str, text: str) -> Iterator[str]:
    if "_json" not in name:
        yield from split(text)[1]
        return
    try:
        whole = json.unwrap(text, "[]")
    except ExpansionError:
        raise Crashed(f"{name} over what is no JSON array") from None
    for item in json.elements(whole):
        yield json.unwrap_string(item) if name.endswith("s") else item


def acl(p: Process, node: Condition) -> bool:
    """acl{{name}{argument}…}: $value is the ACL's message afterwards."""
    strings = [evaluate(p, part) for part in node.arguments]
    if node.fault is not None:
        raise ExpansionError(node.fault)
    accepted, message = nested_acl.run(p, strings)
    p.scratch.value = message or ""
    return accepted is not node.negated
