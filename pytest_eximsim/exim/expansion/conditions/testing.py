"""Conditions on one thing: def:, bool{}, exists{}, isip{}, and those without argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ... import headers
from ..cursor import DIGITS, SPACES
from ..evaluator import evaluate, seen
from ..ip import ip_version
from ..nodes import Condition, Value
from ..numbers import c_int
from .comparing import folded

if TYPE_CHECKING:
    from ...release import Release
    from ...state import Process


def defined(p: Process, node: Condition) -> bool:
    """def:variable is about a non-empty value, def:h_name about the header's being there."""
    if node.fault is not None:
        raise ExpansionError(node.fault)
    if isinstance(node.data, Value):
        try:
            truth = node.data.get(p) != ""
        except ExpansionError as error:
            prefix = f'unknown variable name "{node.data.name}"'
            if error.message.startswith(prefix):
                error.message = f'unknown variable "{node.data.name}" after "def:"' + error.message[len(prefix):]
            raise
    else:
        truth = headers.exists(p, node.data)
    return truth is not node.negated


def truth_of(text: str, release: Release, *, lax: bool) -> bool:
    """The reading of bool{} and bool_lax{}; raises ExpansionError."""
    text = text.strip(SPACES)
    digits = text.removeprefix("-") if release.negative_booleans else text
    if not text:
        return False
    if all(char in DIGITS for char in digits):
        return (lax and len(text) > 1) or c_int(text if digits else "0") != 0
    word = folded(text)
    if word in ("true", "yes") or (lax and word not in ("false", "no")):
        return True
    if word in ("false", "no"):
        return False
    raise ExpansionError(f'unrecognised boolean value "{text}"')


def boolean(p: Process, node: Condition) -> bool:
    text = evaluate(p, node.arguments[0]) if node.arguments else ""
    if node.fault is not None:
        raise ExpansionError(node.fault)
    truth = truth_of(text, p.release, lax=node.name == "bool_lax")
    return truth is not (node.negated and p.release.boolean_negation)


def scan_boolean(p: Process, node: Condition) -> None:
    """The value is looked at even where it is skipped."""
    for part in node.arguments:
        text = seen(p, part)
        if node.fault is None:
            truth_of(text, p.release, lax=node.name == "bool_lax")
    if node.error is not None:
        raise ExpansionError(node.error)


def exists(p: Process, path: str) -> bool:
    try:
        p.world.files.status(path)
    except OSError:
        return False
    return True


def is_ip(p: Process, text: str) -> bool:
    return ip_version(text, p.release) != 0


def is_ip4(p: Process, text: str) -> bool:
    return ip_version(text, p.release) == 4


def is_ip6(p: Process, text: str) -> bool:
    return ip_version(text, p.release) == 6


def first_delivery(p: Process, node: Condition) -> bool:
    """True in the first delivery attempt of a message."""
    return bool(p.scratch.variables.get("first_delivery", False)) is not node.negated


def queue_running(p: Process, node: Condition) -> bool:
    """True in what a queue runner started."""
    return bool(p.scratch.variables.get("queue_running", False)) is not node.negated
