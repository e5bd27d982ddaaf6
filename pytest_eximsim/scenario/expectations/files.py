"""`files`: what the MTA wrote, under the names that it used: whole texts, lines, messages of a mailbox or a Maildir."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..model import FileExpect
from ..outcome import Failure
from ..patterns import Pattern, match_exactly, match_in_order, shown
from .logs import compare
from .mail import PlainMessage, messages

if TYPE_CHECKING:
    from .registry import Look

_FROM_LINE = re.compile(rb"^From (\S*) .*\n", re.M)


def check(look: Look, value: dict[str, Pattern | FileExpect]) -> list[Failure]:
    """Every file that is named."""
    failures: list[Failure] = []
    for path, wanted in value.items():
        for name, text in look.run.names.items():
            path = path.replace(name, text)
        failures += _one(look, path, wanted)
    return failures


def _one(look: Look, path: str, wanted: Pattern | FileExpect) -> list[Failure]:
    subject = look.run.subject
    place = wanted.position
    if isinstance(wanted, FileExpect) and wanted.messages is not None and wanted.contains is None:
        return messages(look, path, wanted.messages, mailbox(look, path))
    try:
        data = subject.file(path, look.mta)
    except OSError as error:
        if isinstance(wanted, Pattern) and wanted.text == "absent":
            return []
        return [Failure(f"file {path}", place, "a file", f"({error.strerror})")]
    text = shown(data.decode("latin-1"))
    if isinstance(wanted, Pattern):
        if wanted.text == "absent":
            return [Failure(f"file {path} is there", place, "absent", text[:200])]
        lines = [Pattern(line, place) for line in wanted.text.removesuffix("\n").split("\n")] if wanted.text else []
        return compare(look, f"file {path}", lines, text.removesuffix("\n").split("\n") if text else [], match_exactly)
    failures = compare(look, f"file {path}", wanted.contains or (), text.split("\n"), match_in_order)
    if wanted.messages is not None:
        failures += messages(look, path, wanted.messages, mailbox(look, path))
    return failures


def mailbox(look: Look, path: str) -> list[PlainMessage]:
    """The messages of an mbox file or of a Maildir folder (`new`, then `cur`)."""
    subject = look.run.subject
    try:
        if subject.status(path, look.mta).kind != "dir":
            return _mbox(subject.file(path, look.mta))
    except OSError:
        return []
    found: list[PlainMessage] = []
    for part in ("new", "cur"):
        try:
            names = [name for name in subject.list_folder(f"{path}/{part}", look.mta) if not name.startswith(".")]
        except OSError:
            continue
        found += [_from_headers(subject.file(f"{path}/{part}/{name}", look.mta)) for name in sorted(names)]
    return found


def _mbox(data: bytes) -> list[PlainMessage]:
    starts = [match for match in _FROM_LINE.finditer(data) if match.start() == 0 or data[match.start() - 2:match.start()] == b"\n\n"]
    if not starts:
        return [_from_headers(data)] if data else []
    ends = [*(one.start() for one in starts[1:]), len(data)]
    made = []
    for match, end in zip(starts, ends, strict=True):
        text = data[match.end():end].removesuffix(b"\n")
        sender = match[1].decode("latin-1")
        made.append(PlainMessage("" if sender == "MAILER-DAEMON" else sender, _recipients(text), text))
    return made


def _from_headers(data: bytes) -> PlainMessage:
    found = re.search(rb"^Return-path: <(.*)>", data.split(b"\n\n", 1)[0], re.M | re.I)
    return PlainMessage(found[1].decode("latin-1") if found else "", _recipients(data), data)


def _recipients(data: bytes) -> list[str]:
    found = re.search(rb"^(?:Envelope|Delivered)-to: (.*)", data.split(b"\n\n", 1)[0], re.M | re.I)
    return [one.strip() for one in found[1].decode("latin-1").split(",")] if found else []
