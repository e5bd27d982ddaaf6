"""A remote that is a whole aiosmtpd server on a real socket (`server: aiosmtpd`), for the programs beside the MTA.

It runs on an event loop in a thread of its own. Connections of the simulated network are carried over to its socket octet by octet, so it
needs real time. It answers by itself: there is no script. Same surface as ScriptedRemote.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..exim.world import Endpoint, Stream
from .remote import ReceivedMessage, RemoteSpec, Script

if TYPE_CHECKING:
    from ..runtime.hub import Hub

LOOPBACK = "127.0.0.1"


class _Keeper:
    """aiosmtpd's handler: keeps what was accepted."""

    def __init__(self, messages: list[ReceivedMessage]) -> None:
        self.messages = messages

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        tls = session.ssl["cipher"][1] if session.ssl and session.ssl.get("cipher") else ""
        content = envelope.original_content or b""
        self.messages.append(ReceivedMessage(envelope.mail_from or "", tuple(envelope.rcpt_tos), content, session.host_name or "", tls))
        return "250 OK accepted"


class AiosmtpdRemote:
    """`port` is the real one, on loopback. Listens from the start; close() ends the thread."""

    at_connect = ""

    def __init__(self, hub: Hub, spec: RemoteSpec) -> None:
        self.hub = hub
        self.spec = spec
        self.messages: list[ReceivedMessage] = []
        self.dialogue: list[str] = []
        self.connections = 0
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port = int(self._listening.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"aiosmtpd {spec.name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        from aiosmtpd.lmtp import LMTP
        from aiosmtpd.smtp import SMTP

        asyncio.set_event_loop(self._loop)
        make = LMTP if self.spec.lmtp else SMTP
        server = self._loop.run_until_complete(self._loop.create_server(
            lambda: make(_Keeper(self.messages), hostname=self.spec.name, loop=self._loop), sock=self._listening))
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for task in asyncio.all_tasks(self._loop):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def serve(self, stream: Stream) -> None:
        """Carry one connection over to the real server, to its end."""
        from ..runtime.network import SocketStream

        self.connections += 1
        made = socket.create_connection((LOOPBACK, self.port))
        made.setblocking(False)
        own = Endpoint(*made.getsockname()[:2])
        beyond = SocketStream(self.hub, made, peer=Endpoint(LOOPBACK, self.port), local=own)
        back = self.hub.spawn(lambda: _carry(beyond, stream), f"from aiosmtpd {self.spec.name}")
        _carry(stream, beyond)
        back.join()

    def use(self, script: Script) -> None:
        """It has no script. Raises ServiceError."""
        raise ServiceError(f"remote {self.spec.name} is a whole aiosmtpd server: it answers by itself")

    def not_connected(self) -> None:
        """It always accepts."""

    def close(self) -> None:
        """End the server and its thread. Safe to call twice."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5.0)


def _carry(source: Stream, target: Stream) -> None:
    """Octets from one stream to the other until one of them ends; then both end."""
    with contextlib.suppress(OSError):
        while data := source.receive(65536):
            target.send(data)
    target.close()
