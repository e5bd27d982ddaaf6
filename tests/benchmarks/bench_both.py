"""What a real Exim costs beside the simulator: `both` less than 1.5 s a scenario, on top of what the scenario itself waits; the simulator
at least 30 times as fast as the real Exim.

    python tests/benchmarks/bench_both.py [ROUNDS]          (as root, with exim4 or exim on PATH)

Every fifth recorded file on which both agree and that waits for nothing, on each in turn; of several rounds the best counts for each. The
first scenario is not counted: it asks the binary what it is.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from pytest_eximsim.errors import ServiceMissing
from pytest_eximsim.oracle.both import run_both, run_real
from pytest_eximsim.oracle.mta.binary import Binary, find_exim
from pytest_eximsim.report.fidelity import read_list
from pytest_eximsim.scenario.loader import Case, load
from pytest_eximsim.scenario.outcome import Outcome
from pytest_eximsim.scenario.runner import RunOptions, run_case

TESTS = Path(__file__).parents[1]
AREAS = ("acl", "expand", "lists", "proxy", "smtp")
OPTIONS = RunOptions()
MOST, AT_LEAST = 1.5, 30.0


def scenarios() -> list[Case]:
    lists = [read_list((TESTS / "oracle" / name).read_text("utf-8")) for name in ("known_differences.txt", "not_run.txt")]
    files = [path for area in AREAS for path in sorted((TESTS / "recorded" / area).glob("*.4.99.yaml"))
             if not any(f"{area}/{path.name}" in names for names in lists) and not any(word in path.read_text("utf-8") for word in
                                                                                       ("wait ", "delay", "timeout"))]
    return [case for path in files[::5] for case in load(path, path.name).cases]


def seconds(play: Callable[[], Outcome]) -> float:
    started = time.perf_counter()
    outcome = play()
    assert not outcome.skipped, outcome.skipped
    return time.perf_counter() - started


def measure(case: Case, binary: Binary, rounds: int) -> tuple[float, float, float]:
    """Simulator, real Exim, both."""
    bound = case.bind()
    plays = (lambda: run_case(bound, OPTIONS), lambda: run_real(bound, OPTIONS, binary), lambda: run_both(bound, OPTIONS, binary))
    simulator, real, both = (min(one) for one in zip(*([seconds(play) for play in plays] for _ in range(rounds)), strict=True))
    return simulator, real, both


def main() -> int:
    try:
        binary = find_exim()
    except ServiceMissing as missing:
        print(missing.message)
        return 1
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    first, *cases = scenarios()
    measure(first, binary, 1)
    measured = [measure(case, binary, rounds) for case in cases]
    simulator, real, both = (sum(column) / len(measured) for column in zip(*measured, strict=True))
    print(f"{len(cases)} scenarios, each: simulator {simulator * 1000:.1f} ms, Exim {binary.version} {real * 1000:.0f} ms, "
          f"both {both * 1000:.0f} ms (at most {MOST * 1000:.0f})")
    print(f"the simulator is {real / simulator:.0f} times as fast (at least {AT_LEAST:.0f})")
    return 1 if both > MOST or real < AT_LEAST * simulator else 0


if __name__ == "__main__":
    sys.exit(main())
