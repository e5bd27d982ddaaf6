"""What a callout says to a server after EHLO: MAIL, a random local part, the address itself, postmaster (Exim chapter 44.47)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...hints import CalloutRecord
from . import cache, texts
from .dialogue import Again, Broken, Dialogue
from .setting_up import hello, start_tls

if TYPE_CHECKING:
    from ...config.model import Driver
    from ...routers import Host
    from ...state import Address, Process
    from .address import Verified
    from .options import Options


@dataclass(slots=True)
class Call:
    """One callout: who asks what of whom.

    `random`: the local part to try first; `found`: what the cache will keep of the address; `stage`: how far it is ("setup",
    "own", "mail", "rcpt", "postmaster"; "own": it is we who do not go on); `said`: what an earlier refusal left for the log;
    `size`: the server offers SIZE; `no_tls`: TLS failed, it goes without.
    """

    p: Process
    address: Address
    transport: Driver
    options: Options
    verified: Verified
    recipient: bool
    sender: str
    domain: CalloutRecord
    old: str = ""
    random: str | None = None
    found: str = ""
    stage: str = "setup"
    said: str = ""
    size: bool = False
    no_tls: bool = False

    @property
    def modern(self) -> bool:
        return self.p.release.callout_modern


def converse(call: Call, host: Host, d: Dialogue) -> bool:
    """Everything up to the answer; False where the last reply refused. Raises Broken, and Again where it must be begun anew."""
    if call.transport.options["protocol"] == "smtps":
        start_tls(call, host, d, again=False)
    if not (d.read() and hello(call, host, d)):
        if not call.modern:
            call.verified.failure = "mail"
            if d.reply.startswith("5"):
                call.verified.kind, call.domain.result = "null sender", cache.REJECT
        return False
    call.domain.result = cache.REJECT_NULL if call.old == cache.REJECT_NULL else cache.ACCEPT
    if not _mail(call, d, "" if call.random is not None else _size(call)):
        return False
    if call.random is not None:
        answer = _ask_random(call, d, call.random)
        if answer is not None:
            return answer
    if not d.ask(f"RCPT TO:<{_rcpt(call)}>"):
        if d.reply.startswith("5"):
            call.verified.failure, call.found = "recipient", cache.REJECT
        return False
    call.found = cache.ACCEPT
    return call.options.postmaster is None or _postmaster(call, d, call.options.postmaster)


def _size(call: Call) -> str:
    """Later releases tell a recipient's server the size, where the client told it and no cache is asked."""
    message, addition = call.p.message, call.transport.options["size_addition"]
    wanted = call.modern and call.size and call.recipient and call.options.no_cache and message.size > 0
    return f" SIZE={message.size + message.linecount + addition}" if wanted and isinstance(addition, int) and addition >= 0 else ""


def _mail(call: Call, d: Dialogue, size: str) -> bool:
    """A refusal of the empty sender is kept for the domain."""
    call.stage, call.verified.failure = "mail", "mail"
    if d.ask(f"MAIL FROM:<{call.sender}>{size}"):
        call.stage, call.verified.failure = "rcpt", ""
        return True
    call.domain.result = ""
    if d.reply.startswith("5"):
        call.verified.kind = "null sender"
        if not call.sender:
            call.domain.result = cache.REJECT_NULL
    return False


def _rcpt(call: Call) -> str:
    """The address as RCPT has it: without affixes, unless the transport wants them."""
    address = call.address
    local, _, domain = address.address.rpartition("@")
    if (address.prefix or address.suffix) and not call.transport.options["rcpt_include_affixes"]:
        local = local[len(address.prefix):len(local) - len(address.suffix)]
    return f"{local}@{domain}"


def _ask_random(call: Call, d: Dialogue, local_part: str) -> bool | None:
    """Does the server take any local part? Then that is the answer; None: all is set back for the real one."""
    call.domain.random_at = call.p.world.clock.now()
    if d.ask(f"RCPT TO:<{local_part}@{call.address.domain}>"):
        call.domain.random = cache.ACCEPT
        call.verified.failure = "random" if call.modern else ""
        return True
    refused = d.reply.startswith("5")
    if refused:
        call.domain.random = cache.REJECT
    if not call.modern:
        return None if d.ask("RSET") and d.ask(f"MAIL FROM:<{call.sender}>") else False
    if not refused:
        return False
    call.said = texts.modern("rcpt", "refused", d)
    try:
        reset = d.ask("RSET")
    except Broken:
        reset = False
    if not reset:
        call.random = None
        raise Again
    return None if _mail(call, d, _size(call)) else False


def _postmaster(call: Call, d: Dialogue, sender: str) -> bool:
    """After a reset: would the server take mail for postmaster@domain, or, where that is enough, for a bare postmaster?"""
    call.stage = "postmaster"
    if call.modern and not d.ask("RSET"):
        return False
    call.domain.postmaster_at = call.p.world.clock.now()
    named = f"RCPT TO:<postmaster@{call.address.domain}>"
    if call.modern:
        good = _modern_named(call, d, sender, named) or (call.options.full_postmaster and d.ask("RCPT TO:<postmaster>"))
    else:
        good = d.ask("RSET") and d.ask(f"MAIL FROM:<{sender}>") and (
            d.ask(named) or (call.options.full_postmaster and d.ask("RCPT TO:<postmaster>")))
    if good:
        call.domain.postmaster = cache.ACCEPT
    elif d.reply.startswith("5"):
        call.verified.failure, call.verified.kind = "postmaster", "postmaster"
        call.domain.postmaster = cache.REJECT
    return good


def _modern_named(call: Call, d: Dialogue, sender: str, named: str) -> bool:
    """Later releases keep what was said to postmaster@domain for the log, whatever a bare postmaster gets."""
    call.stage = "mail"
    if not d.ask(f"MAIL FROM:<{sender}>"):
        return False
    call.stage = "rcpt"
    good = d.ask(named)
    call.stage = "postmaster"
    if not good:
        call.said = texts.modern("rcpt", "refused", d)
    return good
