"""The language of redirection data: addresses, files, pipes, `:include:`, `:fail:` and its kin (Exim chapter 22.5 and 22.6).

Lives here: data to addresses. Not here: where data come from and what the router makes of the result (redirect.py); filters are refused
there.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..addresses import AddressSyntaxError, parse_address, syntax_of
from ..rewrite import rewrite_recipient
from ..state import Address
from .making import make_address

if TYPE_CHECKING:
    from ..state import Process

_SPACES = " \t\n\v\f\r"
_DEEPEST_INCLUDE = 20


@dataclass(frozen=True, slots=True)
class Rules:
    """What a router allows, and how it qualifies."""

    allow_fail: bool = False
    allow_defer: bool = False
    forbid_blackhole: bool = False
    forbid_include: bool = False
    include_directory: str | None = None
    rewrite: bool = True
    skip_errors: bool = False
    qualify_domain: str = ""
    own_domain: str = ""        # of the address that is redirected: for `\\name`
    tainted: bool = False       # the data hold something from outside


@dataclass(slots=True)
class Skipped:
    """A syntax error that skip_syntax_errors passed over."""

    reason: str
    text: str


@dataclass(slots=True)
class Reading:
    """`kind` is "addresses", "nothing", "blackhole", "fail", "defer", "unknown" or "error"; `message` goes with the last ones."""

    kind: str = "nothing"
    addresses: list[Address] = field(default_factory=list)
    message: str | None = None
    skipped: list[Skipped] = field(default_factory=list)


_SPECIAL = {":blackhole:": "blackhole", ":fail:": "fail", ":defer:": "defer", ":unknown:": "unknown"}


def is_filter(data: str) -> bool:
    """Do the data begin with `# Exim filter` or `# Sieve filter`?"""
    return re.match(r"\s*#\s*(exim|sieve)\s+filter(?![A-Za-z])", data, re.IGNORECASE) is not None


def read(p: Process, data: str, rules: Rules) -> Reading:
    """All of the data. The first error or special item ends it."""
    reading = Reading()
    _read(p, data, rules, reading, 0)
    if reading.kind == "nothing" and (reading.addresses or reading.skipped):
        reading.kind = "addresses"
    return reading


def _read(p: Process, data: str, rules: Rules, reading: Reading, depth: int) -> bool:
    """False: something ended the reading."""
    place = 0
    while True:
        place = _next(data, place)
        if place >= len(data):
            return True
        end = find_item_end(data, place)
        item = data[place:end].rstrip(_SPACES)
        quoted = len(item) > 1 and item[0] == '"' and _closing_quote(item, 1, len(item)) == len(item) - 1
        item = item[1:-1] if quoted else item
        special = next((name for name in _SPECIAL if item.startswith(name)), None)
        if special is not None:
            _special(special, item, data[place + quoted:], rules, reading)
            return False
        if item.startswith(":include:"):
            if not _include(p, item, rules, reading, depth):
                return False
        elif not _item(p, item, quoted, rules, reading):
            return False
        place = end


def _next(data: str, place: int) -> int:
    """Past blanks, commas, and comments, which begin where an item could."""
    while place < len(data):
        if data[place] in _SPACES or data[place] == ",":
            place += 1
        elif data[place] == "#":
            newline = data.find("\n", place)
            place = len(data) if newline < 0 else newline
        else:
            break
    return place


def find_item_end(data: str, start: int) -> int:
    """A comma or a newline ends an item; quotes end with their line."""
    newline = data.find("\n", start)
    line_end = len(data) if newline < 0 else newline
    place, comments = start, 0
    while place < line_end and (comments or data[place] != ","):
        char = data[place]
        if char == "\\" and place + 1 < line_end:
            place += 1
        elif char == '"':
            closing = _closing_quote(data, place + 1, line_end)
            place = closing if closing >= 0 else line_end - 1
        elif char == "(":
            comments += 1
        elif char == ")" and comments:
            comments -= 1
        place += 1
    return place


def _closing_quote(data: str, place: int, end: int) -> int:
    while place < end:
        if data[place] == "\\":
            place += 1
        elif data[place] == '"':
            return place
        place += 1
    return -1


def _special(name: str, item: str, rest: str, rules: Rules, reading: Reading) -> None:
    kind = _SPECIAL[name]
    forbidden = {"fail": not rules.allow_fail, "defer": not rules.allow_defer, "blackhole": rules.forbid_blackhole}
    if forbidden.get(kind):
        reading.kind, reading.message = "error", f'"{item}" is not permitted'
        return
    text = rest[len(name):].strip(_SPACES)
    reading.kind = kind
    reading.message = text if kind in ("fail", "defer") else None


def _include(p: Process, item: str, rules: Rules, reading: Reading, depth: int) -> bool:
    def refuse(message: str) -> bool:
        reading.kind, reading.message = "error", message
        return False

    if rules.forbid_include:
        return refuse("included files not permitted")
    path = item[len(":include:"):].strip(_SPACES)
    if not path:
        return refuse("file name missing after :include:")
    if rules.tainted and not depth:
        return refuse(f"Tainted name '{path}' for included file  not permitted\n")
    if not path.startswith("/"):
        return refuse(f'included file "{path}" is not an absolute path')
    if rules.include_directory and not path.startswith(rules.include_directory.rstrip("/") + "/"):
        return refuse(f"included file {path} is not in directory {rules.include_directory}")
    if depth > _DEEPEST_INCLUDE:
        return refuse("included files nested too deep")
    try:
        data = p.world.files.read(path).decode("latin-1")
    except IsADirectoryError as error:
        return refuse(f"error while reading included file {path}: {os.strerror(error.errno or 0)}")
    except OSError as error:
        return refuse(f"failed to open included file {path}: {os.strerror(error.errno or 0)}")
    return _read(p, data, rules, reading, depth + 1)


def _item(p: Process, text: str, quoted: bool, rules: Rules, reading: Reading) -> bool:
    try:
        address, domain = _parse(p, text, rules)
        reason = ""
    except AddressSyntaxError as error:
        address, domain, reason = "", 0, str(error)
    if text[:1] in ("|", "/") and (reason or not domain):
        reading.addresses.append(_file_or_pipe(re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) if quoted else text))
        return True
    if not reason:
        reading.addresses.append(_address(p, address, bool(domain), rules))
    elif reason == "empty address":
        return True
    elif rules.skip_errors:
        reading.skipped.append(Skipped(reason, text))
    else:
        reading.kind, reading.message = "error", f'{reason} in "{text}"'
        return False
    return True


def _parse(p: Process, text: str, rules: Rules) -> tuple[str, int]:
    """The address, and where its domain begins. `\\name` has the domain of the address that is redirected."""
    syntax = replace(syntax_of(p), domain_literals=True)
    if text.startswith("\\"):
        try:
            parsed = parse_address(text[1:], syntax)
        except AddressSyntaxError:
            pass
        else:
            if not parsed.domain:
                return f"{parsed.address}@{rules.own_domain}", len(parsed.address) + 1
    parsed = parse_address(text, syntax)
    return parsed.address, parsed.domain


def _address(p: Process, address: str, qualified: bool, rules: Rules) -> Address:
    if not qualified:
        address = f"{address}@{rules.qualify_domain}"
    return make_address(rewrite_recipient(p, address) if rules.rewrite else address)


def _file_or_pipe(text: str) -> Address:
    kind = "pipe" if text.startswith("|") else "file"
    return Address(text, text, "", original_local_part=text, kind=kind)
