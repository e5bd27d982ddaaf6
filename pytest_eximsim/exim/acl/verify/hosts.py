"""verify = helo and verify = reverse_host_lookup: does the client's name belong to it (case ACL-035)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...hosts import look_up_sender_name
from ..verdict import OK, Outcome, Result

if TYPE_CHECKING:
    from ...state import Process


def helo(p: Process) -> bool:
    """The HELO name was verified, or is now."""
    connection = p.connection
    if not connection.helo_verified and not connection.helo_verify_failed:
        from ...reception.hello import verify_helo

        verify_helo(p)
    return connection.helo_verified


def reverse_host_lookup(p: Process) -> Outcome:
    """The client's address leads to a name that leads back."""
    connection = p.connection
    if not connection.host_address or connection.host_name:
        return OK
    again = "" if connection.host_lookup_failed else " for reverse lookup check"
    if not connection.host_lookup_failed and look_up_sender_name(p):
        return OK
    if connection.host_lookup_deferred:
        return Outcome(Result.DEFER, "host lookup deferred for reverse lookup check")
    return Outcome(Result.FAIL, f"host lookup failed{again}{connection.host_lookup_message}")
