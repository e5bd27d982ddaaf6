"""What routers answer and what routing an address ends in, as values. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..config.model import Driver
    from ..state import Address, Process
    from ..world import User


class Mode(Enum):
    """Why an address is routed."""

    DELIVERY = "delivery"
    TEST = "test"               # -bt
    SENDER = "sender"           # verify = sender
    RECIPIENT = "recipient"     # verify = recipient, VRFY
    EXPN = "expn"

    @property
    def verifying(self) -> bool:
        """Is nothing to be delivered, nor shown as if it were?"""
        return self in (Mode.SENDER, Mode.RECIPIENT, Mode.EXPN)


#: Host.preference of a host that no MX record gave.
NO_MX = -1


@dataclass(slots=True)
class Host:
    """A host to send to; `port` 0 is the transport's. `unusable`: it has no address to use; `why` is "failed", "deferred", "ignored"."""

    name: str
    address: str = ""
    port: int = 0
    preference: int = NO_MX
    unusable: bool = False
    why: str = ""


# --- what a driver answers --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accept:
    """This router takes the address. `transport` may be missing where only verification is wanted."""

    transport: Driver | None = None
    hosts: tuple[Host, ...] = ()


@dataclass(frozen=True, slots=True)
class Children:
    """The address becomes these; none: it is discarded."""

    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Reroute:
    """The address with another domain starts again; `rewrite`: header lines with the old domain are to be changed."""

    address: Address
    rewrite: bool = False


@dataclass(frozen=True, slots=True)
class Decline:
    """The next router, unless `more` is false. A message is what is said when no other router takes the address."""

    message: str | None = None
    user_message: str | None = None
    errno: int = -1
    forget: bool = False        # earlier messages do not count


@dataclass(frozen=True, slots=True)
class Pass:
    """The next router, or the one that pass_router names, whatever `more` says."""

    message: str | None = None


@dataclass(frozen=True, slots=True)
class Fail:
    """It cannot be delivered. `message` is for logs, `user_message` for the sender (None: the same).

    `tell`: the message is meant for the sender; `new` is to be delivered all the same.
    """

    message: str
    user_message: str | None = None
    tell: bool = False
    errno: int = -1
    new: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Defer:
    """As Fail, for now. `search` is the reason of a lookup that deferred; `freeze`: the message waits until somebody looks at it."""

    message: str
    user_message: str | None = None
    tell: bool = False
    errno: int = -1
    freeze: bool = False
    search: str | None = None


Answer = Accept | Children | Reroute | Decline | Pass | Fail | Defer


@dataclass(slots=True)
class Job:
    """One address on its way through the routers. `account` is what check_local_user found for the router that runs."""

    p: Process
    address: Address
    mode: Mode
    account: User | None = None
    local_host_removed: bool = False
    hosts: tuple[Host, ...] = ()        # what a router that declined or passed had found


# --- what routing ends in -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Routed:
    """A transport is to take it. `new`: addresses that `unseen` made, still to be routed."""

    address: Address
    router: Driver
    transport: Driver | None
    hosts: tuple[Host, ...] = ()
    new: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Redirected:
    """It became the addresses in `new`; none: it is discarded. `rerouted`: only its domain changed."""

    address: Address
    router: Driver
    new: tuple[Address, ...] = ()
    rerouted: bool = False
    rewrite: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """`router` is None where no router took it."""

    address: Address
    router: Driver | None
    why: Fail


@dataclass(frozen=True, slots=True)
class Deferred:
    """As Failed, for the time being."""

    address: Address
    router: Driver | None
    why: Defer


Outcome = Routed | Redirected | Failed | Deferred

#: Exim's numbers for reasons that are no errors of the system (sheet of facts on deliveries, 5.6).
BAD_REDIRECT, BAD_TRANSPORT, UNKNOWN_HOST, DNS_DEFER = -17, -30, -32, -36
