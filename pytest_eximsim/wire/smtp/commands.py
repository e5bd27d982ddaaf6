"""Command lines (RFC 5321, 4.1.1): a verb and its argument, the path of MAIL and RCPT. Lenient, as for a scripted server."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """`verb` in upper case; `argument` is what stands behind it and one space."""

    verb: str
    argument: str = ""


def parse(line: str) -> Command:
    verb, _, argument = line.partition(" ")
    return Command(verb.upper(), argument)


def path(argument: str) -> str:
    """The address of `FROM:<a@b> SIZE=1` and the like, without its brackets."""
    rest = argument.partition(":")[2].strip()
    if rest.startswith("<") and ">" in rest:
        return rest[1:rest.index(">")]
    return rest.split(" ", 1)[0]


@dataclass(frozen=True, slots=True)
class Chunk:
    """The argument of BDAT (RFC 3030): so many octets follow."""

    size: int
    last: bool = False


def chunk(argument: str) -> Chunk:
    """What is no number counts as 0."""
    words = argument.split()
    size = int(words[0]) if words and words[0].isascii() and words[0].isdigit() else 0
    return Chunk(size, len(words) > 1 and words[1].upper() == "LAST")
