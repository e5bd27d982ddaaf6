"""TLS over any stream of ours: the layer above the raw octets, and how a stream goes through it once the handshake is done.

Certificates and contexts are made in certificates.py.

OpenSSL works on memory only (MemoryBIO), so that memory and sockets have the same TLS.
"""

from __future__ import annotations

import contextlib
import errno
import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ..exim.world import Endpoint, TlsFailed, TlsSession
from .certificates import Authority, TlsMaker, reason

if TYPE_CHECKING:
    import ssl

    from .hub import Hub

__all__ = ["Authority", "TlsLayer", "TlsMaker", "TlsStream", "system_error"]

CHUNK = 65536
#: How long the other side may take for each of its turns (Exim's smtp_receive_timeout and command_timeout).
TURN_SECONDS = 300.0


def system_error(number: int) -> OSError:
    """The exception that the system would raise."""
    return OSError(number, os.strerror(number))


class TlsStream(ABC):
    """exim.world.Stream over raw octets, which a subclass brings: plain as they are, through a TlsLayer after `start_tls`."""

    __slots__ = ("_hub", "_layer", "closed", "local", "peer", "tls")

    def __init__(self, hub: Hub, peer: Endpoint, local: Endpoint, tls: TlsMaker | None) -> None:
        self.peer = peer
        self.local = local
        self.tls = tls
        self.closed = False
        self._hub = hub
        self._layer: TlsLayer | None = None

    # ---- below TLS

    @abstractmethod
    def receive_raw(self, limit: int, timeout: float | None) -> bytes: ...

    @abstractmethod
    def peek_raw(self, limit: int, timeout: float | None) -> bytes: ...

    @abstractmethod
    def ready_raw(self) -> bool: ...

    @abstractmethod
    def send_raw(self, data: bytes, timeout: float | None = None) -> None: ...

    # ---- as it is used

    def receive(self, limit: int = 8192, timeout: float | None = None) -> bytes:
        """See exim.world.Stream."""
        return self.receive_raw(limit, timeout) if self._layer is None else self._layer.receive(limit, timeout)

    def peek(self, limit: int = 8192, timeout: float | None = None) -> bytes:
        """See exim.world.Stream."""
        return self.peek_raw(limit, timeout) if self._layer is None else self._layer.peek(limit, timeout)

    def ready(self) -> bool:
        """See exim.world.Stream."""
        return self.ready_raw() if self._layer is None else self._layer.ready()

    def send(self, data: bytes, timeout: float | None = None) -> None:
        """See exim.world.Stream."""
        if self._layer is None:
            self.send_raw(data, timeout)
        else:
            self._layer.send(data, timeout)

    def start_tls(self, *, server: bool, certificate: str = "", key: str = "", authorities: str = "", sni: str = "",
                  verify: bool = False, timeout: float | None = None) -> TlsSession:
        """See exim.world.Stream. Raises TlsFailed with OpenSSL's reason; TimeoutError and OSError of the connection."""
        maker = self.tls or TlsMaker(Authority())
        if server:
            context = maker.server(self.local, certificate, key, authorities, verify=verify)
        else:
            context = maker.client(authorities, verify=verify, name=sni)
        layer = TlsLayer(self, context, server=server, sni="" if server else sni)
        layer.shake(TURN_SECONDS if timeout is None else timeout)
        session = layer.session(sni)
        self._layer = layer
        return session

    def say_goodbye(self) -> None:
        """Before the end: close_notify, where there is TLS."""
        if self._layer is not None:
            self._layer.say_goodbye()


class TlsLayer:
    """What is above the raw octets after a handshake. `held` was decrypted and not yet received."""

    def __init__(self, raw: TlsStream, context: ssl.SSLContext, *, server: bool, sni: str) -> None:
        import ssl

        self.raw = raw
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self.object = context.wrap_bio(self.incoming, self.outgoing, server_side=server, server_hostname=sni or None)
        self.held = b""
        self.ended = False
        self._more = ssl.SSLWantReadError
        self._error = ssl.SSLError

    def shake(self, timeout: float | None) -> None:
        """The handshake. Raises TlsFailed, TimeoutError, OSError."""
        while True:
            try:
                self.object.do_handshake()
                break
            except self._more:
                self._flush(timeout)
                self._feed(timeout)
            except self._error as error:
                with contextlib.suppress(OSError):
                    self._flush(timeout)
                raise TlsFailed(reason(error)) from error
        self._flush(timeout)

    def session(self, sni: str) -> TlsSession:
        """What the handshake ended in; `sni` is the name that a client asked for."""
        made = self.object
        cipher, _, bits = made.cipher() or ("", "", 0)
        certificate = made.getpeercert(binary_form=True)
        verified = certificate is not None and made.context.verify_mode != 0
        return TlsSession((made.version() or "").replace("TLSv", "TLS"), cipher, bits or 0, sni or getattr(made, "asked_name", ""),
                          _name(certificate) if certificate else "", verified)

    def receive(self, limit: int, timeout: float | None) -> bytes:
        if not self.held:
            self.held = self._read(timeout)
        data, self.held = self.held[:limit], self.held[limit:]
        return data

    def peek(self, limit: int, timeout: float | None) -> bytes:
        if not self.held:
            self.held = self._read(timeout)
        return self.held[:limit]

    def ready(self) -> bool:
        """Something was decrypted, or can be, without waiting."""
        while not (self.held or self.ended):
            self.held = self._decrypt()
            if not (self.held or self.ended):
                if not self.raw.ready_raw():
                    return False
                try:
                    self._feed(None)
                except OSError:
                    return True
        return True

    def send(self, data: bytes, timeout: float | None) -> None:
        if data:
            try:
                self.object.write(data)
            except self._error as error:
                raise system_error(errno.EPIPE) from error
            self._flush(timeout)

    def say_goodbye(self) -> None:
        """close_notify, if the other side still listens."""
        with contextlib.suppress(OSError):
            try:
                self.object.unwrap()
            finally:
                self._flush(0.0)

    def _read(self, timeout: float | None) -> bytes:
        """One record; b"" at the end, which an alert is, too."""
        while True:
            data = self._decrypt()
            if data or self.ended:
                return data
            self._feed(timeout)

    def _decrypt(self) -> bytes:
        """One record, as far as it is there; b"" when more must come first, or at the end."""
        data = b""
        if not self.ended:
            try:
                data = self.object.read(CHUNK)
                self.ended = not data
            except self._more:
                pass
            except self._error:
                self.ended = True
            with contextlib.suppress(OSError):
                self._flush(None)
        return data

    def _feed(self, timeout: float | None) -> None:
        data = self.raw.receive_raw(CHUNK, timeout)
        if data:
            self.incoming.write(data)
        else:
            self.incoming.write_eof()

    def _flush(self, timeout: float | None) -> None:
        if self.outgoing.pending:
            self.raw.send_raw(self.outgoing.read(), timeout)


def _name(certificate: bytes) -> str:
    """The subject, as RFC 4514 writes it."""
    try:
        from cryptography import x509
    except ImportError:
        return ""
    return x509.load_der_x509_certificate(certificate).subject.rfc4514_string()
