"""How a callout that got no good answer reads in the log, in the words of each release (case ACL-037)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...log import printing
from .dialogue import Dialogue

if TYPE_CHECKING:
    from ...routers import Host


def plain(reason: str, d: Dialogue, host: Host) -> str | None:
    """The older release; None where it says nothing. `reason`: "refused", or why there was no reply ("closed", "timeout", "malformed")."""
    if reason in ("timeout", "malformed"):
        return None
    reply = "connection dropped" if reason == "closed" else printing(d.reply)
    return f'response to "{d.sent}" from {host.name} [{host.address}] was: {reply}'


def modern(stage: str, reason: str, d: Dialogue, said: str = "") -> str:
    """Later releases. `said` is what an earlier refusal left; where they know nothing at all they print NULL, as here."""
    known = _known(stage, reason, d) or said
    if known:
        return known
    if reason == "closed":
        return f'response to "{d.sent}" was: connection dropped'
    if reason == "refused" and (stage == "postmaster" or d.reply.startswith("5")):
        return f'response to "{d.sent}" was: {printing(d.reply)}'
    return "NULL"


def _known(stage: str, reason: str, d: Dialogue) -> str:
    """What the SMTP client itself says: while setting up of everything, later of RCPT alone."""
    if stage not in ("setup", "rcpt"):
        return ""
    match reason:
        case "refused":
            return f"SMTP error from remote mail server after {d.sent}: {printing(d.reply)}"
        case "timeout":
            return f"SMTP timeout after {d.sent}"
        case "closed" if stage == "setup":
            before = f" (EHLO response was: {printing(d.before)})" if d.before else ""
            return f"Remote host closed connection in response to {d.sent}{before}"
        case "malformed" if stage == "setup":
            return f"Malformed SMTP reply in response to {d.sent}: {printing(d.reply)}"
    return ""


def overlaid(ehlo: str, helo: str) -> str:
    """Later releases copy HELO's reply over that of EHLO in one buffer, without its end."""
    whole = f"{ehlo}\0{helo}"
    return (helo + whole[len(helo):]).partition("\0")[0]


def sendable(reply: str) -> str:
    """A reply is cut at what may not stand in ours."""
    for place, char in enumerate(reply):
        if char not in "\t\n" and not " " <= char <= "~":
            return reply[:place] + "(truncated)"
    return reply
