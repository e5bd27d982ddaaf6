"""Modifiers that act: add_header, remove_header, delay, logwrite, log_reject_target, queue (Exim chapter 44.20).

Controls are in controls.py; message, log_message, set and endpass are the engine's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import durations
from ..lists import split_list
from ..log import log, printing
from ..state import AddedHeader
from ..taint import is_tainted
from .verdict import OK, Outcome, error

if TYPE_CHECKING:
    from ..state import Process
    from .run import Run

_PLACES = {":after_received:": "after_received", ":at_start_rfc:": "at_start_rfc", ":at_start:": "at_start", ":at_end:": ""}
_LOGS = ("main", "panic", "reject")


def no_effect(run: Run, value: str) -> Outcome:
    """`continue`: it was expanded, that is all."""
    return OK


def add_header(run: Run, value: str) -> Outcome:
    set_up_headers(run.p, value)
    return OK


def set_up_headers(p: Process, text: str) -> None:
    """Remember the header lines in `text`; one that is there already is not added again (case ACL-024)."""
    text = text.lstrip("\n")
    if not text:
        return
    lines = (text.rstrip("\n") + "\n").splitlines(keepends=True) if "\r" not in text and "\v" not in text else _newlines(text.rstrip("\n"))
    joined: list[str] = []
    for line in lines:
        if joined and line[0] in " \t":
            joined[-1] += line
        else:
            joined.append(line)
    for line in joined:
        _add(p, line)


def _newlines(text: str) -> list[str]:
    return [line + "\n" for line in text.split("\n")]


def _add(p: Process, line: str) -> None:
    where = ""
    if line.startswith(":"):
        for mark, place in _PLACES.items():
            if line[:len(mark)].lower() == mark:
                where, line = place, line[len(mark):]
                break
        line = line.lstrip(" \t")
    if not _has_name(line):
        line = "X-ACL-Warn: " + line
    if not any(added.text.startswith(line) for added in p.message.added_headers):
        p.message.added_headers.append(AddedHeader(line, where))


def _has_name(line: str) -> bool:
    for char in line.rstrip("\n"):
        if char == ":":
            return True
        if not "!" <= char <= "~":
            return False
    return False


def remove_header(run: Run, value: str) -> Outcome:
    message = run.p.message
    message.removed_headers = f"{message.removed_headers} : {value}" if message.removed_headers else value
    return OK


def delay(run: Run, value: str) -> Outcome:
    """Sleep; what was to be sent is sent before, unless control = no_delay_flush."""
    seconds = durations.read(value)
    if seconds is None:
        return error(f'syntax error in argument for "delay" modifier: "{value}" is not a time value')
    p = run.p
    if p.connection.session is not None and not p.connection.no_delay_flush:
        p.connection.session.flush()
    if seconds and p.connection.stream is not None:
        p.world.clock.sleep(float(seconds))
    return OK


def logwrite(run: Run, value: str) -> Outcome:
    """A line of its own, into the logs that `:main,reject:` names (cases ACL-014, ACL-050)."""
    logs: set[str] = set()
    text = value
    if text.startswith(":"):
        text, unknown = text[1:], False
        while not text.startswith(":"):
            name = next((name for name in _LOGS if text.startswith(name)), None)
            if name is None:
                logs, unknown = {"main", "panic"}, True
                text = f'unknown log name in "{value}" in "logwrite" in {run.phase.words} ACL'
                break
            logs.add(name)
            text = text[len(name):].removeprefix(",")
        text = text if unknown else text[1:]
    logs = logs or {"main"}
    log(run.p, printing(text.lstrip(" \t\n\v\f\r")), main="main" in logs, reject="reject" in logs, panic="panic" in logs)
    return OK


def log_reject_target(run: Run, value: str) -> Outcome:
    """Where the refusal will be logged: main, reject, panic (case ACL-014)."""
    logs: set[str] = set()
    for name in split_list(value):
        if name in _LOGS:
            logs.add(name)
        else:
            logs |= {"main", "reject"}
            run.complain(f'unknown log name "{name}" in "log_reject_target" in {run.phase.words} ACL')
    run.log_to = ("main" in logs, "reject" in logs, "panic" in logs)
    return OK


def queue(run: Run, value: str) -> Outcome:
    """The named queue that the message is to go to."""
    if is_tainted(value):
        return error(f"Tainted name '{value}' for queue not permitted")
    if "/" in value:
        return error(f"Directory separator not permitted in queue name: '{value}'")
    run.p.message.queue_name = value
    return OK
