"""Steps that ask the MTA without a session: `expand`, `options`, `rewrite`, `route`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import Position
from ..model import Expand
from ..outcome import Failure, NotYetAvailable, StepFailed
from ..patterns import Difference, Pattern, match_exactly, shown
from ..yamltree import Node, Table

if TYPE_CHECKING:
    from ..runner import Run


def expand(run: Run, items: tuple[Expand, ...], position: Position) -> None:
    """As `exim -be`: one context for all strings. All differences are told."""
    failures = []
    results = run.subject.expand([one.string or "" for one in items])
    if run.recorder is not None:
        return run.recorder.expand(run, items, results)
    for one, (ok, text) in zip(items, results, strict=True):
        wanted = one.is_ if one.is_ is not None else one.fails
        assert wanted is not None
        result = shown(text)
        run.evidence.answers.append((f"{position}: expand {one.string}", ("" if ok else "Failed: ") + result))
        found = wanted.match(result, run.ids, run.names) if ok == (one.is_ is not None) else None
        if found is None and wanted.text.endswith("\n") and ok == (one.is_ is not None):
            found = Pattern(wanted.text.rstrip("\n"), wanted.position).match(result.rstrip("\n"), run.ids, run.names)
        if found is None:
            expected = ("Failed: " if one.is_ is None else "") + wanted.text
            received = ("" if ok else "Failed: ") + result
            failures.append(Failure(f"another result for {one.string}", wanted.position, expected, received))
        else:
            run.ids.known.update(found.known)
    if failures:
        raise StepFailed(*failures)


def options(run: Run, lines: tuple[Pattern, ...], position: Position) -> None:
    """The lines that `exim -bP name …` prints for the options that the lines name."""
    node = run.node
    names = []
    for line in lines:
        name = line.text.split(" =")[0].strip()
        names.append(name)
    got: list[str] = []
    for name in names:
        got += [shown(line) for line in run.subject.options([name.removeprefix("no_") if not run.subject.knows_option(name) else name])]
    run.evidence.answers.append((f"{position}: options", "\n".join(got)))
    if run.recorder is not None and node is not None:
        return run.recorder.options(run, node, got)
    found = match_exactly(lines, got, run.ids, run.names)
    if isinstance(found, Difference):
        where, expected = (found.expected.position, found.expected.text) if found.expected else (position, "(nothing more)")
        raise StepFailed(Failure("another option", where, expected, found.received or "(nothing)"))


def rewrite(run: Run, addresses: Mapping[str, Any], position: Position) -> None:
    """As `exim -brw`: one pattern for all eight results, or one for each that is named."""
    nodes = _values(run)
    failures = []
    for address, wanted in addresses.items():
        results = run.subject.rewrite(address)
        if results is None:
            raise NotYetAvailable("rewrite", position)
        run.evidence.answers.append((f"{position}: rewrite {address}", "\n".join(f"{name}: {one}" for name, one in results.items())))
        if run.recorder is not None:
            run.recorder.answers(run, nodes[address], wanted, {name: shown(one) for name, one in results.items()})
            continue
        pairs = dict.fromkeys(results, wanted) if isinstance(wanted, Pattern) else wanted
        for name, pattern in pairs.items():
            result = shown(results.get(name, ""))
            if pattern.match(result, run.ids, run.names) is None:
                failures.append(Failure(f"{address} is rewritten differently ({name})", pattern.position, pattern.text, result))
                break
    if failures:
        raise StepFailed(*failures)


def route(run: Run, addresses: Mapping[str, Pattern], position: Position) -> None:
    """As `exim -bt`: what becomes of each address, one line for every end that differs."""
    nodes = _values(run)
    failures = []
    for address, wanted in addresses.items():
        answer = run.subject.route(address)
        if answer is None:
            raise NotYetAvailable("route", position)
        run.evidence.answers.append((f"{position}: route {address}", shown(answer)))
        if run.recorder is not None:
            run.recorder.answers(run, nodes[address], wanted, {"": shown(answer)})
            continue
        found = Pattern(wanted.text.rstrip("\n"), wanted.position).match(shown(answer), run.ids, run.names)
        if found is None:
            failures.append(Failure(f"{address} is routed differently", wanted.position, wanted.text, shown(answer)))
        else:
            run.ids.known.update(found.known)
    if failures:
        raise StepFailed(*failures)


def _values(run: Run) -> Mapping[str, Node]:
    """The values of the step that is taken, by their keys."""
    return run.node.by_name if isinstance(run.node, Table) else {}
