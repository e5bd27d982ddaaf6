"""One SMTP session with the reason of everything: each ACL statement with its place, each condition with its expanded value and result.

The client's lines come from standard input, as for `eximsim session`; everything is printed in the order in which it happens.
"""

from __future__ import annotations

import argparse
import sys

from . import session, standalone

HELP = "a session, with each ACL statement and condition that decided"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    session.add_arguments(parser)


class Teller:
    """exim.world.Trace that prints: who, where, what."""

    def note(self, kind: str, position: object, text: str) -> None:
        from ..scenario.configuration import shown

        file, line = getattr(position, "file", ""), getattr(position, "line", 0)
        place = f"  [{shown(file)}:{line}]" if file and line else ""
        print(f"  {text}{place}")

    def log(self, name: str, line: str) -> None:
        from ..scenario.patterns import shown, without_stamp

        if name != "reject":
            print("\n".join(f"  LOG{' (panic)' if name == 'panic' else ''}: {without_stamp(shown(part))}" for part in line.split("\n")))


def run(options: argparse.Namespace) -> int:
    teller = Teller()
    with standalone.standalone(options, trace=teller) as (simulator, machine):
        simulator.book.listen = teller.log
        simulator.hub.run(lambda: session.converse(options, simulator, machine, _reply, _said))
    return 0


def _reply(data: bytes) -> None:
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").removesuffix("\n")
    for line in text.split("\n"):
        print(f"S: {line}")
    sys.stdout.flush()


def _said(line: bytes) -> None:
    print(f"C: {line.decode('utf-8', 'replace')}", flush=True)
