"""Which server a query goes to: `redis_servers`, `pgsql_servers`, `mysql_servers`, `servers=…;` in the query (Exim chapter 9.22).

The items of these lists are `host[:port]/db/…/password`; what they are made of is the business of each type.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..expansion.splitting import split
from .result import Deferred, Reply

if TYPE_CHECKING:
    from ..state import Process


@dataclass(frozen=True, slots=True)
class Tried:
    """What one server gave; after a deferral the next one is tried unless `final`."""

    reply: Reply
    final: bool = False


def whole_number(text: str) -> int | None:
    """A port, or another number without sign; no more digits are looked at than matter."""
    return int(text[:18]) if text.isascii() and text.isdigit() else None


#: (process, server as written, query) -> what it gave
Perform = Callable[["Process", str, str], Tried]


def deferred(message: str, *, final: bool = False) -> Tried:
    return Tried(Reply(Deferred(message)), final)


def incomplete(name: str, left: str) -> Tried:
    return deferred(f"incomplete {name} server data: {left}", final=True)


def take_apart(name: str, server: str, fields: int) -> list[str] | Tried:
    """The host and `fields` fields behind it, taken off at the last slashes; too few end the search (cases REDIS-026, REDIS-027)."""
    found: list[str] = []
    rest = server
    for number in range(fields):
        head, slash, field = rest.rpartition("/")
        if not slash:
            return incomplete(name, rest if number == 0 else server.rpartition("/")[0])
        found.insert(0, field)
        rest = head
    return [rest, *found]


def query_servers(p: Process, name: str, option: str, query: str, options: str, perform: Perform) -> Reply:
    """Asks one server after the other. `name` as texts have it ("Redis", "PostgreSQL", "MySQL"), `option` is the main option's name.

    Cases REDIS-026 … REDIS-041, REDIS-073, REDIS-074.
    """
    value = p.configuration.main.get(option)
    listed = value if isinstance(value, str) else None
    if query.startswith("servers"):
        return _named_in_query(p, name, option, listed, query, perform)
    wanted = next((word[8:] for word in split(options)[1] if word.startswith("servers=")), None) if options else None
    chosen = listed if wanted is None else wanted
    if chosen is None:
        return Reply(Deferred(f"no {name} servers defined ({option} option)"))
    named = p.release.query_server_names or wanted is not None
    servers = [(server, _specification(server, listed) if named else server) for server in split(chosen)[1]]
    return _first_answer(p, name, option, servers, query, perform)


def _named_in_query(p: Process, name: str, option: str, listed: str | None, query: str, perform: Perform) -> Reply:
    """`servers=a:b; query`: full specifications, or hosts of the list."""
    behind = query[7:].lstrip()
    if not behind.startswith("="):
        return Reply(Deferred(f'missing = after "servers" in {name} lookup'))
    wanted, semicolon, statement = behind[1:].lstrip().partition(";")
    if not semicolon:
        return Reply(Deferred(f'missing ; after "servers=" in {name} lookup'))
    if not wanted:
        return Reply(Deferred(f'"servers=" defines no servers in "{query}"'))
    servers = [(server, _specification(server, listed)) for server in split(wanted)[1]]
    return _first_answer(p, name, option, servers, statement, perform)


def _specification(server: str, listed: str | None) -> str | None:
    """A server as the list has it where only its host is given; None where the list has none."""
    return server if "/" in server else next((item for item in split(listed or "")[1] if item.startswith(f"{server}/")), None)


def _first_answer(p: Process, name: str, option: str, servers: list[tuple[str, str | None]], query: str, perform: Perform) -> Reply:
    """What the first server says that does not defer. `servers`: each as written, and its specification."""
    result = Reply(Deferred(""))
    for server, found in servers:
        if found is None:
            return Reply(Deferred(f'{name} server "{server}" not found in {option}'))
        tried = perform(p, found, query)
        if tried.final or not isinstance(tried.reply.answer, Deferred):
            return tried.reply
        result = tried.reply
    return result
