"""What the plugin costs: loading it into an unrelated pytest run (20 ms at most over bare pytest), and one direct scenario (10 ms at most).

    python tests/benchmarks/bench_plugin.py [RUNS]

Loading: whole pytest processes that run one empty test, with the plugin and with `-p no:eximsim`, in turn; the least processor time of
each is compared, since others share the machine. A scenario: a file of many equal ones, the time of the run divided by their number.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

LOADED = [part for name in ("cacheprovider", "benchmark", "hypothesispytest", "xdist", "xdist.looponfail") for part in ("-p", f"no:{name}")]
BARE = [*LOADED, "-p", "no:eximsim"]
HEAD = """\
exim:
  config: |
    acl_smtp_rcpt = check
    begin acl
    check:
      accept hosts = 192.0.2.0/24
      deny message = relay not permitted
scenarios:
"""
#: One session that waits: five minutes of `delay` or silence cost nothing in simulated time.
SCENARIO = """\
  - name: scenario {number}
    session:
      smtp: |
        S: 220
        C: EHLO client.example
        S: 250
        wait 4m
        C: MAIL FROM:<a@example.org>
        S: 250
        C: RCPT TO:<b@example.net>
        S: 250
        C: QUIT
        S: 221
"""
MANY = 300


def pytest_run(arguments: list[str], folder: Path) -> float:
    """Processor time of one run."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "pytest", "-q", *arguments], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def loading(folder: Path, runs: int) -> None:
    (folder / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    pytest_run(LOADED, folder)
    bare, loaded = [], []
    for _ in range(runs):
        bare.append(pytest_run(BARE, folder))
        loaded.append(pytest_run(LOADED, folder))
    print(f"an unrelated run: {min(bare) * 1000:.0f} ms bare, the plugin adds {(min(loaded) - min(bare)) * 1000:.1f} ms (at most 20)")


def scenarios(folder: Path) -> None:
    def run(count: int) -> float:
        (folder / "a.eximsim.yaml").write_text(HEAD + "".join(SCENARIO.format(number=number) for number in range(count)))
        return min(pytest_run([*LOADED, "a.eximsim.yaml"], folder) for _ in range(3))

    once, often = run(1), run(MANY + 1)
    print(f"a direct scenario with one session: {(often - once) / MANY * 1000:.1f} ms (at most 10)")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        loading(Path(name), int(sys.argv[1]) if len(sys.argv) > 1 else 20)
        scenarios(Path(name))


if __name__ == "__main__":
    main()
