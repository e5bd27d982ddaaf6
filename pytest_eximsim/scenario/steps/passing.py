"""Steps that let things happen: `wait`, `parallel`, `expect`, environment keys, programs beside the MTA."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import Position
from ..expectations.registry import check_until
from ..model import Expect, RealWait, Step
from ..outcome import Failure, NotYetAvailable, StepFailed

if TYPE_CHECKING:
    from ..runner import Run


def wait(run: Run, value: float | RealWait, position: Position) -> None:
    """Time passes on the scenario's clock; `{real: 6s}` really waits."""
    if isinstance(value, RealWait):
        run.subject.wait_really(value.real or 0.0)
    else:
        run.subject.wait(value)
    run.subject.settle()


def parallel(run: Run, steps: tuple[Step, ...], position: Position) -> None:
    """All steps at the same time; all their failures are told."""
    listing = run.parallel_nodes
    failures: list[Any] = []

    def one(node: Any) -> None:
        try:
            run.step(node)
        except StepFailed as failed:
            failures.extend(failed.failures)

    tasks = [run.subject.spawn(partial(one, node), f"parallel {index}") for index, node in enumerate(listing, 1)]
    for task in tasks:
        task.join()
    if failures:
        raise StepFailed(*failures)


def expect(run: Run, value: Expect, position: Position) -> None:
    """Expectations in between."""
    if not run.options.check:
        return
    failures = check_until(run, value)
    if failures:
        raise StepFailed(*failures)


def environment(run: Run, name: str, value: Any, position: Position) -> None:
    """An environment key as a step: it changes that part from then on."""
    run.subject.change(name, value, position)


def program(run: Run, value: Any, position: Position) -> None:
    """A program beside the MTA: only where the command line allows it."""
    if "run" not in run.options.allow:
        raise StepFailed(Failure("a program is not run unless --eximsim-allow=run says so", position))
    raise NotYetAvailable("run", position)
