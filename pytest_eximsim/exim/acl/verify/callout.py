"""Callouts: asking the server that mail for an address goes to whether it would take it (Exim chapters 44.47 and 44.48; case ACL-037)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ...expansion import expand
from ...expansion.splitting import split
from ...hints import CalloutRecord
from ...lists import Matched, match_host
from ...log import log, printing
from ...routers import Host, Routed
from ...routers.hostlist import Wanted, find_by_dns, find_by_hosts_file
from ...world import TlsFailed
from ..verdict import Result
from . import cache
from .address import Verified
from .dialogue import Broken, Dialogue, connect
from .options import Options

if TYPE_CHECKING:
    from ...config.model import Driver
    from ...state import Address, Process

_REMOTE = ("smtp",)
_SERVICES = {"smtp": 25, "lmtp": 24, "submission": 587, "smtps": 465}


@dataclass(slots=True)
class Call:
    """One callout: who asks what of whom. `found` is what the cache will keep of the address."""

    p: Process
    address: Address
    transport: Driver
    options: Options
    verified: Verified
    recipient: bool
    sender: str
    domain: CalloutRecord
    old: str = ""
    found: str = ""

    @property
    def modern(self) -> bool:
        return self.p.release.callout_modern


def callout(p: Process, routed: Routed, options: Options, verified: Verified, *, recipient: bool) -> None:
    """Ask; the answer goes into `verified`. Without hosts, or over a local transport, there is nothing to ask."""
    hosts = _hosts(p, routed)
    if not hosts:
        return
    options = replace(options)
    saved = p.address
    p.address = routed.address
    try:
        _callout(p, routed, hosts, options, verified, recipient)
    finally:
        p.address = saved


def _callout(p: Process, routed: Routed, hosts: Sequence[Host], options: Options, verified: Verified, recipient: bool) -> None:
    address, transport = routed.address, routed.transport
    sender, key = _sender_and_key(p, address, options, recipient)
    new = CalloutRecord(0.0)
    if not options.no_cache and cache.look_up(p, key, address.domain, sender, options, verified, new):
        return
    old, new.result = new.result, ""
    if transport is None:
        return _unfinished(p, verified, address, recipient, several=len(hosts) > 1)
    if transport.driver not in _REMOTE:
        log(p, f"callout transport '{transport.name}': {transport.driver} is non-smtp", panic=True)
        return _unfinished(p, verified, address, recipient, several=len(hosts) > 1)
    call = Call(p, address, transport, options, verified, recipient, sender, new, old)
    if p.connection.session is not None:
        p.connection.session.flush()
    done = _try_hosts(call, hosts)
    if not options.no_cache:
        cache.store(p, address.domain, new, key, call.found if done else "")
    if not done:
        _unfinished(p, verified, address, recipient, several=len(hosts) > 1)


def _sender_and_key(p: Process, address: Address, options: Options, recipient: bool) -> tuple[str, str]:
    """The MAIL FROM of the callout, and the cache's key, which has it where it is not empty."""
    sender = ""
    if not recipient:
        sender = options.sender
    elif options.use_sender:
        sender = p.message.sender
        return sender, f"{address.address}/<{sender}>"
    elif options.use_postmaster:
        sender = f"postmaster@{p.configuration.main.get('qualify_domain') or p.configuration.main.get('primary_hostname')}"
    return sender, f"{address.address}/<{sender}>" if sender else address.address


# --- hosts -----------------------------------------------------------------------------------------------------------


def _hosts(p: Process, routed: Routed) -> list[Host]:
    """The router's hosts, or the transport's where it has none or overrides them."""
    transport = routed.transport
    hosts = list(routed.hosts)
    listed = transport.options.get("hosts") if transport is not None and transport.driver in _REMOTE else None
    if transport is None or not isinstance(listed, str) or not (not hosts or transport.options["hosts_override"]):
        return hosts
    saved = p.address
    p.address = routed.address
    try:
        names = split(expand(p, listed))[1]
    except ExpansionError as error:
        log(p, f'failed to expand list of hosts "{listed}" in {transport.name} transport for callout: {error.message}', panic=True)
        return []
    finally:
        p.address = saved
    found: list[Host] = []
    for name in names:
        if name != "+":
            found += _addresses(p, transport, name)
    return found


def _addresses(p: Process, transport: Driver, text: str) -> list[Host]:
    from ...routers.manualroute import read_host

    host = read_host(text)
    if transport.options["gethostbyname"] or _is_address(host.name):
        search = find_by_hosts_file(p, host, None)
    else:
        search = find_by_dns(p, host.name, Wanted(mx=False))
    for one in search.hosts:
        one.port = host.port
    return search.hosts


def _is_address(name: str) -> bool:
    from ...hosts import is_ip

    return bool(is_ip(name))


def _port(call: Call, host: Host) -> int | None:
    """The host's, or the transport's; None, and logged, for a name that no service has."""
    if host.port:
        return host.port
    option = call.transport.options["port"]
    if not isinstance(option, str):
        return 24 if call.transport.options["protocol"] == "lmtp" else 25
    try:
        value = expand(call.p, option)
    except ExpansionError as error:
        log(call.p, f'<{call.address.address}>: failed to expand "port" option for callout: {error.message}', panic=True)
        return 25
    if value.isdigit():
        return int(value)
    return _SERVICES.get(value, 25)


# --- the conversation ----------------------------------------------------------------------------------------------------


def _try_hosts(call: Call, hosts: Sequence[Host]) -> bool:
    """Host after host until one gives an answer that counts."""
    clock, options = call.p.world.clock, call.options
    started = clock.now()
    for host in hosts:
        if not host.address:
            continue
        if clock.now() - started >= options.overall:
            break
        call.address.host, call.address.host_address, call.address.host_port = host.name, host.address, host.port
        if _one_host(call, host):
            return True
    return False


def _one_host(call: Call, host: Host) -> bool:
    port = _port(call, host)
    try:
        stream = connect(call.p, host.address, port or 25, "", float(call.options.connect))
    except TimeoutError:
        return _no_connection(call, host, "Connection timed out")
    except OSError as error:
        return _no_connection(call, host, os.strerror(error.errno or 0))
    dialogue = Dialogue(stream, float(call.options.callout))
    try:
        done = _converse(call, host, dialogue)
        if not done:
            done = _refused(call, host, dialogue)
    except Broken as broken:
        done = _broken(call, host, dialogue, broken.reason)
    dialogue.quit(wait=call.modern)
    return done


def _no_connection(call: Call, host: Host, why: str) -> bool:
    if call.modern:
        call.verified.message = f"{host.name} [{host.address}] : {why}" if why else None
    else:
        call.verified.message = f"could not connect to {host.name} [{host.address}]: {why}"
    return False


def _converse(call: Call, host: Host, d: Dialogue) -> bool:
    """Everything up to the answer; False where the last reply refused. Raises Broken."""
    if not (d.read() and _hello(call, host, d)):
        call.verified.failure = "mail"
        if d.reply.startswith("5"):
            call.verified.kind, call.domain.result = "null sender", cache.REJECT
        return False
    call.domain.result = cache.REJECT_NULL if call.old == cache.REJECT_NULL else cache.ACCEPT
    local_part = _random(call)
    if not d.ask(f"MAIL FROM:<{call.sender}>"):
        call.domain.result = ""
        call.verified.failure = "mail"
        if d.reply.startswith("5"):
            call.verified.kind = "null sender"
            if not call.sender:
                call.domain.result = cache.REJECT_NULL
        return False
    if local_part is not None and _accepts_random(call, d, local_part):
        call.verified.failure = ""
        return True
    if not d.ask(f"RCPT TO:<{_rcpt(call)}>"):
        if d.reply.startswith("5"):
            call.verified.failure, call.found = "recipient", cache.REJECT
        return False
    call.found = cache.ACCEPT
    return call.options.postmaster is None or _postmaster(call, d)


def _hello(call: Call, host: Host, d: Dialogue) -> bool:
    """EHLO, HELO where that is refused; STARTTLS where it is offered and wanted."""
    options, name = call.transport.options, _helo_name(call)
    lmtp = options["protocol"] == "lmtp"
    if not d.ask(f"{'LHLO' if lmtp else 'EHLO'} {name}"):
        return not lmtp and d.ask(f"HELO {name}")
    offered = any(line[4:].strip().upper() == "STARTTLS" for line in d.reply.split("\n"))
    avoided = _listed(call, "hosts_avoid_tls", host) or _listed(call, "hosts_verify_avoid_tls", host)
    if not offered or avoided or not d.ask("STARTTLS"):
        return True
    try:
        d.stream.start_tls(server=False, sni=host.name)
    except TlsFailed:
        raise Broken("closed") from None
    return d.ask(f"EHLO {name}")


def _listed(call: Call, option: str, host: Host) -> bool:
    listed = call.transport.options.get(option)
    return isinstance(listed, str) and isinstance(match_host(call.p, listed, name=host.name, address=host.address), Matched)


def _helo_name(call: Call) -> str:
    option = call.transport.options["helo_data"]
    try:
        return expand(call.p, option) if isinstance(option, str) else call.p.connection.active_hostname
    except ExpansionError as error:
        log(call.p, f"<{call.address.address}>: failed to expand transport's helo_data value for callout: {error.message}", panic=True)
        return call.p.connection.active_hostname


def _rcpt(call: Call) -> str:
    """The address as RCPT has it: without affixes, unless the transport wants them."""
    address = call.address
    local, _, domain = address.address.rpartition("@")
    if (address.prefix or address.suffix) and not call.transport.options["rcpt_include_affixes"]:
        local = local[len(address.prefix):len(local) - len(address.suffix)]
    return f"{local}@{domain}"


def _random(call: Call) -> str | None:
    option = call.p.configuration.main.get("callout_random_local_part")
    if not call.options.random or not isinstance(option, str):
        return None
    try:
        return expand(call.p, option)
    except ExpansionError as error:
        log(call.p, f"failed to expand callout_random_local_part: {error.message}", panic=True)
        return None


def _accepts_random(call: Call, d: Dialogue, local_part: str) -> bool:
    """Does the server take any local part? Else everything is set back for the real one."""
    call.domain.random_at = call.p.world.clock.now()
    if d.ask(f"RCPT TO:<{local_part}@{call.address.domain}>"):
        call.domain.random = cache.ACCEPT
        return True
    if d.reply.startswith("5"):
        call.domain.random = cache.REJECT
    if not (d.ask("RSET") and d.ask(f"MAIL FROM:<{call.sender}>")):
        raise Broken("closed")
    return False


def _postmaster(call: Call, d: Dialogue) -> bool:
    call.domain.postmaster_at = call.p.world.clock.now()
    good = d.ask("RSET") and d.ask(f"MAIL FROM:<{call.options.postmaster}>") and (
        d.ask(f"RCPT TO:<postmaster@{call.address.domain}>") or (call.options.full_postmaster and d.ask("RCPT TO:<postmaster>"))
    )
    if good:
        call.domain.postmaster = cache.ACCEPT
    elif d.reply.startswith("5"):
        call.verified.failure, call.verified.kind = "postmaster", "postmaster"
        call.domain.postmaster = cache.REJECT
    return good


# --- what is said of it ----------------------------------------------------------------------------------------------------


def _refused(call: Call, host: Host, d: Dialogue) -> bool:
    """The last reply was no good: texts for log and client. True: it was final."""
    reply = d.reply or "connection dropped"
    where = f"{host.name} [{host.address}]"
    if call.modern:
        call.verified.message = f"{where} : SMTP error from remote mail server after {d.sent}: {printing(reply)}"
    else:
        call.verified.message = f'response to "{d.sent}" from {where} was: {printing(reply)}'
    shown = _sendable(reply) if call.modern else reply
    call.verified.user_message = f"Callout verification failed:\n{shown}" if call.recipient else \
        f"Called:   {host.address}\nSent:     {d.sent}\nResponse: {shown}"
    if not reply.startswith("5"):
        return False
    call.verified.result = Result.FAIL
    return True


def _sendable(reply: str) -> str:
    """A reply with what may not stand in ours is cut."""
    for place, char in enumerate(reply):
        if char not in "\t\n" and not " " <= char <= "~":
            return reply[:place] + "(truncated)"
    return reply


def _broken(call: Call, host: Host, d: Dialogue, reason: str) -> bool:
    return False


def _unfinished(p: Process, verified: Verified, address: Address, recipient: bool, *, several: bool) -> None:
    """No host gave an answer that counts: a deferral that may be told."""
    what = "recipient" if recipient else "sender"
    dull = f"Could not complete {what} verify callout"
    if several or verified.message is None:
        verified.message = dull
    elif p.release.callout_modern:
        verified.message = f"{dull}: {verified.message}"
    verified.result, verified.callout = Result.DEFER, True
    verified.user_message = dull
    if not p.configuration.main.get("smtp_return_error_details"):
        return
    advice = "the address will never be accepted." if recipient else (
        "you need to change the address or create an MX record for its domain\n"
        "if it is supposed to be generally accessible from the Internet.\nTalk to your mail administrator for details.")
    verified.user_message = (
        f"{dull} for <{address.address}>.\nThe mail server(s) for the domain may be temporarily unreachable, or\n"
        f"they may be permanently unreachable from this server. In the latter case,\n{advice}")
