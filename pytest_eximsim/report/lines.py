"""Small things that every report is made of: printable texts, excerpts of a file with a caret, lines cut to a budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..errors import EximsimError, Position, ScenarioError

#: Longest line of a report.
WIDTH = 220
#: Longest excerpt of a line of the user's file.
EXCERPT = 100


def printable(text: str) -> str:
    """One line without control characters: a client's bytes must not drive the terminal of who reads about them."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else f"\\x{ord(one):02x}" if ord(one) < 256 else f"\\u{ord(one):04x}" for one in text)


def shortened(text: str, width: int = WIDTH) -> str:
    """A line cut to a width; the cut says how much is missing."""
    return text if len(text) <= width else f"{text[:width - 30]}… (and {len(text) - width + 30} more characters)"


def line_of(position: Position, folder: Path, texts: Mapping[str, Sequence[str]]) -> str | None:
    """The line of a file where `position` is: from texts that were read, else from disk. None where there is none."""
    lines = texts.get(position.file)
    if lines is None:
        try:
            lines = (folder / position.file).read_bytes().decode("utf-8-sig", "replace").splitlines()
        except (OSError, ValueError):
            return None
    return lines[position.line - 1] if 0 < position.line <= len(lines) else None


def excerpt(position: Position, folder: Path, texts: Mapping[str, Sequence[str]] | None = None) -> list[str]:
    """The line, and a caret below its column; nothing where the line is unknown."""
    line = line_of(position, folder, texts or {})
    if line is None:
        return []
    column = min(position.column, len(line) + 1)
    start = max(column - 1 - EXCERPT // 2, 0) if len(line) > EXCERPT else 0
    shown = "".join(one if one.isprintable() else " " for one in line[start:start + EXCERPT])
    lead = "…" if start else ""
    number = f"{position.line:>6} | "
    lines = [f"{number}{lead}{shown}{'…' if len(line) > start + EXCERPT else ''}"]
    if column:
        before = lead + shown[:column - 1 - start]
        lines.append(f"{'|':>{len(number) - 1}} {' ' * _columns(before)}^")
    return lines


def _columns(text: str) -> int:
    """How wide a terminal shows it."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def mistakes(error: EximsimError, folder: Path, texts: Mapping[str, Sequence[str]] | None = None) -> str:
    """All mistakes that one error carries: `file:line:column: what`, the line and a caret each."""
    every = [error, *(error.others if isinstance(error, ScenarioError) else ())]
    lines: list[str] = []
    for one in every:
        lines.append(printable(str(one)))
        if one.position is not None:
            lines += excerpt(one.position, folder, texts)
    if len(every) > 1:
        lines.append(f"{len(every)} mistakes")
    return "\n".join(lines)


def labelled(label: str, text: str, most: int | None) -> list[str]:
    """A text behind a label, its further lines below its first; at most `most` lines, of which the last two are the text's."""
    parts = [shortened(printable(part)) for part in text.split("\n")]
    if most is not None and len(parts) > most:
        parts = [*parts[:most - 3], f"… ({len(parts) - most + 1} more lines)", *parts[-2:]]
    return [f"{label if not index else '':<10}{part}" for index, part in enumerate(parts)]


def tail(lines: Sequence[str], most: int | None, what: str = "before") -> list[str]:
    """The last lines; a first one says how many are left out."""
    if most is None or len(lines) <= most:
        return list(lines)
    kept = lines[len(lines) - max(most - 1, 0):]
    return [f"… ({len(lines) - len(kept)} lines {what})", *kept]


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret as `***`, the longest first."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret:
            text = text.replace(secret, "***")
    return text
