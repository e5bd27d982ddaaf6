"""What HAProxy knows of its servers and sessions: `show stat` and log lines as values. Pure."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass

_SYSLOG = re.compile(r"<\d+>(?:1 \S+ \S+ \S+ \S+ \S+ (?:-|\[.*?\])"
                     r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:\S+ )??[^\s:\[]+(?:\[\d+\])?:) ?")
_LEVEL = re.compile(r"<\d+>")


@dataclass(frozen=True, slots=True)
class ServerState:
    """One server: `status` (`UP`, `DOWN`, `UP 1/3`, `MAINT`, `no check`), the last check (`L7OK`) and its code (`220`), sessions so far."""

    name: str
    status: str
    check: str
    code: str
    sessions: int
    current: int
    queued: int

    def __str__(self) -> str:
        return " ".join(part for part in (self.status, self.check, self.code) if part)


def read_statistics(text: str) -> dict[str, ServerState]:
    """`show stat` → states by `backend/server`; frontends and backends are left out."""
    rows = csv.DictReader(text.lstrip("# ").splitlines())
    return {state.name: state for row in rows if (state := _read_row(row))}


def _read_row(row: Mapping[str, str]) -> ServerState | None:
    if row.get("svname", "") in ("FRONTEND", "BACKEND") or row.get("type") not in ("2", None):
        return None
    number = {key: int(row.get(key) or 0) for key in ("stot", "scur", "qcur")}
    return ServerState(f"{row['pxname']}/{row['svname']}", row.get("status", ""), (row.get("check_status") or "").lstrip("* "),
                       row.get("check_code") or "", number["stot"], number["scur"], number["qcur"])


def read_log_line(datagram: bytes) -> str:
    """The message of a syslog datagram, without priority, time, host and tag (RFC 3164, RFC 5424, or HAProxy's short and raw formats)."""
    text = datagram.decode("latin-1").rstrip("\n\x00")
    whole = _SYSLOG.match(text)
    if whole:
        return text[whole.end():]
    level = _LEVEL.match(text)
    return text[level.end():] if level else text
