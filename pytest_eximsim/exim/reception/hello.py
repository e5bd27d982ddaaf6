"""HELO and EHLO: the argument's syntax, verification, the list of what is offered (s010–s029, s109)."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from ..acl import Phase, Result
from ..expansion import expand_condition
from ..hosts import build_fullhost, dns_addresses, find_by_name, is_ip, look_up_sender_name
from ..lists import Matched, match_domain
from ..log import host_and_ident, log, printing
from . import ending, replies

if TYPE_CHECKING:
    from ..state import Process
    from .session import Session

_NAME = frozenset(string.ascii_letters + string.digits + ".-")


def helo(s: Session) -> bool:
    """HELO."""
    return _hello(s, "HELO", False)


def ehlo(s: Session) -> bool:
    """EHLO."""
    return _hello(s, "EHLO", True)


def valid_argument(text: str, more: str = "") -> bool:
    """Letters, digits, dots, hyphens and `more` (helo_allow_chars), or an address literal (s013)."""
    if text.startswith("["):
        if not text.endswith("]"):
            return False
        inside, family = text[1:-1], 0
        if inside[:5].lower() == "ipv6:":
            inside, family = inside[5:], 6
        elif inside[:5].lower() == "ipv4:":
            inside, family = inside[5:], 4
        kind = is_ip(inside)
        return bool(kind) and (not family or family == kind)
    return bool(text) and (_NAME.issuperset(text) or _NAME.union(more).issuperset(text))


def _hello(s: Session, word: str, esmtp: bool) -> bool:
    c, p = s.c, s.p
    c.esmtp = esmtp
    s.free.discard("helo")
    s.free.discard("ehlo")
    c.helo_name = ""
    argument = s.data
    if not (c.helo_accept_junk or valid_argument(argument, s.option("helo_allow_chars") or "")):
        return _bad_argument(s, word)
    c.helo_name = argument
    was_verified = c.helo_verified
    if c.host_address:
        if not c.host_name and _forces_lookup(s):
            look_up_sender_name(p)
        build_fullhost(p)
        c.helo_verified = c.helo_verify_failed = False
        if c.helo_verify_required or s.helo_verify:
            deferred = not verify_helo(p)
            if not c.helo_verified and c.helo_verify_required:
                temporarily = "temporarily " if deferred else ""
                s.say(f"{451 if deferred else 550} {word} argument does not match calling host")
                log(p, f'{temporarily}rejected "{word} {c.helo_name}" from {host_and_ident(p, False)}', reject=True)
                c.helo_verified = was_verified
                return False
    message = None
    if s.main.get("acl_smtp_helo") is not None:
        verdict = s.acl(Phase.HELO, "acl_smtp_helo")
        if verdict.result is not Result.OK:
            over = replies.refuse(s, Phase.HELO, verdict)
            c.helo_name = ""
            build_fullhost(p)
            return over
        if not s.pipe_connect and not s.in_sync():
            return ending.synchronization_error(s)
        message = verdict.user_message
    first = _greeting(s, message)
    s.pipelining = s.tls_advertised = s.dsn_offered = False
    s.auth_advertised = {}
    s.write("\r\n".join(_offers(s, first)) + "\r\n" if esmtp else first + "\r\n")
    s.helo_seen = True
    c.protocol = protocol_name(s)
    s.reset()
    return False


def protocol_name(s: Session) -> str:
    """$received_protocol: smtp, smtps, esmtp, esmtps, esmtpa, esmtpsa."""
    tls = "s" if s.c.tls else ""
    if not s.c.esmtp:
        return "smtp" + tls
    return "esmtp" + tls + ("a" if s.c.authenticated_by else "")


def _bad_argument(s: Session, word: str) -> bool:
    s.say(f"501 Syntactically invalid {word} argument(s)")
    what = printing(s.argument) if s.argument else "(no argument given)"
    log(s.p, f"rejected {word} from {host_and_ident(s.p, False)}: syntactically invalid argument(s): {what}", reject=True)
    s.synprot_errors += 1
    if s.synprot_errors > s.option_int("smtp_max_synprot_errors"):
        replies.dropped(s, "too many syntax or protocol errors", "last command was", s.command_line)
        return True
    return False


def _forces_lookup(s: Session) -> bool:
    """Is the argument in helo_lookup_domains? (s012)"""
    domains = s.option("helo_lookup_domains")
    if not domains:
        return False
    name = s.c.helo_name.lower()
    if s.release.helo_is_domain:
        s.p.scratch.variables["domain"] = s.c.helo_name
    if domains == "@ : @[]" and not name.startswith("[") and name != str(s.main.get("primary_hostname", "")).lower():
        return False
    return isinstance(match_domain(s.p, domains, name), Matched)


def _greeting(s: Session, message: str | None) -> str:
    c = s.c
    if message is None:
        ident = f"{c.ident} at " if c.ident else ""
        address = f" [{c.host_address}]" if c.host_address else ""
        return f"250 {c.active_hostname} Hello {ident}{c.host_name or c.helo_name}{address}"
    code, rest, _ = replies.message_code(s, "250", message)
    text = f"{code.digits} {code.extended}{rest}"
    line = text.replace("\r", "\n").partition("\n")[0]
    if line != text:
        log(s.p, f"EHLO/HELO response must not contain newlines: message truncated: {printing(text)}", panic=True)
    return line


def _offers(s: Session, first: str) -> list[str]:
    """The lines of the reply to EHLO, in Exim's order."""
    offered = [f"SIZE {s.size_limit}" if s.size_limit > 0 else "SIZE", *_limits(s)]
    if s.main.get("accept_8bitmime"):
        offered.append("8BITMIME")
    if s.host_in("dsn_advertise_hosts"):
        s.dsn_offered = True
        offered.append("DSN")
    if s.main.get("acl_smtp_etrn") is not None:
        offered.append("ETRN")
    if s.release.offers_vrfy and s.main.get("acl_smtp_vrfy") is not None:
        offered.append("VRFY")
    if s.main.get("acl_smtp_expn") is not None:
        offered.append("EXPN")
    if not s.c.no_pipelining and s.host_in("pipelining_advertise_hosts"):
        offered.append("PIPELINING")
        s.sync_limit = 0
        s.pipelining = True
        if s.pipe_connect:
            s.pipe_connect_offered = True
            offered.append("PIPECONNECT")
    offered += _authenticators(s)
    if s.host_in("chunking_advertise_hosts"):
        s.chunking_offered = True
        offered.append("CHUNKING")
    if tls_offered(s):
        s.tls_advertised = True
        offered.append("STARTTLS")
    if s.main.get("prdr_enable"):
        offered.append("PRDR")
    s.smtputf8_offered = bool(s.main.get("accept_8bitmime")) and _smtputf8(s)
    if s.smtputf8_offered:
        offered.append("SMTPUTF8")
    code = first[:3]
    lines = [f"{code}-{first[4:]}", *(f"{code}-{line}" for line in offered)]
    return [*lines, f"{code} HELP"]


def _limits(s: Session) -> list[str]:
    if not s.release.limits or not s.host_in("limits_advertise_hosts"):
        return []
    values = [("MAILMAX", s.option_int("smtp_accept_max_per_connection")), ("RCPTMAX", s.option_int("recipients_max"))]
    words = [f"{name}={value}" for name, value in values if value > 0]
    return [" ".join(["LIMITS", *words])] if words else []


def _authenticators(s: Session) -> list[str]:
    if not s.p.configuration.authenticators or not s.host_in("auth_advertise_hosts"):
        return []
    names = []
    from ..authenticators import is_server

    for driver in s.p.configuration.authenticators:
        if not is_server(driver):
            continue
        condition = driver.options.get("server_advertise_condition")
        if condition is None or expand_condition(s.p, str(condition), f"{driver.name} authenticator"):
            s.auth_advertised[driver.name] = True
            names.append(str(driver.options.get("public_name") or driver.name).upper())
    return [" ".join(["AUTH", *names])] if names else []


def _smtputf8(s: Session) -> bool:
    build = s.p.configuration.build
    return build.name != "full" and "I18N" in build.words.get("features", ()) and s.host_in("smtputf8_advertise_hosts")


def knows_tls(s: Session) -> bool:
    """Was this Exim built with TLS? Before 4.87 nothing offered it by default: there, whoever sets an option of it has it (s029)."""
    return s.release.command_history or any(s.main.get(o) for o in ("tls_advertise_hosts", "tls_certificate", "tls_on_connect_ports"))


def tls_offered(s: Session) -> bool:
    """May STARTTLS be used by this client?"""
    return s.c.tls is None and s.host_in("tls_advertise_hosts")


def verify_helo(p: Process) -> bool:
    """Does the HELO name belong to the client? Sets helo_verified or helo_verify_failed; False when the DNS could not say (s016)."""
    c = p.connection
    good = True
    if not c.helo_name:
        c.helo_verified = False
    elif not c.host_address:
        c.helo_verified = True
    elif c.helo_name.startswith("["):
        address = c.host_address
        mapped = address[7:] if address.lower().startswith("::ffff:") else address
        c.helo_verified = c.helo_name[1:].startswith((address, mapped))
    else:
        if not c.host_name and not c.host_lookup_failed:
            look_up_sender_name(p)
            good = not c.host_lookup_deferred
        name = c.helo_name.lower()
        c.helo_verified = bool(c.host_name) and name in (c.host_name.lower(), *(a.lower() for a in c.host_aliases))
        if not c.helo_verified:
            found = find_by_name(p, c.helo_name) if not p.release.reverse_checked_by_dns else dns_addresses(p, c.helo_name)
            c.helo_verified = c.host_address in found.addresses
    c.helo_verify_failed = not c.helo_verified
    return good
