"""One address through the routers, until one takes it, refuses it, or none is left (Exim chapters 3.10 to 3.13 and 15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...errors import ExpansionError, ForcedFailure
from ..expansion import expand
from ..expansion.splitting import split as split_list
from ..lists import ListDeferred, Matched, forget, match_domain
from ..log import log
from . import preconditions, registry
from .aside import without_logs
from .common import boolean, expand_data, text
from .making import child_of, make_address, take_percent_apart
from .result import (
    Accept,
    Children,
    Decline,
    Defer,
    Deferred,
    Fail,
    Failed,
    Job,
    Mode,
    Outcome,
    Pass,
    Redirected,
    Reroute,
    Routed,
)

if TYPE_CHECKING:
    from ..config.model import Driver
    from ..state import Address, Process

#: An address with more ancestors than these goes round in circles.
MOST_PARENTS = 100
_DATABASES = ("mysql", "pgsql", "redis", "sqlite", "ldap:", "ldapdn:", "ldapm:")


def route(p: Process, address: Address, mode: Mode) -> Outcome:
    """Route one address. p.address is what it was when this returns; self_hostname and the lookup cache stay as routing left them."""
    saved = p.address
    p.address = address
    forget(p, "route domain")
    forget(p, "route local part")
    try:
        if not _take_percent_apart(p, address):
            return Deferred(address, None, Defer("defer in percent_hack_domains check"))
        return _hidden(p, _Chain(Job(p, address, mode)).run())
    finally:
        p.address = saved
        address.router = p.scratch.domain_data = p.scratch.local_part_data = ""


def _take_percent_apart(p: Process, address: Address) -> bool:
    """percent_hack_domains: a%b@c is a@b, with the address as it was for a parent. False where the list could not be gone through."""
    listed = str(p.configuration.main.get("percent_hack_domains") or "")
    while listed and "%" in address.original_local_part:
        found = match_domain(p, listed, address.domain)
        if isinstance(found, ListDeferred):
            return False
        if not isinstance(found, Matched):
            break
        address.parent = replace(address, local_part="", original_local_part="", domain="")
        take_percent_apart(address)
    return True


def _hidden(p: Process, outcome: Outcome) -> Outcome:
    """A deferral that would show a database's query says only that there is a problem (later releases)."""
    if not isinstance(outcome, Deferred) or not p.release.has("4.96"):
        return outcome
    message = outcome.why.message
    if ("failed to expand" in message or "expansion of " in message) and any(word in message for word in _DATABASES):
        return replace(outcome, why=replace(outcome.why, message="Temporary internal error"))
    return outcome


class _Chain:
    """The routers for one job, in order. `said`: what the last router that declined had to say."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.p = job.p
        self.routers: Sequence[Driver] = job.p.configuration.routers
        self.places = {router.name: place for place, router in enumerate(self.routers)}
        self.said: Decline | Pass | None = None
        self.last: Driver | None = None

    def run(self) -> Outcome:
        place = self.places.get(self.job.address.start_router, 0)
        while place < len(self.routers):
            router = self.last = self.routers[place]
            step = self._try(router)
            if not isinstance(step, int):
                return step
            place = step or place + 1
        return self._unrouteable()

    def _try(self, router: Driver) -> Outcome | int:
        """One router: the outcome, or the place of the next one; 0 for the one behind it."""
        job, address = self.job, self.job.address
        job.p = without_logs(self.p) if router.options["disable_logging"] else self.p
        loop = self._looped(router)
        if isinstance(loop, Deferred):
            return loop
        if loop or not preconditions.strip_affixes(job, router):
            return 0
        address.router = address.routed_by = router.name
        self._note(router, "tried")
        # What lookups left as their reason is forgotten before the preconditions and behind them (asked of Exim 4.96).
        self.p.scratch.search_error = None
        found = preconditions.check(job, router)
        self.p.scratch.search_error = None
        if isinstance(found, preconditions.Skip):
            self._note(router, f"skipped: {found.reason}")
            return 0
        if isinstance(found, Defer):
            return Deferred(address, router, found)
        data = self._set_data(router)
        if isinstance(data, Defer):
            return Deferred(address, router, data)
        if isinstance(data, Decline):
            return self._more(router)
        job.local_host_removed = False
        return self._answered(router, registry.run(job, router))

    def _answered(self, router: Driver, answer: object) -> Outcome | int:
        address = self.job.address
        match answer:
            case Fail():
                return Failed(address, router, answer)
            case Defer():
                return Deferred(address, router, answer)
            case Decline():
                self._note(router, "declined")
                if answer.forget or answer.message is not None:
                    self.said = None if answer.forget else answer
                return self._more(router)
            case Pass():
                self._note(router, "passed")
                refused = self._refused_by_option(router)
                if refused is not None:
                    return refused
                if answer.message is not None:
                    self.said = answer
                return self.places.get(text(router, "pass_router") or "", 0)
        refused = self._refused_by_option(router)
        if refused is not None and not isinstance(answer, Reroute):
            return refused
        return self._taken(router, answer)

    def _taken(self, router: Driver, answer: object) -> Outcome:
        address = self.job.address
        self._note(router, "accepted")
        if isinstance(answer, Reroute):
            return Redirected(address, router, (answer.address,), rerouted=True, rewrite=answer.rewrite)
        assert isinstance(answer, Accept | Children)
        unseen = boolean(self.job, router, "unseen")
        if isinstance(unseen, Defer):
            return Deferred(address, router, unseen)
        copies = (self._copy(router),) if unseen and self.places[router.name] + 1 < len(self.routers) else ()
        if isinstance(answer, Children):
            return Redirected(address, router, (*copies, *answer.addresses))
        address.transport = answer.transport.name if answer.transport else ""
        return Routed(address, router, answer.transport, answer.hosts, copies)

    def _refused_by_option(self, router: Driver) -> Failed | None:
        """fail_verify_sender, fail_verify_recipient."""
        option = {Mode.SENDER: "fail_verify_sender", Mode.RECIPIENT: "fail_verify_recipient"}.get(self.job.mode)
        if option is not None and router.options[option]:
            return Failed(self.job.address, router, Fail(f"{router.name} router forced verify failure"))
        return None

    def _more(self, router: Driver) -> Outcome | int:
        more = boolean(self.job, router, "more")
        if isinstance(more, Defer):
            return Deferred(self.job.address, router, more)
        return 0 if more else len(self.routers)

    def _looped(self, router: Driver) -> bool | Deferred:
        """Has this router already routed an ancestor with this address (any ancestor, with no_repeat_use)?"""
        address, parent, count = self.job.address, self.job.address.parent, 0
        while parent is not None:
            if parent.routed_by == router.name:
                same = parent.address.lower() == address.address.lower()
                if same and router.options["caseful_local_part"]:
                    same = parent.original_local_part == address.original_local_part
                if same or not router.options.get("repeat_use", True):
                    return True
            count += 1
            if count > MOST_PARENTS:
                log(self.job.p, f"routing loop for <{address.address}>", panic=True)
                return Deferred(address, router, Defer(""))
            parent = parent.parent
        return False

    def _set_data(self, router: Driver) -> Decline | Defer | None:
        """`set` (later releases), then address_data."""
        found = self._set_variables(router)
        option = text(router, "address_data")
        if found is not None or option is None:
            return found
        data = expand_data(self.job, option, f'expansion of "{option}" failed in {router.name} router')
        if not isinstance(data, str):
            return data
        self.job.address.address_data = data
        return None

    def _set_variables(self, router: Driver) -> Decline | Defer | None:
        option = text(router, "set")
        if option is None:
            return None
        for item in split_list(option if option.lstrip().startswith("<") else "<;" + option)[1]:
            name, _, value = item.partition("=")
            data = expand_data(self.job, value.strip(), f'expansion of "{item}" failed in {router.name} router')
            if not isinstance(data, str):
                return data
            self.job.address.variables[name.strip()] = data
        return None

    def _copy(self, router: Driver) -> Address:
        """What `unseen` sends on to the next routers."""
        address = self.job.address
        following = self.routers[self.places[router.name] + 1]
        return child_of(address, make_address(address.address, start_router=following.name))

    def _unrouteable(self) -> Failed:
        """No router is left. What the last one that declined said, else cannot_route_message of the last that was looked at."""
        address, said = self.job.address, self.said
        if said is not None and said.message is not None:
            user, errno = (said.user_message, said.errno) if isinstance(said, Decline) else (None, -1)
            return Failed(address, None, Fail(said.message, user, errno=errno))
        message = "Unrouteable address"
        address.router = ""
        option = text(self.last, "cannot_route_message") if self.last is not None else None
        if option is not None and self.last is not None:
            try:
                message = expand(self.job.p, option)
            except ForcedFailure:
                pass
            except ExpansionError as error:
                log(self.job.p, f"failed to expand cannot_route_message in {self.last.name} router: {error.message}", panic=True)
        return Failed(address, None, Fail(message, message))

    def _note(self, router: Driver, what: str) -> None:
        trace = self.p.world.trace
        if trace is not None:
            trace.note("router", router.position, f"{router.name} router {what} for {self.job.address.address}")
