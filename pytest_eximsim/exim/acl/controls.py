"""`control = WORD[/option…]`: one line a word (Exim chapter 44.22; cases ACL-026 to ACL-030, ACL-045, ACL-046).

A word is known by its beginning, so what follows it is an error where it takes no options. What a control changes is in state.py; who
heeds it is named with it there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ...errors import NotSimulated
from ..phrases import fix_phrase
from ..release import RELEASES, Release
from .phases import ALL, all_but, phases
from .verdict import OK, Outcome, Result, error

if TYPE_CHECKING:
    from ..config.builds import Build
    from ..config.model import Acl, Driver
    from .run import Run

FAKE_TEXT = (
    "Your message has been rejected but is being kept for evaluation.\n"
    "If it was a legitimate message, it may still be delivered to the target recipient(s)."
)
#: Names of DSCP values; numbers from 0 to 63 may be given too.
DSCP = frozenset((
    "af11", "af12", "af13", "af21", "af22", "af23", "af31", "af32", "af33", "af41", "af42", "af43",
    "ef", "lowcost", "lowdelay", "mincost", "reliability", "throughput",
))
LARGEST_DSCP = 63

#: What a control does with the rest of its value ("" or "/option…"); None: the rest is a syntax error.
Effect = Callable[["Run", str], Outcome | None]


@dataclass(frozen=True, slots=True)
class Control:
    """One control. `forbidden`: the phases where it is an error, as bits; `simulated` false: refused when a configuration is read.

    `feature`: what Exim must be built with to know it.
    """

    name: str
    effect: Effect
    options: bool = False
    forbidden: int = 0
    since: str = ""
    until: str = ""
    simulated: bool = True
    feature: str = ""


def control(run: Run, value: str) -> Outcome:
    """The modifier: find the word, see whether it is allowed now, do it."""
    found = find_control(value, run.p.release, run.p.configuration.build)
    if found is None:
        return _syntax(value)
    if found.forbidden & run.phase.bit:
        return error(f'cannot use "control={found.name}" in {run.phase.words} ACL')
    reason = _refusal(found, run.p.configuration.transports.values())
    if reason:
        raise NotSimulated(reason, run.clause.position if run.clause is not None else None)
    return found.effect(run, value[len(found.name):]) or _syntax(value)


def _syntax(value: str) -> Outcome:
    return error(f'syntax error in "control={value}"')


def find_control(value: str, release: Release, build: Build) -> Control | None:
    """The control that the value begins with; None where there is none, or where what follows its word may not."""
    for found in _controls(release.name):
        if value.startswith(found.name) and _has(build, found.feature):
            rest = value[len(found.name):len(found.name) + 1]
            if not rest or (found.options and (rest == "/" or (rest == "_" and release.control_suffixes))):
                return found
            return None
    return None


def refuse_unsimulated(acls: Iterable[Acl], transports: Iterable[Driver], release: Release, build: Build) -> None:
    """Raises NotSimulated for the first control, written out in an ACL, whose effect would be missed."""
    for clause in (clause for acl in acls for statement in acl.statements for clause in statement.clauses):
        found = find_control(clause.value, release, build) if clause.name == "control" else None
        reason = _refusal(found, transports) if found is not None else None
        if reason:
            raise NotSimulated(reason, clause.position)


def _refusal(found: Control, transports: Iterable[Driver]) -> str | None:
    """Why a configuration with this control is refused. Cutthrough delivery changes nothing where no transport speaks SMTP."""
    cut_through = found.name == "cutthrough_delivery" and any(transport.driver == "smtp" for transport in transports)
    return f'"control = {found.name}" is not simulated' if cut_through or not found.simulated else None


def _has(build: Build, feature: str) -> bool:
    """Was it built in? An early DMARC calls itself Experimental_DMARC."""
    return build.name == "full" or not feature or any(word.endswith(feature) for word in build.words.get("features", ()))


# --- what they do: the connection ----------------------------------------------------------------


def _setting(part: str, name: str, value: bool) -> Effect:
    """Sets a field of the Connection (`part` "connection") or the Message."""
    def effect(run: Run, rest: str) -> Outcome:
        setattr(getattr(run.p, part), name, value)
        return OK
    return effect


def _of_connection(name: str, value: bool = True) -> Effect:
    return _setting("connection", name, value)


def _nothing(run: Run, rest: str) -> Outcome:
    """Files that are made for scanners only, and the debug log: there is nothing to be seen of them in replies, logs or messages."""
    return OK


def _dscp(run: Run, rest: str) -> Outcome | None:
    """The value is checked; on the wire of the simulation there is no such field."""
    if not rest.startswith("/"):
        return None
    value = rest[1:].strip().lower()
    try:
        good = 0 <= int(value, 0) <= LARGEST_DSCP
    except ValueError:
        good = value in DSCP
    return OK if good else error(f'unrecognised DSCP value in "control=dscp{rest}"')


def _dkim_disable_verify(run: Run, rest: str) -> Outcome:
    run.p.message.dkim_disable_verify = True
    run.p.connection.dmarc_disable_verify, run.p.connection.dmarc_enable_forensic = True, False
    return OK


# --- what they do: the message -------------------------------------------------------------------


def _fake(name: str) -> Effect:
    """fakereject, fakedefer: the message is taken, the reply says otherwise. All behind the slash is the reply's text."""
    def effect(run: Run, rest: str) -> Outcome:
        run.p.message.fake, run.p.message.fake_text = name, rest[1:] if rest.startswith("/") else FAKE_TEXT
        return OK
    return effect


def _freeze(run: Run, rest: str) -> Outcome | None:
    run.p.message.freeze = True
    run.p.message.freeze_tell = not rest.startswith("/no_tell")
    return None if rest.removeprefix("/no_tell") else OK


def _queue(run: Run, rest: str) -> Outcome:
    message = run.p.message
    message.queue_only = "ACL"
    while True:
        if rest.startswith("/only"):
            message.queue_routed, rest = False, rest[5:]
        elif rest.startswith("/first_pass_route"):
            message.queue_routed, rest = True, rest[17:]
        else:
            return OK


def _submission(run: Run, rest: str) -> Outcome | None:
    """/sender_retain, /domain=…, /name=… (all the rest)."""
    message = run.p.message
    message.submission, message.submission_name = True, ""
    while rest.startswith("/"):
        if rest.startswith("/sender_retain"):
            message.submission_retain, rest = True, rest[14:]
        elif rest.startswith("/domain="):
            domain, slash, more = rest[8:].partition("/")
            message.submission_domain, rest = domain, slash + more
        elif rest.startswith("/name="):
            message.submission_name, rest = fix_phrase(run.p, rest[6:]), ""
        else:
            return None
    return None if rest else OK


def _cutthrough(run: Run, rest: str) -> Outcome:
    """Asks for delivery while the message comes in; the first recipient's RCPT heeds it where nothing stands in the way."""
    message = run.p.message
    if run.p.release.cutthrough_complains:
        for stands, what in ((message.freeze, "frozen"), (message.queue_only, "queue-only")):
            if stands:
                return error(f'"control=cutthrough_delivery{rest}" on {what} item')
        message.cutthrough = True
    elif not (message.prdr or message.freeze or message.queue_only or message.fake == "fakereject" or message.rcpt_count != 1):
        message.cutthrough = True
    return OK


def _local_part(original: bool) -> Effect:
    """$local_part for the rest of this ACL, as the client wrote it or in lower case."""
    def effect(run: Run, rest: str) -> Outcome:
        address = run.p.address
        if address is not None:
            address.local_part = address.original_local_part if original else address.original_local_part.lower()
        return OK
    return effect


def _failing(run: Run, rest: str) -> Outcome:
    return Outcome(Result.ERROR)


def _unreachable(run: Run, rest: str) -> Outcome:
    raise AssertionError("refused when the configuration was read, or forbidden in every phase")


_LOCAL = phases("NOTSMTP NOTSMTP_START")
_NO_MESSAGE = all_but("MAIL RCPT PREDATA DATA NOTSMTP MIME")
_NO_VERIFICATION = phases("DATA NOTSMTP NOTSMTP_START")
_NO_FAKES = all_but("MAIL RCPT PREDATA DATA PRDR MIME")

CONTROLS = (
    Control("allow_auth_unadvertised", _of_connection("allow_auth_unadvertised"), forbidden=all_but("CONNECT HELO")),
    Control("caseful_local_part", _local_part(True), forbidden=all_but("RCPT")),
    Control("caselower_local_part", _local_part(False), forbidden=all_but("RCPT")),
    Control("cutthrough_delivery", _cutthrough, until="4.82+"),
    Control("cutthrough_delivery", _cutthrough, options=True, since="4.96"),
    Control("debug", _nothing, options=True),
    Control("dkim_disable_verify", _dkim_disable_verify, forbidden=_NO_VERIFICATION, feature="DKIM"),
    Control("dmarc_disable_verify", _of_connection("dmarc_disable_verify"), forbidden=_NO_VERIFICATION, feature="DMARC"),
    Control("dmarc_enable_forensic", _of_connection("dmarc_enable_forensic"), forbidden=_NO_VERIFICATION, feature="DMARC"),
    Control("dscp", _dscp, options=True, forbidden=_LOCAL | phases("NOTQUIT")),
    Control("enforce_sync", _of_connection("enforce_sync"), forbidden=_LOCAL),
    Control("error", _failing, since="4.96"),
    Control("fakedefer", _fake("fakedefer"), options=True, forbidden=_NO_FAKES),
    Control("fakereject", _fake("fakereject"), options=True, forbidden=_NO_FAKES),
    Control("freeze", _freeze, options=True, forbidden=_NO_MESSAGE),
    Control("no_callout_flush", _of_connection("no_callout_flush"), forbidden=_LOCAL),
    Control("no_delay_flush", _of_connection("no_delay_flush"), forbidden=_LOCAL),
    Control("no_enforce_sync", _of_connection("enforce_sync", False), forbidden=_LOCAL),
    Control("no_mbox_unspool", _nothing, forbidden=all_but("MAIL RCPT PREDATA DATA MIME"), feature="Content_Scanning"),
    Control("no_multiline_responses", _of_connection("no_multiline_responses"), forbidden=_LOCAL),
    Control("no_pipelining", _of_connection("no_pipelining"), forbidden=_LOCAL),
    Control("queue", _queue, options=True, forbidden=_NO_MESSAGE, since="4.96"),
    Control("queue_only", _queue, forbidden=_NO_MESSAGE, until="4.82+"),
    Control("submission", _submission, options=True, forbidden=all_but("MAIL RCPT PREDATA")),
    Control("suppress_local_fixups", _setting("message", "suppress_fixups", True), forbidden=all_but("MAIL RCPT PREDATA NOTSMTP_START")),
    Control("utf8_downconvert", _unreachable, options=True, forbidden=all_but("RCPT VRFY"), since="4.96", simulated=False,
            feature="I18N"),
    Control("wellknown", _unreachable, options=True, forbidden=ALL, since="4.99"),
)


@lru_cache(maxsize=8)
def _controls(release_name: str) -> tuple[Control, ...]:
    release = RELEASES[release_name]
    return tuple(found for found in CONTROLS if release.has(found.since, found.until))
