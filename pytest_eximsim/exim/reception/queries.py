"""The small commands: RSET, NOOP, HELP, QUIT, VRFY, EXPN, ETRN (s201–s203)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...errors import ExpansionError
from ..acl import Phase, Result
from ..addresses import AddressSyntaxError, parse_address, qualify
from ..expansion import expand
from ..expansion.items.commands import command_words
from ..log import host_and_ident, log
from ..taint import is_tainted
from . import ending, replies

if TYPE_CHECKING:
    from .session import Session


def rset(s: Session) -> bool:
    """RSET."""
    ending.incomplete_transaction(s, "RSET")
    s.reset()
    s.say("250 Reset OK")
    s.free.discard("rset")
    return False


def noop(s: Session) -> bool:
    """NOOP."""
    s.say("250 OK")
    return False


def help_(s: Session) -> bool:
    """HELP."""
    from .hello import tls_offered

    words = ["AUTH"]
    if tls_offered(s):
        words.append("STARTTLS")
    words += ["HELO", "EHLO", "MAIL", "RCPT", "DATA"]
    if s.release.has("4.96"):
        words.append("BDAT")
    words += ["NOOP", "QUIT", "RSET", "HELP"]
    words += [w for w in ("ETRN", "EXPN", "VRFY") if s.main.get(f"acl_smtp_{w.lower()}") is not None]
    s.say("214-Commands supported:")
    s.say("214 " + " ".join(words))
    return False


def quit_(s: Session) -> bool:
    """QUIT; the QUIT ACL can only change the text."""
    ending.incomplete_transaction(s, "QUIT")
    message = None
    if s.main.get("acl_smtp_quit") is not None:
        verdict = s.acl(Phase.QUIT, "acl_smtp_quit")
        if verdict.result is Result.ERROR:
            log(s.p, f"ACL for QUIT returned ERROR: {replies.reason(s, verdict)}", panic=True)
        message = verdict.user_message
    if message is None:
        s.say(f"221 {s.c.active_hostname} closing connection")
    else:
        replies.respond(s, "221", message)
    s.flush()
    ending.closed(s, "QUIT")
    return True


def vrfy(s: Session) -> bool:
    """VRFY; without an ACL it is refused."""
    recipient = None
    if s.release.vrfy_needs_domain:
        try:
            recipient = _complete(s)
        except AddressSyntaxError as error:
            s.say(f"501 {error}")
            return False
        if recipient is None:
            return False
    verdict = s.acl(Phase.VRFY, "acl_smtp_vrfy", recipient=recipient)
    if verdict.result is not Result.OK:
        return replies.refuse(s, Phase.VRFY, verdict)
    try:
        address = parse_address(s.data, replace(s.syntax, domain_literals=True)).address
    except AddressSyntaxError as error:
        s.say(f"501 {error}")
        return False
    s.say(_verified(s, address))
    return False


def _complete(s: Session) -> str | None:
    """Later releases want a domain before they ask the ACL; None: it was refused (s202)."""
    parsed = parse_address(s.data, replace(s.syntax, domain_literals=True))
    if parsed.domain:
        return parsed.address
    if s.c.unqualified_recipient or parsed.address.lower() == "postmaster":
        return qualify(s.p, parsed.address, recipient=True)
    s.say(f"501 {s.data}: recipient address must contain a domain")
    log(s.p, f"unqualified verify rejected: <{parsed.address}> {host_and_ident(s.p)}{s.c.host_lookup_message}",
        reject=True, selector="smtp_syntax_error")
    return None


def _verified(s: Session, address: str) -> str:
    from ..acl.verify import verify_for_command

    outcome = verify_for_command(s.p, address)
    if outcome.ok:
        return f"250 <{address}> is deliverable"
    if outcome.deferred:
        return f"451 <{address}> {outcome.user_message}" if outcome.user_message else f"451 Cannot resolve <{address}> at this time"
    log(s.p, f"VRFY failed for {s.argument} {host_and_ident(s.p)}")
    return f"550 <{address}> {outcome.user_message or 'is not deliverable'}"


def expn(s: Session) -> bool:
    """EXPN; without an ACL it is refused."""
    verdict = s.acl(Phase.EXPN, "acl_smtp_expn")
    if verdict.result is not Result.OK:
        return replies.refuse(s, Phase.EXPN, verdict)
    from ..acl.verify import expand_for_command

    for line in expand_for_command(s.p, s.data):
        s.say(line)
    return False


def etrn(s: Session) -> bool:
    """ETRN; without an ACL it is refused. smtp_etrn_command is run; without it, no queue run is simulated (case ACL-010)."""
    if s.p.message.sender_given:
        return replies.synprot_error(s, "protocol", 503, None, "ETRN is not permitted inside a transaction")
    log(s.p, f"ETRN {s.argument} received from {host_and_ident(s.p, False)}", selector="etrn")
    verdict = s.acl(Phase.ETRN, "acl_smtp_etrn")
    if verdict.result is not Result.OK:
        return replies.refuse(s, Phase.ETRN, verdict)
    command = s.option("smtp_etrn_command")
    if command is None and not s.data.startswith("#"):
        return replies.synprot_error(s, "syntax", 501, None, "argument must begin with #")
    if command is not None:
        words = _etrn_words(s, command)
        if isinstance(words, str):
            log(s.p, f"failed to set up ETRN command: {words}", panic=True)
            s.say("458 Internal failure")
            return False
        s.p.world.commands.run(words)
    if verdict.user_message is None:
        s.say("250 OK")
    else:
        replies.user_message(s, "250", verdict.user_message)
    return False


def _etrn_words(s: Session, command: str) -> list[str] | str:
    """The words of smtp_etrn_command, expanded with the argument as $domain; a text says what is wrong with them."""
    variables = s.p.scratch.variables
    variables["domain"] = s.data
    words: list[str] = []
    try:
        for word in command_words(command):
            words.append(expand(s.p, word))
            if len(words) > 1 and is_tainted(words[-1]):
                return f"Tainted arg {len(words) - 1} for ETRN processing command: '{words[-1]}'"
    except ExpansionError as error:
        return f'Expansion of "{word}" from command "{command}" in ETRN processing failed: {error.message}'
    finally:
        variables.pop("domain", None)
    return words
