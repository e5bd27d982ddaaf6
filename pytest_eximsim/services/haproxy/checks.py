"""A health check's connection as the MTA would see it in production.

HAProxy writes its own two ends into the PROXY v1 header of a check; in this run they are loopback. The header is put right here, before the
MTA reads it; everything else goes through untouched.
"""

from __future__ import annotations

from ...exim.world import Endpoint, Stream, TlsSession

_LONGEST = 107


class CheckStream:
    """A Stream whose first line, if it is a PROXY v1 header, names `peer` and `local` instead of loopback."""

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
            first = self.inner.peek(_LONGEST, timeout)
            self.buffer = b""
            if first.startswith(b"PROXY TCP") and b"\r\n" in first:
                line = first[:first.index(b"\r\n") + 2]
                self.inner.receive(len(line), timeout)
                self.buffer = self._header(line)

    def _header(self, line: bytes) -> bytes:
        words = line.decode("latin-1").split()
        if len(words) != 6:
            return line
        family = "TCP6" if ":" in self.peer.address else "TCP4"
        return f"PROXY {family} {self.peer.address} {self.local.address} {words[4]} {self.local.port}\r\n".encode()

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
