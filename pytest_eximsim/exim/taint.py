"""Data that came from outside, and stays marked while it goes through expansions (later releases; Exim chapter 11, "tainted").

`Tainted` is a text that holds such data. It begins with what the client, its headers or the DNS say: variables with `outside` in their
tables, header lines. What holds one or is cut out of one is marked too; what is made anew of one (a length, a digest, what a lookup finds)
is not: whoever cuts says so with `cut` or `parted`, whoever puts together with `joined`. All of it as Exim 4.96 was asked.
Who must not be given such data asks `is_tainted`; who wants it quoted for a kind of lookup, `is_unquoted`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Tainted(str):
    """Text with data from outside. `quoter`: the lookup type that all of it was quoted for by ${quote_TYPE:…}, "" for none."""

    __slots__ = ("quoter",)
    quoter: str

    def __new__(cls, text: str, quoter: str = "") -> Tainted:
        made = super().__new__(cls, text)
        made.quoter = quoter
        return made


def is_tainted(text: str) -> bool:
    """Does it hold data from outside?"""
    return type(text) is Tainted


def is_unquoted(text: str, lookup_type: str) -> bool:
    """Does it hold data from outside that is not quoted for this lookup type?"""
    return isinstance(text, Tainted) and text.quoter != lookup_type


def marked(text: str, quoter: str = "") -> str:
    """The text as data from outside; an empty one has nothing to mark."""
    return Tainted(text, quoter) if text else text


def joined(text: str, parts: Sequence[str]) -> str:
    """`text` was put together from `parts`: it is quoted where all that is marked is quoted for the same type."""
    quoters = {part.quoter for part in parts if isinstance(part, Tainted)}
    if not quoters:
        return text
    return marked(text, quoters.pop() if len(quoters) == 1 else "")


def cut(text: str, whole: str) -> str:
    """`text` was cut out of `whole`, or is `whole` with other letters: it is marked and quoted as that is."""
    return marked(text, whole.quoter) if isinstance(whole, Tainted) else text


def parted(parts: Iterable[str], whole: str) -> Iterable[str]:
    """The parts that `whole` was taken apart into."""
    return [marked(part, whole.quoter) for part in parts] if isinstance(whole, Tainted) else parts
