"""Playing one scenario: its environment is started, its steps are taken in order, its expectations looked at, everything is ended.

`run_case` is the way in; what the parts do is in steps/, expectations/ and the Subject. What came of it is a value (outcome.py); only
mistakes of ours and of the machine raise.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import ConfigError, EximsimError, NotSimulated, Position, ScenarioError, ServiceError, ServiceMissing
from ..runtime.hub import OutOfTime
from ..services.images import Images
from .configuration import shown
from .expectations.registry import check_until
from .loader import BoundCase
from .model import ENVIRONMENT, Expand, Expect, Send, Step
from .outcome import Evidence, Failure, NotYetAvailable, Outcome, StepFailed
from .patterns import Difference, Ids, Pattern, match_exactly
from .steps import passing
from .steps.registry import STEPS
from .yamltree import Listing, Node, Scalar, Table

if TYPE_CHECKING:
    from .steps.conversation import Conversation
    from .steps.send import Phase
    from .subject import Subject

#: How long a reply is awaited where nothing says it.
WITHIN = 5.0
#: How long one is awaited at most where differences are only to be seen.
FORGIVING_PATIENCE = 12.0


@dataclass(frozen=True)
class RunOptions:
    """What pytest's command line says. `allow`: what is off unless named (run); `timeout`: the longest real time, in seconds;
    `explain`: keep why things were decided.

    `forgiving`: go on where the MTA does something else, so that all of it can be laid beside what another one does. Without `check` no
    expectation is looked at.
    """

    allow: frozenset[str] = frozenset()
    timeout: float = 60.0
    images: Images = field(default_factory=Images)
    explain: bool = False
    forgiving: bool = False
    check: bool = True
    recorder: Callable[[], Recorder] | None = None


class Recorder(Protocol):
    """Who takes what the MTA does for right, to write it into the file (oracle/update/recorder.py); its run is forgiving."""

    def session(self, run: Run, node: Scalar, conversation: Conversation, start: int) -> None: ...
    def send(self, run: Run, send: Send, table: Node, phases: Sequence[Phase]) -> None: ...
    def expand(self, run: Run, items: Sequence[Expand], results: Sequence[tuple[bool, str]]) -> None: ...
    def answers(self, run: Run, node: Node, wanted: Pattern | Mapping[str, Pattern], said: Mapping[str, str]) -> None: ...
    def options(self, run: Run, node: Node, got: Sequence[str]) -> None: ...
    def expect(self, run: Run, expect: Expect) -> None: ...
    def refusal(self, run: Run, expect: Expect | None, lines: Sequence[str]) -> bool:
        """False where the scenario does not expect that the configuration is refused."""
        ...
    def failed(self, failures: Sequence[Failure]) -> None: ...


@dataclass
class Trace:
    """exim.world.Trace: sentences in order."""

    lines: list[str] = field(default_factory=list)

    def note(self, kind: str, position: object, text: str) -> None:
        file, line = getattr(position, "file", ""), getattr(position, "line", 0)
        self.lines.append(f"{text}  [{os.path.basename(file)}:{line}]" if line else text)


@dataclass
class Run:
    """One run: what steps share."""

    bound: BoundCase
    subject: Subject
    options: RunOptions
    ids: Ids = field(default_factory=Ids)
    sessions: dict[str, Conversation] = field(default_factory=dict)
    tls: Any = None
    mistakes: list[Failure] | None = None       # of dialogues, where the run is forgiving
    evidence: Evidence = field(default_factory=Evidence)
    recorder: Recorder | None = None
    node: Node | None = None            # the value of the step that is taken
    printed: list[tuple[str, str]] = field(default_factory=list)       # by commands of steps: which, and what
    parallel_nodes: Sequence[Node] = ()
    check_marks: dict[str, int] = field(default_factory=dict)     # health checks at the first look of an expectation

    @property
    def names(self) -> dict[str, str]:
        return self.subject.names

    @property
    def patience(self) -> float:
        """How long a reply is awaited, in seconds of the scenario's time."""
        patience = self.subject.patience(self.within)
        return patience if self.mistakes is None else min(patience, FORGIVING_PATIENCE)

    @property
    def within(self) -> float:
        """`within` of the defaults."""
        from .values import duration

        node = self.bound.defaults.get("within") if self.bound.defaults is not None else None
        text = getattr(node, "text", None)
        return duration(text) if text else WITHIN

    def folder_of(self, node: Node) -> Path:
        """The folder of the file in which a node stands."""
        return node.source.path.parent if node.source.path is not None else self.bound.case.path.parent

    def step(self, node: Node) -> None:
        """Take one step, as often as its `repeat` says. Raises StepFailed, NotYetAvailable, EximsimError."""
        count = 1
        number = 0
        while number < count:
            number += 1
            made = self.bound.step(node, number)
            count = made.repeat or 1
            self._take(made, node)

    def _take(self, made: Step, node: Node) -> None:
        for name in made.nodes:
            if name == "repeat":
                continue
            key = node.key(name) if isinstance(node, Table) else None
            position = key.position if key is not None else node.position
            value = getattr(made, name)
            self.node = made.nodes[name]
            if name == "parallel":
                listing = made.nodes[name]
                self.parallel_nodes = listing.items if isinstance(listing, Listing) else ()
            if name in ENVIRONMENT:
                passing.environment(self, name, value, position)
            else:
                STEPS[name](self, value, position)
            self._statements(position)

    def _statements(self, position: Position) -> None:
        """A recorded database without an answer for a statement: the step fails with its text."""
        unanswered = self.subject.unanswered()
        if unanswered:
            title = "`sql` has no answer for a statement"
            raise StepFailed(*[Failure(title, position, "an answer for it in `answers`", text) for text in unanswered])


def run_case(bound: BoundCase, options: RunOptions) -> Outcome:
    """Play one scenario on the simulated MTA. Raises only for bugs of ours."""
    from .simulator import Simulator

    outside = bound.scenario.haproxy is not None or any(one.server for one in (bound.scenario.remotes or {}).values())
    return play_on(lambda trace: Simulator(bound.scenario, options.images, outside, trace), bound, options)


def play_on(make_subject: Callable[[Trace | None], Subject], bound: BoundCase, options: RunOptions) -> Outcome:
    """Play one scenario on the subject that is made for it."""
    outcome = Outcome()
    trace = Trace() if options.explain else None
    try:
        subject = make_subject(trace)
    except ServiceMissing as missing:
        outcome.skipped = missing.message
        return outcome
    except EximsimError as error:
        outcome.failures.append(_failure(error, bound.case.position))
        return outcome
    recorder = outcome.recorder = options.recorder() if options.recorder is not None else None
    mistakes: list[Failure] | None = outcome.failures if options.forgiving else None
    if recorder is not None:            # it hears of them in its own way
        mistakes = []
    run = Run(bound, subject, options, mistakes=mistakes, evidence=outcome.evidence, recorder=recorder)
    try:
        subject.hub.run(lambda: _play(run, outcome), options.timeout)
    except OutOfTime as error:
        outcome.failures.append(_failure(error, bound.case.position))
    finally:
        _keep(run, outcome, trace)
        subject.close()
    return outcome


def _play(run: Run, outcome: Outcome) -> None:
    expect = run.bound.expect
    if not _start(run, outcome):
        return
    try:
        for node in run.bound.steps:
            _take(run, node)
        _hang_up(run)
        run.subject.finish()
    except StepFailed as failed:
        outcome.failures += failed.failures
    except NotYetAvailable as missing:
        _not_yet(outcome, missing)
    except ServiceMissing as missing:
        outcome.skipped = missing.message
    except EximsimError as error:
        outcome.failures.append(_failure(error, run.bound.case.position))
    if not outcome.failures and not outcome.skipped and expect is not None and run.options.check:
        try:
            outcome.failures += check_until(run, expect)
        except NotYetAvailable as missing:
            _not_yet(outcome, missing)
        except EximsimError as error:
            outcome.failures.append(_failure(error, expect.position))
    causes = [_task_failure(name, problem, run.bound.case.position) for name, problem in run.subject.hub.failures]
    outcome.failures[:0] = causes       # what a client saw of it comes behind


def _not_yet(outcome: Outcome, missing: NotYetAvailable) -> None:
    outcome.unavailable = str(missing)
    outcome.failures.append(Failure(str(missing), missing.position))


def _take(run: Run, node: Node) -> None:
    try:
        run.step(node)
    except StepFailed as failed:
        if run.mistakes is None:
            raise
        if run.recorder is not None:
            run.recorder.failed(failed.failures)
        run.mistakes += failed.failures


def _start(run: Run, outcome: Outcome) -> bool:
    """Start the environment; false when there is nothing to go on with."""
    expect = run.bound.expect
    wanted = expect.config_error if expect is not None else None
    try:
        run.subject.start()
    except NotSimulated as error:
        outcome.failures.append(_failure(error, run.bound.case.position))
        return False
    except ConfigError as error:
        refusal = outcome.evidence.refusal = tuple(line for text in error.lines for line in text.split("\n"))
        if run.recorder is not None and run.recorder.refusal(run, expect, refusal):
            return False
        if wanted is None:
            place = error.position or run.bound.case.position
            outcome.failures.append(Failure("Exim refuses the configuration", place, "", "\n".join(error.lines)))
        else:
            outcome.failures += _config_error(run, expect, [line for text in error.lines for line in text.split("\n")])
        return False
    except ServiceMissing as missing:
        outcome.skipped = missing.message
        return False
    except NotYetAvailable as missing:
        _not_yet(outcome, missing)
        return False
    except EximsimError as error:
        outcome.failures.append(_failure(error, run.bound.case.position))
        return False
    if wanted is not None and expect is not None and run.options.check:
        lines = "\n".join(one.text for one in wanted)
        outcome.failures.append(Failure("Exim takes the configuration", expect.place("config_error"), lines, "(no error)"))
        return False
    return True


def _config_error(run: Run, expect: Expect | None, lines: list[str]) -> list[Failure]:
    """Exim's error lines, compared without indentation and time stamps."""
    from .patterns import Pattern, shown, without_stamp

    assert expect is not None and expect.config_error is not None
    got = [without_stamp(shown(line)).strip() for line in lines if line.strip()]
    wanted = [Pattern(one.text.strip(), one.position, one.kind) for one in expect.config_error]
    found = match_exactly(wanted, got, run.ids, run.names)
    if not isinstance(found, Difference):
        return []
    place = found.expected.position if found.expected is not None else expect.place("config_error")
    return [Failure("another configuration error", place, str(found.expected or "(nothing more)"), found.received or "(nothing more)",
                    notes=("all lines:", *got))]


def _hang_up(run: Run) -> None:
    """Sessions that are still open are closed."""
    for conversation in run.sessions.values():
        if not conversation.closed:
            conversation.leave()
    run.sessions.clear()


def _failure(error: EximsimError, position: Position) -> Failure:
    others = error.others if isinstance(error, (ScenarioError, ServiceError)) else ()
    notes = tuple(f"{_known(one.position)}: {one.message}" if one.position else one.message for one in others)
    names = ((NotSimulated, "not simulated"), (ServiceError, "a service fails"))
    title = next((name for kind, name in names if isinstance(error, kind)), "cannot be run")
    return Failure(f"{title}: {error.message}", _known(error.position) if error.position else position, notes=notes, unable=True)


def _known(position: Position) -> Position:
    """A place in a file of this machine as the user knows it."""
    return replace(position, file=shown(position.file)) if position.file.startswith("/") else position


def _task_failure(name: str, error: BaseException, position: Position) -> Failure:
    if isinstance(error, EximsimError):
        return _failure(error, position)
    import traceback

    text = "".join(traceback.format_exception(error)).rstrip().split("\n")
    return Failure(f"a bug in the simulator ({name}): {error!r}", position, notes=tuple(text[-12:]), unable=True)


def _keep(run: Run, outcome: Outcome, trace: Trace | None) -> None:
    """What a reader of a failure needs, taken before everything ends."""
    subject = run.subject
    outcome.mainlog, outcome.rejectlog, outcome.paniclog = (subject.log(name, None) for name in ("main", "reject", "panic"))
    outcome.missing = subject.missing()
    evidence = outcome.evidence
    evidence.remotes = {name: list(getattr(one, "dialogue", ())) for name, one in subject.remotes.by_name.items()}
    evidence.queue, evidence.names, evidence.files = subject.queue(None), dict(subject.names), subject.written()
    outcome.trace = tuple(trace.lines) if trace is not None else ()
    subject.describe(outcome)
    outcome.services = [*outcome.services, *run.printed]
    edge = subject.haproxy()
    if edge is not None:
        outcome.haproxy = edge.header
        messages = "\n".join(str(one) for one in edge.messages)
        place = run.bound.scenario.place("haproxy")
        told = [one for one in edge.messages if one.severity in ("alert", "warning")]
        outcome.warnings = [(one.position or place, f"HAProxy: {one.text}") for one in told]
        outcome.services = [*outcome.services, ("HAProxy's log", "\n".join(edge.log)), ("HAProxy's messages", messages)]
    outcome.unused = [*_unused(run), *_unread(run, outcome.unread)]


def _unread(run: Run, paths: Sequence[str]) -> list[tuple[Position, str]]:
    """Files of the scenario that its MTA did not look at."""
    table = run.bound.scenario.nodes.get("files")
    keys = {path: table.key(path) if isinstance(table, Table) else None for path in paths}
    return [(key.position, f"file {path} was used by nothing in this scenario") for path, key in keys.items() if key is not None]


def _unused(run: Run) -> list[tuple[Position, str]]:
    """What the scenario's own environment has and nothing used."""
    found: list[tuple[Position, str]] = []
    subject, environment = run.subject, run.bound.scenario
    if environment.haproxy is not None and subject.haproxy() is not None and not subject.haproxy_used:
        found.append((environment.place("haproxy"), "HAProxy was used by nothing in this scenario"))
    named = set(run.bound.expect.remotes or ()) if run.bound.expect is not None else set()
    tried = subject.tried()
    for name, remote in subject.remotes.by_name.items():
        if not remote.connections and name not in named and remote.spec.address not in tried:
            found.append((environment.place("remotes"), f"remote {name} was used by nothing in this scenario"))
    return found
