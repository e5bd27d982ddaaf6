"""What matching a list ends in, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Matched:
    """The subject is in the list.

    `data` is what a lookup gave (later releases: also the pattern that matched), for $domain_data and its sisters. `untouched`: no item
    has changed that variable, so what an earlier list left in it stays.
    """

    data: str | None = None
    untouched: bool = False


@dataclass(frozen=True, slots=True)
class NotMatched:
    """The subject is not in the list. `data` is that of the last item that was looked at: `!item` matched, or one in a named list."""

    data: str | None = None
    untouched: bool = False


@dataclass(frozen=True, slots=True)
class ListDeferred:
    """It could not be found out. `message` is the reason as a log line shows it (Exim's search_error_message); None where Exim has none."""

    message: str | None = None


@dataclass(frozen=True, slots=True)
class Unresolved:
    """One item of a host list: a name or an address that could not be resolved; `message` says which. Never the result of a whole list."""

    message: str


Result = Matched | NotMatched | ListDeferred
ItemResult = Matched | NotMatched | ListDeferred | Unresolved

MATCHED = Matched()
NOT_MATCHED = NotMatched()
UNTOUCHED = NotMatched(untouched=True)


def data_after(result: Result, before: str) -> str:
    """What $domain_data or one of its sisters holds after a list, with what it held before."""
    if isinstance(result, ListDeferred):
        return ""
    return before if result.untouched else result.data or ""
