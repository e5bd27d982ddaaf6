"""A real Redis as a provider: a scenario's part of it, on the scenario's clock. Where the server comes from is providers.py's business."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...errors import ServiceError
from ...exim.world import RedisError, RedisReply
from .ageing import Ageing
from .blocking import limit_of, wait_for_reply
from .parts import Part
from .wire import Address, WireConnection

if TYPE_CHECKING:
    from ...runtime.hub import Hub


class RealRedis:
    """gate.Backend. `part` begins empty and is cleared at the end."""

    def __init__(self, name: str, address: Address, part: Part, hub: Hub) -> None:
        self.name = name
        self.address = address
        self.part = part
        self.hub = hub
        self._own = WireConnection(address, hub)
        try:
            self.ageing = Ageing(hub, _epoch(self._own.command([b"TIME"])))
        except (OSError, EOFError) as error:
            raise ServiceError(f"{name} does not answer: {error}") from None

    def connect(self) -> RealConnection:
        return RealConnection(self)

    def advance(self, seconds: float) -> None:
        """Keys follow the scenario's clock before the next command: nothing to do."""

    def keep_time(self) -> None:
        self.ageing.catch_up(self._own.command, self.part.used)

    def close(self) -> None:
        """Clear the part. A server that has died meanwhile is no matter."""
        try:
            self.part.clear(self._own.command)
        except (OSError, EOFError):
            pass
        finally:
            self._own.close()


class RealConnection:
    """world.RedisConnection."""

    def __init__(self, redis: RealRedis) -> None:
        self._redis = redis
        self._wire = WireConnection(redis.address, redis.hub)
        self._database = -1

    def command(self, arguments: Sequence[bytes]) -> RedisReply:
        redis = self._redis
        if self._database < 0:
            self._select(redis.part.number(0))
        redis.keep_time()
        if (limit := limit_of(arguments)) is not None:
            return wait_for_reply(arguments, limit, self._send, redis.hub)
        return self._send(arguments)

    def close(self) -> None:
        self._wire.close()

    def _send(self, arguments: Sequence[bytes]) -> RedisReply:
        redis, verb = self._redis, arguments[0].upper()
        mapped = redis.part.arguments(arguments)
        if isinstance(mapped, RedisError):
            return mapped
        if verb == b"FLUSHALL":
            return self._flush(arguments)
        reply = self._wire.command(redis.ageing.arguments(mapped))
        if verb == b"SELECT" and not isinstance(reply, RedisError):
            self._database = int(mapped[1])
        return redis.ageing.reply(verb, reply)

    def _flush(self, arguments: Sequence[bytes]) -> RedisReply:
        """FLUSHALL is FLUSHDB of every database of this part."""
        reply: RedisReply = b"OK"
        current = self._database
        for number in list(self._redis.part.used):
            self._select(number)
            reply = self._wire.command([b"FLUSHDB", *arguments[1:]])
        self._select(current)
        return reply

    def _select(self, number: int) -> None:
        reply = self._wire.command([b"SELECT", b"%d" % number])
        if isinstance(reply, RedisError):
            raise ServiceError(f"{self._redis.name}: {reply}")
        self._database = number


def _epoch(reply: RedisReply) -> float:
    match reply:
        case [bytes() as seconds, bytes() as microseconds]:
            return int(seconds) + int(microseconds) / 1_000_000
        case RedisError():
            raise ServiceError(f"Redis: {reply}")
    raise ServiceError(f"what answers there is no Redis: {reply!r}")
