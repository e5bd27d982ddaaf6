"""STARTTLS and TLS from the first octet (chapter 43): the handshake, what it resets, failure (s029)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ExpansionError
from ..acl import Phase, Result
from ..expansion import expand
from ..hosts import build_fullhost
from ..log import host_and_ident, log
from ..world import TlsFailed
from . import ending, replies
from .channel import Lost
from .hello import knows_tls, protocol_name

if TYPE_CHECKING:
    from .session import Session


def starttls(s: Session) -> bool:
    """STARTTLS."""
    if not knows_tls(s):
        from .session import unknown_command

        return unknown_command(s)
    if not s.tls_advertised:
        return replies.synprot_error(s, "protocol", 503, None, "STARTTLS command used when not advertised")
    if s.main.get("acl_smtp_starttls") is not None:
        verdict = s.acl(Phase.STARTTLS, "acl_smtp_starttls")
        if verdict.result is not Result.OK:
            return replies.refuse(s, Phase.STARTTLS, verdict)
    ending.incomplete_transaction(s, "STARTTLS")
    s.reset()
    s.free.discard("starttls")
    s.channel.buffer, s.channel.pos = b"", 0
    files = _files(s)
    if files is None:
        s.say("454 TLS currently unavailable")
        return False
    s.say("220 TLS go ahead")
    s.flush()
    if not _shake(s, files):
        return _security_failure(s)
    _forget(s)
    return False


def handshake(s: Session) -> bool:
    """TLS before the banner (tls_on_connect); False when it failed."""
    files = _files(s)
    return files is not None and _shake(s, files)


def _files(s: Session) -> tuple[str, str] | None:
    """tls_certificate and tls_privatekey, expanded; None when that fails."""
    texts = []
    for option in ("tls_certificate", "tls_privatekey"):
        value = s.option(option)
        try:
            texts.append(expand(s.p, value) if value else "")
        except ExpansionError as error:
            log(s.p, f'expansion of {option} failed: {error.message}', panic=True)
            return None
    return texts[0], texts[1] or texts[0]


def _shake(s: Session, files: tuple[str, str]) -> bool:
    verify = s.host_in("tls_verify_hosts")
    asked = verify or s.host_in("tls_try_verify_hosts")
    authorities = (s.option("tls_verify_certificates") or "") if asked else ""
    try:
        s.c.tls = s.channel.stream.start_tls(server=True, certificate=files[0], key=files[1], authorities=authorities, verify=verify)
    except (TlsFailed, TimeoutError, OSError) as error:
        log(s.p, f"TLS error on connection from {host_and_ident(s.p, s.release.command_history)} ({error})")
        return False
    return True


def _forget(s: Session) -> None:
    """A client has to say everything again behind STARTTLS."""
    c = s.c
    s.helo_seen = s.pipelining = s.chunking_offered = False
    s.auth_advertised = {}
    c.esmtp = False
    s.free |= {"ehlo", "auth"}
    if c.helo_name:
        c.helo_name = ""
        build_fullhost(s.p)
    c.protocol = protocol_name(s)
    c.authenticated_by = c.authenticated_id = ""
    s.sync_limit = 1


def _security_failure(s: Session) -> bool:
    """After a failed handshake only QUIT is served."""
    while True:
        try:
            line, _ = s.channel.command_line()
        except TimeoutError:
            ending.command_timeout(s)
        except Lost:
            ending.closed(s, "EOF")
            ending.not_quit(s, "tls-failed", "", "")
            return True
        if line.strip().lower() == b"quit":
            from .queries import quit_

            return quit_(s)
        s.say("554 Security failure")
