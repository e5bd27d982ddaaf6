"""Print the page that says how far the simulator is true: what it passes of recorded files, where it agrees with a real Exim.

Nothing is run: the figures follow from the scenario files and from the lists `expected_failures.txt` (below --recorded) and
`known_differences.txt` and `not_run.txt` (below --compared), which the tests keep true.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import EximsimError

if TYPE_CHECKING:
    from ..report.fidelity import File

HELP = "print how far the simulator is true, from scenario files and the tests' lists"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recorded", required=True, metavar="DIR", help="recorded scenario files, with expected_failures.txt")
    parser.add_argument("--compared", required=True, metavar="DIR", help="where known_differences.txt and not_run.txt are")
    parser.add_argument("--exim", required=True, metavar="RELEASE", help="the release of the real Exim that they speak of")
    parser.add_argument("folders", nargs="*", metavar="DIR", help="further scenario files that are run on both")


def run(options: argparse.Namespace) -> int:
    from ..report.fidelity import Lists, page, read_list

    def listed(folder: str, name: str) -> dict[str, str]:
        path = Path(folder) / name
        try:
            return read_list(path.read_text("utf-8"))
        except OSError as error:
            raise EximsimError(f"{path}: {error.strerror}") from None
        except ValueError as error:
            raise EximsimError(f"{path}: {error}") from None

    failing = listed(options.recorded, "expected_failures.txt")
    lists = Lists(failing, listed(options.compared, "known_differences.txt"), listed(options.compared, "not_run.txt"))
    files = [file for folder in (options.recorded, *options.folders) for file in scenario_files(Path(folder), folder == options.recorded)]
    words = ["eximsim fidelity", "--recorded", options.recorded, "--compared", options.compared, "--exim", options.exim, *options.folders]
    print(page(files, lists, options.exim, " ".join(words)), end="")
    return 0


def scenario_files(folder: Path, recorded: bool) -> Iterator[File]:
    """The scenario files below a folder, in order of their names; of recorded ones the release is known. Raises ScenarioError."""
    from ..report.fidelity import File
    from ..scenario.loader import is_scenario_file, load

    for path in sorted(folder.rglob("*.yaml")):
        if path.name.startswith("_") or not is_scenario_file(path):
            continue
        cases = load(path, str(path)).cases
        exim = cases[0].bind().scenario.exim if recorded else None
        yield File("/".join(path.absolute().parts[-2:]), exim.version or "" if exim else "", tuple(case.name for case in cases))
