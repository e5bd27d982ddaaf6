"""Expand strings as `exim -be` does: one result a line, `Failed: …` where the expansion fails; one context for all.

Strings come from the command line, or one a line from standard input (a backslash at the end of a line goes on with the next).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TextIO

from . import standalone

HELP = "expand strings, as exim -be"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    standalone.add_arguments(parser)
    parser.add_argument("--explain", action="store_true", help="show every part that was evaluated, with its result")
    parser.add_argument("strings", nargs="*", metavar="STRING")


def run(options: argparse.Namespace) -> int:
    from ..errors import Died, ExpansionError
    from ..exim.expansion import expand, expand_traced

    with standalone.standalone(options) as (simulator, machine):
        p = machine.mta.expander()

        def one(text: str) -> str:
            raw = text.encode("utf-8", "surrogateescape").decode("latin-1")
            if options.explain:
                return "\n".join(expand_traced(p, raw).lines())
            try:
                return expand(p, raw)
            except (ExpansionError, Died) as error:
                return f"Failed: {error.message}"

        def encoded(text: str) -> bytes:
            """Octets as they are; the tree of --explain has other characters beside them."""
            return b"".join(c.encode("latin-1" if c < "\u0100" else "utf-8") for c in text)

        strings = options.strings or _lines(sys.stdin)
        for text in strings:
            result = simulator.hub.run(lambda text=text: one(text))  # type: ignore[misc]
            sys.stdout.buffer.write(encoded(result) + b"\n")
            sys.stdout.buffer.flush()
    return 0


def _lines(source: TextIO) -> Iterator[str]:
    """Lines without their outer blanks; those that end in a backslash are joined with the next."""
    source.reconfigure(errors="surrogateescape")  # type: ignore[attr-defined]
    prompt = source.isatty()
    held = ""
    while True:
        if prompt:
            print("> ", end="", flush=True)
        line = source.readline()
        if not line:
            break
        line = held + (line.rstrip("\n").rstrip() if not held else line.strip())
        if line.endswith("\\"):
            held = line[:-1]
            continue
        held = ""
        yield line
    if held:
        yield held
