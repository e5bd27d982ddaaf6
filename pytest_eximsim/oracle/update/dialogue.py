"""A dialogue as it was: the client's lines stay, the server's become what it said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...scenario import dialogue
from ...scenario.patterns import Pattern
from .as_pattern import Patterns

if TYPE_CHECKING:
    from ...scenario.steps.conversation import Heard


@dataclass
class Dialogue:
    """The lines of a dialogue, and what stands in their place. `left`: what cannot be written, and why."""

    lines: list[str]
    patterns: Patterns
    instead: dict[int, list[str]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    end: int | None = None              # where the server ended it
    looked: int = 0

    def place_of(self, text: str) -> int:
        """Where a line stands in a text that is no block: the next one that says this."""
        index = self.lines.index(text, self.looked)
        self.looked = index + 1
        return index

    def heard(self, one: Heard, index: int) -> None:
        """What the server did at a line of the dialogue."""
        if self.end is not None or not one.differs:
            return
        match one.line:
            case dialogue.Has():
                old = self.lines[index]
                self.instead[index] = [("S-" if old.startswith("S+") else "S+") + old[2:]]
            case dialogue.StartTls():
                words = one.line.text.replace(" <fails>", "")
                self.instead[index] = [words if one.line.fails else f"{words} <fails>"]
            case _:
                self._reply(one, index)

    def _reply(self, one: Heard, index: int) -> None:
        count = self._written(one.line, index)
        lines = self._said(one.line, one.said, self.lines[index:index + count])
        if one.ended:
            lines.append(f"S: <{one.ended}>")
            self.end = index + count
        elif not lines:
            self.left.append(f"`{one.line.text}`: nothing came")
            return
        self.instead[index] = lines
        for other in range(index + 1, index + count):
            if self.lines[other].startswith("S:"):
                self.instead[other] = []

    def _written(self, line: dialogue.Line, index: int) -> int:
        """How many lines of the text this reply is."""
        if not (isinstance(line, dialogue.Reply) and line.listed):
            return 1
        left, count = len(line.lines), 0
        while left and index + count < len(self.lines):
            left -= self.lines[index + count].startswith("S:")
            count += 1
        return count

    def _said(self, line: dialogue.Line, said: Sequence[str], old: Sequence[str]) -> list[str]:
        """As much of it as the author wrote: the code, the last line, or all lines."""
        if not said:
            return []
        match line:
            case dialogue.Reply(listed=False) if len(line.lines[0].text if line.lines[0] else "") <= 3 and said[-1][:3].isdigit():
                return [f"S: {said[-1][:3]}"]
            case dialogue.Reply(listed=False) | dialogue.ReplyRegex() if said[-1][:3].isdigit():
                return [f"S: {self.patterns.of(said[-1])}"]
        texts = [one[2:].removeprefix(" ") for one in old if one.startswith("S:")]
        lines = []
        for text in said:
            same = next((one for one in texts if one != "..." and Pattern(one).match(text, self.patterns.ids, self.patterns.names)), None)
            lines.append(f"S: {same if same is not None else self.patterns.of(text)}")
        return lines

    def rest(self, said: Sequence[str]) -> None:
        """What came and nobody read."""
        if said and self.end is None:
            self.instead[len(self.lines)] = [f"S: {self.patterns.of(line)}" for line in said]

    def result(self) -> list[str]:
        """The lines. Those behind the server's end have nobody to speak to: they become comments."""
        made: list[str] = []
        for index, line in enumerate(self.lines):
            if self.end is not None and index >= self.end and line.strip():
                made.append(line if line.lstrip().startswith("#") else f"# {line}")
            else:
                made += self.instead.get(index, [line])
        return made + self.instead.get(len(self.lines), [])
