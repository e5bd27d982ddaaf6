"""Changes of scenario files in place: one scalar, one line of a block, the items of a list; everything else stays as it is written.

    Edit        from here to there stands this now (lines and columns count from 1, as in yamltree)
    Edits       those of a whole run, by file; two different ones of one place are a conflict
    written()   a text as a YAML scalar, in the style of the one that it replaces
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from ...scenario.yamltree import Listing, Node, Scalar, Source, Table

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
#: A plain scalar may hold these texts only: begins with no indicator, has nothing that YAML takes for more than text.
_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`~](?:[^#:\n]|:(?=\S)|(?<=\S)#)*(?<!\s)\Z")
#: What some YAML reader takes for no text: words, signs, numbers, dates, times.
_NO_TEXT = re.compile(r"(?:=|<<|null|true|false|yes|no|on|off|y|n|[-+.\d][-+.:_\da-fox]*(?:inf|nan|[tTzZ][\d:.zZ]*)?)\Z", re.I)


@dataclass(frozen=True)
class Edit:
    """`first` to `last` (line and column, the last one not included) become `text`."""

    path: Path
    first: tuple[int, int]
    last: tuple[int, int]
    text: str


@dataclass
class Edits:
    """`conflicts` are places that rows of parameters or users of one file would make different, `unwritten` the files that could not be
    written, and why.
    """

    by_place: dict[tuple[Path, tuple[int, int]], Edit] = field(default_factory=dict)
    conflicts: set[tuple[Path, tuple[int, int]]] = field(default_factory=set)
    unwritten: dict[Path, str] = field(default_factory=dict)

    def add(self, edit: Edit) -> None:
        known = self.by_place.setdefault((edit.path, edit.first), edit)
        if known != edit:
            self.conflicts.add((edit.path, edit.first))

    def update(self, others: Edits) -> None:
        """Take over those of one scenario."""
        for edit in others.by_place.values():
            self.add(edit)
        self.conflicts |= others.conflicts

    def apply(self) -> dict[Path, int]:
        """Rewrite the files; how many places of each. Places in conflict stay as they are."""
        counts: dict[Path, int] = {}
        for path in {one.path for one in self.by_place.values()}:
            edits = [one for place, one in self.by_place.items() if one.path == path and place not in self.conflicts]
            try:
                if edits:
                    _rewrite(path, edits)
                    counts[path] = len(edits)
            except OSError as error:
                self.unwritten[path] = error.strerror or str(error)
        return counts


def _rewrite(path: Path, edits: Sequence[Edit]) -> None:
    data = path.read_bytes()
    mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    text = data.removeprefix(mark).decode("utf-8")
    starts = [0, *(found.end() for found in _BREAK.finditer(text))]
    newline = "\r\n" if "\r\n" in text else "\n"

    def offset(place: tuple[int, int]) -> int:
        line, column = place
        return len(text) if line > len(starts) else min(starts[line - 1] + column - 1, len(text))

    for edit in sorted(edits, key=lambda one: one.first, reverse=True):
        new = edit.text.replace("\n", newline)
        text = text[:offset(edit.first)] + new + text[offset(edit.last):]
    path.write_bytes(mark + text.encode("utf-8"))


# ---- scalars

def written(text: str, style: str, *, in_flow: bool = False) -> str:
    """A text as a scalar on one line."""
    plain_possible = _PLAIN.match(text) is not None and not _NO_TEXT.match(text) and not (in_flow and re.search(r"[,?:\[\]{}]", text))
    if style == "" and plain_possible:
        return text
    if style == '"' or not text.isprintable():
        return json.dumps(text, ensure_ascii=False)
    return "'" + text.replace("'", "''") + "'"


def replace_scalar(node: Scalar, text: str) -> Edit | None:
    """None where it stands in no file."""
    path = node.source.path
    if path is None:
        return None
    if node.style == "|":
        return replace_block(node, text.split("\n"))
    if node.style == ">":
        return Edit(path, (node.line, node.column), (_end_line(node) + 1, 1), written(text, '"') + "\n")
    return Edit(path, (node.line, node.column), (node.end_line, node.end_column), written(text, node.style, in_flow=node.in_flow))


def block_lines(node: Scalar) -> list[str]:
    """The lines of a text; a final line break makes no line."""
    return node.text.removesuffix("\n").split("\n") if node.text else []


def replace_block(node: Scalar, lines: Sequence[str]) -> Edit | None:
    """Other lines in a block (`|`); those that stay are written as they were. A text of another style is written anew in it."""
    path = node.source.path
    if path is None:
        return None
    if node.style != "|":
        return replace_scalar(node, "\n".join(lines) + ("\n" if node.text.endswith("\n") else ""))
    held = block_lines(node)
    indent = _indent(node, held)
    made = "".join(f"{' ' * indent if line else ''}{line}\n" for line in lines)
    return Edit(path, (node.line + 1, 1), (node.line + 1 + len(held), 1), made)


def _indent(node: Scalar, held: Sequence[str]) -> int:
    for index, line in enumerate(held):
        source = node.source.lines[node.line + index]
        if line and source.endswith(line):
            return len(source) - len(line)
    return node.column + 1


# ---- lists

def replace_items(key: Scalar | None, node: Listing, items: Sequence[Scalar | str]) -> Edit | None:
    """Another list of scalars: those that stay (nodes) as they are written, with the comments before them, and new ones (texts).

    `key` is the list's, where it has one.
    """
    path = node.source.path
    if path is None:
        return None
    if node.flow or not node.items:
        return _flow(path, key, node, items)
    column, first = node.column, node.items[0]
    style = first.style if isinstance(first, Scalar) and first.style in ("'", '"', "") else "'"
    spans = _spans(node)
    made = "".join(spans[one] if isinstance(one, Scalar) else f"{' ' * (column - 1)}- {written(one, style)}\n" for one in items)
    end = max(_end_line(one) for one in node.items) + 1
    if not items:
        return _emptied(path, key, end) if key is not None else None
    return Edit(path, (node.line, 1), (end, 1), made)


def _emptied(path: Path, key: Scalar, end: int) -> Edit:
    """An empty list; an anchor and a comment behind the key stay."""
    anchor, comment, text = key.rest_of_line().partition("#")
    return Edit(path, (key.end_line, key.end_column), (end, 1), f"{anchor.rstrip()} []{'  ' if comment else ''}{comment}{text}\n")


def _spans(node: Listing) -> dict[Scalar, str]:
    """Each item with the lines before it that belong to no other."""
    spans: dict[Scalar, str] = {}
    start = node.line
    for one in node.items:
        end = _end_line(one)
        if isinstance(one, Scalar):
            spans[one] = "".join(f"{line}\n" for line in node.source.lines[start - 1:end])
        start = end + 1
    return spans


def _end_line(node: object) -> int:
    """The last line of a scalar."""
    assert isinstance(node, Scalar)
    match node.style:
        case "|":
            return node.line + len(block_lines(node))
        case ">":
            lines = node.source.lines[node.line:]
            depth = next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), 0)
            inside = takewhile(lambda line: not line.strip() or len(line) - len(line.lstrip(" ")) >= depth, lines)
            return node.line + len("\n".join(inside).rstrip().split("\n"))
    return node.end_line


def _flow(path: Path, key: Scalar | None, node: Listing, items: Sequence[Scalar | str]) -> Edit:
    source: Source = node.source
    line = source.lines[node.line - 1]
    inner = node.items[-1] if node.items else None
    end_line, end_column = (inner.end_line, inner.end_column) if isinstance(inner, Scalar) else (node.line, node.column + 1)
    rest = source.lines[end_line - 1][end_column - 1:]
    close = (end_line, end_column + rest.index("]") + 1) if "]" in rest else (node.line, len(line) + 1)
    texts = [one.text if isinstance(one, Scalar) else one for one in items]
    alone = key is not None and key.line == node.line and not line[:key.column - 1].strip() and not line[close[1] - 1:].strip()
    if texts and not node.items and key is not None and alone:
        made = "".join(f"\n{' ' * (key.column - 1)}- {written(one, chr(39))}" for one in texts)
        return Edit(path, (key.end_line, key.end_column), close, f":{made}")
    made = ", ".join(written(one, '"', in_flow=True) for one in texts)
    return Edit(path, (node.line, node.column), close, f"[{made}]")


# ---- mappings

def rename_key(key: Scalar, name: str) -> Edit | None:
    """The key gets another name."""
    path = key.source.path
    return None if path is None else Edit(path, (key.line, key.column), (key.end_line, key.end_column), name)


def add_key(table: Table, name: str, text: str) -> Edit | None:
    """One more key at the end of a mapping."""
    path = table.source.path
    last = _last(table)
    if path is None or last is None:
        return None
    if table.flow:
        place = (last.end_line, last.end_column)
        return Edit(path, place, place, f", {name}: {written(text, chr(34), in_flow=True)}")
    column = table.items[0][0].column
    place = (_end_line(last) + 1, 1)
    return Edit(path, place, place, f"{' ' * (column - 1)}{name}: {written(text, '')}\n")


def _last(node: Node) -> Scalar | None:
    """The scalar that stands last."""
    match node:
        case Scalar():
            return node
        case Listing(items=items):
            return _last(items[-1]) if items else None
        case Table(items=pairs):
            return _last(pairs[-1][1]) if pairs else None
    return None
