"""Certificates and TLS contexts of a run: files of the MTA's tree where they are there, else made by an authority that our clients trust.

Which option of a configuration names which file is not known here, nor what a handshake is (tls.py).
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..errors import ServiceMissing
from ..exim.world import Endpoint, TlsFailed
from . import folders

if TYPE_CHECKING:
    import ssl

#: The same in every run.
_SUBJECT: dict[str, Any] = {"organization_name": "pytest-eximsim", "organization_unit_name": "made for this run"}


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
        """Paths are the MTA's; a certificate that is not there is made, for this address and the host name. Raises TlsFailed.

        A client has to show a certificate (`verify`), is asked for one (only `authorities`; a bad one is refused then), or is not asked.
        """
        import ssl

        chain, private = self._file(certificate), self._file(key)
        asked = verify or bool(authorities)
        trusted = self._file(authorities) if asked else None
        wanted = (chain, private, trusted, verify, asked, "" if chain else local.address)
        if wanted not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.sni_callback = _note_name
            context.num_tickets = 0             # nothing that a client might leave unread
            with _reasons(), self._chain(chain, local) as path:
                context.load_cert_chain(path, private if chain else None)
                if asked:
                    self._trust(context, trusted)
                    context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_OPTIONAL
            self._contexts[wanted] = context
        return self._contexts[wanted]

    def client(self, authorities: str, *, verify: bool, name: str) -> ssl.SSLContext:
        """`authorities` is a path of the MTA's; empty or not there: the run's authority. The name is checked when there is one."""
        import ssl

        trusted = self._file(authorities) if verify else None
        wanted = ("client", trusted, verify, bool(name))
        if wanted not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = verify and bool(name)
            context.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
            if verify:
                with _reasons():
                    self._trust(context, trusted)
            self._contexts[wanted] = context
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
        with folders.temporary() as folder:
            path = os.path.join(folder, "made.pem")
            with open(path, "wb") as file:
                file.write(self.authority.certificate_pem(names))
            yield path


def _note_name(made: Any, name: str | None, context: ssl.SSLContext) -> None:
    made.asked_name = name or ""


@contextlib.contextmanager
def _reasons() -> Iterator[None]:
    """Files that are no good are a failure of TLS."""
    import ssl

    try:
        yield
    except ssl.SSLError as error:
        raise TlsFailed(reason(error)) from error
    except OSError as error:
        raise TlsFailed(error.strerror or str(error)) from error


def reason(error: Any) -> str:
    """OpenSSL's words: `wrong version number`; of a failed verification why."""
    verification = getattr(error, "verify_message", "")
    reason = (error.reason or str(error)).lower().replace("_", " ")
    return f"{reason}: {verification}" if verification else reason
