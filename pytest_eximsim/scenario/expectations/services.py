"""`redis`, `sql`, `remotes`, `tls`, `haproxy`: what the neighbours have seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ...exim.world import SqlError, SqlResult
from ..model import Between, HaproxyExpect, RemoteExpect, TlsExpect
from ..outcome import Failure
from ..patterns import Pattern, match_exactly, match_in_order, shown
from .logs import compare
from .mail import PlainMessage, messages

if TYPE_CHECKING:
    from .registry import Look


def redis(look: Look, value: dict[str, Any]) -> list[Failure]:
    """`command: reply`."""
    failures = []
    for command, wanted in value.items():
        got = look.run.subject.redis(command)
        if not _reply_matches(look, wanted, got):
            place = getattr(wanted, "position", None) or look.position
            failures.append(Failure(f"another reply to {command}", place, _reply(wanted), _reply(got)))
    return failures


def _reply_matches(look: Look, wanted: Any, got: object) -> bool:
    match wanted:
        case None:
            return got is None
        case Pattern():
            found = wanted.match(str(got), look.ids, look.run.names) if got is not None and not isinstance(got, list) else None
            if found is not None:
                look.ids.known.update(found.known)
            return found is not None
        case Between():
            least, most = wanted.between or (0, 0)
            return str(got).lstrip("-").isdigit() and least <= int(str(got)) <= most
        case _:
            if not isinstance(got, list) or len(got) != len(wanted):
                return False
            return all(_reply_matches(look, a, b) for a, b in zip(wanted, got, strict=True))


def _reply(value: Any) -> str:
    match value:
        case None:
            return "null"
        case Pattern():
            return value.text
        case Between():
            return f"between {value.between}"
        case list() | tuple():
            return "[" + ", ".join(_reply(one) for one in value) + "]"
    return str(value)


def sql(look: Look, value: dict[str, Any]) -> list[Failure]:
    """Per server the statements that it got, or queries and their rows; for SQLite by file."""
    failures: list[Failure] = []
    for name, wanted in value.items():
        if name == "sqlite":
            for path, queries in wanted.items():
                files = look.run.subject.sql("sqlite")
                failures += _rows(look, path, queries, partial(files.sqlite, path))
            continue
        database = look.run.subject.sql(name)
        if isinstance(wanted, dict):
            failures += _rows(look, name, wanted, database.execute)
        elif not hasattr(database, "statements"):
            failures.append(Failure(f"sql {name}: a real server keeps no statements; ask it: {{query: [row, …]}}", look.position))
        else:
            failures += compare(look, f"sql {name}", wanted, [shown(one) for one in database.statements], match_exactly)
    return failures


def _rows(look: Look, what: str, queries: dict[str, Sequence[Pattern]], execute: Callable[[str], SqlResult]) -> list[Failure]:
    failures: list[Failure] = []
    for query, wanted in queries.items():
        try:
            result = look.run.subject.hub.call_blocking(partial(execute, query))
        except SqlError as error:
            failures.append(Failure(f"{what}: {query}", look.position, "rows", error.text))
            continue
        rows = [shown("|".join("NULL" if column is None else column for column in row)) for row in result.rows]
        failures += compare(look, f"{what}: {query}", wanted, rows, match_exactly)
    return failures


def remotes(look: Look, value: dict[str, RemoteExpect]) -> list[Failure]:
    """Per remote its messages, or its whole dialogue."""
    failures: list[Failure] = []
    for name, wanted in value.items():
        remote = look.run.subject.remote(name)
        if wanted.messages is not None:
            got = [PlainMessage(one.sender, one.recipients, one.data) for one in remote.messages]
            failures += messages(look, f"remote {name}", wanted.messages, got)
        if wanted.dialogue is not None:
            failures += compare(look, f"remote {name}", wanted.dialogue, list(remote.dialogue), match_exactly)
    return failures


def tls(look: Look, value: TlsExpect) -> list[Failure]:
    """TLS of the last session."""
    session = look.run.tls
    if session is None:
        return [Failure("no session used TLS", look.position)]
    failures = []
    for name, got in (("version", session.version), ("cipher", session.cipher), ("subject", session.peer_dn)):
        wanted = getattr(value, name)
        if wanted is not None and wanted.match(got, look.ids, look.run.names) is None:
            failures.append(Failure(f"another TLS {name}", wanted.position, wanted.text, got))
    return failures


def haproxy(look: Look, value: HaproxyExpect) -> list[Failure]:
    """Servers' states, finished health checks, the log, clients' sessions."""
    service = look.run.subject.haproxy()
    look.run.subject.haproxy_used = True
    failures: list[Failure] = []
    for name, pattern in (value.servers or {}).items():
        got = str(service.state(name))
        if pattern.match(got, look.ids, look.run.names) is None:
            failures.append(Failure(f"another state of server {name}", pattern.position, pattern.text, got))
    for name, count in (value.checks or {}).items():
        wanted = _checks_wanted(look, service, name, count)
        if service.checks(name) < wanted:
            seen = max(0, service.checks(name) - wanted + count)
            failures.append(Failure(f"health checks of {name}", look.position, f"{count} more", f"{seen} more"))
    for name, count in (value.sessions or {}).items():
        if service.sessions(name) != count:
            failures.append(Failure(f"another number of sessions: {name}", look.position, str(count), str(service.sessions(name))))
    if value.log is not None:
        failures += compare(look, "HAProxy's log", value.log, list(service.log), match_in_order)
    return failures


def _checks_wanted(look: Look, service: Any, name: str, count: int) -> int:
    """"That many more" counts from the first look of this expectation."""
    return look.run.check_marks.setdefault(name, service.checks(name)) + count
