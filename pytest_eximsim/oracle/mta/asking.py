"""What a real Exim is asked from the command line: -be, -bP, -brw, -bt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...scenario.configuration import fill
from ...scenario.patterns import without_stamp

if TYPE_CHECKING:
    from .daemon import Daemon

#: Stands between two results; no string of a scenario gives it.
MARK = "eximsim 7f3b0c between two results"
#: An empty expansion before a string that `-be` would take for a macro's definition or a setting.
GUARD = "${lc:}"


def expand(machine: Daemon, strings: Sequence[str]) -> list[tuple[bool, str]]:
    """Whether each string could be expanded, and its result or Exim's reason; one context for all."""
    texts = [_latin(fill(text, machine.names)) for text in strings]
    arguments = [word for text in texts for word in (GUARD + text if re.match("[A-Z]|set ", text) else text, MARK)]
    done = machine.run("-be", *arguments)
    parts = done.stdout.split(f"{MARK}\n")
    results: list[tuple[bool, str]] = []
    for index in range(len(texts)):
        if index >= len(parts) - 1:
            results.append((False, without_stamp((done.stderr or parts[-1]).strip())))      # the process has ended here
            continue
        text = machine.written.original(parts[index].removesuffix("\n"))
        failed = text.startswith("Failed: ")
        results.append((not failed, text.removeprefix("Failed: ") if failed else text))
    return results


def options(machine: Daemon, names: Sequence[str]) -> list[str]:
    """The lines of -bP."""
    done = machine.run("-bP", *(word for name in names for word in name.split()))
    return done.stdout.removesuffix("\n").split("\n") if done.stdout else [done.stderr.strip()]


def knows_option(machine: Daemon, name: str) -> bool:
    if " " in name or name.startswith("+"):
        return True
    done = machine.run("-bP", name)
    return "is not a known option" not in done.stdout + done.stderr


def rewrite(machine: Daemon, address: str) -> dict[str, str]:
    """The results of -brw by their names; `error` where it is no address."""
    done = machine.run("-brw", _latin(address))
    if done.stdout.startswith("Syntax error in "):
        return {"error": done.stdout.rstrip("\n").replace("\n", ": ")}
    return dict(re.findall(r"^ *([\w-]+): (.*)$", done.stdout, re.M))


def route(machine: Daemon, address: str) -> str:
    """What -bt says, in short: `undeliverable: …` and `deferred: …` first, then `router = r, transport = t`; or `discarded`."""
    said = machine.run("-bt", _latin(address)).stdout.split("\n")
    bad: dict[str, None] = {}
    ends: dict[str, None] = {}
    for line in said:
        if line.startswith("  router = "):
            ends[line.strip()] = None
        elif line.startswith("syntax error: "):
            bad[f"undeliverable: {line}"] = None
        else:
            for text, word in ((" is undeliverable", "undeliverable"), (" cannot be resolved at this time", "deferred")):
                if text in line:
                    bad[word + line.partition(text)[2]] = None
    return "\n".join((*bad, *ends)) or "discarded"


def _latin(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("latin-1")

