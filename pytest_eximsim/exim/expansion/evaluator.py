"""Walking a tree: its value for a process, and the walk over what is skipped.

`expand` is the entry. Knows the kinds of node, not the single operators, items and conditions: a node holds its entry, whose function does
the work. A message is Exim's; `ForcedFailure` and the search error of a deferring lookup travel on the exception.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...errors import ExpansionError, ForcedFailure
from .. import headers, taint
from .budget import LIMIT, LONG, spend
from .nodes import (
    CHECKS_ACL_VARIABLES,
    CHECKS_VALUES,
    TOO_DEEP,
    Branches,
    Call,
    Condition,
    Header,
    Malformed,
    Node,
    Number,
    Operation,
    Sequence,
    Traced,
    Value,
)
from .parser import parse

if TYPE_CHECKING:
    from ..state import Process


def expand(p: Process, text: str) -> str:
    """The expanded text. Raises ExpansionError with Exim's message, ForcedFailure where the string says `fail`."""
    if "$" not in text and "\\" not in text:
        return text
    if type(text) is not str and taint.is_tainted(text):
        raise refused(p, text)
    outermost = p.work is None
    if outermost:
        p.work = LIMIT
    else:
        spend(p, len(text))
    try:
        return evaluate(p, parse(text, p.release.key))
    except RecursionError:
        raise ExpansionError(TOO_DEEP) from None
    finally:
        if outermost:
            p.work = None


def refused(p: Process, text: str) -> ExpansionError:
    """What becomes of a string from outside that is to be expanded: it is told to both logs."""
    from ..log import log

    message = f"attempt to expand tainted string '{text}'"
    log(p, message, panic=True)
    return ExpansionError(message)


def syntax_error(text: str, release_key: str) -> str | None:
    """The first structural error of a string in that release; nothing is evaluated."""
    try:
        return parse(text, release_key).error
    except RecursionError:
        return TOO_DEEP


def evaluate(p: Process, sequence: Sequence) -> str:
    """The value of a string."""
    fixed = sequence.fixed
    if fixed is not None:
        return fixed
    found = [part if type(part) is str else _VALUES[type(part)](p, part) for part in sequence.parts]
    if len(found) == 1:
        text = found[0]
    else:
        text = "".join(found)
        for part in found:
            if type(part) is not str:
                text = taint.joined(text, found)
                break
    if len(text) > LONG:
        spend(p, len(text))
    return taint.cut(text.partition("\0")[0], text) if sequence.cut else text


def scan(p: Process, sequence: Sequence) -> None:
    """Go over a string that is skipped: raise what Exim raises there."""
    if must_walk(p, sequence.checks):
        seen(p, sequence)
    elif sequence.error is not None:
        raise ExpansionError(sequence.error)


def seen(p: Process, sequence: Sequence) -> str:
    """As scan; the text is what Exim sees of a skipped string, where it looks at its value: what is written out in it, or nothing."""
    text = sequence.fixed
    if text is None:
        text = "".join(part if type(part) is str else _SKIPPED[type(part)](p, part) for part in sequence.parts)
    return text if p.release.skipped_text_seen else ""


def must_walk(p: Process, checks: int) -> bool:
    return bool(checks & CHECKS_VALUES) or (bool(checks & CHECKS_ACL_VARIABLES) and strict_variables(p))


def strict_variables(p: Process) -> bool:
    return bool(p.configuration.main.get("strict_acl_vars"))


# --- values of nodes ---------------------------------------------------------------------------------------------------


def _malformed(p: Process, node: Malformed) -> str:
    raise ExpansionError(node.error)


def _variable(p: Process, node: Value) -> str:
    return node.get(p)


def _number(p: Process, node: Number) -> str:
    numbers = p.scratch.numbers
    return numbers[node.number] if node.number < len(numbers) else ""


def _header(p: Process, node: Header) -> str:
    text = headers.find(p, node.name, node.kind) or ""
    return taint.marked(text) if p.release.taints else text


def _operation(p: Process, node: Operation) -> str:
    text = evaluate(p, node.text)
    entry = node.entry
    if entry is None:
        raise ExpansionError(node.fault or "")
    if entry.needs == ("text",):
        result = entry.function(text)
    else:
        given = {"p": p, "text": text, "argument": node.argument, "name": node.name}
        result = entry.function(*[given[need] for need in entry.needs])
    return result if type(text) is str or entry.clean or type(result) is not str else taint.cut(result, text)


def _call(p: Process, node: Call) -> str:
    entry = node.entry
    if entry.shape != "plain":
        return entry.function(p, node)
    return compute(p, node, [evaluate(p, part) for part in node.arguments])


def compute(p: Process, node: Call, strings: list[str]) -> str:
    """A plain item, its strings being known."""
    if node.fault is not None:
        raise ExpansionError(node.fault)
    return node.entry.function(p, *strings) if node.entry.takes_process else node.entry.function(*strings)


def _traced(p: Process, node: Traced) -> str:
    return node.record(p, node.node)


def value_of(p: Process, node: Node) -> str:
    """The value of one part of a string."""
    return node if isinstance(node, str) else _VALUES[type(node)](p, node)


_VALUES: dict[type, Callable[[Process, Any], str]] = {
    Malformed: _malformed, Value: _variable, Number: _number, Header: _header, Operation: _operation, Call: _call, Traced: _traced,
}


# --- the walk over what is skipped -------------------------------------------------------------------------------------


def _skipped_variable(p: Process, node: Value) -> str:
    return node.get(p) if node.acl else ""


def _skipped_operation(p: Process, node: Operation) -> str:
    scan(p, node.text)
    if node.fault is not None:
        raise ExpansionError(node.fault)
    return ""


def _skipped_call(p: Process, node: Call) -> str:
    entry = node.entry
    if entry.scan is not None:
        return entry.scan(p, node)
    strings = [seen(p, part) for part in node.arguments]
    if node.condition is not None:
        scan_condition(p, node.condition)
    if node.fault is not None:
        raise ExpansionError(node.fault)
    if entry.shape == "plain":
        return compute(p, node, strings) if node.checks & CHECKS_VALUES and _computed(p, node) else ""
    if node.branches is not None:
        return scan_branches(p, node.branches)
    if node.error is not None:
        raise ExpansionError(node.error)
    return ""


def _computed(p: Process, node: Call) -> bool:
    until = node.entry.checked_until
    return until == "*" or (bool(until) and p.release.has("", until))


def scan_branches(p: Process, branches: Branches) -> str:
    """Both strings are skipped; what Exim sees is the second one."""
    if branches.yes is not None:
        scan(p, branches.yes)
    text = seen(p, branches.no) if branches.no is not None else ""
    if branches.fault is not None:
        raise ExpansionError(branches.fault)
    return text


def _skipped_traced(p: Process, node: Traced) -> str:
    return "" if isinstance(node.node, str) else _SKIPPED[type(node.node)](p, node.node)


_SKIPPED: dict[type, Callable[[Process, Any], str]] = {
    Malformed: _malformed, Value: _skipped_variable, Number: _number, Header: _header, Operation: _skipped_operation,
    Call: _skipped_call, Traced: _skipped_traced,
}


# --- branches ----------------------------------------------------------------------------------------------------------


def choose(p: Process, name: str, branches: Branches, yes: bool, default: str, restore: str | None = None) -> str:
    """{yes}{no} behind a condition of item `name`; `default` where there are none. `restore` is put back into $value before {no}."""
    first, second = branches.yes, branches.no
    if first is None and branches.fault is None:
        if restore is not None:
            p.scratch.value = restore
        return default if yes else ""
    text = ""
    if first is not None:
        if yes:
            text = evaluate(p, first)
        else:
            _pass(p, first)
    if restore is not None:
        p.scratch.value = restore
    if second is not None:
        if yes:
            _pass(p, second)
        else:
            text = evaluate(p, second)
    if branches.fail and not yes:
        if branches.fault_failing is not None:
            raise ExpansionError(branches.fault_failing)
        raise ForcedFailure(f'"{name}" failed and "fail" requested')
    if branches.fault is not None:
        raise ExpansionError(branches.fault)
    return text


def _pass(p: Process, sequence: Sequence) -> None:
    """scan, at no cost for the ordinary string."""
    if sequence.error is not None or sequence.checks:
        scan(p, sequence)


# --- conditions --------------------------------------------------------------------------------------------------------


def test(p: Process, node: Condition) -> bool:
    """The truth of a condition."""
    entry = node.entry
    if entry is None:
        raise ExpansionError(node.fault or "")
    if entry.shape == "two":
        return _test_two(p, node) is not node.negated
    if entry.shape == "one":
        text = evaluate(p, node.arguments[0]) if node.arguments else ""
        if node.fault is not None:
            raise ExpansionError(node.fault)
        truth = entry.function(p, text) if entry.takes_process else entry.function(text)
        return truth is not node.negated
    return entry.function(p, node)


def _test_two(p: Process, node: Condition) -> bool:
    entry, arguments = node.entry, node.arguments
    assert entry is not None
    if node.fault is None and len(arguments) == 2:
        left = evaluate(p, arguments[0])
        if entry.numeric:
            return entry.function(_number_of(left), _number_of(evaluate(p, arguments[1])))
        right = evaluate(p, arguments[1])
        return entry.function(p, left, right) if entry.takes_process else entry.function(left, right)
    for part in arguments:
        text = evaluate(p, part)
        if entry.numeric:
            _number_of(text)
    raise ExpansionError(node.fault or "")


def _number_of(text: str) -> int:
    from .numbers import integer

    return integer(text) if text else 0


def scan_condition(p: Process, node: Condition) -> str:
    """Go over a condition that is skipped."""
    if not must_walk(p, node.checks):
        if node.error is not None:
            raise ExpansionError(node.error)
        return ""
    entry = node.entry
    if entry is not None and entry.scan is not None:
        entry.scan(p, node)
        return ""
    for part in node.arguments:
        scan(p, part)
    for member in node.members:
        with_suffix(node, scan_condition, p, member)
    if node.error is not None:
        raise ExpansionError(node.error)
    return ""


def with_suffix(node: Condition, function: Callable[[Process, Condition], Any], p: Process, member: Condition) -> Any:
    """Call for a member of a group; an error gets the text that Exim adds to it there."""
    try:
        return function(p, member)
    except ExpansionError as error:
        braces = "{...}" if node.entry is not None and node.entry.shape == "group" else ""
        error.message += f' inside "{node.name}{braces}" condition'
        raise
