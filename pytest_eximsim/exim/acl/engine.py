"""Running an ACL: statements in order, their verbs, messages, nested ACLs, ACLs in options and files (Exim chapters 44.2 to 44.9, 44.19).

Lives here: which statement decides and with which messages. Not here: what single conditions and modifiers do (registry.py), and the
refusal's reply and log line, which the session makes of the Verdict.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ...errors import ExpansionError, ForcedFailure, Position
from ..config.model import Acl, Clause, Statement
from ..expansion import expand
from ..lists import ListDeferred, Matched, forget, match_domain
from ..log import host_and_ident, log, printing, selector_on
from ..routers.making import make_address, take_percent_apart
from ..taint import is_tainted
from .messages import split_message
from .modifiers import set_up_headers
from .phases import Phase
from .reader import AclSyntaxError, read_acl, text_lines
from .registry import Entry, entries_of
from .run import Run
from .verdict import Outcome, Result, Verdict

if TYPE_CHECKING:
    from ..state import Address, Process

DEEPEST = 20
#: For which results of its conditions a verb's messages count.
_SPOKEN: dict[str, tuple[Result, ...]] = {
    "accept": (Result.OK, Result.FAIL, Result.FAIL_DROP),
    "defer": (Result.OK,),
    "deny": (Result.OK,),
    "discard": (Result.OK, Result.FAIL, Result.FAIL_DROP),
    "drop": (Result.OK,),
    "require": (Result.FAIL, Result.FAIL_DROP),
    "warn": (Result.OK,),
}
_PHASES = {phase.words: phase for phase in Phase}


def run_acl(p: Process, phase: Phase, option_text: str | None, *, recipient: str | None = None) -> Verdict:
    """Run the ACL that an option names (or holds). `recipient`: the qualified address of a RCPT. An unset option refuses (case ACL-011).

    Never raises for what the ACL says; Died where Exim's process would die, NotSimulated for what only shows when it runs.
    """
    saved = p.address, p.acl_phase, p.acl_level, p.acl_run
    run = p.acl_run = Run(p, phase)
    p.acl_phase, p.acl_level = phase.words, 0
    _start_afresh(p)
    try:
        if recipient is not None and not _set_recipient(run, recipient):
            return Verdict(Result.DEFER, None, "defer in percent_hack_domains check")
        outcome = Outcome(Result.FAIL) if option_text is None else _run_option(run, option_text)
    finally:
        p.address, p.acl_phase, p.acl_level, p.acl_run = saved
        for name in ("sender_address_data", "domain"):
            p.scratch.variables.pop(name, None)
        if p.release.list_match_data:
            p.scratch.domain_data = ""
    return _verdict(run, outcome)


def _start_afresh(p: Process) -> None:
    """What no ACL, not even one in an expansion, finds left from the one before."""
    p.message.sender_verify_failed = None
    p.scratch.command_rates = {}


def _set_recipient(run: Run, recipient: str) -> bool:
    """The recipient as the address being handled; false where percent_hack_domains could not be asked."""
    p = run.p
    forget(p, "domain")
    forget(p, "local_part")
    address = _recipient_address(p, recipient)
    if address is None:
        return False
    run.recipient = p.address = address
    return True


def run_nested(p: Process, name: str, args: list[str]) -> Verdict:
    """`${acl{name}{args}…}`: the ACL's own messages, not split."""
    phase = _PHASES.get(p.acl_phase, Phase.UNKNOWN)
    outer = p.acl_run
    run = p.acl_run = Run(p, phase)
    if p.address is not None and phase in (Phase.RCPT, Phase.VRFY):
        run.recipient = replace(p.address, original_local_part=p.address.local_part)
    _start_afresh(p)
    try:
        outcome = call(run, name, args)
    finally:
        p.acl_run = outer
        if outer is not None:
            outer.log_to, outer.nested = run.log_to, True
    return Verdict(outcome.result, outcome.user_message, outcome.log_message)


def _recipient_address(p: Process, text: str) -> Address | None:
    """The Address of a recipient: domain and local part lower case, quotes taken off; the client's spelling is kept beside it.

    `percent_hack_domains` makes a%b@c a@b. None where that list could not be gone through.
    """
    address = make_address(text)
    hacked = str(p.configuration.main.get("percent_hack_domains") or "")
    while hacked:
        result = match_domain(p, hacked, address.domain)
        if isinstance(result, ListDeferred):
            return None
        if not isinstance(result, Matched) or "%" not in address.original_local_part:
            break
        take_percent_apart(address)
    return address


def _verdict(run: Run, outcome: Outcome) -> Verdict:
    """The last rules, which hold for whole ACLs only."""
    p, phase, result = run.p, run.phase, outcome.result
    if result is Result.DISCARD and (not phase.for_message or phase is Phase.PREDATA):
        run.complain(f'"discard" verb not allowed in {phase.words} ACL')
        result = Result.ERROR
    elif result is Result.FAIL_DROP and phase is Phase.MAILAUTH:
        run.complain(f'"drop" verb not allowed in {phase.words} ACL')
        result = Result.ERROR
    user = outcome.user_message
    failed = p.message.sender_verify_failed
    preliminary = failed.message if failed is not None and p.configuration.main.get("smtp_return_error_details") else None
    if p.message.fake_text:
        p.message.fake_text = split_message(p.message.fake_text)
    return Verdict(result, None if user is None else split_message(user), outcome.log_message, run.details, preliminary, run.log_to)


# --- from a name or a text to an ACL -----------------------------------------------------------------------------------


def _run_option(run: Run, text: str) -> Outcome:
    try:
        value = expand(run.p, text)
    except ForcedFailure:
        return Outcome(Result.OK)
    except ExpansionError as error:
        return Outcome(Result.ERROR, f'failed to expand ACL string "{text}": {error.message}')
    return run_text(run, value)


def call(run: Run, name: str, args: list[str]) -> Outcome:
    """Run a nested ACL with $acl_arg1 … set (case ACL-019)."""
    p = run.p
    saved = p.scratch.acl_args
    p.scratch.acl_args = args
    p.acl_level += 1
    verb, clause, statement = run.verb, run.clause, run.statement
    try:
        return run_text(run, name)
    finally:
        p.scratch.acl_args = saved
        p.acl_level -= 1
        run.verb, run.clause, run.statement, run.nested = verb, clause, statement, True


def run_text(run: Run, text: str) -> Outcome:
    """Run what `text` names: an ACL, a file, or its own statements (cases ACL-012, ACL-020)."""
    if run.p.acl_level > DEEPEST:
        return Outcome(Result.ERROR, "ACL nested too deep: possible loop")
    if is_tainted(text):
        run.complain(f'attempt to use tainted ACL text "{text}"')
        return Outcome(Result.ERROR, "internal configuration error")
    text = text.lstrip(" \t\n\v\f\r")
    if " " not in text:
        acl = run.p.configuration.acls.get(text)
        if acl is not None:
            return _run_statements(run, acl)
        if text.startswith("/"):
            return _run_file(run, text)
    return _run_read(run, text, Position("ACL"), "")


def _run_file(run: Run, path: str) -> Outcome:
    try:
        data = run.p.world.files.read(path)
    except OSError as error:
        verb = "read" if isinstance(error, IsADirectoryError) else "open"
        return Outcome(Result.ERROR, f'failed to {verb} ACL file "{path}": {os.strerror(error.errno or 0)}')
    return _run_read(run, data.decode("latin-1"), Position(path), path)


def _run_read(run: Run, text: str, position: Position, name: str) -> Outcome:
    cache = run.p.mta.acl_texts
    acl = cache.get(text)
    if acl is None:
        try:
            acl = read_acl(text_lines(text, position), run.p.release)
        except AclSyntaxError as error:
            return Outcome(Result.ERROR, error.message)
        acl = cache[text] = Acl(name, acl.statements, acl.position)
    return _run_statements(run, acl)


# --- statements ----------------------------------------------------------------------------------------------------------


def _run_statements(run: Run, acl: Acl) -> Outcome:
    p = run.p
    entries = entries_of(p.release)
    quitting = run.phase in (Phase.QUIT, Phase.NOTQUIT) and p.acl_level == 0
    left = Outcome(Result.FAIL)         # the refusal at the end has the messages of the last statement that did not decide
    for statement in acl.statements:
        run.statement, verb = statement, statement.verb
        p.scratch.search_error = None       # what a lookup before it left as its reason (asked of Exim 4.96)
        run.verb = verb
        run.details = run.nested = False
        if quitting and verb not in ("accept", "warn") and not p.release.quit_checked_late:
            return Outcome(Result.ERROR, f'"{verb}" is not allowed in a QUIT or not-QUIT ACL')
        trace = p.world.trace
        if trace is not None:
            trace.note("statement", statement.position, f"{indent(p)}{acl.name or 'inline ACL'} ({run.phase.words}): {verb}")
        outcome, endpass = _run_statement(run, statement, entries)
        result = outcome.result
        if trace is not None:
            trace.note("decision", None, f"{indent(p)}  {_told(verb, outcome)}")
        if result is Result.ERROR:
            return outcome
        if result is Result.DEFER:
            run.details = run.details or outcome.callout or outcome.details or bool(p.configuration.main.get("smtp_return_error_details"))
            if verb != "warn":
                return outcome
        if verb == "warn":
            _warn(run, acl, statement, outcome)
            left = Outcome(Result.FAIL)
            continue
        decided = _decide(run, verb, outcome, endpass)
        if decided is None:
            left = Outcome(Result.FAIL, outcome.log_message, outcome.user_message)
            continue
        if quitting and verb != "accept" and p.release.quit_checked_late:
            reason = f"QUIT or not-QUIT toplevel ACL may not fail ('{verb}' verb used incorrectly)"
            return Outcome(Result.ERROR, reason, decided.user_message)
        return decided
    return left


def _decide(run: Run, verb: str, outcome: Outcome, endpass: bool) -> Outcome | None:
    """What a verb makes of its conditions' result; None: the next statement."""
    result = outcome.result
    true = result is Result.OK
    match verb:
        case "accept":
            return outcome if true or endpass or result is Result.DISCARD else None
        case "discard" if true:
            outcome = Outcome(Result.DISCARD, outcome.log_message, outcome.user_message)
            return outcome
        case "discard":
            return outcome if endpass or result is Result.DISCARD else None
        case "require":
            return None if true else outcome
    if not true:
        return None
    run.details = run.details or verb == "defer"
    refusal = {"defer": Result.DEFER, "deny": Result.FAIL, "drop": Result.FAIL_DROP}[verb]
    return Outcome(refusal, outcome.log_message, outcome.user_message)


def _run_statement(run: Run, statement: Statement, entries: dict[str, Entry]) -> tuple[Outcome, bool]:
    """The conditions and modifiers of one statement, and its messages. The second value: endpass was passed."""
    user_text: str | None = None
    log_text: str | None = None
    endpass = False
    current = Outcome(Result.OK)
    for clause in statement.clauses:
        name = clause.name
        if name == "message":
            user_text = clause.value
            continue
        if name == "log_message":
            log_text = clause.value
            continue
        if name == "endpass":
            endpass = True
            continue
        run.clause = clause
        entry = entries[name]
        found = _run_clause(run, entry, clause.value, clause.variable)
        if found is None:
            run.note("clause", f"{indent(run.p)}  {name} = {clause.value}: forced failure, passed over")
            continue
        result = found.result
        if clause.negated and result is not Result.DEFER:
            result = {Result.OK: Result.FAIL, Result.FAIL: Result.OK, Result.FAIL_DROP: Result.OK}.get(result, result)
        log_message = found.log_message if found.log_message is not None else current.log_message
        user_message = found.user_message if found.user_message is not None else current.user_message
        current = Outcome(result, log_message, user_message, found.callout, found.details)
        if run.p.world.trace is not None:
            run.note("clause", indent(run.p) + "  " + _clause_told(run, clause, entry, result, found))
        if result is not Result.OK:
            break
    if endpass and current.result is Result.OK:
        user_text = None
    if current.result in _SPOKEN[statement.verb]:
        current = _with_messages(run, statement.verb, current, user_text, log_text)
    run.p.scratch.acl_verify_message = ""
    return current, endpass


def _run_clause(run: Run, entry: Entry, value: str, variable: str) -> Outcome | None:
    """One condition or modifier; None where its value's expansion asks for failure, which counts as true."""
    p = run.p
    if entry.expanded and ("$" in value or "\\" in value):
        try:
            text = expand(p, value)
        except ForcedFailure:
            return None
        except ExpansionError as error:
            reason = f'failed to expand ACL string "{value}": {error.message}'
            if error.defer is None:
                return Outcome(Result.ERROR, reason)
            return Outcome(Result.DEFER, error.defer or reason)
    else:
        text = value
    run.expanded = text
    if entry.forbidden & run.phase.bit:
        what = "use" if entry.modifier else "test"
        return Outcome(Result.ERROR, f"cannot {what} {entry.name} condition in {run.phase.words} ACL")
    if variable:
        (p.connection.acl_c if variable[0] == "c" else p.message.acl_m)[variable] = text
        return Outcome(Result.OK)
    return entry.test(run, text)


# --- for who wants to know why ------------------------------------------------------------------------------------------

_RESULTS = {Result.OK: "true", Result.FAIL: "false", Result.FAIL_DROP: "false", Result.DEFER: "deferred", Result.DISCARD: "discard",
            Result.ERROR: "error"}


def indent(p: Process) -> str:
    """Nested ACLs stand further in."""
    return "    " * p.acl_level


def _clause_told(run: Run, clause: Clause, entry: Entry, result: Result, found: Outcome) -> str:
    """`!condition = ${if …} → "yes": false`."""
    name = f"set acl_{clause.variable}" if clause.variable else f"{'!' if clause.negated else ''}{clause.name}"
    value = f' → "{printing(run.expanded)}"' if run.expanded != clause.value else ""
    end = "" if entry.modifier and result is Result.OK else f": {_RESULTS[result]}"
    reason = found.log_message if result in (Result.DEFER, Result.ERROR, Result.FAIL) and found.log_message else ""
    return f"{name} = {clause.value}{value}{end}{f' ({printing(reason)})' if reason else ''}"


def _told(verb: str, outcome: Outcome) -> str:
    """What the statement comes to."""
    match outcome.result:
        case Result.OK if verb != "require":
            return f"→ {verb}"
        case Result.OK:
            return "→ goes on"
        case Result.DEFER | Result.ERROR:
            return f"→ {_RESULTS[outcome.result]}"
        case _ if verb == "require":
            return "→ refused"
    return "→ no, the next one"


# --- messages ------------------------------------------------------------------------------------------------------------


def _with_messages(run: Run, verb: str, current: Outcome, user_text: str | None, log_text: str | None) -> Outcome:
    user, log_message = current.user_message, current.log_message
    old_user, old_log = user, log_message if log_message is not None else user
    if verb == "warn" or (current.result is Result.OK and verb in ("accept", "discard")):
        user = log_message = None
    if user_text is not None:
        user = _expanded_message(run, user_text, old_user) or user
    if log_text is not None:
        text = _expanded_message(run, log_text, old_log)
        if text:
            log_message = text if log_message is None else f"{text}: {log_message}"
    own = log_message is not None
    return Outcome(current.result, log_message if own else user, user, current.callout, own)


def _expanded_message(run: Run, text: str, old: str | None) -> str | None:
    run.p.scratch.acl_verify_message = old or ""
    try:
        return expand(run.p, text)
    except ForcedFailure:
        return None
    except ExpansionError as error:
        run.complain(f'failed to expand ACL message "{text}": {error.message}')
        return None


def _warn(run: Run, acl: Acl, statement: Statement, outcome: Outcome) -> None:
    """A warn statement ends: its log line, its header line (cases ACL-014, ACL-024)."""
    p = run.p
    if outcome.result is Result.DEFER:
        if selector_on(p, "acl_warn_skipped"):
            _warn_skipped(run, acl, statement, outcome)
        return
    if outcome.result is not Result.OK:
        return
    if outcome.log_message is not None and outcome.details:
        _warn_line(run, outcome.log_message)
    if outcome.user_message is None:
        return
    if not run.phase.for_message:
        run.complain(f'ACL "warn" with "message" setting found in a non-message ({run.phase.words}) ACL: '
                     "cannot specify header lines here: message ignored")
        return
    set_up_headers(p, outcome.user_message)


def _warn_line(run: Run, message: str) -> None:
    p = run.p
    text = f"{host_and_ident(p)} Warning: {printing(message)}"
    failed = p.message.sender_verify_failed
    if failed is not None and failed.message and message.lower() == "sender verify failed":
        text += f": {failed.message}"
    if text not in p.message.warned:
        p.message.warned.add(text)
        log(p, text)


def _warn_skipped(run: Run, acl: Acl, statement: Statement, outcome: Outcome) -> None:
    reason = f": {outcome.log_message}" if outcome.log_message is not None else ""
    if run.p.release.warn_skipped_where:
        name = f"ACL {acl.name}" if acl.name else "inline ACL"
        place = "" if run.nested else f" at line {statement.position.line} of {statement.position.file}"
        what = f"ACL 'warn' statement skipped (in {name}{place})"
    else:
        what = 'ACL "warn" statement skipped'
    log(run.p, f"{host_and_ident(run.p)} Warning: {what}: condition test deferred{reason}")
