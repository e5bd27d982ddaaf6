"""The manualroute router: hosts by hand, from route_list or route_data (Exim chapter 20)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..expansion.splitting import split
from ..hosts import is_ip
from ..lists import ListDeferred, Matched, match_domain
from ..log import log
from .common import LOCAL_TRANSPORTS, accept, expand_data, find_transport, prepare, self_action, text
from .hostlist import Search, Status, Wanted, find_by_dns, find_by_hosts_file
from .result import DNS_DEFER, UNKNOWN_HOST, Accept, Answer, Decline, Defer, Fail, Host, Job, Mode, Pass

if TYPE_CHECKING:
    from ..config.model import Driver

_PORT = re.compile(r"(.*?):(\d+)", re.DOTALL)
_BRACKETED = re.compile(r"\[([^\]]*)\](?:[:.](\d+))?", re.DOTALL)


@dataclass(slots=True)
class Rule:
    """One routing rule: hosts as written, and its options."""

    hosts: str
    options: str


@dataclass(slots=True)
class Choice:
    """What the options of a rule say."""

    lookup: str = ""                    # "", "byname", "bydns"
    family: str = ""                    # "", "only", "prefer"
    transport: Driver | None = None
    individual: bool = False


def route(job: Job, router: Driver) -> Answer:
    """Find the rule, expand its hosts, look them up."""
    rule = _from_list(job, router) if text(router, "route_list") else _from_data(job, router)
    if not isinstance(rule, Rule):
        return rule
    hosts = expand_data(job, rule.hosts, f'{router.name} router: failed to expand "{rule.hosts}"')
    if not isinstance(hosts, str):
        return hosts
    choice = _choose(job, router, rule.options)
    if isinstance(choice, Defer):
        return choice
    stopped = prepare(job, router)
    if stopped is not None:
        return stopped
    if not choice.individual:
        transport = find_transport(job, router)
        if isinstance(transport, Defer):
            return transport
        choice.transport = transport
    return _send_to(job, router, hosts, choice)


# --- rules -----------------------------------------------------------------------------------------------------------


def _from_list(job: Job, router: Driver) -> Rule | Answer:
    p = job.p
    for item in _rules(text(router, "route_list") or ""):
        pattern, rest = _word(item)
        if not pattern:
            continue
        match match_domain(p, pattern, job.address.domain):
            case ListDeferred(message=message):
                return Defer("lookup defer in route_list", search=message)
            case Matched(data=data):
                p.scratch.value = data or ""
                return _rule(rest)
    return Decline()


def _from_data(job: Job, router: Driver) -> Rule | Answer:
    found = expand_data(job, text(router, "route_data") or "")
    if not isinstance(found, str):
        return found
    rule = _rule(found)
    return rule if rule.hosts else Decline()


def _rules(listed: str) -> list[str]:
    """route_list is split at semicolons, unless it says otherwise."""
    return split(listed if listed.lstrip().startswith("<") else "<;" + listed)[1]


def _rule(rest: str) -> Rule:
    hosts, options = _word(rest)
    return Rule(hosts, options)


def _word(item: str) -> tuple[str, str]:
    """The first word (quotes keep blanks together) and the rest."""
    item = item.lstrip()
    if item.startswith('"'):
        return _quoted(item)
    found = re.match(r"\S*", item)
    assert found is not None
    return found.group(), item[found.end():].lstrip()


def _quoted(item: str) -> tuple[str, str]:
    place, word = 1, ""
    while place < len(item) and item[place] != '"':
        if item[place] == "\\" and place + 1 < len(item):
            place += 1
        word += item[place]
        place += 1
    return word, item[place + 1:].lstrip()


def _choose(job: Job, router: Driver, options: str) -> Choice | Defer:
    choice = Choice()
    place = 0
    for found in re.finditer(r"\S+", options):
        word, place = found.group(), found.start()
        if word in ("byname", "bydns"):
            choice.lookup = word
        elif word in ("ipv4_only", "ipv4_prefer") and job.p.release.has("4.96"):
            choice.family = word.removeprefix("ipv4_")
        elif word in ("randomize", "no_randomize"):
            continue                            # the order is that of the list
        elif word in job.p.configuration.transports:
            choice.transport, choice.individual = job.p.configuration.transports[word], True
        else:
            said = f'unknown routing option or transport name "{options[place:]}"'
            log(job.p, f"Error in {router.name} router: {said}")
            return Defer(f"error in router: {said}")
    return choice


# --- hosts -----------------------------------------------------------------------------------------------------------


def _send_to(job: Job, router: Driver, listed: str, choice: Choice) -> Answer:
    transport = choice.transport
    if transport is not None and transport.driver in LOCAL_TRANSPORTS:
        return accept(job, router, transport, (Host(listed),) if listed else ())
    if not listed:
        return Defer(f"error in {router.name} router: no host(s) specified for domain {job.address.domain}")
    hosts = _look_up_all(job, router, [read_host(name) for name in split(listed)[1] if name != "+"], choice)
    if not isinstance(hosts, list):
        return hosts
    job.hosts = ()
    if not hosts:
        return _all_ignored(router)
    if transport is None and job.mode in (Mode.DELIVERY, Mode.TEST):
        log(job.p, f"Error in {router.name} router: no transport defined")
        return Defer("error in router: transport missing")
    return Accept(transport, tuple(hosts))


def read_host(text: str) -> Host:
    """`name`, `name:port`, `[address]:port`."""
    found = _BRACKETED.fullmatch(text)
    if found:
        return Host(found[1], port=int(found[2] or 0))
    if not is_ip(text):
        with_port = _PORT.fullmatch(text)
        if with_port:
            return Host(with_port[1], port=int(with_port[2]))
    return Host(text)


def _look_up_all(job: Job, router: Driver, named: list[Host], choice: Choice) -> list[Host] | Answer:
    """Addresses for all; this host ends the list, or `self` decides where it is the first."""
    hosts: list[Host] = []
    sent = False
    for place, host in enumerate(named):
        search = _look_up(job, router, host, choice)
        job.hosts = (*hosts, *named[place:])
        if search.status is Status.AGAIN:
            if router.options["pass_on_timeout"]:
                return Pass()
            return Defer(f"host lookup for {host.name} did not complete (DNS timeout?)", errno=DNS_DEFER)
        if search.status is Status.FAILED:
            answer = _not_found(job, router, search)
            if answer is not None:
                return answer
            continue
        for one in search.hosts:
            one.port = host.port or one.port
        if search.status is Status.LOCAL and not sent:
            if hosts:
                job.local_host_removed = True
                return hosts
            answer = self_action(job, router, search.hosts[0])
            if answer is not None:
                return answer
            sent = True
        hosts += search.hosts
    return hosts


def _look_up(job: Job, router: Driver, host: Host, choice: Choice) -> Search:
    p, ignore = job.p, text(router, "ignore_target_hosts")
    if host.name[-3:].lower() == "/mx" and len(host.name) > 3:
        host.name = host.name[:-3]
        return find_by_dns(p, host.name, Wanted(ignore, addresses=False, family=choice.family))
    if choice.lookup == "byname" or is_ip(host.name):
        return find_by_hosts_file(p, host, ignore)
    search = find_by_dns(p, host.name, Wanted(ignore, mx=False, family=choice.family))
    if search.status is Status.FAILED and not choice.lookup:
        bad = search.bad_name
        search = find_by_hosts_file(p, host, ignore)
        search.bad_name = bad
    return search


def _not_found(job: Job, router: Driver, search: Search) -> Answer | None:
    """host_find_failed; None to leave the host out."""
    name = search.hosts[0].name
    syntax = ": syntax error in name" if search.bad_name or not name else ""
    said = f'lookup of host "{name}" failed in {router.name} router{syntax}'
    errno = UNKNOWN_HOST if job.p.release.has("4.96") else -1
    match router.options["host_find_failed"]:
        case "ignore":
            return None
        case "pass":
            return Pass()
        case "decline":
            return Decline()
        case "defer":
            return Defer(said, errno=errno)
        case "fail":
            return Fail(said, errno=errno)
    return Defer(said, errno=errno, freeze=True)


def _all_ignored(router: Driver) -> Answer:
    what = str(router.options["host_all_ignored"])
    said = f"lookup failed for all hosts in {router.name} router: host_find_failed=ignore host_all_ignored={what}"
    match what:
        case "decline":
            return Decline()
        case "pass":
            return Pass()
        case "defer":
            return Defer(said)
        case "fail":
            return Fail(said)
    return Defer(said, freeze=True)
