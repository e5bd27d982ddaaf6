"""A failed outcome as text: what was expected and what came first, then the place in the YAML file, the conversation so far, the MTA's log
lines and what it looked for in vain. At most 25 lines; `-v` shows all, and why each ACL statement did what it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .lines import excerpt, labelled, printable, shortened, tail

if TYPE_CHECKING:
    from ..scenario.loader import Case
    from ..scenario.outcome import Exchange, Failure, Outcome

#: The longest report without -v.
BUDGET = 25
#: Lines of one expected or received text, of a conversation, of a log, where there is no -v.
TEXT, CONVERSATION, LOG = 4, 7, 4


def render(outcome: Outcome, case: Case, verbose: bool = False, folder: Path | None = None) -> str:
    """The report of an outcome that has failures. `folder` is what the files in positions are relative to."""
    head = _failures(outcome.failures, case, verbose, folder or Path.cwd())
    context = [line for block in _context(outcome, verbose) for line in block]
    if not verbose and len(head) + len(context) > BUDGET:
        room = max(BUDGET - len(head) - 1, 0)
        context = [*context[:room], f"… ({len(context) - room} more lines; -v shows them)"]
    return "\n".join([*head, *context])


def _failures(failures: Sequence[Failure], case: Case, verbose: bool, folder: Path) -> list[str]:
    """Each failure: its place and title, expected, received; the first also with its line and conversation."""
    source = case.tree.source
    texts = {source.name: source.lines}
    lines: list[str] = []
    for index, failure in enumerate(failures):
        block = [printable(f"{failure.position}: {failure.title}" if failure.position.file else failure.title)]
        most = None if verbose else TEXT
        for label, text in (("expected", failure.expected), ("received", failure.received)):
            block += labelled(label, text, most) if text else []
        if not index or verbose:
            block += excerpt(failure.position, folder, texts)
        block += tail([f"  {shortened(printable(note))}" for note in failure.notes], None if verbose else TEXT)
        if not verbose and index and len(lines) + len(block) > BUDGET - 6:
            lines.append(f"… and {len(failures) - index} more failures (-v shows them)")
            break
        lines += block
    lines += _conversation(failures, verbose)
    return lines


def _conversation(failures: Sequence[Failure], verbose: bool) -> Iterable[str]:
    """The conversation of the first failure that has one."""
    found = next((one.conversation for one in failures if one.conversation), ())
    if not found:
        return []
    spoken = found if verbose else _folded(found)
    shown = [f"  {shortened(part)}" for exchange in spoken for part in _spoken(exchange)]
    return ["the conversation so far:", *tail(shown, None if verbose else CONVERSATION)]


def _folded(conversation: Sequence[Exchange]) -> Iterable[Exchange]:
    """Every reply of several lines as its last line, with their number."""
    lines = 1
    for index, exchange in enumerate(conversation, 1):
        if exchange.who == "S" and exchange.text[3:4] == "-" and index < len(conversation) and conversation[index].who == "S":
            lines += 1
        else:
            yield replace(exchange, text=f"{exchange.text}   (the last of {lines} lines)") if lines > 1 else exchange
            lines = 1


def _spoken(exchange: Exchange) -> list[str]:
    if exchange.who == "#":
        return [f"# {printable(exchange.text)}"]
    return [f"{exchange.who}: {printable(part)}" for part in exchange.text.split("\n")]


def _context(outcome: Outcome, verbose: bool) -> Iterable[list[str]]:
    """What the MTA did meanwhile: logs, names looked for in vain, services, the trace of its ACLs."""
    for name, log in (("paniclog", outcome.paniclog), ("mainlog", outcome.mainlog), ("rejectlog", outcome.rejectlog if verbose else ())):
        lines = [f"  {shortened(printable(part))}" for line in log for part in line.split("\n")]
        if lines:
            yield [f"{name}:", *tail(lines, None if verbose else LOG)]
    if outcome.missing:
        names = [printable(one) for one in outcome.missing]
        yield ["looked for and not there:", *(f"  {one}" for one in names)] if verbose else [shortened(f"not there: {', '.join(names)}")]
    if not verbose:
        return
    if outcome.release:
        played = "imitated" if outcome.imitated else "played on"
        yield [f"{played}: Exim {outcome.release}" + (f" ({outcome.release_reason})" if outcome.release_reason else "")]
    for title, text in outcome.services:
        yield [f"{title}:", *(f"  {printable(line)}" for line in text.rstrip("\n").split("\n"))]
    if outcome.trace:
        yield ["why:", *(f"  {printable(line)}" for line in outcome.trace)]
