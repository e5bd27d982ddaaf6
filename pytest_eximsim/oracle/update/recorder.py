"""What an MTA did in one scenario as changes of its file. What an author wrote as a pattern stays where it still matches.

The runner tells what happened (scenario.runner.Recorder). What cannot be written by itself (a count of messages whose contents are listed,
a reply that never came) is told and left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...errors import Position
from ...scenario.model import Expand, Expect, Send
from ...scenario.outcome import Failure
from ...scenario.patterns import Pattern, parse_line, shown, without_stamp
from ...scenario.yamltree import Listing, Node, Scalar, Table
from .as_pattern import Patterns
from .dialogue import Dialogue
from .edits import Edit, Edits, add_key, block_lines, rename_key, replace_block, replace_items, replace_scalar
from .lines import kept, matches

if TYPE_CHECKING:
    from ...scenario.runner import Run
    from ...scenario.steps.conversation import Conversation
    from ...scenario.steps.send import Phase

PARAMETERS = "there are parameters in it"


@dataclass
class Recorder:
    """scenario.runner.Recorder. `left`: what stays as it is though it does not hold, and why."""

    edits: Edits = field(default_factory=Edits)
    left: list[tuple[Position, str]] = field(default_factory=list)

    # ---- dialogues

    def session(self, run: Run, node: Scalar, conversation: Conversation, start: int) -> None:
        """The dialogue of a session, as it was; what it had heard before is another step's."""
        heard = conversation.heard[start:]
        if not any(one.differs for one in heard) and not conversation.rest:
            return
        if node.substituted:
            return self.leave(node.position, PARAMETERS)
        old = block_lines(node)
        talk = Dialogue(old, patterns(run))
        for one in heard:
            talk.heard(one, one.line.position.line - node.line - 1 if node.style == "|" else talk.place_of(one.line.text))
        talk.rest(conversation.rest)
        for reason in talk.left:
            self.leave(node.position, reason)
        lines = talk.result()
        if lines != old:
            self.add(replace_block(node, lines), node.position)

    def send(self, run: Run, send: Send, table: Node, phases: Sequence[Phase]) -> None:
        """The phases of a `send`, to the one where it ended."""
        if not any(one.differs for one in phases):
            return
        failed = next((one for one in phases if not one.accepted), None)
        text = f"{failed.name} {patterns(run).of(failed.said)}" if failed is not None else "accepted"
        match send.nodes.get("expect"):
            case Scalar() as node:
                self.scalar(node, text)
            case Table() as node:
                self._phases(node, phases, patterns(run))
            case _ if isinstance(table, Table):
                self.add(add_key(table, "expect", text), table.position)

    def _phases(self, node: Table, phases: Sequence[Phase], patterns: Patterns) -> None:
        for one in phases:
            below = node.get(one.name)
            place = (below.get(one.recipient) or below.get("")) if isinstance(below, Table) else below
            if isinstance(place, Scalar):
                if one.differs:
                    self.scalar(place, patterns.of(one.said))
            elif one.differs:
                self.leave(node.position, f"phase {one.name} is not written by itself: {one.said}")

    # ---- what is asked without a session

    def expand(self, run: Run, items: Sequence[Expand], results: Sequence[tuple[bool, str]]) -> None:
        """`is` and `fails`, one in the place of the other where it must be."""
        for one, (ok, text) in zip(items, results, strict=True):
            wanted = one.is_ if one.is_ is not None else one.fails
            if wanted is None or (ok == (one.is_ is not None) and matches(wanted, shown(text), run)):
                continue
            name = "is" if one.is_ is not None else "fails"
            self.scalar(one.nodes[name], patterns(run).of(shown(text)))
            if ok != (one.is_ is not None):
                self.add(rename_key(one.keys[name], "is" if ok else "fails"), one.place(name))

    def answers(self, run: Run, node: Node, wanted: Pattern | Mapping[str, Pattern], said: Mapping[str, str]) -> None:
        """`rewrite` or `route` of one address: a pattern for all that was said, or by name."""
        if isinstance(wanted, Pattern):
            if all(matches(wanted, text, run) for text in said.values()):
                return
            if len(set(said.values())) > 1:
                return self.leave(node.position, "one pattern stands for results that differ")
            self.scalar(node, patterns(run).of(next(iter(said.values()))))
        elif isinstance(node, Table):
            for name, pattern in wanted.items():
                if not matches(pattern, said.get(name, ""), run):
                    self.scalar(node.by_name[name], patterns(run).of(said.get(name, "")))

    def options(self, run: Run, node: Node, got: Sequence[str]) -> None:
        """As `exim -bP`."""
        if isinstance(node, Scalar):
            self.block(node, got, run)

    # ---- expectations and what else goes wrong

    def expect(self, run: Run, expect: Expect) -> None:
        """What is not as expected, key by key."""
        from .expectations import update

        update(self, run, expect)

    def refusal(self, run: Run, expect: Expect | None, lines: Sequence[str]) -> bool:
        """The configuration is refused; false where the scenario does not expect that."""
        node = expect.nodes.get("config_error") if expect is not None else None
        if expect is None or not isinstance(node, Listing):
            return False
        got = [without_stamp(shown(line)).strip() for text in lines for line in text.split("\n") if line.strip()]
        self.listing(expect.keys["config_error"], node, got, run)
        return True

    def failed(self, failures: Sequence[Failure]) -> None:
        """Steps that went wrong in another way than that the MTA said something else."""
        for one in failures:
            self.leave(one.position, f"{one.title}: {one.received}" if one.received else one.title)

    # ---- parts

    def add(self, edit: Edit | None, position: Position) -> None:
        """A change of the file; None is one that stands in no file."""
        if edit is None:
            self.leave(position, "it stands in no file of its own")
        else:
            self.edits.add(edit)

    def leave(self, position: Position, reason: str) -> None:
        self.left.append((position, reason))

    def scalar(self, node: Node, text: str) -> None:
        """Another text."""
        if not isinstance(node, Scalar) or node.substituted:
            return self.leave(node.position, PARAMETERS)
        self.add(replace_scalar(node, text), node.position)

    def block(self, node: Scalar, got: Sequence[str], run: Run) -> None:
        """A text with a pattern a line."""
        if node.substituted:
            return self.leave(node.position, PARAMETERS)
        old = block_lines(node)
        places = kept([Pattern(line) for line in old], got, run)
        lines = [old[index] if index is not None else patterns(run).of(line) for index, line in zip(places, got, strict=True)]
        if lines == old:
            return
        if lines and lines[0].startswith(" ") and node.style == "|":       # would be taken for indentation
            lines[0] = f"?{lines[0][1:]}"
        self.add(replace_block(node, lines), node.position)

    def listing(self, key: Scalar | None, node: Listing, got: Sequence[str], run: Run) -> None:
        """A list of patterns, one for each line; those of what must not be there stay behind them."""
        nodes = [one for one in node.items if isinstance(one, Scalar)]
        if any(one.substituted for one in nodes):
            return self.leave(node.position, PARAMETERS)
        old = [parse_line(one.text, one.position) for one in nodes]
        places = kept(old, got, run)
        items: list[Scalar | str] = [nodes[index] if index is not None else patterns(run).of(line)
                                     for index, line in zip(places, got, strict=True)]
        negative = [one for one, pattern in zip(nodes, old, strict=True) if pattern.kind == "!"]
        if items != [one for one in nodes if one not in negative]:
            self.add(replace_items(key, node, [*items, *negative]), node.position)


def patterns(run: Run) -> Patterns:
    """How what was said in this run is written."""
    return Patterns(run.ids, run.names, ports=run.subject.haproxy() is not None)
