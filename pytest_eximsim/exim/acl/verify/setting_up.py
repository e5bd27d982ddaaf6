"""The beginning of a callout's conversation: EHLO, HELO where that is refused, TLS, what the transport requires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....errors import ExpansionError, NotSimulated
from ...expansion import expand
from ...lists import Matched, match_host
from ...log import log
from ...world import TlsFailed
from . import texts
from .dialogue import Again, Broken, Dialogue

if TYPE_CHECKING:
    from ...routers import Host
    from .conversation import Call


def hello(call: Call, host: Host, d: Dialogue) -> bool:
    """True: the server waits for MAIL, over TLS where it is offered and wanted. False: `d` has the last reply, or call.said the reason."""
    name = _name(call, d)
    if name is None:
        return False
    lmtp = call.transport.options["protocol"] == "lmtp"
    call.size = False
    if not d.ask(f"{'LHLO' if lmtp else 'EHLO'} {name}"):
        if lmtp or not _helo(call, d, name):
            return False
        return _required_tls(call, host, False) and _authenticated(call, host, frozenset())
    offered = _offered(d)
    if _tls_is_wanted(call, host, offered) and d.ask("STARTTLS"):
        start_tls(call, host, d)
        if not d.ask(f"EHLO {name}"):
            return False
        offered = _offered(d)
    elif not _required_tls(call, host, "STARTTLS" in offered):
        return False
    call.size = "SIZE" in offered
    return _authenticated(call, host, offered)


def _tls_is_wanted(call: Call, host: Host, offered: frozenset[str]) -> bool:
    avoided = call.no_tls or _listed(call, "hosts_avoid_tls", host) or _listed(call, "hosts_verify_avoid_tls", host)
    return "STARTTLS" in offered and not avoided


def start_tls(call: Call, host: Host, d: Dialogue, *, again: bool = True) -> None:
    """The handshake. Where it fails, all is begun anew without TLS (`again`), unless the transport does not want that."""
    try:
        d.stream.start_tls(server=False, sni=host.name)
    except TlsFailed as failed:
        if not again or not call.transport.options["tls_tempfail_tryclear"] or _listed(call, "hosts_require_tls", host):
            raise Broken("closed") from None
        place = f"{host.name} [{host.address}] (not in hosts_require_tls)"
        if call.modern:
            log(call.p, f"TLS session: {failed}: callout unencrypted to {place}")
        else:
            log(call.p, f"TLS session failure: delivering unencrypted to {place}")
        call.no_tls = True
        raise Again from None


def _offered(d: Dialogue) -> frozenset[str]:
    return frozenset(line[4:].split(" ")[0].upper() for line in d.reply.split("\n")[1:])


def _helo(call: Call, d: Dialogue, name: str) -> bool:
    """EHLO was refused."""
    refusal = d.reply
    try:
        if d.ask(f"HELO {name}"):
            return True
    except Broken as broken:
        if broken.reason == "closed":
            d.before = refusal
        raise
    if call.modern:
        d.reply = texts.overlaid(refusal, d.reply)
    return False


def _listed(call: Call, option: str, host: Host) -> bool:
    listed = call.transport.options.get(option)
    return isinstance(listed, str) and isinstance(match_host(call.p, listed, name=host.name, address=host.address), Matched)


def _name(call: Call, d: Dialogue) -> str | None:
    """helo_data; where it cannot be expanded the older release takes the MTA's own name, later ones give up."""
    call.p.scratch.variables.update(sending_ip_address=d.stream.local.address, sending_port=str(d.stream.local.port))
    option = call.transport.options["helo_data"]
    own = call.p.connection.active_hostname or str(call.p.configuration.main.get("primary_hostname"))
    try:
        return expand(call.p, option) if isinstance(option, str) else own
    except ExpansionError as error:
        log(call.p, f"<{call.address.address}>: failed to expand transport's helo_data value for callout: {error.message}", panic=True)
        if not call.modern:
            return own
        call.stage, call.said = "own", f"failed to expand helo_data: {error.message}"
        return None


def _required_tls(call: Call, host: Host, offered: bool) -> bool:
    """There is no TLS: does the transport go on without?"""
    if not _listed(call, "hosts_require_tls", host):
        return True
    why = "an attempt to start TLS failed" if offered else "the server did not offer TLS support"
    if call.modern:
        call.stage, call.said = "own", f"a TLS session is required, but {why}"
    else:
        log(call.p, f"H={host.name} [{host.address}]: a TLS session is required for this host, but {why}")
    return False


def _authenticated(call: Call, host: Host, offered: frozenset[str]) -> bool:
    """Is no authentication required? With an authenticator that could do it, it would be tried here: that is not simulated."""
    required = _listed(call, "hosts_require_auth", host)
    if "AUTH" in offered and call.p.configuration.authenticators and (required or _listed(call, "hosts_try_auth", host)):
        raise NotSimulated("authentication as a client in callouts is not simulated", call.transport.position)
    if required:
        call.stage, call.said = "own", "authentication required but server did not advertise AUTH support"
    return not required
