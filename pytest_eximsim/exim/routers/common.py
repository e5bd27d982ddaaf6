"""What several routers do: options that expand, errors_to, header lines, the transport, another domain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...errors import ExpansionError, ForcedFailure
from ..expansion import expand, expand_condition
from ..expansion.splitting import split
from ..log import log
from ..taint import is_tainted
from .making import child_of, make_address
from .owner import set_owner
from .result import BAD_TRANSPORT, Accept, Answer, Decline, Defer, Fail, Host, Job, Pass, Reroute

if TYPE_CHECKING:
    from ..config.model import Driver
    from ..state import Address

#: Drivers of transports that deliver on this machine.
LOCAL_TRANSPORTS = ("appendfile", "autoreply", "lmtp", "pipe", "queuefile")
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0", "")


def text(router: Driver, name: str) -> str | None:
    """A text option; None where it is unset."""
    value = router.options.get(name)
    return value if isinstance(value, str) else None


def expanded(job: Job, value: str, said: str) -> str | Defer | None:
    """A text expanded; None after a forced failure. Any other failure defers, with `said` in front of its reason."""
    try:
        return expand(job.p, value)
    except ForcedFailure:
        return None
    except ExpansionError as error:
        return Defer(f"{said}: {error.message}", search=error.search)


def boolean(job: Job, router: Driver, name: str) -> bool | Defer:
    """`more` or `unseen`, which may be a string to expand."""
    value = router.options[name]
    if not isinstance(value, str):
        return bool(value)
    found = expanded(job, value, f'failed to expand "{name}" in {router.name} router')
    if found is None:
        return False
    if isinstance(found, Defer):
        return found
    if found.lower() in TRUE:
        return True
    if found.lower() in FALSE:
        return False
    return Defer(f'"{found}" is not a valid value for the "{name}" option in the {router.name} router')


def family(job: Job, router: Driver) -> str:
    """ipv4_only, ipv4_prefer of later releases: "only", "prefer" or ""."""
    for name in ("only", "prefer"):
        option = text(router, f"ipv4_{name}")
        if option is not None and expand_condition(job.p, option, f"{router.name} router"):
            return name
    return ""


def set_errors_address(job: Job, router: Driver) -> Defer | None:
    """errors_to: who hears of failures. An address that is not good is not taken, except where we are verifying anyway."""
    option = text(router, "errors_to")
    if option is None:
        return None
    found = expanded(job, option, f'{router.name} router failed to expand "{option}"')
    if found is None or isinstance(found, Defer):
        return found
    if not found or job.mode.verifying or _verifies(job, found):
        job.address.errors_to = found
    return None


def _verifies(job: Job, address: str) -> bool:
    """Is it good as a recipient? It is asked with an empty sender (chapter 15, errors_to)."""
    from ..acl.verify.address import verify_quietly

    return verify_quietly(job.p, address)


def set_header_changes(job: Job, router: Driver) -> Defer | None:
    """headers_add and headers_remove join what earlier routers wanted. Each item of these lists is expanded on its own."""
    for name, word, prefix in (("headers_add", "add_headers", "<\n"), ("headers_remove", "remove_headers", "")):
        for item in split(prefix + (text(router, name) or ""))[1]:
            found = expanded(job, item, f'{router.name} router failed to expand {word} item "{item}"')
            if isinstance(found, Defer):
                return found
            if found:
                setattr(job.address, name, (*getattr(job.address, name), found))
    return None


def prepare(job: Job, router: Driver) -> Defer | None:
    """errors_to, then header lines."""
    return set_errors_address(job, router) or set_header_changes(job, router)


def find_transport(job: Job, router: Driver, option: str = "transport", *, required: bool = False) -> Driver | Defer | None:
    """The transport that an option names, expanded where it has a dollar; None where it is unset and need not be set."""
    name = text(router, option)
    if name is None:
        return Defer(f"{option} unset in {router.name} router", errno=BAD_TRANSPORT) if required else None
    if "$" in name:
        source = name
        try:
            name = expand(job.p, name)
        except ExpansionError as error:
            said = f'failed to expand transport "{name}" in {router.name} router: {error.message}'
            return Defer(said, errno=BAD_TRANSPORT, search=error.search)
        if is_tainted(name):
            log(job.p, f"attempt to use tainted value '{name}' from '{source}' for transport", panic=True)
            return Defer("internal configuration error", errno=BAD_TRANSPORT)
    found = job.p.configuration.transports.get(name)
    return found or Defer(f'transport "{name}" not found in {router.name} router', errno=BAD_TRANSPORT)


def finish(job: Job, router: Driver, hosts: tuple[Host, ...] = ()) -> Answer:
    """The end of most routers: errors_to, header lines, transport."""
    stopped = prepare(job, router)
    if stopped is not None:
        return stopped
    transport = find_transport(job, router)
    return transport if isinstance(transport, Defer) else accept(job, router, transport, hosts)


def accept(job: Job, router: Driver, transport: Driver | None, hosts: tuple[Host, ...]) -> Accept | Defer:
    """The address goes to the transport; for a local one, `user` and `group` are found now."""
    if transport is not None and transport.driver in LOCAL_TRANSPORTS:
        stopped = set_owner(job, router)
        if stopped is not None:
            return stopped
    return Accept(transport, hosts)


def expand_data(job: Job, value: str, said: str = "") -> str | Decline | Defer:
    """Data that decide: forced failure declines, any other defers; `said` as in expanded."""
    found = expanded(job, value, said or f'failed to expand "{value}"')
    return Decline() if found is None else found


def with_domain(job: Job, domain: str) -> Address:
    """The address with another domain, as a child that starts at the first router."""
    address = job.address
    return child_of(address, make_address(f"{address.address.rpartition('@')[0]}@{domain}"))


def self_action(job: Job, router: Driver, host: Host) -> Answer | None:
    """The first host is this one: what `self` says; None for "send" (case DELIVERY-007)."""
    p, address = job.p, job.address
    job.hosts = ()
    said = "lowest numbered MX record points to local host" if host.preference >= 0 else "remote host address is the local host"
    match str(router.options["self"]):
        case "send":
            return None
        case "defer":
            return Defer(said)
        case "fail":
            return Fail(said, tell=True)
        case "pass" | "fail_soft":
            p.scratch.variables["self_hostname"] = host.name
            return Pass(said)
        case "freeze":
            _log_frozen(job, f"{said}: {address.domain}")
            return Defer(said, freeze=True)
        case other:
            found = re.fullmatch(r"reroute:\s*(rewrite:)?\s*(.*)", other, re.DOTALL)
            assert found is not None, other
            return Reroute(with_domain(job, found[2]), bool(found[1]))


def _log_frozen(job: Job, said: str) -> None:
    """While a message is delivered the line has its id; at other times it says for whom the address was looked at."""
    p = job.p
    if p.message.id:
        log(p, said)
        return
    doing = "verifying" if job.mode.verifying else "routing"
    host = f" from host {p.connection.fullhost}" if p.connection.fullhost else ""
    log(p, f"{said} (while {doing} <{job.address.address}>{host})")
