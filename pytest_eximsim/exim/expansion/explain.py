"""What `eximsim expand --explain` shows: every part of a string that was evaluated, with its result, as an indented tree.

Works on a copy of the tree whose parts report when they are evaluated; ordinary expansions pay nothing for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ...errors import EximsimError
from .budget import LIMIT
from .evaluator import evaluate, value_of
from .nodes import Branches, Call, Condition, Malformed, Node, Operation, Sequence, Traced
from .parser import parse

if TYPE_CHECKING:
    from ..state import Process


@dataclass
class Step:
    """One evaluated part: its source, its result (or `error`), and the parts inside it."""

    source: str
    result: str = ""
    error: str = ""
    steps: list[Step] = field(default_factory=list)

    def lines(self, depth: int = 0) -> list[str]:
        """`source → result`, inner parts indented below."""
        end = f"failed: {self.error}" if self.error else f'"{self.result}"'
        own = f"{'  ' * depth}{self.source} → {end}"
        return [own, *(line for step in self.steps for line in step.lines(depth + 1))]


def expand_traced(p: Process, text: str) -> Step:
    """Expand and tell how. Never raises: the error is in the step where it arose, and in those around it."""
    recorder = _Recorder(text)
    tree = recorder.sequence(parse(text, p.release.key))
    p.work = LIMIT
    try:
        recorder.root.result = evaluate(p, tree)
    except EximsimError as error:
        recorder.root.error = error.message
    finally:
        p.work = None
    return recorder.root


class _Recorder:
    """Builds the reporting copy, and collects the reports."""

    def __init__(self, text: str) -> None:
        self.root = Step(text)
        self.stack = [self.root]

    def record(self, p: Process, node: Node) -> str:
        step = Step(_source(node))
        self.stack[-1].steps.append(step)
        self.stack.append(step)
        try:
            step.result = value_of(p, node)
            return step.result
        except EximsimError as error:
            step.error = error.message
            raise
        finally:
            self.stack.pop()

    def sequence(self, found: Sequence) -> Sequence:
        if found.fixed is not None:
            return found
        return replace(found, parts=tuple(part if isinstance(part, str) else Traced(self.inner(part), self.record, part.checks, part.error)
                                          for part in found.parts))

    def inner(self, node: Node) -> Node:
        """The same node, whose strings report."""
        if isinstance(node, Operation):
            return replace(node, text=self.sequence(node.text))
        if isinstance(node, Call):
            changes: dict[str, Any] = {"arguments": tuple(self.sequence(part) for part in node.arguments)}
            if node.condition is not None:
                changes["condition"] = self.condition(node.condition)
            if node.branches is not None:
                changes["branches"] = self.branches(node.branches)
            return replace(node, **changes)
        return node

    def branches(self, found: Branches) -> Branches:
        return replace(found, yes=self.sequence(found.yes) if found.yes else None, no=self.sequence(found.no) if found.no else None)

    def condition(self, found: Condition) -> Condition:
        return replace(found, arguments=tuple(self.sequence(part) for part in found.arguments),
                       members=tuple(self.condition(member) for member in found.members))


def _source(node: Node) -> str:
    if isinstance(node, (Operation, Call)):
        return node.source
    if isinstance(node, Malformed):
        return "(malformed)"
    name = getattr(node, "name", None)
    if name is None:
        return f"${getattr(node, 'number', '')}"
    kind = getattr(node, "kind", None)
    return f"${name}" if kind is None else f"${kind if kind != 'h' else ''}h_{name}:"
