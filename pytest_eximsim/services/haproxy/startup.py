"""What HAProxy prints, in terms of the user's files: `[ALERT] (pid) : config : parsing [FILE:LINE] : text`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...errors import Position

_HEAD = re.compile(r"\[(?P<severity>ALERT|WARNING|NOTICE|DIAG|INFO)\]\s*(?:\d{3}/\d{6}\s*)?\(\d+\)\s*:\s*(?P<text>.*)", re.S)
_PARSING = re.compile(r"(?:config\s*:\s*)?(?:parsing\s+)?\[(?P<file>[^\]\s]+?):(?P<line>\d+)\]\s*(?::\s*)?(?P<text>.*)", re.S)
_CONFIG = re.compile(r"^config\s*:\s*")
#: What is only so because of the way we run it.
_OURS = ("haproxy version is", "path to executable is", "Loading success", "New worker", "started as root", "without chroot", "no 'user'")
_SUMMARY = ("Error(s) found in configuration file", "Fatal errors found in configuration", "errors found in configuration")


@dataclass(frozen=True, slots=True)
class Message:
    """`severity` is "alert", "warning", "notice" or "diag"; `position` is in the user's file, None where HAProxy names no line."""

    severity: str
    text: str
    position: Position | None = None

    def __str__(self) -> str:
        return f"{self.position}: {self.severity}: {self.text}" if self.position else f"{self.severity}: {self.text}"


def read_messages(output: str, files: Mapping[str, str], names: Mapping[str, str]) -> list[Message]:
    """`files`: paths of the run copy → the user's. `names`: other texts of the run → what stands in the user's file (`fd@7` → `:25`)."""
    return [message for text in _join(output.splitlines()) if (message := _read(text, files, names))]


def _join(lines: Iterable[str]) -> list[str]:
    """A message goes on in the lines that have no head."""
    joined: list[str] = []
    for line in lines:
        if line.startswith("[") or not joined:
            joined.append(line)
        elif line.strip():
            joined[-1] += "\n" + line
    return joined


def _read(text: str, files: Mapping[str, str], names: Mapping[str, str]) -> Message | None:
    found = _HEAD.match(text)
    severity, rest = (found["severity"].lower(), found["text"]) if found else ("alert", text)
    if not rest.strip() or any(word in rest for word in (*_OURS, *_SUMMARY)):
        return None
    place = _PARSING.match(rest)
    position = None
    if place and place["file"] in files:
        position = Position(files[place["file"]], int(place["line"]))
        rest = place["text"]
    return Message(severity, _own_words(_CONFIG.sub("", rest), files, names), position)


def _own_words(text: str, files: Mapping[str, str], names: Mapping[str, str]) -> str:
    for ours, theirs in sorted({**files, **names}.items(), key=lambda item: -len(item[0])):
        text = re.sub(re.escape(ours) + r"(?!\d)", theirs.replace("\\", r"\\"), text)
    return " ".join(part.strip() for part in text.splitlines() if part.strip())
