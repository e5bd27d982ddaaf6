"""Callouts: asking the server that mail for an address goes to whether it would take it (Exim chapters 44.47 and 44.48; case ACL-037)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ...expansion import expand
from ...hints import CalloutRecord
from ...log import log
from ...routers import Host, Routed
from ..verdict import Result
from . import cache, texts
from .address import Verified
from .conversation import Call, converse
from .dialogue import Again, Broken, Dialogue, connect
from .options import Options
from .targets import REMOTE, hosts_of, port_of, source_of

if TYPE_CHECKING:
    from ...state import Address, Process


def callout(p: Process, routed: Routed, options: Options, verified: Verified, *, recipient: bool) -> None:
    """Ask; the answer goes into `verified`. Without hosts, or over a local transport, there is nothing to ask."""
    hosts = hosts_of(p, routed)
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
    if transport.driver not in REMOTE:
        if p.release.callout_modern:
            log(p, f"Exim configuration error for callout transport '{transport.name}': {transport.driver} is non-smtp", panic=True)
        return _unfinished(p, verified, address, recipient, several=len(hosts) > 1)
    call = Call(p, address, transport, options, verified, recipient, sender, new, old, _random(p, options))
    if p.connection.session is not None and not p.connection.no_callout_flush:
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


def _random(p: Process, options: Options) -> str | None:
    """The local part that nobody should have; None where none is wanted."""
    option = p.configuration.main.get("callout_random_local_part")
    if not options.random or not isinstance(option, str):
        return None
    try:
        return expand(p, option)
    except ExpansionError as error:
        log(p, f"failed to expand callout_random_local_part: {error.message}", panic=True)
        return None


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
        call.no_tls = False
        if _one_host(call, host):
            return True
    return False


def _one_host(call: Call, host: Host) -> bool:
    call.stage, call.said = "setup", ""
    source = source_of(call.p, call.transport, host, call.address.address)
    port = port_of(call.p, call.transport, host, call.address.address)
    try:
        stream = connect(call.p, host.address, port, source, float(call.options.connect))
    except TimeoutError:
        return _no_connection(call, host, "Connection timed out")
    except OSError as error:
        return _no_connection(call, host, os.strerror(error.errno or 0))
    dialogue = Dialogue(stream, float(call.options.callout))
    try:
        done = converse(call, host, dialogue) or _refused(call, host, dialogue)
    except Again:
        stream.close()
        return _one_host(call, host)
    except Broken as broken:
        done = _refused(call, host, dialogue, broken.reason)
        if broken.reason == "malformed":
            dialogue.broken = call.modern and call.stage == "setup"
    dialogue.quit(wait=call.modern)
    return done


def _no_connection(call: Call, host: Host, why: str) -> bool:
    if call.modern:
        call.verified.message = f"{host.name} [{host.address}] : {why}"
    else:
        call.verified.message = f"could not connect to {host.name} [{host.address}]: {why}"
    return False


# --- what is said of it ----------------------------------------------------------------------------------------------------


def _refused(call: Call, host: Host, d: Dialogue, reason: str = "refused") -> bool:
    """The conversation ended without an answer that counts: texts for log and client. True: the refusal was final."""
    reply = d.reply if reason != "closed" else "connection dropped"
    said = texts.modern(call.stage, reason, d, call.said) if call.modern else texts.plain(reason, d, host)
    if said is not None:
        call.verified.message = f"{host.name} [{host.address}] : {said}" if call.modern else said
    if reason in ("timeout", "malformed"):
        return False
    sent = "QUIT" if call.modern and call.stage == "setup" and reason == "refused" else d.sent     # its buffer is QUIT's by then
    shown = texts.sendable(reply) if call.modern else reply
    call.verified.user_message = f"Callout verification failed:\n{shown}" if call.recipient else \
        f"Called:   {host.address}\nSent:     {sent}\nResponse: {shown}"
    if not reply.startswith("5"):
        return False
    call.verified.result = Result.FAIL
    return True


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
