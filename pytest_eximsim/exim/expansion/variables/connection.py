"""Variables of the SMTP connection: the client, the interface, PROXY, HELO, authentication, TLS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..registry import Variable

if TYPE_CHECKING:
    from ...state import Process


def field(name: str) -> Callable[[Process], str]:
    """A text or number of the Connection."""
    return lambda p: str(getattr(p.connection, name))


def yes_no(get: Callable[[Process], Any]) -> Callable[[Process], str]:
    return lambda p: "yes" if get(p) else "no"


def one_zero(get: Callable[[Process], Any]) -> Callable[[Process], str]:
    return lambda p: "1" if get(p) else "0"


def tls(name: str, default: str = "") -> Callable[[Process], str]:
    """An attribute of the client's TLS session."""
    return lambda p: default if p.connection.tls is None else str(getattr(p.connection.tls, name))


def stored(name: str, default: str = "") -> Callable[[Process], str]:
    """What a phase has left in the scratch variables."""
    return lambda p: str(p.scratch.variables.get(name, default))


def sender_host_name(p: Process) -> str:
    """Looked up when it is first asked for (case PROXY-402)."""
    connection = p.connection
    if not connection.host_name and connection.host_address and not connection.host_lookup_failed:
        from ... import hosts

        hosts.look_up_sender_name(p)
    return p.connection.host_name


def _ports(name: str, empty: str) -> Callable[[Process], str]:
    """A port of the connection; `empty` where there is none."""
    return lambda p: str(getattr(p.connection, name)) if p.connection.interface_address else empty


_received_port = _ports("interface_port", "-1")


def _tls_cipher(p: Process) -> str:
    """`TLS1.3:TLS_AES_256_GCM_SHA384:256`"""
    session = p.connection.tls
    return f"{session.version}:{session.cipher}:{session.bits}" if session is not None else ""


def _active_hostname(p: Process) -> str:
    from .configuration import primary_hostname

    return p.connection.active_hostname or primary_hostname(p)


def _fullhost(p: Process) -> str:
    return p.connection.fullhost


_tls_bits = tls("bits", "0")
_tls_verified = one_zero(lambda p: p.connection.tls is not None and p.connection.tls.verified)
_tls_peer = tls("peer_dn")
_tls_sni = tls("sni")

VARIABLES = (
    Variable("authenticated_fail_id", field("authenticated_fail_id"), outside=True),
    Variable("authenticated_id", field("authenticated_id"), outside=True),
    Variable("authentication_failed", stored("authentication_failed", "0")),
    Variable("connection_id", field("id"), since="4.99"),
    Variable("host_lookup_deferred", one_zero(lambda p: p.connection.host_lookup_deferred)),
    Variable("host_lookup_failed", one_zero(lambda p: p.connection.host_lookup_failed)),
    Variable("interface_address", field("interface_address")),
    Variable("interface_port", _received_port),
    Variable("proxy_external_address", field("proxy_external_address"), since="4.96"),
    Variable("proxy_external_port", field("proxy_external_port"), since="4.96"),
    Variable("proxy_host", field("proxy_host"), until="4.82+"),
    Variable("proxy_local_address", field("proxy_host"), since="4.96"),
    Variable("proxy_local_port", field("proxy_port"), since="4.96"),
    Variable("proxy_port", field("proxy_port"), until="4.82+"),
    Variable("proxy_session", yes_no(lambda p: p.connection.proxy_session)),
    Variable("received_ip_address", field("interface_address")),
    Variable("received_port", _received_port),
    Variable("received_protocol", lambda p: p.connection.protocol if p.connection.opened or p.message.id else ""),
    Variable("sender_fullhost", _fullhost, outside=True),
    Variable("sender_helo_dnssec", yes_no(lambda p: False), since="4.96"),
    Variable("sender_helo_name", field("helo_name"), outside=True),
    Variable("sender_helo_verified", lambda p: "yes" if p.connection.helo_verified else "no" if p.connection.helo_verify_failed else "",
             since="4.99"),
    Variable("sender_host_address", field("host_address")),
    Variable("sender_host_authenticated", field("authenticated_by")),
    Variable("sender_host_dnssec", yes_no(lambda p: False)),
    Variable("sender_host_name", sender_host_name, outside=True),
    Variable("sender_host_port", field("host_port")),
    Variable("sender_ident", field("ident"), outside=True),
    Variable("sender_rcvhost", field("rcvhost"), outside=True),
    Variable("smtp_active_hostname", _active_hostname),
    Variable("smtp_command", field("smtp_command"), outside=True),
    Variable("smtp_command_argument", field("smtp_argument"), outside=True),
    Variable("smtp_command_history", lambda p: p.connection.session.history("") if p.connection.session is not None else "", since="4.96"),
    Variable("smtp_count_at_connection_start", field("count")),
    Variable("smtp_notquit_reason", field("notquit_reason")),
    Variable("tls_bits", _tls_bits),
    Variable("tls_certificate_verified", _tls_verified),
    Variable("tls_cipher", _tls_cipher),
    Variable("tls_in_bits", _tls_bits),
    Variable("tls_in_certificate_verified", _tls_verified),
    Variable("tls_in_cipher", _tls_cipher),
    Variable("tls_in_cipher_std", tls("cipher"), since="4.96"),
    Variable("tls_in_ocsp", lambda p: "0", since="4.96"),
    Variable("tls_in_ourcert", stored("tls_in_ourcert"), since="4.96", certificate=True),
    Variable("tls_in_peercert", stored("tls_in_peercert"), since="4.96", certificate=True),
    Variable("tls_in_peerdn", _tls_peer, outside=True),
    Variable("tls_in_resumption", lambda p: "0", since="4.96"),
    Variable("tls_in_sni", _tls_sni, outside=True),
    Variable("tls_in_ver", tls("version"), since="4.96"),
    Variable("tls_peerdn", _tls_peer, outside=True),
    Variable("tls_sni", _tls_sni, outside=True),
)
