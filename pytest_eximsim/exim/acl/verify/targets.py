"""Where a callout goes: the router's hosts or the transport's, and the port (Exim chapter 44.47)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....errors import ExpansionError, ForcedFailure
from ...expansion import expand
from ...expansion.splitting import split
from ...hosts import is_ip
from ...log import log
from ...routers import Host, Routed
from ...routers.hostlist import Wanted, find_by_dns, find_by_hosts_file
from ...routers.manualroute import read_host

if TYPE_CHECKING:
    from ...config.model import Driver
    from ...state import Process

#: Transports that talk to hosts.
REMOTE = ("smtp",)
#: Names of ports that the system knows.
_SERVICES = {"smtp": 25, "smtps": 465, "submission": 587, "submissions": 465}


def hosts_of(p: Process, routed: Routed) -> list[Host]:
    """The router's hosts, or the transport's where it has none or overrides them."""
    transport = routed.transport
    hosts = list(routed.hosts)
    listed = transport.options.get("hosts") if transport is not None and transport.driver in REMOTE else None
    if transport is None or not isinstance(listed, str) or not (not hosts or transport.options["hosts_override"]):
        return hosts
    saved = p.address
    p.address = routed.address
    try:
        names = split(expand(p, listed))[1]
    except ExpansionError as error:
        log(p, f'failed to expand list of hosts "{listed}" in {transport.name} transport for callout: {error.message}', panic=True)
        return []
    finally:
        p.address = saved
    found: list[Host] = []
    for name in names:
        if name != "+":
            found += _addresses(p, transport, name)
    return found


def _addresses(p: Process, transport: Driver, text: str) -> list[Host]:
    host = read_host(text)
    if transport.options["gethostbyname"] or is_ip(host.name):
        search = find_by_hosts_file(p, host, None)
    else:
        search = find_by_dns(p, host.name, Wanted(mx=False))
    for one in search.hosts:
        one.port = host.port
    return search.hosts


def port_of(p: Process, transport: Driver, host: Host, address: str) -> int:
    """The host's, or the transport's; what cannot be understood is logged, and 25 taken."""
    if host.port:
        return host.port
    option = transport.options["port"] if "port" in transport.positions else transport.options["protocol"]
    try:
        value = expand(p, str(option))
    except ExpansionError as error:
        log(p, f'<{address}>: failed to expand "port" option for callout: {error.message}', panic=True)
        return 25
    if value.isdigit():
        return int(value)
    if value not in _SERVICES:
        log(p, f'<{address}>: TCP port "{value}" is not defined for callout', panic=True)
    return _SERVICES.get(value, 25)


def source_of(p: Process, transport: Driver, host: Host, address: str) -> str:
    """The first address of `interface` that is of the host's family; "" for any."""
    option = transport.options["interface"]
    if not isinstance(option, str):
        return ""
    try:
        listed = split(expand(p, option))[1]
    except ForcedFailure:
        return ""
    except ExpansionError as error:
        log(p, f'<{address}>: failed to expand "interface" option for callout: {error.message}', panic=True)
        return ""
    for one in listed:
        if not is_ip(one):
            log(p, f'<{address}>: "{one}" is not a valid IP address for the "interface" option for callout', panic=True)
            return ""
        if is_ip(one) == is_ip(host.address):
            return one
    return ""
