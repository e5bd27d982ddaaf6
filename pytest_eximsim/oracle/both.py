"""One scenario on a real Exim, or on both the simulator and a real Exim with what they do differently as failures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ..errors import Position, ServiceMissing
from ..runtime import folders
from ..scenario.loader import BoundCase
from ..scenario.model import Clock, Exim
from ..scenario.outcome import Failure, Outcome
from ..scenario.runner import RunOptions, run_case
from .compare import Difference, differences
from .mta.binary import Binary, find_exim

DEBIAN = "/etc/exim4/exim4.conf"


@dataclass(frozen=True)
class Comparison:
    """Both outcomes and their differences. `skipped`: why there is nothing to compare (`taken`: a configuration that only the simulator
    takes). `checked`: expectations were looked at, too.
    """

    simulated: Outcome
    real: Outcome
    found: tuple[Difference, ...] = ()
    skipped: str = ""
    checked: bool = False
    taken: bool = False


def played_on(subject: str, path: str | None, image: str) -> str:
    """On what a run's scenarios are played, for its head; `subject` is exim or both."""
    try:
        binary = find_exim(path, image)
    except ServiceMissing as missing:
        return f"{missing.message}; all are skipped"
    played = f"played on the real Exim {binary.version} ({binary.name})"
    return played if subject == "exim" else f"{played} and on the simulator as Exim {binary.release}, and compared"


def _refusal_expected(bound: BoundCase) -> bool:
    return bound.expect is not None and bound.expect.config_error is not None


def play_real(bound: BoundCase, options: RunOptions, binary: Binary) -> Outcome:
    """What the real Exim did, here or in a container."""
    if binary.image:
        from .container import agent_of

        return agent_of(binary.image).play(bound, options, binary)
    from .real_exim import play

    return play(bound, options, binary)


def run_real(bound: BoundCase, options: RunOptions, binary: Binary) -> Outcome:
    """On the real Exim alone. A configuration that it cannot read is no failure, but where `config_error` is expected."""
    outcome = play_real(bound, options, binary)
    refusal = outcome.evidence.refusal
    if refusal is not None and not _refusal_expected(bound):
        outcome.failures = []
        outcome.skipped = refused(binary, refusal)
    return outcome


def refused(binary: Binary, refusal: tuple[str, ...]) -> str:
    """Exim's own message as a reason."""
    return f"{binary.name} ({binary.version}) cannot read the configuration: {' '.join(line.strip() for line in refusal)}"


def compare(bound: BoundCase, options: RunOptions, binary: Binary) -> Comparison:
    """On both. Expectations are looked at where the scenario is not for another release."""
    check = _release_of(bound) in (None, binary.release)
    both = replace(options, forgiving=True, check=check)
    real = play_real(bound, both, binary)
    if real.skipped:
        return Comparison(Outcome(), real, skipped=real.skipped)
    with _imitating(bound, binary) as same:
        simulated = run_case(same, both)
    if simulated.skipped or simulated.unavailable:
        return Comparison(simulated, real, skipped=simulated.skipped or f"{simulated.unavailable} in the simulator")
    if any(one.unable for one in simulated.failures):       # what would differ follows from that
        return Comparison(simulated, real, checked=check)
    found = tuple(differences(simulated, real))
    refusal = real.evidence.refusal
    if refusal is not None and not _refusal_expected(bound):
        taken = simulated.evidence.refusal is None
        return Comparison(simulated, real, () if taken else found, "" if found and not taken else refused(binary, refusal), taken=taken)
    return Comparison(simulated, real, found, checked=check)


def run_both(bound: BoundCase, options: RunOptions, binary: Binary) -> Outcome:
    """On both, as one outcome."""
    return judged(compare(bound, options, binary), bound, binary)


def judged(made: Comparison, bound: BoundCase, binary: Binary) -> Outcome:
    """The simulator's outcome, with the differences, then what either does otherwise than expected, as failures.

    Where an end is expected, a reset is one: what a client said and nobody read makes the kernel reset.
    """
    outcome = made.simulated
    outcome.skipped = made.skipped
    own, theirs = outcome.failures, [one for one in made.real.failures if (one.expected, one.received) != ("S: <eof>", "<reset>")]
    outcome.failures = [as_failure(one, binary, bound.case.position) for one in made.found]
    unable = [one for one in own if one.unable]
    ours = unable or (own if made.checked and not made.found else [])
    outcome.failures += ours
    if not made.found:
        outcome.failures += [replace(one, title=f"real Exim {binary.version}: {one.title}") for one in theirs
                             if (made.checked or one.unable) and one not in ours]
    if made.found:
        outcome.services = [*outcome.services, (f"mainlog of the real Exim {binary.version}", "\n".join(made.real.mainlog))]
    return outcome


def as_failure(one: Difference, binary: Binary, position: Position) -> Failure:
    """A difference as the report shows it: what the real Exim does is what is expected."""
    simulated, real = one.first
    title = f"simulator and real Exim {binary.version} differ: {one.what}"
    return Failure(title, position, real, simulated, notes=("r: the real Exim, s: the simulator", *one.side_by_side()))


def _release_of(bound: BoundCase) -> str | None:
    """The release that the scenario says it is for."""
    environment = bound.scenario
    return next((one.version for one in (environment.exim, *(environment.mtas or {}).values()) if one is not None and one.version), None)


@contextlib.contextmanager
def _imitating(bound: BoundCase, binary: Binary) -> Iterator[BoundCase]:
    """The same scenario for a simulator of this binary's release and build, at the same time."""
    with folders.temporary() as folder:
        build = _build(binary, folder)

        def same(exim: Exim | None) -> Exim:
            return replace(exim or Exim(), version=binary.release, version_number=binary.version, build=build)

        scenario = bound.scenario
        mtas = {name: same(one) for name, one in scenario.mtas.items()} if scenario.mtas else scenario.mtas
        clock = scenario.clock or Clock()
        if clock.mode != "real":
            now = datetime.now(ZoneInfo(clock.zone or "UTC")).strftime("%Y-%m-%d %H:%M:%S")
            clock = replace(clock, start=now, nodes={**clock.nodes}, places={**clock.places, "start": clock.position})
        yield replace(bound, scenario=replace(scenario, exim=same(scenario.exim), mtas=mtas, clock=clock))


def _build(binary: Binary, folder: Path) -> str:
    """What the binary can: one of Debian's two, or what it says of itself, in a file."""
    if binary.configuration == DEBIAN and binary.release == "4.96":
        return "debian-heavy" if binary.has("pgsql") else "debian-light"
    file = folder / "build"
    file.write_text(f"{binary.features}\n{binary.macros}\n", "latin-1")
    return str(file)
