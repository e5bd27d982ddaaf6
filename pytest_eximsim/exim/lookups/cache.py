"""One lookup from its words to its answer: opening, cache, partial matching, defaults (Exim chapters 9.4 to 9.8).

The cache belongs to a process and lives until `tidy_up`; each type has one for each of its files, the query types one each. All of them are
in one flat dictionary, which fork() copies: (type, file) holds how often that cache was emptied, (type, file, that number, key, options) an
answer and the time when it expires. An answer that must not be kept empties the cache of its type (cases REDIS-009, REDIS-071). A deferral
is neither kept nor does it empty anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import Died
from ..log import log
from ..taint import is_tainted, is_unquoted
from ..where import not_simulated, told
from .registry import LookupType
from .result import NOT_FOUND, Answer, Deferred, Found, LookupSetupError

if TYPE_CHECKING:
    from ..state import Process


def search(p: Process, type: LookupType, file: str | None, key: str) -> Answer:
    """Finds `key` (for query types: the query) in `file`. Raises LookupSetupError where the file cannot be opened, NotSimulated
    for a type that is refused.

    A key that is empty is never found; a default (`lsearch*`) still is (case REDIS-080).
    """
    if type.driver.refused:
        raise not_simulated(p, f'the lookup type "{type.name}"')
    place = file or ""
    refuse_tainted(p, place)
    _open(p, type, place)
    if type.kind != "single" and type.driver.quote is not None and is_unquoted(key, type.name) and not _known(p, type, place, key):
        log(p, f"tainted search query is not properly quoted{told(p)}: {key}", panic=True)
    key = str(key)
    answer = _found(p, type, place, key)
    p.scratch.search_error = answer.message if isinstance(answer, Deferred) else ""
    return answer


def refuse_tainted(p: Process, file: str) -> None:
    """A file that is named by data from outside is not opened: both logs tell it. Raises LookupSetupError; its text is what is left of an
    earlier lookup (asked of Exim 4.96)."""
    if is_tainted(file):
        log(p, f"Tainted filename for search: '{file}'", panic=True)
        error = p.scratch.search_error
        nothing = "(null)" if p.connection.stream is None and p.address is None else p.release.null_word
        raise LookupSetupError(nothing if error is None else error)


def _found(p: Process, type: LookupType, place: str, key: str) -> Answer:
    answer = _find(p, type, place, key)
    if isinstance(answer, Deferred):
        return answer
    if isinstance(answer, Found):
        return answer if type.partial is None else Found(answer.value, "", key)
    if type.partial is not None:
        answer = _partial(p, type, place, key)
    if answer is NOT_FOUND and type.star:
        answer = _default(p, type, place, key)
    return answer


def tidy_up(p: Process) -> None:
    """Forgets all answers and closes all connections, as Exim does where a message's reception starts and ends (case REDIS-063)."""
    p.scratch.lookup_cache.clear()
    for connection in p.scratch.connections.values():
        connection.close(p)
    p.scratch.connections.clear()


def _open(p: Process, type: LookupType, file: str) -> None:
    """A file is opened when it is used first."""
    cache = p.scratch.lookup_cache
    if (type.name, file) not in cache:
        if type.driver.open is not None:
            type.driver.open(p, file)
        cache[type.name, file] = 0


def _find(p: Process, type: LookupType, file: str, key: str) -> Answer:
    if not key:
        return NOT_FOUND
    cache, options = p.scratch.lookup_cache, type.options
    kept = _known(p, type, file, key)
    if kept is not None:
        return kept
    emptied: int = cache[type.name, file]
    place = (type.name, file, emptied, key, options)
    reply = type.driver.find(p, file, key, options)
    if isinstance(reply.answer, Deferred):
        return reply.answer
    if reply.keep == 0:
        cache[type.name, file] = emptied + 1
    else:
        cache[place] = reply.answer, None if reply.keep is None else p.world.clock.now() + reply.keep
    return reply.answer


def _known(p: Process, type: LookupType, file: str, key: str) -> Answer | None:
    """The answer that is kept and still good."""
    cache = p.scratch.lookup_cache
    kept: tuple[Answer, float | None] | None = cache.get((type.name, file, cache[type.name, file], key, type.options))
    good = kept is not None and (kept[1] is None or kept[1] > p.world.clock.now()) and "cache=no_rd" not in type.options
    return kept[0] if kept is not None and good else None


def _partial(p: Process, type: LookupType, file: str, key: str) -> Answer:
    """The key with the affix in front, then without its first components as long as `partial` of them are left (case REDIS-081)."""
    affix, least = type.affix, type.partial or 0
    if affix:
        answer = _find(p, type, file, affix + key)
        if isinstance(answer, Found):
            return Found(answer.value, "", key)
        if isinstance(answer, Deferred):
            return answer
    rest = key
    for _ in range(key.count(".") - least + 1):
        _, dot, rest = rest.partition(".")
        if not dot:
            if not affix:
                return NOT_FOUND
            affix = affix.removesuffix(".") if len(affix) > 1 else affix
        answer = _find(p, type, file, affix + rest)
        if isinstance(answer, Found):
            if not key and p.release.brace_reasons:
                raise Died("internal error in string_catn (count -1)")      # partial0- with an empty key
            return Found(answer.value, key[:max(len(key) - len(rest) - 1, 0)], rest)
        if isinstance(answer, Deferred):
            return answer
    return NOT_FOUND


def _default(p: Process, type: LookupType, file: str, key: str) -> Answer:
    """`*@domain` for `*@`, then `*`."""
    local, at, domain = key.rpartition("@")
    if type.star == "*@" and at and local:
        answer = _find(p, type, file, f"*@{domain}")
        if isinstance(answer, Found):
            return Found(answer.value, local, "")
        if isinstance(answer, Deferred):
            return answer
    answer = _find(p, type, file, "*")
    return Found(answer.value, key, "") if isinstance(answer, Found) else answer
