"""The dnslookup router: hosts by MX, SRV and address records (Exim chapter 17)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..expansion.splitting import split
from ..hosts import is_ip
from ..lists import ListDeferred, Matched, match_domain
from .common import expanded, family, finish, self_action, text, with_domain
from .hostlist import Search, Status, Wanted, find_by_dns
from .result import UNKNOWN_HOST, Answer, Decline, Defer, Job, Mode, Pass, Reroute

if TYPE_CHECKING:
    from ..config.model import Driver


def route(job: Job, router: Driver) -> Answer:
    """Look the domain up, then the domain widened; then as the hosts are: this one, or others."""
    service = _service(job, router)
    if isinstance(service, Defer):
        return service
    wanted = Wanted(
        text(router, "ignore_target_hosts"), service=service, srv_fail_domains=text(router, "srv_fail_domains"),
        mx_fail_domains=text(router, "mx_fail_domains"), family=family(job, router),
    )
    found = None
    for domain in _domains(job, router):
        search = find_by_dns(job.p, domain, wanted)
        job.local_host_removed = search.removed
        answer = _judge(job, router, search)
        if answer is not None:
            return answer
        if search.status in (Status.FOUND, Status.LOCAL) and not _needs_mx(job, router, search):
            found = search
            break
    if found is None:
        return Decline()
    return _found(job, router, found)


def _service(job: Job, router: Driver) -> str | Defer:
    option = text(router, "check_srv")
    if option is None:
        return ""
    return expanded(job, option, f'{router.name} router: failed to expand "{option}"') or ""


def _domains(job: Job, router: Driver) -> Iterator[str]:
    """The domain, then with each of widen_domains behind it; a sender whose header lines could not be rewritten is not widened."""
    domain = job.address.domain
    yield domain
    if job.mode is Mode.SENDER and router.options["rewrite_headers"] and job.address.parent is None:
        return
    for wider in split(text(router, "widen_domains") or "")[1]:
        yield f"{domain}.{wider}"


def _judge(job: Job, router: Driver, search: Search) -> Answer | None:
    """Deferrals and failures that end it; None to look further."""
    if search.status is Status.AGAIN:
        return Pass() if router.options["pass_on_timeout"] else Defer("host lookup did not complete")
    if search.status in (Status.FOUND, Status.LOCAL):
        return _mx_unclear(job, router, search)
    listed = text(router, "fail_defer_domains")
    if listed:
        match match_domain(job.p, listed, search.name):
            case ListDeferred(message=message):
                return Defer("lookup defer for fail_defer_domains option", search=message)
            case Matched():
                return Defer("missing MX, or all MXs point to missing A records, and defer requested")
    first = search.hosts[0]
    if first.preference >= 0:
        return _no_service(job, first.name)
    if search.bad_name:
        return Decline(f'mail domain "{first.name}" is syntactically invalid')
    return None


def _no_service(job: Job, target: str) -> Decline:
    """MX or SRV records, but none that leads anywhere (case DELIVERY-006)."""
    if not target:
        return Decline("an MX or SRV record indicated no SMTP service")
    said = "all relevant MX records point to non-existent hosts"
    errno = UNKNOWN_HOST if job.p.release.has("4.96") else -1
    if job.p.configuration.main.get("allow_mx_to_ip") or not is_ip(target):
        return Decline(said, errno=errno)
    operator = (f"It appears that the DNS operator for {job.address.domain}\nhas installed an invalid MX record with an IP address\n"
                "instead of a domain name on the right hand side.")
    return Decline(f"{said} or (invalidly) to IP addresses", operator, errno=errno)


def _mx_unclear(job: Job, router: Driver, search: Search) -> Defer | None:
    listed = text(router, "mx_domains")
    if listed and search.hosts[0].preference < 0:
        found = match_domain(job.p, listed, search.name)
        if isinstance(found, ListDeferred):
            return Defer("lookup defer for mx_domains", search=found.message)
    return None


def _needs_mx(job: Job, router: Driver, search: Search) -> bool:
    listed = text(router, "mx_domains")
    return bool(listed) and search.hosts[0].preference < 0 and isinstance(match_domain(job.p, listed or "", search.name), Matched)


def _found(job: Job, router: Driver, search: Search) -> Answer:
    address = job.address
    if search.name.lower() != address.domain.lower():
        return Reroute(with_domain(job, search.name), bool(router.options["rewrite_headers"]))
    if search.name != address.domain:
        address.address = f"{address.address.rpartition('@')[0]}@{search.name}"
    if search.status is Status.LOCAL:
        answer = self_action(job, router, search.hosts[0])
        if answer is not None:
            return answer
    elif router.options["check_secondary_mx"] and not job.local_host_removed:
        return Decline()
    return finish(job, router, tuple(search.hosts))
