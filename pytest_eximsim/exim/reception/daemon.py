"""What the daemon does with a connection: limits, the opening line, the fork (facts: sections 1.1 and 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ExpansionError
from ..expansion import expand
from ..hosts import build_fullhost
from ..lists import Matched, match_sender_host
from ..log import log
from ..state import Connection, Process
from . import ident
from .session import serve_connection

if TYPE_CHECKING:
    from ..mta import Mta
    from ..world import Stream


def accept_connection(mta: Mta, stream: Stream) -> None:
    """One accepted connection, to its end."""
    p = _process(mta, stream)
    if not _accepted(mta, p):
        stream.close()
        return
    peer = p.connection.peer_address
    mta.open.append(peer)
    try:
        child = p.fork()
        child.connection.count = len(mta.open)
        if _start_child(child):
            serve_connection(child)
        else:
            stream.close()
    finally:
        mta.open.remove(peer)


def child_of(mta: Mta, stream: Stream) -> Process:
    """A process for a connection without the daemon's checks and without ident (-bh)."""
    p = _process(mta, stream)
    p.connection.count = 1
    _set_active_hostname(p)
    build_fullhost(p)
    return p


def _process(mta: Mta, stream: Stream) -> Process:
    c = Connection(
        stream=stream, peer_address=stream.peer.address, peer_port=stream.peer.port,
        interface_address=stream.local.address, interface_port=stream.local.port,
        host_address=stream.peer.address, host_port=stream.peer.port,
        opened=mta.world.clock.now(), active_hostname=str(mta.configuration.main.get("primary_hostname") or mta.world.hostname),
        tls_on_connect=_tls_port(mta, stream.local.port),
    )
    p = Process(mta=mta, pid=mta.daemon.pid, connection=c)
    if mta.release.has_connection_ids:
        from ..ids import base62

        mta.connections += 1
        c.id = f"{base62(int(c.opened), 6)}-{base62(mta.connections, 5)}"
    return p


def _tls_port(mta: Mta, port: int) -> bool:
    ports = str(mta.configuration.main.get("tls_on_connect_ports") or "")
    return bool(mta.configuration.main.get("tls_on_connect")) or str(port) in ports.replace(",", ":").replace(" ", "").split(":")


def whofrom(p: Process) -> str:
    """`[192.0.2.99]:40001 I=[192.0.2.25]:25`, as the daemon's lines have it."""
    c, selectors = p.connection, p.mta.selectors
    text = f"[{c.peer_address}]"
    if "incoming_port" in selectors:
        text += f":{c.peer_port}"
    if "incoming_interface" in selectors:
        text += f" I=[{c.interface_address}]:{c.interface_port}"
    if "connection_id" in selectors and c.id:
        text += f" Ci={c.id}"
    return text


def _accepted(mta: Mta, p: Process) -> bool:
    main = mta.configuration.main
    count = len(mta.open)
    maximum = int(str(main.get("smtp_accept_max") or 0))
    if maximum > 0 and count >= maximum:
        return _turn_away(p, "421 Too many concurrent SMTP connections; please try again later.", "too many connections")
    per_host = _per_host(p)
    if 0 < per_host <= count and mta.open.count(p.connection.peer_address) >= per_host:
        text = "421 Too many concurrent SMTP connections from this IP address; please try again later."
        return _turn_away(p, text, "too many connections from that IP address")
    if "smtp_connection" in mta.selectors:
        nolog = main.get("hosts_connection_nolog")
        if nolog and isinstance(match_sender_host(p, str(nolog)), Matched):
            p.connection.nolog = True
        else:
            log(p, f"SMTP connection from {whofrom(p)} (TCP/IP connection count = {count + 1})")
    return True


def _turn_away(p: Process, reply: str, why: str) -> bool:
    try:
        assert p.connection.stream is not None
        p.connection.stream.send(reply.encode("ascii") + b"\r\n")
    except OSError:
        pass
    log(p, f"Connection from {whofrom(p)} refused: {why}", selector="connection_reject")
    return False


def _per_host(p: Process) -> int:
    option = p.configuration.main.get("smtp_accept_max_per_host")
    if option is None:
        return 0
    try:
        text = expand(p, str(option))
    except ExpansionError as error:
        if not _forced(error):
            log(p, f"expansion of smtp_accept_max_per_host failed for {whofrom(p)}: {error.message}", panic=True)
        return 0
    digits = len(text) - len(text.lstrip("0123456789"))
    if digits < len(text):
        log(p, f"expansion of smtp_accept_max_per_host for {whofrom(p)} contains non-digit: {text}", panic=True)
    return int(text[:digits] or "0")


def _forced(error: ExpansionError) -> bool:
    from ...errors import ForcedFailure

    return isinstance(error, ForcedFailure)


def _set_active_hostname(p: Process) -> bool:
    option = p.configuration.main.get("smtp_active_hostname")
    if option is None:
        return True
    try:
        name = expand(p, str(option))
    except ExpansionError as error:
        if _forced(error):
            return True
        log(p, f'failed to expand "{option}" (smtp_active_hostname): {error.message}', panic=True)
        return False
    if name:
        p.connection.active_hostname = name
    return True


def _start_child(p: Process) -> bool:
    if not _set_active_hostname(p):
        assert p.connection.stream is not None
        p.connection.stream.send(b"421 Local configuration error; please try again later.\r\n")
        return False
    ident.ask(p)
    build_fullhost(p)
    return True
