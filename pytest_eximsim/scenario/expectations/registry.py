"""The table of expectations: what a key of `expect` looks at. All failures of one `expect` are told, not the first alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import Position
from ..model import Expect
from ..outcome import Failure, NotYetAvailable
from ..patterns import Ids
from . import files, logs, mail, services

if TYPE_CHECKING:
    from ..runner import Run


@dataclass(frozen=True)
class Look:
    """One look at the subject: whose (`mta`; None: all), which ids are known, where a key stands."""

    run: Run
    ids: Ids
    mta: str | None
    position: Position


def _not_yet(name: str) -> Callable[[Look, Any], list[Failure]]:
    def check(look: Look, value: Any) -> list[Failure]:
        raise NotYetAvailable(f"expect: {{{name}: …}}", look.position)

    return check


CHECKS: dict[str, Callable[[Look, Any], list[Failure]]] = {
    "dmarc": _not_yet("dmarc"),
    "files": files.check,
    "haproxy": services.haproxy,
    "log": logs.in_order,
    "mainlog": logs.whole("main"),
    "messages": mail.accepted,
    "paniclog": logs.whole("panic"),
    "queue": mail.queue,
    "redis": services.redis,
    "rejectlog": logs.whole("reject"),
    "remotes": services.remotes,
    "sql": services.sql,
    "tls": services.tls,
}
#: Keys that say how, not what; and the one that is compared when the configuration is read.
_HOW = ("config_error", "mtas", "throughout", "within")


def check_once(run: Run, expect: Expect, ids: Ids, mta: str | None = None) -> list[Failure]:
    """Look once. Message ids that were found are added to `ids`."""
    failures: list[Failure] = []
    for name in expect.places:
        if name not in _HOW:
            failures += CHECKS[name](Look(run, ids, mta, expect.place(name)), getattr(expect, name))
    for one, below in (expect.mtas or {}).items():
        failures += check_once(run, below, ids, one)
    return failures


def check_until(run: Run, expect: Expect) -> list[Failure]:
    """Look until it holds, at most `within`; with `throughout` it must go on to hold that long. A recorder gets what does not hold."""
    failures = _until(run, expect)
    if failures and run.recorder is not None:
        run.recorder.expect(run, expect)
        return []
    return failures


def _until(run: Run, expect: Expect) -> list[Failure]:
    failures: list[Failure] = []
    run.check_marks.clear()

    def holds() -> bool:
        nonlocal failures
        ids = run.ids.copy()
        failures = check_once(run, expect, ids)
        if not failures:
            run.ids.known.update(ids.known)
        return not failures

    within = expect.within if expect.within is not None else run.within
    if not run.subject.await_until(holds, within) or expect.throughout is None:
        return failures
    run.subject.await_until(lambda: not holds(), expect.throughout)
    return failures
