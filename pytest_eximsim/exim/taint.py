"""Data that came from outside, and stays marked while it goes through expansions (later releases; Exim chapter 11, "tainted").

`Tainted` is a text that holds such data. Variables of the client's making begin it, strings that hold one and operators on one go on with
it; what a lookup finds is clean (asked of Exim 4.96, which refuses an ACL of a marked name). A known hole: what ${sg makes of a marked
text is marked even where all that is left comes from the configuration.
Who must not be given such data asks `is_tainted`; who wants it quoted for a kind of lookup, `is_unquoted`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..errors import Position
    from .state import Process


class Tainted(str):
    """Text with data from outside. `quoter`: the lookup type that all of it was quoted for by ${quote_TYPE:…}, "" for none."""

    __slots__ = ("quoter",)
    quoter: str

    def __new__(cls, text: str, quoter: str = "") -> Tainted:
        made = super().__new__(cls, text)
        made.quoter = quoter
        return made


#: Variables that hold what the client, its headers or the DNS say.
VARIABLES = frozenset((
    "authenticated_fail_id", "authenticated_id", "authenticated_sender", "bounce_recipient", "dnslist_text", "domain", "host",
    "local_part", "local_part_prefix_v", "local_part_suffix_v", "message_body", "message_body_end", "message_headers",
    "message_headers_raw", "original_domain", "original_local_part", "parent_domain", "parent_local_part", "received_for", "recipients",
    "reply_address", "return_path", "sender_address", "sender_address_domain", "sender_address_local_part", "sender_fullhost",
    "sender_helo_name", "sender_host_name", "sender_ident", "sender_rcvhost", "smtp_command", "smtp_command_argument",
    "thisaddress", "tls_in_peerdn", "tls_in_sni", "tls_peerdn", "tls_sni",
))
#: Operators whose result is made anew, out of nothing that was given.
CLEANING = frozenset((
    "base62", "base62d", "bless", "eval", "eval10", "ipv6denorm", "ipv6norm", "isip", "listcount", "listnamed", "md5", "mask", "nhash",
    "reverse_ip", "sha1", "sha2", "sha256", "sha3", "stat", "strlen", "time_eval", "time_interval",
))
#: Items that give back parts of what they were given.
PASSING = frozenset((
    "extract", "hash", "headerwrap", "length", "listextract", "listquote", "prvs", "sg", "substr", "tr",
))


def is_tainted(text: str) -> bool:
    """Does it hold data from outside?"""
    return type(text) is Tainted


def is_unquoted(text: str, lookup_type: str) -> bool:
    """Does it hold data from outside that is not quoted for this lookup type?"""
    return isinstance(text, Tainted) and text.quoter != lookup_type


def marked(text: str, quoter: str = "") -> str:
    """The text as data from outside; an empty one has nothing to mark."""
    return Tainted(text, quoter) if text else text


def marking(get: Callable[[Process], str]) -> Callable[[Process], str]:
    """A variable whose value is data from outside."""
    return lambda p: marked(get(p))


def joined(text: str, parts: Sequence[str]) -> str:
    """`text` was put together from `parts`: it is quoted where all that is marked is quoted for the same type."""
    quoters = {part.quoter for part in parts if isinstance(part, Tainted)}
    if not quoters:
        return text
    return marked(text, quoters.pop() if len(quoters) == 1 else "")


def parted(parts: Iterable[str], whole: str) -> Iterable[str]:
    """The parts that `whole` was taken apart into: marked as it is."""
    return (marked(part) for part in parts) if type(whole) is Tainted else parts


def operated(name: str, argument: str | None, text: str) -> str:
    """The result of an operator on marked text."""
    if name == "quote" and argument:
        return marked(text, argument)
    return text if name in CLEANING else marked(text)


def place_of(p: Process) -> str:
    """` (ACL deny, FILE LINE)`, ` (router x, FILE LINE)`: where the configuration is at, for complaints; "" outside drivers and ACLs."""
    run = p.acl_run
    if run is not None and run.statement is not None:
        return _place(f"ACL {run.statement.verb}", run.statement.position)
    if p.address is None:
        return ""
    transport = p.configuration.transports.get(p.address.transport) if p.address.transport else None
    if transport is not None:
        return _place(f"transport {transport.name}", transport.position)
    router = next((router for router in p.configuration.routers if router.name == p.address.router), None)
    return _place(f"router {router.name}", router.position) if router is not None else ""


def _place(what: str, position: Position) -> str:
    return f" ({what}, {position.file} {position.line})"
