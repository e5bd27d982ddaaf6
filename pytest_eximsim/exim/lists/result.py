"""What matching a list ends in, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Matched:
    """The subject is in the list.

    `data` is what a lookup gave (later releases: also the pattern that matched), for $domain_data and its sisters.
    """

    data: str | None = None


@dataclass(frozen=True, slots=True)
class NotMatched:
    """The subject is not in the list."""


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
