"""A connection to a real Redis: hiredis packs and parses, the stream comes from whoever dials. RESP2, any server from 6 on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...errors import ServiceMissing
from ...exim.world import RedisError, RedisReply, Stream


class WireConnection:
    """world.RedisConnection over `dial()`, which may raise OSError; it is called at the first command."""

    def __init__(self, dial: Callable[[], Stream]) -> None:
        try:
            import hiredis
        except ImportError:
            raise ServiceMissing("a real Redis needs the package hiredis: pip install 'pytest-eximsim[redis]'") from None
        self._dial = dial
        self._stream: Stream | None = None
        self._pack: Callable[[Any], bytes] = hiredis.pack_command
        self._reader = hiredis.Reader(replyError=RedisError, protocolError=ConnectionError)

    def command(self, arguments: Sequence[bytes]) -> RedisReply:
        if self._stream is None:
            self._stream = self._dial()
        self._stream.send(self._pack(tuple(arguments)))
        while (reply := self._reader.gets()) is False:
            data = self._stream.receive(65536)
            if not data:
                raise EOFError("Server closed the connection")
            self._reader.feed(data)
        return _plain(reply)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _plain(reply: Any) -> RedisReply:
    """hiredis gives status replies as bytes or str by version; booleans do not exist in RESP2."""
    match reply:
        case list():
            return [_plain(item) for item in reply]
        case str():
            return reply.encode("latin-1")
        case RedisError():
            return RedisError(str(reply))
    return reply  # type: ignore[no-any-return]
