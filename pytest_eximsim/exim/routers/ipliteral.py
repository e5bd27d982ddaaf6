"""The ipliteral router: domains that are addresses in brackets (Exim chapter 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..hosts import is_ip
from ..lists import Matched, match_host
from .common import finish, self_action, text
from .hostlist import drop_local
from .result import Answer, Decline, Host, Job

if TYPE_CHECKING:
    from ..config.model import Driver


def route(job: Job, router: Driver) -> Answer:
    """`[192.0.2.1]`, `[IPv6:2001:db8::1]`; anything else is declined."""
    p, domain = job.p, job.address.domain
    if not (domain.startswith("[") and domain.endswith("]")):
        return Decline()
    literal = domain[1:-1]
    if literal[:5].lower() in ("ipv6:", "ipv4:"):
        literal = literal[5:]
    kind = is_ip(literal, p.release)
    if not kind or (kind == 6 and p.configuration.main.get("disable_ipv6")):
        return Decline()
    ignored = text(router, "ignore_target_hosts")
    if ignored and isinstance(match_host(p, ignored, name=domain, address=literal), Matched):
        return Decline("IP literal host explicitly ignored")
    host = Host(domain, literal)
    if drop_local(p, [host]).local:
        answer = self_action(job, router, host)
        if answer is not None:
            return answer
    return finish(job, router, (host,))
