"""A public suffix file as libopendmarc reads it, and organizational domains by it (case DMARC-070, -008, -009, -012).

One suffix a line; what stands there is taken literally, wildcards, exceptions, case and blanks too. A label of one letter at the left end
is lost when names are compared from the right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Suffixes:
    """The suffixes of a file; empty: every domain stands for itself."""

    names: frozenset[str]

    def organizational(self, domain: str) -> str:
        """The longest listed suffix and one label more; the domain itself where no suffix is listed, or where it is one."""
        labels = domain.rstrip(".").split(".")
        if len(labels) > 1 and len(labels[0]) == 1:
            labels = labels[1:]
        for start in range(len(labels)):
            if ".".join(labels[start:]) in self.names:
                return ".".join(labels[max(start - 1, 0):])
        return domain


def read_suffixes(text: str) -> Suffixes:
    """Lines end at LF or CR; `//` begins a comment, in which `xn-` begins a suffix all the same."""
    names: set[str] = set()
    for line in re.split(r"[\r\n]", text):
        if line.startswith("//"):
            found = re.search(r"xn-\S*", line)
            line = found[0] if found else ""
        line = line.rstrip(".") if line.endswith(".") else line
        if line:
            names.add(line)
    return Suffixes(frozenset(names))
