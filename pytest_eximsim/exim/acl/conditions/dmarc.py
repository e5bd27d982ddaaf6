"""dmarc_status: what DMARC says of the message (Exim's experimental specification; cases DMARC-001 to -199); mailauth/dmarc.py decides.

    dmarc_status = word : !word …        accept, none, quarantine, reject, norecord, off: an ordinary string list

The first use of a message decides, later ones only compare. Signed messages and forensic reports are refused: DKIM and delivery are not
there.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ....errors import NotSimulated
from ...addresses import AddressSyntaxError, find_end, parse_address, syntax_of
from ...lists import ListDeferred, Matched, match_string
from ...log import log
from ..verdict import Outcome, Result, truth

if TYPE_CHECKING:
    from ....mailauth.dmarc import Verdict
    from ....mailauth.suffixes import Suffixes
    from ...state import Process
    from ..run import Run

#: Outcome → text, word of the result header, codes of the history file.
TEXTS = {"accept": "Accept", "none": "None, Accept", "quarantine": "Quarantine", "reject": "Reject", "norecord": "No DMARC record"}
WORDS = {"accept": "pass", "none": "none", "quarantine": "fail", "reject": "fail", "norecord": "none"}
POLICY = {"accept": 15, "reject": 16, "quarantine": 17, "none": 18}
ACTION = {"accept": 2, "none": 2, "quarantine": 4, "reject": 0}
SPF_CODES = {"pass": 0, "softfail": 2, "neutral": 3, "temperror": 4, "permerror": 5, "none": 6, "fail": 7}
OTHER_SPF = 11
LETTERS = {"none": 110, "quarantine": 113, "reject": 114, "": 0}


def dmarc_status(run: Run, value: str) -> Outcome:
    """The status is in the list."""
    p = run.p
    if p.connection.dmarc_disable_verify:
        p.scratch.variables.setdefault("dmarc_status", "none")
        _result_header(p, "skipped", None)
        status = "off"
    else:
        if p.message.dmarc is None:
            p.message.dmarc = True
            _process(run)
        status = str(p.scratch.variables.get("dmarc_status", "none"))
    found = match_string(p, value, status)
    return Outcome(Result.DEFER, found.message) if isinstance(found, ListDeferred) else truth(isinstance(found, Matched))


def begin_message(p: Process) -> None:
    """At the 354: the variables of the message before go, the suffix file is read (cases DMARC-063 to -069, -083, -084)."""
    variables = p.scratch.variables
    if p.connection.dmarc_disable_verify:
        return
    for name in ("dmarc_used_domain", "dmarc_ar_header", "dmarc_domain_policy"):
        variables.pop(name, None)
    variables["dmarc_status"] = "none"
    if not p.release.dmarc_controls_last:
        variables.pop("dmarc_status_text", None)
    p.message.dmarc_suffixes = _suffixes(p)


def _suffixes(p: Process) -> Suffixes | None:
    """None where every check is skipped."""
    from ....mailauth.suffixes import read_suffixes

    path = p.configuration.main.get("dmarc_tld_file")
    if path is None or (not path and not p.release.dmarc_controls_last):
        return None
    path = str(path)
    try:
        if path and p.world.files.status(path).kind == "dir":
            return read_suffixes("")
        return read_suffixes(p.world.files.read(path).decode("latin-1"))
    except OSError:
        end = f"{path}: 0" if p.release.dmarc_controls_last else f"'{path}': Success"
        log(p, f"DMARC failure to load tld list {end}", panic=True)
        return None


def _process(run: Run) -> None:
    from ....mailauth.dmarc import Way, judge

    p = run.p
    variables = p.scratch.variables
    if p.message.dmarc_suffixes is None:
        _result_header(p, "skipped", None)
        return
    domain = from_domain(p)
    if domain is None or p.connection.authenticated_by:
        _result_header(p, "skipped", domain)
        return
    if any(header.name.lower() == "dkim-signature" for header in p.message.headers):
        place = run.clause.position if run.clause is not None else None
        raise NotSimulated("dmarc_status for a message with a DKIM signature: DKIM is not simulated yet", place)
    sender_domain = p.message.sender.rpartition("@")[2]
    old = p.release.dmarc_controls_last
    spf = sender_domain if p.connection.spf_word == "pass" and _storable(p, sender_domain) else ""
    verdict = judge(p.world.resolver, domain, p.message.dmarc_suffixes, Way(asks_organization=old, raw=not old), spf=spf, signatures=())
    variables["dmarc_status"], variables["dmarc_status_text"] = verdict.outcome, TEXTS[verdict.outcome]
    variables["dmarc_used_domain"] = verdict.used_domain
    _result_header(p, WORDS[verdict.outcome], domain)
    if verdict.record is None:
        return
    variables["dmarc_domain_policy"] = verdict.record.policy
    sound = not verdict.record.broken
    variables["dmarc_alignment_spf"] = "yes" if sound and verdict.spf_aligned else "no"
    variables["dmarc_alignment_dkim"] = "no"
    if sound:
        _tell(run, verdict, domain, sender_domain)


def _tell(run: Run, verdict: Verdict, domain: str, sender_domain: str) -> None:
    """The log line, the history file, the reports."""
    p = run.p
    answer = "yes" if verdict.spf_aligned else "no"
    log(p, f"DMARC results: spf_domain={sender_domain} dmarc_domain={verdict.used_domain} spf_align={answer} dkim_align=no "
           f"enforcement='{TEXTS[verdict.outcome]}'")
    _history(p, verdict, domain, sender_domain)
    assert verdict.record is not None
    if p.connection.dmarc_enable_forensic and verdict.outcome in ("reject", "quarantine") and verdict.record.ruf:
        place = run.clause.position if run.clause is not None else None
        raise NotSimulated("a forensic report (control = dmarc_enable_forensic): messages are not delivered yet", place)


def _storable(p: Process, domain: str) -> bool:
    """Names with other characters are left out, and logged (case DMARC-089)."""
    if all((character.isalnum() and character.isascii()) or character in ".-_" for character in domain):
        return True
    log(p, "failure to store spf for DMARC: Found DMARC record contained a bad token value", panic=True)
    return False


def _result_header(p: Process, word: str, domain: str | None) -> None:
    host = p.configuration.main.get("primary_hostname") or p.world.hostname
    end = f" header.from={domain}" if domain is not None else ""
    p.message.dmarc_word = word + end
    p.scratch.variables["dmarc_ar_header"] = f"Authentication-Results: {host}; dmarc={word}{end}"


def from_domain(p: Process) -> str | None:
    """The domain of the first address of the From: field that counts (cases DMARC-020 to -026).

    That is the last one; in the older release Resent-From: in a message with Resent- fields.
    """
    old = p.release.dmarc_controls_last
    names = [(header.name.lower(), header.text) for header in p.message.headers]
    resent = old and any(name.startswith("resent-") for name, _ in names)
    wanted = "resent-from" if resent else "from"
    texts = [text.partition(":")[2] for name, text in names if name == wanted]
    if not texts:
        return None
    text = texts[-1]
    syntax = syntax_of(p) if old else replace(syntax_of(p), domain_literals=True)
    try:
        address = parse_address(text[:find_end(text)].strip(), syntax).address
    except AddressSyntaxError:
        return None
    domain = address.rpartition("@")[2]         # of a bare word the word
    return domain or None


def _history(p: Process, verdict: Verdict, domain: str, sender_domain: str) -> None:
    """One block of the history file (facts: section 5)."""
    from ...expansion import expand

    path = str(p.configuration.main.get("dmarc_history_file") or "")
    old = p.release.dmarc_controls_last
    if path and not old:
        path = expand(p, path)
    if not path:
        return
    record = verdict.record
    assert record is not None
    host = p.configuration.main.get("primary_hostname") or p.world.hostname
    lines = [f"job {p.message.id}", f"reporter {host}", f"received {int(p.world.clock.now())}", f"ipaddr {p.connection.host_address}",
             f"from {domain}", f"mfrom {sender_domain}"]
    if p.connection.spf_word or not old:
        lines.append(f"spf {SPF_CODES.get(p.connection.spf_word, OTHER_SPF)}")
    modes = {"": 114, "r": 114, "s": 115, "2": 2}
    lines += [f"pdomain {verdict.used_domain}", f"policy {POLICY[verdict.outcome]}", *(f"rua {one}" for one in record.rua or ["-"]),
              f"pct {record.pct}", f"adkim {modes[record.adkim]}", f"aspf {modes[record.aspf]}", f"p {LETTERS[record.policy]}",
              f"sp {LETTERS[record.subdomain_policy]}", "align_dkim 5", f"align_spf {4 if verdict.spf_aligned else 5}",
              f"action {ACTION[verdict.outcome]}"]
    if not old:
        lines += ["arc 11", "arc_policy 1 json:[]"]
    try:
        p.world.files.write(path, "".join(f"{line}\n" for line in lines).encode("latin-1"), append=True, mode=0o640)
    except OSError as error:
        end = f": {os.strerror(error.errno or 0)}" if not old else ""
        log(p, f"failure to create DMARC history file: {path}{end}", panic=True)
