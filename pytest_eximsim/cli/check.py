"""Every mistake of scenario files (`.yaml`) and Exim configurations (anything else), each with its place and line; nothing is started.

For a scenario file its own Exim configurations are read too, and the names that it uses of its haproxy.cfg. Exit code 1 where there is
an error; warnings are what Exim notices on use and a run may never reach, notes are options without a meaning here.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from . import standalone

if TYPE_CHECKING:
    from ..exim.config.model import Finding

HELP = "every mistake of scenario files and Exim configurations"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE")
    standalone.add_reading_arguments(parser)


def run(options: argparse.Namespace) -> int:
    from ..report.lines import excerpt
    from ..scenario.check import check_configuration_file, check_scenario_file

    errors = 0
    for name in options.files:
        path = Path(name)
        if path.suffix in (".yaml", ".yml"):
            found = check_scenario_file(path, name)
        else:
            found = check_configuration_file(standalone.exim_of(options, name))
        for one in found:
            print(one)
            if one.position is not None:
                print("".join(f"{line}\n" for line in excerpt(one.position, Path())), end="")
        errors += sum(one.severity == "error" for one in found)
        if not any(one.severity == "error" for one in found):
            print(_all_right(name, found))
    return 1 if errors else 0


def _all_right(name: str, found: list[Finding]) -> str:
    warnings = sum(one.severity == "warning" for one in found)
    return f"{name}: no mistakes" + (f", {warnings} warning{'s' if warnings > 1 else ''}" if warnings else "")
