"""Play scenario files on the simulator and on a real Exim, and show what the two do differently. Exit code 0 where they agree.

The real Exim runs in private namespaces of its own, as root, or with --exim-image in a container; the machine's mail system is not
touched. Its release and build are imitated.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..oracle.mta.binary import Binary
    from ..scenario.loader import Case

HELP = "play scenarios on the simulator and on a real Exim, and show the difference"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--exim", metavar="PATH", help="the real Exim (exim4 or exim on PATH)")
    parser.add_argument("--exim-image", default="", metavar="IMAGE", help="take it from this image, in a container (no root, but Docker)")


def run(options: argparse.Namespace) -> int:
    from ..oracle.mta.binary import find_exim
    from ..scenario.loader import load

    binary = find_exim(options.exim, options.exim_image)
    counts = {"agree": 0, "differ": 0, "cannot be played": 0, "not compared": 0}
    for name in options.files:
        for case in load(Path(name), name).cases:
            if case.skip is None:
                counts[_one(name, case, binary)] += 1
    print(f"Exim {binary.version}: " + ", ".join(f"{count} {word}" for word, count in counts.items() if count or word == "agree"))
    return 1 if counts["differ"] or counts["cannot be played"] else 0


def _one(name: str, case: Case, binary: Binary) -> str:
    from ..oracle.both import compare
    from ..scenario.runner import RunOptions

    made = compare(case.bind(), RunOptions(), binary)
    if made.skipped:
        print(f"{name}::{case.name}: not compared: {made.skipped}")
        return "not compared"
    unable = False
    for who, outcome in (("the simulator", made.simulated), ("the real Exim", made.real)):
        for failure in outcome.failures:
            if failure.unable:
                unable = True
                print(f"{name}::{case.name}: {who}: {failure.position}: {failure.title}")
    for one in made.found:
        print(f"{name}::{case.name}: {one.what} (r: the real Exim, s: the simulator)")
        print("\n".join(f"  {line}" for line in one.side_by_side()))
    return "differ" if made.found else "cannot be played" if unable else "agree"
