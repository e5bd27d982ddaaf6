"""Routers: what becomes of an address (Exim chapters 3.10, 15 to 22).

    chain.py            one address through the routers: Outcome        result.py     answers of drivers, outcomes of chains, Host
    preconditions.py    when a router is skipped                        common.py     errors_to, headers_*, transport, booleans that expand
    accept.py dnslookup.py ipliteral.py manualroute.py redirect.py      one driver a file; registry.py has their table
    hostlist.py         host names to addresses, MX records, our own    redirection.py   the language of redirect's data
    show.py             what `exim -bt` prints                          making.py     addresses to be routed

`verify` (acl/verify) routes with Mode.SENDER and Mode.RECIPIENT, VRFY and EXPN with their own, `-bt` with Mode.TEST, a delivery with
Mode.DELIVERY. Nothing here delivers.
"""

from __future__ import annotations

from .chain import route
from .making import make_address
from .result import Deferred, Failed, Host, Mode, Outcome, Redirected, Routed

__all__ = ["Deferred", "Failed", "Host", "Mode", "Outcome", "Redirected", "Routed", "make_address", "route"]
