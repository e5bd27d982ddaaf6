"""What a lookup ends in, as values. How lookups are named and made stands in `registry.py` and `cache.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """The data. `wild` and `fixed` are $1 and $2 of a partial or default lookup, else None (Exim chapter 9.7)."""

    value: str
    wild: str | None = None
    fixed: str | None = None


@dataclass(frozen=True, slots=True)
class NotFound:
    """There is no such record."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """It could not be found out; `message` is Exim's search_error_message (may be empty, may end in a newline)."""

    message: str = ""


Answer = Found | NotFound | Deferred
NOT_FOUND = NotFound()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a driver's `find` gives.

    `keep`: seconds for which the answer may be kept, None for as long as the cache lives; 0 empties the cache.
    """

    answer: Answer
    keep: int | None = None


class LookupTypeError(Exception):
    """The name of a lookup type is not right; the text is Exim's."""


class LookupSetupError(Exception):
    """The lookup could not be set up (its file cannot be opened …); the text is Exim's. Not a deferral (case REDIS-085)."""
