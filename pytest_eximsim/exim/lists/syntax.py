"""How a list is written, and its items made ready: separators, `!`, `+name`, `/file`, `+caseful` and the like (Exim chapter 10).

A list is taken apart once for each text and kept. Neighbouring items that need nothing but a comparison become one step: names of domains
and local parts a table, IP addresses and networks an index. So a list of thousands of them is answered in the time of a few comparisons.
What items mean is the business of `strings.py`, `hosts.py` and `addresses.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from ..expansion.splitting import split
from ..hosts import address_kind, network_of

SETTINGS = {
    "address": frozenset({"+caseful"}),
    "localpart": frozenset({"+caseful"}),
    "host": frozenset({"+include_unknown", "+ignore_unknown", "+include_defer", "+ignore_defer"}),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One item without its `!`."""

    text: str
    positive: bool = True


@dataclass(frozen=True, slots=True)
class Setting:
    """`+caseful`, `+include_unknown` …: holds from here on."""

    name: str


@dataclass(frozen=True, slots=True)
class Named:
    """`+name`"""

    name: str
    positive: bool


@dataclass(frozen=True, slots=True)
class FileItem:
    """`/file`, with one item a line; `written`: as it stands in the list."""

    path: str
    positive: bool
    written: str


@dataclass(frozen=True, slots=True)
class Words:
    """Several names that are compared as they stand: each one as written, and the first of each in lower case."""

    exact: dict[str, str]
    folded: dict[str, str]
    positive: bool


@dataclass(frozen=True, slots=True)
class Networks:
    """Several addresses and networks: (bits of an address, bits kept) → their values."""

    index: dict[tuple[int, int], frozenset[int]]
    positive: bool

    def __contains__(self, host: tuple[int, int]) -> bool:
        width, value = host
        return any(kind == width and value >> (width - kept) in values for (kind, kept), values in self.index.items())


Step = Item | Setting | Named | FileItem | Words | Networks


def split_list(text: str) -> list[str]:
    """The items, without the white space around them; `<x` at the start changes the separator; doubled separators are single ones."""
    return split(text)[1]


def iterate(text: str) -> Iterator[str]:
    """As split_list."""
    return iter(split(text)[1])


@lru_cache(maxsize=256)
def steps(text: str, kind: str, strict: bool, *, single: bool = False, named: bool = True, one_by_one: bool = False) -> tuple[Step, ...]:
    """The steps of an expanded list.

    `kind`: "domain", "host", "address", "localpart", "string"; `strict`: IP addresses must be right, not just look so (a matter of the
    release); `single`: it is one item; without `named`, `+x` is plain; `one_by_one`: equal kinds of items are no one step.
    """
    items = [text] if single else split(text)[1]
    found = [_step(item, kind, named=named) for item in items]
    if len(found) < 3 or kind == "address" or one_by_one:
        return tuple(found)
    return tuple(_grouped(found, kind, strict))


def _step(text: str, kind: str, *, named: bool) -> Step:
    if text[:1] == "+" and text in SETTINGS.get(kind, ()):
        return Setting(text)
    written, positive = text, text[:1] != "!"
    if not positive:
        text = text[1:].lstrip()
    if text[:1] == "/":
        return FileItem(text, positive, written)
    if text[:1] == "+" and named:
        return Named(text[1:], positive)
    return Item(text, positive)


def _grouped(found: list[Step], kind: str, strict: bool) -> Iterator[Step]:
    simple = _is_network if kind == "host" else _is_word

    def key(step: Step) -> tuple[bool, bool]:
        return (isinstance(step, Item) and simple(step.text, strict), isinstance(step, Item) and step.positive)

    for (mergeable, positive), group in groupby(found, key):
        if not mergeable:
            yield from group
            continue
        texts = [step.text for step in group if isinstance(step, Item)]
        yield _networks(texts, positive) if kind == "host" else _words(texts, positive)


def _is_word(text: str, strict: bool) -> bool:
    return text[:1] not in ("^", "*", "@", "+", "/", "!") and ";" not in text


def _is_network(text: str, strict: bool) -> bool:
    return bool(address_kind(text, strict, True)) and network_of(text) is not None


def _words(texts: list[str], positive: bool) -> Words:
    exact: dict[str, str] = {}
    folded: dict[str, str] = {}
    for text in texts:
        exact.setdefault(text, text)
        folded.setdefault(text.lower(), text)
    return Words(exact, folded, positive)


def _networks(texts: list[str], positive: bool) -> Networks:
    index: dict[tuple[int, int], set[int]] = {}
    for text in texts:
        network = network_of(text)
        assert network is not None, text
        width, value, kept = network
        index.setdefault((width, kept), set()).add(value)
    return Networks({place: frozenset(values) for place, values in index.items()}, positive)


def file_lines(content: bytes, *, comments_anywhere: bool) -> Iterator[tuple[str, bool]]:
    """The items of a file in a list, and whether they are positive; `#` begins a comment anywhere, in files of addresses and local parts
    only behind white space (case LISTS-011)."""
    for line in content.decode("latin-1").split("\n"):
        text = _without_comment(line, comments_anywhere).strip()
        if not text:
            continue
        yield (text[1:].lstrip(), False) if text[0] == "!" else (text, True)


def _without_comment(line: str, anywhere: bool) -> str:
    place = line.find("#")
    while place > 0 and not anywhere and not line[place - 1].isspace():
        place = line.find("#", place + 1)
    return line if place < 0 else line[:place]
