"""Addresses to be routed: new ones, and what those that come of another keep of it."""

from __future__ import annotations

from dataclasses import replace

from ..addresses import split, unquote_local_part
from ..state import Address


def make_address(address: str, *, parent: Address | None = None, start_router: str = "") -> Address:
    """An Address to be routed: domain lower case, local part without quotes, as written beside the lower-case one."""
    local_part, domain = split(address)
    local_part = unquote_local_part(local_part)
    return Address(address, local_part.lower(), domain.lower(), original_local_part=local_part, parent=parent, start_router=start_router)


def take_percent_apart(address: Address) -> None:
    """a%b@c becomes a@b (percent_hack_domains)."""
    local_part, _, domain = address.original_local_part.rpartition("%")
    address.address, address.domain = f"{local_part}@{domain}", domain.lower()
    address.original_local_part, address.local_part = local_part, local_part.lower()


def child_of(parent: Address, child: Address) -> Address:
    """The child with its parent, and with what the routers have found out for that one so far."""
    return replace(
        child, parent=parent, errors_to=parent.errors_to, headers_add=parent.headers_add, headers_remove=parent.headers_remove,
        address_data=parent.address_data, variables=dict(parent.variables),
    )
