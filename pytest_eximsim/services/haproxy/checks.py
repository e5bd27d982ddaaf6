"""A health check's connection as the MTA would see it in production.

HAProxy writes its own two ends into the PROXY header of a check; in this run they are loopback. The header is put right here, before the
MTA reads it; everything else goes through untouched.
"""

from __future__ import annotations

from ...exim.world import Endpoint, Stream, TlsSession
from ...wire.proxy import ProxyHeader, decode, encode_v1, encode_v2

_LONGEST = 1024


class CheckStream:
    """A Stream that begins with a PROXY header with addresses: they are `peer` and `local` instead of loopback."""

    def __init__(self, inner: Stream) -> None:
        self.inner = inner
        self.peer: Endpoint = inner.peer
        self.local: Endpoint = inner.local
        self.buffer: bytes | None = None

    def receive(self, limit: int = 8192, timeout: float | None = None) -> bytes:
        self._open(timeout)
        if self.buffer:
            data, self.buffer = self.buffer[:limit], self.buffer[limit:]
            return data
        return self.inner.receive(limit, timeout)

    def peek(self, limit: int = 8192, timeout: float | None = None) -> bytes:
        self._open(timeout)
        return self.buffer[:limit] if self.buffer else self.inner.peek(limit, timeout)

    def ready(self) -> bool:
        return bool(self.buffer) or self.inner.ready()

    def _open(self, timeout: float | None) -> None:
        if self.buffer is None:
            found = decode(self.inner.peek(_LONGEST, timeout))
            self.buffer = b""
            if isinstance(found, ProxyHeader) and found.source is not None:
                self.inner.receive(found.size, timeout)
                source = Endpoint(self.peer.address, found.source.port)
                self.buffer = encode_v1(source, self.local) if found.version == 1 else encode_v2(source, self.local, tlvs=found.tlvs)

    def send(self, data: bytes, timeout: float | None = None) -> None:
        self.inner.send(data, timeout)

    def start_tls(self, *, server: bool, certificate: str = "", key: str = "", authorities: str = "", sni: str = "",
                  verify: bool = False) -> TlsSession:
        return self.inner.start_tls(server=server, certificate=certificate, key=key, authorities=authorities, sni=sni, verify=verify)

    @property
    def tls(self) -> object:
        """Who makes contexts for `start_tls`; whoever serves the connection may set it."""
        return getattr(self.inner, "tls", None)

    @tls.setter
    def tls(self, maker: object) -> None:
        self.inner.tls = maker  # type: ignore[attr-defined]

    def close(self) -> None:
        self.inner.close()

    def abort(self) -> None:
        self.inner.abort()
