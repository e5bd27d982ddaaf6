"""Going through a list: first item that matches decides, negation, named lists and their cache, files, unknown and deferring items (Exim
chapter 10).

What one item means is asked of a `Subject`: `strings.py` (domains, local parts, plain strings), `hosts.py`, `addresses.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ...errors import Crashed, Died, ExpansionError, ForcedFailure
from ..files import open_error, read_file
from ..taint import cut, is_tainted
from .result import MATCHED, NOT_MATCHED, UNTOUCHED, ItemResult, ListDeferred, Matched, NotMatched, Result, Unresolved
from .syntax import FileItem, Item, Named, Networks, Setting, Step, Words, file_lines, steps

if TYPE_CHECKING:
    from ..config.model import NamedList
    from ..state import Process

_WORDS = {"domain": " domain", "host": " host", "address": " address", "localpart": " local part", "string": ""}


Around = Callable[[Callable[[], str]], str]


class Subject(Protocol):
    """What is looked for in a list. `kind` is that of the list."""

    kind: str

    def test(self, p: Process, pattern: str) -> ItemResult: ...

    def test_words(self, p: Process, words: Words) -> Result: ...

    def test_networks(self, networks: Networks) -> bool: ...

    @property
    def told(self) -> str:
        """What is looked for, for who wants to know why."""
        ...

    def make_caseful(self) -> None: ...


#: How deep named lists may hold each other; a list that holds itself has no end.
DEEPEST = 50
#: How many named lists are gone through for one list: those that hold each other twice would never come to an end (nor do they in Exim).
MOST = 50_000


@dataclass(slots=True)
class _Run:
    """One list being gone through, with what its settings say from here on. `cacheable` falls when a list inside is not."""

    p: Process
    subject: Subject
    cache: str | None
    shown: str                          # the list as written, for texts
    around: Around | None = None        # what is put around expansions
    include_unknown: bool = False
    ignore_unknown: bool = False
    include_defer: bool = False
    ignore_defer: bool = False
    cacheable: bool = True
    items: str = ""                     # the list expanded; its items are marked as it is
    last: NotMatched = NOT_MATCHED      # of the last item that was looked at; before the first one, only lists of addresses leave $… alone
    depth: int = 0                      # how many named lists this one is inside of
    left: list[int] = field(default_factory=lambda: [MOST])     # how many more may be gone through, for all those inside too

    def ended(self, found: Matched | NotMatched, matched: bool) -> Result:
        """The result of the whole list, with what the item that decided left behind, or the last one before it."""
        left = self.last if found.untouched else found
        if left.data is None and not left.untouched:
            return MATCHED if matched else NOT_MATCHED
        return Matched(left.data, left.untouched) if matched else NotMatched(left.data, left.untouched)

    def passed(self, item: NotMatched) -> None:
        """An item was looked at, and is not it."""
        if not item.untouched:
            self.last = item

    def set(self, name: str) -> None:
        match name:
            case "+include_unknown" | "+ignore_unknown":
                self.include_unknown, self.ignore_unknown = name == "+include_unknown", name == "+ignore_unknown"
            case "+include_defer" | "+ignore_defer":
                self.include_defer, self.ignore_defer = name == "+include_defer", name == "+ignore_defer"
            case _:
                self.subject.make_caseful()


def match_list(p: Process, text: str, subject: Subject, *, expanded: bool = False, cache: str | None = None, single: bool = False,
               named: bool = True, around: Around | None = None) -> Result:
    """Goes through the list `text`. `cache` names the cache for its named lists in p.scratch.list_cache, None for none; `around` is put
    around the expansion of the list (it sets $domain). Raises Died where Exim's process would die."""
    nothing = UNTOUCHED if subject.kind == "address" else NOT_MATCHED
    if not text:
        return nothing
    if not single:
        p.scratch.search_error = None
    items = text if expanded or ("$" not in text and "\\" not in text) else _expanded(p, text, around)
    if not isinstance(items, str):
        return items
    run = _Run(p, subject, cache, text, around, items=items, last=nothing)
    result = _go_through(run, _steps(p, items, subject.kind, single=single, named=named))
    if p.world.trace is not None:
        _tell(p, subject, items, result)
    return result


def _steps(p: Process, items: str, kind: str, *, single: bool = False, named: bool = True) -> tuple[Step, ...]:
    one_by_one = p.release.tainted_masks_kill and is_tainted(items)
    return steps(items, kind, p.release.strict_addresses, single=single, named=named, one_by_one=one_by_one)


def _tell(p: Process, subject: Subject, items: str, result: Result) -> None:
    """As -bh tells of lists: `one.example in "+local_domains"? no`."""
    from ..log import printing

    assert p.world.trace is not None
    answer = "yes" if isinstance(result, Matched) else "no" if isinstance(result, NotMatched) else "deferred"
    p.world.trace.note("list", None, f'{"    " * p.acl_level}    {printing(subject.told)} in "{printing(items)}"? {answer}')


def _expanded(p: Process, text: str, around: Around | None) -> str | Result:
    from ..expansion import expand
    from ..log import log

    try:
        return around(lambda: expand(p, text)) if around else expand(p, text)
    except ForcedFailure:
        return NOT_MATCHED
    except ExpansionError as error:
        log(p, f'failed to expand "{text}" while checking a list: {error.message}', panic=True)
        return ListDeferred(error.search)


def _go_through(run: _Run, listed: tuple[Step, ...]) -> Result:
    positive = True
    for step in listed:
        if isinstance(step, Setting):
            run.set(step.name)
            continue
        positive = step.positive
        if isinstance(step, FileItem):
            result, positive = _file(run, step)
            if result is not None:
                return result
            continue
        found: ItemResult
        if isinstance(step, Item):
            found = run.subject.test(run.p, cut(step.text, run.items))
        elif isinstance(step, Networks):
            found = MATCHED if run.subject.test_networks(step) else NOT_MATCHED
        elif isinstance(step, Words):
            found = run.subject.test_words(run.p, step)
        else:
            found = _named(run, step)
            if isinstance(found, ListDeferred):
                return found
        if isinstance(found, Matched):
            return run.ended(found, positive)
        if isinstance(found, NotMatched):
            run.passed(found)
            continue
        decided = _undecided(run, found, step.text if isinstance(step, Item) else "")
        if decided is not None:
            return decided
    return run.ended(run.last, not positive)


def _undecided(run: _Run, found: ListDeferred | Unresolved, item: str) -> Result | None:
    """An item that could not be tested: what the settings say; None to go on (case LISTS-010)."""
    from ..log import log

    p = run.p
    if isinstance(found, ListDeferred):
        if run.ignore_defer:
            return None
        quotes = '"' if p.release.deferred_name_quoted else ""
        reason = found.message if found.message is not None else f"DNS lookup of {quotes}{item}{quotes} deferred"
        if run.include_defer:
            log(p, f"{reason}: accepted by +include_defer")
            return MATCHED
        if not p.release.deferred_name_quoted:
            return ListDeferred(found.message)
        if p.scratch.search_error is None:
            p.scratch.search_error = reason
        return ListDeferred(p.scratch.search_error)     # where a lookup has been made for this list, what that one left
    if run.ignore_unknown:
        return None
    if run.include_unknown:
        log(p, f"{found.message}: accepted by +include_unknown")
        return MATCHED
    log(p, f"list matching forced to fail: {found.message}", selector="unknown_in_list")
    return NOT_MATCHED


def _named(run: _Run, step: Named) -> Result:
    """A named list, from the cache where this subject was already tested against it (cases LISTS-005, PROXY-405)."""
    p, kind = run.p, run.subject.kind
    listed: NamedList | None = p.configuration.named_lists.get(kind, {}).get(step.name)
    if listed is None:
        return _unknown(p, kind, step.name)
    cacheable = listed.force_cache or "$" not in listed.text
    key = (run.cache, kind, step.name)
    if cacheable and run.cache is not None:
        known: tuple[str, Result] | None = p.scratch.list_cache.get(key)
        if known is not None:
            told, result = known
            return result if kind != "localpart" or told == run.subject.told else _without_data(result)
    if run.depth == DEEPEST:
        raise Crashed(f"the {kind} list +{step.name} holds itself: Exim overflows its stack")
    run.left[0] -= 1
    if run.left[0] < 0:
        raise Died(f"going through more than {MOST} named lists for one (limit of the simulator)")
    inner = _Run(p, run.subject, run.cache, listed.text, run.around, depth=run.depth + 1, left=run.left)
    text: str | Result = listed.text
    if "$" in listed.text or "\\" in listed.text:
        text = _expanded(p, listed.text, run.around)
    if not isinstance(text, str):
        result = text
    else:
        inner.items = text
        result = _go_through(inner, _steps(p, text, kind)) if text else NOT_MATCHED
    if not (cacheable and inner.cacheable):
        run.cacheable = False
    elif run.cache is not None and not isinstance(result, ListDeferred):
        p.scratch.list_cache[key] = run.subject.told, result
    return result


def _without_data(result: Result) -> Result:
    """What is known of a local part that was tested as +caseful has it, or the other way round: the answer alone."""
    return MATCHED if isinstance(result, Matched) else NOT_MATCHED


def _unknown(p: Process, kind: str, name: str) -> ListDeferred:
    """The older release dies of it, later ones defer (case LISTS-006)."""
    from ..log import log

    text = f'unknown named{_WORDS[kind]} list "+{name}"'
    if p.release.unknown_list_kills:
        raise Died(text)
    log(p, text, panic=True)
    return ListDeferred(None)


def _file(run: _Run, step: FileItem) -> tuple[Result | None, bool]:
    """The lines of a file as items: the result, or None and the sign of the last line (case LISTS-011)."""
    p = run.p
    try:
        content = read_file(p, cut(step.path, run.items))
    except IsADirectoryError:
        content = b""
    except OSError as error:
        raise Died(f'failed to open {step.written} when checking "{run.shown}": {open_error(p, error)}') from None
    positive = step.positive
    for text, sign in file_lines(content, comments_anywhere=run.subject.kind not in ("address", "localpart")):
        positive = step.positive is sign
        found = run.subject.test(p, text)
        if isinstance(found, Matched):
            return run.ended(Matched(text) if p.release.list_match_data else found, positive), positive
        if isinstance(found, NotMatched):
            run.passed(found)
            continue
        decided = _undecided(run, found, text)
        if decided is not None:
            return decided, positive
    return None, positive
