"""Variables of the address being checked, routed or delivered, and of the message's sender as an address."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...taint import marked
from ..registry import Variable

if TYPE_CHECKING:
    from ...state import Address, Process


def of_address(get: Callable[[Address], str], otherwise: str = "") -> Callable[[Process], str]:
    """From the current address; without one from the scratch variable `otherwise`."""
    def value(p: Process) -> str:
        if p.address is not None:
            return get(p.address)
        return _text(p.scratch.variables.get(otherwise, "")) if otherwise else ""
    return value


def _part(get: Callable[[Address], str], otherwise: str) -> Callable[[Process], str]:
    """As of_address, of the local part and the domain: from outside, but for addresses that a router made."""
    read = of_address(get, otherwise)
    return lambda p: _of(p, p.address, read(p))


def _of(p: Process, address: Address | None, text: str) -> str:
    return text if not p.release.taints or (address is not None and address.clean) else marked(text)


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value)


def _domain_data(p: Process) -> str:
    return (p.address.domain_data if p.address is not None else "") or p.scratch.domain_data


def _local_part_data(p: Process) -> str:
    return (p.address.local_part_data if p.address is not None else "") or p.scratch.local_part_data


def _sender_part(index: int) -> Callable[[Process], str]:
    """0 the local part, 1 the domain of the sender; an address without @ is all local part."""
    def value(p: Process) -> str:
        local, at, domain = p.message.sender.rpartition("@")
        return (local, domain)[index] if at else (p.message.sender, "")[index]
    return value


def _original(get: Callable[[Address], str]) -> Callable[[Process], str]:
    """From the address that all of the redirection started with."""
    def value(p: Process) -> str:
        address = p.address
        if address is not None and p.acl_phase and not address.router:
            return ""                   # an ACL's recipient has nothing that it started with
        while address is not None and address.parent is not None:
            address = address.parent
        return _of(p, address, get(address)) if address is not None else ""
    return value


def _parent(get: Callable[[Address], str]) -> Callable[[Process], str]:
    def value(p: Process) -> str:
        parent = p.address.parent if p.address is not None else None
        return _of(p, parent, get(parent)) if parent is not None else ""
    return value


def _whole_local_part(address: Address) -> str:
    """With its affixes; in the client's letter case only where the router that had it last is caseful."""
    whole = address.original_local_part or address.local_part
    return whole.lower() if address.folded else whole


def _home(p: Process) -> str:
    return p.address.home if p.address is not None else ""


def scratch(name: str, default: str = "") -> Callable[[Process], str]:
    return lambda p: _text(p.scratch.variables.get(name, default))


VARIABLES = (
    Variable("address_data", of_address(lambda a: a.address_data, "address_data")),
    Variable("address_file", scratch("address_file")),
    Variable("address_pipe", scratch("address_pipe")),
    Variable("domain", _part(lambda a: a.domain, "domain")),
    Variable("domain_data", _domain_data),
    Variable("home", _home),
    Variable("host", of_address(lambda a: a.host, "host"), outside=True),
    Variable("host_address", of_address(lambda a: a.host_address, "host_address")),
    Variable("host_port", lambda p: str(p.address.host_port) if p.address is not None else "0", since="4.96"),
    Variable("local_part", _part(lambda a: a.local_part, "local_part")),
    Variable("local_part_data", _local_part_data),
    Variable("local_part_prefix", of_address(lambda a: a.prefix)),
    Variable("local_part_prefix_v", scratch("local_part_prefix_v"), since="4.96", outside=True),
    Variable("local_part_suffix", of_address(lambda a: a.suffix)),
    Variable("local_part_suffix_v", scratch("local_part_suffix_v"), since="4.96", outside=True),
    Variable("local_user_gid", scratch("local_user_gid", "4294967295")),
    Variable("local_user_uid", scratch("local_user_uid", "4294967295")),
    Variable("original_domain", _original(lambda a: a.domain)),
    Variable("original_local_part", _original(_whole_local_part)),
    Variable("parent_domain", _parent(lambda a: a.domain)),
    Variable("parent_local_part", _parent(_whole_local_part)),
    Variable("router_name", of_address(lambda a: a.router, "router_name")),
    Variable("self_hostname", scratch("self_hostname")),
    Variable("sender_address", lambda p: p.message.sender, outside=True),
    Variable("sender_address_domain", _sender_part(1), outside=True),
    Variable("sender_address_local_part", _sender_part(0), outside=True),
    Variable("thisaddress", scratch("thisaddress"), outside=True),
    Variable("transport_name", of_address(lambda a: a.transport, "transport_name")),
)
