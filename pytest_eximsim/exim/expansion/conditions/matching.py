"""Conditions that match against a regular expression or a list."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from .... import errors
from ... import regexes
from ...taint import parted
from ..budget import HOPELESS, spend
from ..ip import ip_version
from ..splitting import split
from .comparing import folded

if TYPE_CHECKING:
    from ...lists import Result
    from ...state import Process


def match(p: Process, subject: str, pattern: str) -> bool:
    """match{subject}{regex}: unanchored; $0, $1 … are set where it matches (case EXPAND-012)."""
    found = regexes.compile_for_expansion(p, pattern).search(subject, given_up=partial(spend, p, HOPELESS))
    if found is None:
        return False
    p.scratch.numbers = list(parted(found.groups, subject))
    return True


def in_list(p: Process, subject: str, items: str) -> bool:
    """inlist{subject}{list}: $value is the item that is equal (later releases)."""
    return _in_list(p, subject, subject, parted(split(items)[1], items), caseless=False)


def in_list_caseless(p: Process, subject: str, items: str) -> bool:
    return _in_list(p, subject, folded(subject), parted(split(items)[1], items), caseless=True)


def _in_list(p: Process, subject: str, wanted: str, items: Iterable[str], *, caseless: bool) -> bool:
    for item in items:
        if (folded(item) if caseless else item) == wanted:
            if p.release.matching_sets_value:
                p.scratch.value = item
            return True
    return False


def match_domain(p: Process, subject: str, items: str) -> bool:
    from ... import lists

    return _matched(p, items, lists.match_domain(p, items, subject, expanded=True))


def match_address(p: Process, subject: str, items: str) -> bool:
    from ... import lists

    return _matched(p, items, lists.match_address(p, items, subject, expand=False))


def match_local_part(p: Process, subject: str, items: str) -> bool:
    from ... import lists

    return _matched(p, items, lists.match_local_part(p, items, subject, expanded=True))


def match_ip(p: Process, subject: str, items: str) -> bool:
    """match_ip{address}{host list}: no names are looked up; an empty address is no host."""
    from ... import lists

    if subject and not ip_version(subject, p.release):
        raise errors.ExpansionError(f'"{subject}" is not an IP address')
    return _matched(p, items, lists.match_ip(p, items, subject))


def _matched(p: Process, items: str, result: Result) -> bool:
    """The truth of a list match; a deferred one is an error (cases LISTS-001, LISTS-006)."""
    from ...lists import ListDeferred, Matched

    if isinstance(result, ListDeferred):
        reason = result.message if result.message is not None else p.scratch.search_error
        reason = "NULL" if reason is None else reason
        raise errors.ExpansionError(f'unable to complete match against "{items}": {reason}', defer=result.message)
    if not isinstance(result, Matched):
        return False
    if p.release.matching_sets_value:
        p.scratch.value = result.data or ""
    return True
