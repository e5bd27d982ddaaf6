"""Expand strings as `exim -be` does: one result a line, `Failed: …` where the expansion fails; one context for all.

Strings come from the command line, or one a line from standard input (a backslash at the end of a line goes on with the next). From 4.96 on
macros are replaced in them, and `NAME = text` defines one. Exit code 1 where something is not simulated, or a definition is wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, TextIO

from . import standalone

if TYPE_CHECKING:
    from ..exim.expansion.testing import TestStrings

HELP = "expand strings, as exim -be"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    standalone.add_arguments(parser)
    parser.add_argument("--explain", action="store_true", help="show every part that was evaluated, with its result")
    parser.add_argument("strings", nargs="*", metavar="STRING")


def run(options: argparse.Namespace) -> int:
    from ..exim.expansion.testing import TestStrings

    code = 0
    with standalone.standalone(options) as (simulator, machine):
        context = TestStrings(machine.mta.expander())
        for text in options.strings or _lines(sys.stdin):
            raw = text.encode("utf-8", "surrogateescape").decode("latin-1")
            take = _explained if options.explain else _expanded
            result, wrong = simulator.hub.run(lambda take=take, raw=raw: take(context, raw))  # type: ignore[misc]
            if wrong:
                code = 1
                print(wrong, file=sys.stderr, flush=True)
            if result is not None:
                sys.stdout.buffer.write(_encoded(result) + b"\n")
                sys.stdout.buffer.flush()
    return code


def _expanded(context: TestStrings, text: str) -> tuple[str | None, str]:
    """What -be prints for a string, and what is said on standard error."""
    from ..errors import ConfigError, Died, ExpansionError, NotSimulated

    try:
        return context.line(text), ""
    except (ExpansionError, Died) as error:
        return f"Failed: {error.message}", ""
    except NotSimulated as error:
        return f"Failed: {error.message}", f"eximsim: not simulated: {error.message}"
    except ConfigError as error:
        return None, "\n".join(error.lines)


def _explained(context: TestStrings, text: str) -> tuple[str, str]:
    from ..exim.expansion import expand_traced

    return "\n".join(expand_traced(context.p, context.replaced(text)).lines()), ""


def _encoded(text: str) -> bytes:
    """Octets as they are; the tree of --explain has other characters beside them."""
    return b"".join(c.encode("latin-1" if c < "\u0100" else "utf-8") for c in text)


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
