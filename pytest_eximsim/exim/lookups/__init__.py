"""Lookups: `${lookup …}` and lookups as list items. `parse_type` reads a type's name, `search` makes the lookup, `tidy_up` forgets."""

from .cache import refuse_tainted, search, tidy_up
from .registry import LookupDriver, LookupType, has_quoting, parse_type, quote
from .result import Answer, Deferred, Found, LookupSetupError, LookupTypeError, NotFound

__all__ = [
    "Answer", "Deferred", "Found", "LookupDriver", "LookupSetupError", "LookupType", "LookupTypeError", "NotFound", "has_quoting",
    "parse_type", "quote", "refuse_tainted", "search", "tidy_up",
]
