"""The embedded Redis: fakeredis behind an adapter that answers as Redis 7 does, on the scenario's clock.

What the adapter adds to fakeredis: whole error texts, the order of small sets (integers ascending, else as inserted), time from the
scenario's clock (expiry, TIME), and blocking commands that let the scenario's time pass instead of blocking the only thread.
Nothing here knows of passwords, faults or several servers (gate.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...errors import ServiceError
from ...exim.world import Clock, RedisError, RedisReply
from .blocking import limit_of, wait_for_reply
from .names import COMMANDS, as_redis_7, unknown_command

#: The encoding that Redis keeps sorted: sets of integers only, up to set-max-intset-entries.
INTSET_LIMIT = 512
#: Commands whose reply is a set without an order of its own, and the arguments that are its keys.
UNORDERED: dict[bytes, Callable[[Sequence[bytes]], Sequence[bytes]]] = {
    b"SDIFF": lambda arguments: arguments[1:],
    b"SINTER": lambda arguments: arguments[1:],
    b"SMEMBERS": lambda arguments: arguments[1:2],
    b"SUNION": lambda arguments: arguments[1:],
}


class EmbeddedRedis:
    """One in-process Redis server; `connect()` gives connections to it."""

    name = "embedded (fakeredis)"

    def __init__(self, clock: Clock) -> None:
        import fakeredis
        from fakeredis._core import Database

        # Keys expire by the scenario's clock, whatever time fakeredis sets.
        clocked: Any = type("ClockedDatabase", (Database,), {"time": property(lambda _: clock.now(), lambda _, __: None)})

        class ClockedDatabases(dict[int, Any]):
            def __missing__(self, index: int) -> Any:
                self[index] = clocked(server.lock)
                return self[index]

        self.clock = clock
        self.server = server = fakeredis.FakeServer(version=(7,), server_type="redis")
        server.dbs = ClockedDatabases()

    def connect(self) -> EmbeddedConnection:
        return EmbeddedConnection(self)

    def advance(self, seconds: float) -> None:
        """The scenario's clock is this server's: nothing to do."""

    def close(self) -> None:
        self.server.dbs.clear()


class EmbeddedConnection:
    """A connection as world.RedisConnection; it has its own selected database."""

    def __init__(self, service: EmbeddedRedis) -> None:
        from fakeredis import FakeRedisConnection

        self.service = service
        self.connection: Any = FakeRedisConnection(server=service.server, db=0, protocol=2, version=(7,))
        self.connection.get_socket()
        self.database = 0

    def command(self, arguments: Sequence[bytes]) -> RedisReply:
        verb = arguments[0].upper()
        if verb not in COMMANDS:
            return RedisError(unknown_command(arguments))
        if verb == b"TOUCH":
            arguments = [b"EXISTS", *arguments[1:]]
        if verb == b"TIME" and len(arguments) == 1:
            return [b"%d" % int(now := self.service.clock.now()), b"%d" % int(now % 1 * 1_000_000)]
        if (limit := limit_of(arguments)) is not None:
            return wait_for_reply(arguments, limit, self._send, self.service.clock)
        reply = self._send(arguments)
        if verb == b"SELECT" and not isinstance(reply, RedisError):
            self.database = int(arguments[1])
        if verb in UNORDERED and isinstance(reply, list):
            return self._ordered(reply, UNORDERED[verb](arguments))
        return reply

    def close(self) -> None:
        self.connection.disconnect()

    def _send(self, arguments: Sequence[bytes]) -> RedisReply:
        from redis.exceptions import RedisError as ClientError

        self.connection.send_command(*arguments)
        try:
            reply = self.connection.read_response(disable_decoding=True)
        except ClientError as error:
            reply = error
        reply = _plain(reply)
        if not isinstance(reply, RedisError):
            return reply
        if str(reply).startswith("ERR unknown command '" + arguments[0].decode("latin-1").lower()):
            raise ServiceError(f"the embedded Redis does not have {arguments[0].decode('latin-1')}: take `provider: binary` or a container")
        return RedisError(as_redis_7(str(reply), arguments))

    def _ordered(self, members: list[Any], keys: Iterable[bytes]) -> list[Any]:
        """A set in Redis' order: a small set of integers ascends, another one is as its members came in."""
        if len(members) <= INTSET_LIMIT and all(_is_integer(member) for member in members):
            return sorted(members, key=int)
        database = self.service.server.dbs[self.database]
        order: dict[bytes, None] = {}
        for key in keys:
            item = database.get(key)
            if item is not None:
                order.update(dict.fromkeys(getattr(item.value, "_values", ())))
        wanted = set(members)
        return [member for member in order if member in wanted] + sorted(wanted - order.keys())


def _is_integer(member: object) -> bool:
    """Would Redis store this as an integer? (canonical decimal, 64 bits)"""
    if not isinstance(member, bytes) or not member.lstrip(b"-").isdigit():
        return False
    return b"%d" % int(member) == member and -(2**63) <= int(member) < 2**63


def _plain(reply: Any) -> RedisReply:
    """What redis-py's connection gives, as the port says it: errors with their code, everything else as it is."""
    match reply:
        case list():
            return [_plain(item) for item in reply]
        case Exception():
            code = getattr(reply, "status_code", None)
            text = str(reply)
            return RedisError(f"{code} {text}" if code and not text.startswith(code) else text)
        case str():
            return reply.encode("latin-1")
        case bool() | float():
            return b"%g" % reply if isinstance(reply, float) else int(reply)
    return reply  # type: ignore[no-any-return]
