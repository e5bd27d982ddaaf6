"""TLS over any stream of ours: the handshake, the layer above the raw octets, and the certificates and contexts it needs.

OpenSSL works on memory only (MemoryBIO), so memory and sockets have the same TLS. Which option of a configuration names which file is not
known here; a certificate that is not there is made for the run, by an authority that our clients trust.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from ..exim.world import Endpoint, TlsFailed, TlsSession

if TYPE_CHECKING:
    import ssl

CHUNK = 65536
#: The same in every run.
_SUBJECT: dict[str, Any] = {"organization_name": "pytest-eximsim", "organization_unit_name": "made for this run"}


class RawStream(Protocol):
    """What lies below."""

    local: Endpoint

    def receive_raw(self, limit: int, timeout: float | None) -> bytes: ...

    def ready_raw(self) -> bool: ...

    def send_raw(self, data: bytes, timeout: float | None = None) -> None: ...


class Authority:
    """A certificate authority of this run, made when it is first asked for."""

    def __init__(self) -> None:
        self._made: Any = None
        self._certificates: dict[tuple[str, ...], bytes] = {}

    def authority_pem(self) -> bytes:
        """Its own certificate."""
        return bytes(self._authority().cert_pem.bytes())

    def certificate_pem(self, names: tuple[str, ...]) -> bytes:
        """Private key and chain of a certificate for these host names and addresses, the same each time."""
        if names not in self._certificates:
            made = self._authority().issue_cert(*names, common_name=names[0], **_SUBJECT)
            chain = b"".join(one.bytes() for one in made.cert_chain_pems)
            self._certificates[names] = bytes(made.private_key_pem.bytes()) + chain
        return self._certificates[names]

    def _authority(self) -> Any:
        if self._made is None:
            try:
                import trustme
            except ImportError as error:
                from ..errors import ServiceMissing

                raise ServiceMissing("TLS needs trustme: pip install pytest-eximsim[tls]") from error
            self._made = trustme.CA(**_SUBJECT)
        return self._made


class TlsMaker:
    """Contexts for the streams of one MTA, remote or client. `real_path`: where a path of its tree is on disk (OSError: not there)."""

    def __init__(self, authority: Authority, *, hostname: str = "", real_path: Callable[[str], str] | None = None) -> None:
        self.authority = authority
        self.hostname = hostname
        self._real_path = real_path
        self._contexts: dict[tuple[object, ...], ssl.SSLContext] = {}

    def server(self, local: Endpoint, certificate: str, key: str, authorities: str, *, verify: bool) -> ssl.SSLContext:
        """Paths are the MTA's; a certificate that is not there is made, for this address and the host name. Raises TlsFailed."""
        import ssl

        chain, private = self._file(certificate), self._file(key)
        trusted = self._file(authorities) if verify else None
        wanted = (chain, private, trusted, verify, "" if chain else local.address)
        if wanted not in self._contexts:
            context = self._contexts[wanted] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.sni_callback = _note_name
            context.num_tickets = 0             # nothing that a client might leave unread
            with _reasons(), self._chain(chain, local) as path:
                context.load_cert_chain(path, private if chain else None)
                if verify:
                    self._trust(context, trusted)
                    context.verify_mode = ssl.CERT_REQUIRED
        return self._contexts[wanted]

    def client(self, authorities: str, *, verify: bool, name: str) -> ssl.SSLContext:
        """`authorities` is a path of the MTA's; empty or not there: the run's authority. The name is checked when there is one."""
        import ssl

        trusted = self._file(authorities) if verify else None
        wanted = ("client", trusted, verify, bool(name))
        if wanted not in self._contexts:
            context = self._contexts[wanted] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = verify and bool(name)
            context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
            if verify:
                with _reasons():
                    self._trust(context, trusted)
        return self._contexts[wanted]

    def _file(self, path: str) -> str | None:
        """Where it is on disk; None when it is not there."""
        if not path:
            return None
        try:
            real = self._real_path(path) if self._real_path else path
        except OSError:
            return None
        return real if os.path.exists(real) else None

    def _trust(self, context: ssl.SSLContext, trusted: str | None) -> None:
        if trusted is None:
            context.load_verify_locations(cadata=self.authority.authority_pem().decode("ascii"))
        elif os.path.isdir(trusted):
            context.load_verify_locations(capath=trusted)
        else:
            context.load_verify_locations(cafile=trusted)

    @contextlib.contextmanager
    def _chain(self, chain: str | None, local: Endpoint) -> Iterator[str]:
        """The path of a certificate; OpenSSL takes them from files only."""
        if chain is not None:
            yield chain
            return
        names = tuple(dict.fromkeys(name for name in (self.hostname, local.address) if name and not name.startswith("/"))) or ("localhost",)
        with tempfile.TemporaryDirectory(prefix="eximsim-") as folder:
            path = os.path.join(folder, "made.pem")
            with open(path, "wb") as file:
                file.write(self.authority.certificate_pem(names))
            yield path


class TlsLayer:
    """What is above the raw octets after a handshake. `held` was decrypted and not yet received."""

    def __init__(self, raw: RawStream, context: ssl.SSLContext, *, server: bool, sni: str) -> None:
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
        """The handshake. Raises ssl.SSLError, TimeoutError, OSError."""
        while True:
            try:
                self.object.do_handshake()
                break
            except self._more:
                self._flush(timeout)
                self._feed(timeout)
            except self._error:
                with contextlib.suppress(OSError):
                    self._flush(timeout)
                raise
        self._flush(timeout)

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
                raise BrokenPipeError(*_broken()) from error
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


def handshake(raw: RawStream, maker: TlsMaker | None, *, server: bool, certificate: str, key: str, authorities: str, sni: str, verify: bool,
              timeout: float | None) -> tuple[TlsLayer, TlsSession]:
    """Raises TlsFailed with OpenSSL's reason; TimeoutError and OSError of the connection."""
    import ssl

    maker = maker or TlsMaker(Authority())
    if server:
        context = maker.server(raw.local, certificate, key, authorities, verify=verify)
    else:
        context = maker.client(authorities, verify=verify, name=sni)
    layer = TlsLayer(raw, context, server=server, sni="" if server else sni)
    try:
        layer.shake(timeout)
    except ssl.SSLError as error:
        raise TlsFailed(_reason(error)) from error
    return layer, _session(layer, sni)


def _session(layer: TlsLayer, sni: str) -> TlsSession:
    made = layer.object
    cipher, _, bits = made.cipher() or ("", "", 0)
    certificate = made.getpeercert(binary_form=True)
    verified = certificate is not None and made.context.verify_mode != 0
    return TlsSession((made.version() or "").replace("TLSv", "TLS"), cipher, bits or 0, sni or getattr(made, "asked_name", ""),
                      _name(certificate) if certificate else "", verified)


def _name(certificate: bytes) -> str:
    """The subject, as RFC 4514 writes it."""
    try:
        from cryptography import x509
    except ImportError:
        return ""
    return x509.load_der_x509_certificate(certificate).subject.rfc4514_string()


def _note_name(made: Any, name: str | None, context: ssl.SSLContext) -> None:
    made.asked_name = name or ""


@contextlib.contextmanager
def _reasons() -> Iterator[None]:
    """Files that are no good are a failure of TLS."""
    import ssl

    try:
        yield
    except ssl.SSLError as error:
        raise TlsFailed(_reason(error)) from error
    except OSError as error:
        raise TlsFailed(error.strerror or str(error)) from error


def _reason(error: Any) -> str:
    """OpenSSL's words: `wrong version number`; of a failed verification why."""
    verification = getattr(error, "verify_message", "")
    reason = (error.reason or str(error)).lower().replace("_", " ")
    return f"{reason}: {verification}" if verification else reason


def _broken() -> tuple[int, str]:
    import errno

    return errno.EPIPE, os.strerror(errno.EPIPE)
