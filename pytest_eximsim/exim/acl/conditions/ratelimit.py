"""`ratelimit`: how often does this happen? (Exim chapter 44.38; case ACL-040).

    ratelimit = limit "/" period { "/" option } { "/" key }
    options: leaky strict readonly noupdate per_mail per_conn per_cmd per_rcpt per_addr per_byte count=N unique=TEXT

The rate is an exponentially weighted moving average. It is kept in the hints, in simulated time like everything. A rate that was computed
is remembered for the connection, the message or the command, as its per_ option says, so that it is counted once there.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ... import durations
from ...hints import RateRecord
from ...lists import split_list
from ..phases import Phase
from ..verdict import Outcome, error, truth

if TYPE_CHECKING:
    from ..run import Run

#: What strtod() takes.
_NUMBER = re.compile(
    r"[ \t\n\v\f\r]*[+-]?(?:0x(?:[0-9a-f]+(?:\.[0-9a-f]*)?|\.[0-9a-f]+)(?:p[+-]?[0-9]+)?"
    r"|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?|nan)", re.IGNORECASE)
_FACTORS = {"k": 1024.0, "m": 1024.0**2, "g": 1024.0**3}
_SHORTEST = 1e-9                # seconds between two events at the same moment


@dataclass(slots=True)
class _Limit:
    """What the value says. `mode` is the per_ option, `batch`: per_rcpt counts all recipients of the message at once."""

    limit: float
    period_text: str
    period: float
    leaky: bool = False
    strict: bool = False
    readonly: bool = False
    noupdate: bool = False
    misplaced: bool = False
    mode: str = ""
    clash: bool = False
    batch: bool = False
    count: float = 1.0
    unique: str | None = None
    key: str | None = None

    def per(self, mode: str) -> None:
        self.clash = self.clash or bool(self.mode)
        self.mode = mode


def ratelimit(run: Run, value: str) -> Outcome:
    """Is the rate at the limit or above it? Sets $sender_rate, $sender_rate_limit, $sender_rate_period."""
    limit = _read(run, value)
    if isinstance(limit, Outcome):
        return limit
    wrong = _settle(run, limit)
    if wrong is not None:
        return wrong
    key = limit.key if limit.key is not None else run.p.connection.host_address
    key = f"{limit.period_text}/{limit.mode}/{'' if limit.unique is None else 'unique/'}{key}"
    known = _remembered(run, limit)
    if key in known:
        rate = known[key]
    else:
        rate = known[key] = _measure(run, limit, key)
    run.p.scratch.variables["sender_rate"] = f"{rate:.1f}"
    return truth(not rate < limit.limit)


# --- reading -------------------------------------------------------------------------------------


def _wrong(text: str) -> Outcome:
    return error(f'error in arguments to "ratelimit" condition: {text}')


def _read(run: Run, value: str) -> _Limit | Outcome:
    p = run.p
    items = split_list("</" + value)
    variables = p.scratch.variables
    variables["sender_rate_limit"] = items[0] if items else ""
    if not items:
        return _wrong(f'"{p.release.null_word}" is not a positive number' if not p.release.rate_limit_must_be_set else
                      "sender rate limit not set")
    number = _number(items[0], suffixes=True)
    if number is None:
        return _wrong(f'"{items[0]}" is not a positive number')
    variables["sender_rate_period"] = items[1] if len(items) > 1 else ""
    period = durations.read(items[1]) if len(items) > 1 else None
    if not period:
        return _wrong(f'"{items[1] if len(items) > 1 else p.release.null_word}" is not a time value')
    limit = _Limit(number, items[1], float(period))
    for item in items[2:]:
        if not _option(run, limit, item):
            return _wrong(f'"{item}" is not a positive number')
    return limit


def _number(text: str, *, suffixes: bool = False) -> float | None:
    found = _NUMBER.match(text)
    word = found.group().strip().lower() if found else ""
    number = float.fromhex(word) if "x" in word else float(word or "0")
    rest = text[found.end():] if found else text
    if suffixes and rest.lower() in _FACTORS:
        number, rest = number * _FACTORS[rest.lower()], ""
    return None if rest or number < 0 else number


def _option(run: Run, limit: _Limit, item: str) -> bool:
    """One item behind the period; false where it is a wrong count."""
    word = item.lower()
    if word in ("leaky", "strict", "readonly", "noupdate"):
        setattr(limit, word, True)
    elif word.startswith("per_") and word in _PER:
        _PER[word](run, limit)
    elif word.startswith("count="):
        count = _number(item[6:])
        if count is None:
            return False
        limit.count = count
    elif word.startswith("unique="):
        limit.unique = item[7:]
    else:
        limit.key = item if limit.key is None else f"{limit.key}/{item}"
    return True


def _per_addr(run: Run, limit: _Limit) -> None:
    limit.per("per_rcpt")
    if run.phase is Phase.RCPT and run.p.address is not None:
        limit.unique = f"{run.p.address.local_part}@{run.p.address.domain}"
    else:
        limit.misplaced, limit.unique = True, "*"


def _per_byte(run: Run, limit: _Limit) -> None:
    limit.per("per_mail")
    if run.phase.for_message:
        limit.count = float(max(run.p.message.size, 0))
    else:
        limit.misplaced = True


def _per_cmd(run: Run, limit: _Limit) -> None:
    limit.per("per_cmd")


def _per_conn(run: Run, limit: _Limit) -> None:
    limit.per("per_conn")
    limit.misplaced = limit.misplaced or run.phase in (Phase.NOTSMTP, Phase.NOTSMTP_START)


def _per_mail(run: Run, limit: _Limit) -> None:
    limit.per("per_mail")
    limit.misplaced = limit.misplaced or not run.phase.for_message


def _per_rcpt(run: Run, limit: _Limit) -> None:
    limit.per("per_rcpt")
    if run.phase is Phase.RCPT:
        return
    if run.phase.for_message and run.phase is not Phase.MAIL:
        limit.batch, limit.count = True, float(len(run.p.message.recipients))
    else:
        limit.misplaced = True


_PER = {
    "per_addr": _per_addr, "per_byte": _per_byte, "per_cmd": _per_cmd, "per_conn": _per_conn, "per_mail": _per_mail, "per_rcpt": _per_rcpt,
}


def _settle(run: Run, limit: _Limit) -> Outcome | None:
    """Options that exclude each other, and what holds where none is given."""
    if limit.clash:
        return _wrong("conflicting per_* options")
    if limit.leaky + limit.strict + limit.readonly > 1:
        return _wrong("conflicting update modes")
    if limit.misplaced and (limit.leaky or limit.strict) and not limit.noupdate:
        return _wrong(f'"{limit.mode}" must not have /leaky or /strict option, or cannot be used in {run.phase.words} ACL')
    if limit.noupdate:
        limit.readonly, limit.leaky, limit.strict = True, False, False
    if limit.misplaced:
        limit.readonly = True
    if limit.readonly:
        limit.count = 0.0
    elif not limit.strict:
        limit.leaky = True
    limit.mode = limit.mode or "per_mail"
    return None


def _remembered(run: Run, limit: _Limit) -> dict[str, float]:
    """The rates that were computed in this connection, message or command."""
    if limit.readonly or limit.mode == "per_cmd" or (limit.mode == "per_rcpt" and not limit.batch):
        return run.p.scratch.command_rates
    return run.p.connection.rates if limit.mode == "per_conn" else run.p.message.rates


# --- measuring -----------------------------------------------------------------------------------


def _measure(run: Run, limit: _Limit, key: str) -> float:
    """The rate now; it is written where the mode says so: always when strict, below the limit when leaky."""
    records, now = run.p.mta.hints.ratelimit, run.p.world.clock.now()
    old = records.get(key)
    record = replace(old, seen=set(old.seen)) if old is not None else RateRecord(now, 0.0, float(int(now)))
    if limit.unique is not None and int(now) > record.epoch + limit.period:
        record.epoch, record.seen = float(int(now)), set()
    count = limit.count
    if limit.unique is not None and not limit.readonly:
        if limit.unique in record.seen:
            count = 0.0
        record.seen.add(limit.unique)
    record.rate = count if old is None else _smoothed(old, now, limit.period, count)
    record.at = now
    if limit.strict or (limit.leaky and record.rate < limit.limit):
        records[key] = record
    return record.rate


def _smoothed(old: RateRecord, now: float, period: float, count: float) -> float:
    """The moving average; an event after a long silence counts for itself. Between two events there is always a moment."""
    share = max(now - old.at, _SHORTEST) / period
    rate = -math.expm1(-share) * count / share + math.exp(-share) * old.rate
    return max(rate, count)
