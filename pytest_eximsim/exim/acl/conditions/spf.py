"""spf and spf_guess: SPF for this client and sender, and the variables that it leaves (Exim chapter 59.4; cases SPF-001 to -032).

    spf = word : !word …       exact words of libspf2, no patterns
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from ...lists import split_list
from ..verdict import Outcome, truth

if TYPE_CHECKING:
    from ....mailauth.spf import Client
    from ...state import Process
    from ..run import Run

VARIABLES = ("spf_header_comment", "spf_received", "spf_result", "spf_smtp_comment", "spf_result_guessed")
INVALID = "(invalid)"
TEMPLATE = "Please%_see%_http://www.open-spf.org/Why"
GUESS = "v=spf1 a/24 mx/24 ptr ?all"
#: Words of the older release's condition.
OLD_WORDS = {"temperror": "err_temp", "permerror": "err_perm"}
COMMENTS = {
    "pass": "domain of {domain} designates {ip} as permitted sender",
    "fail": "domain of {domain} does not designate {ip} as permitted sender",
    "softfail": "transitioning domain of {domain} does not designate {ip} as permitted sender",
    "neutral": "{ip} is neither permitted nor denied by domain of {domain}",
    "none": "domain of {domain} does not provide an SPF record",
    "temperror": "encountered temporary error during SPF processing of domain of {domain}",
    "permerror": "error in processing during lookup of domain of {domain}: {reason}",
}


def spf(run: Run, value: str) -> Outcome:
    """The result is one of the words."""
    return _check(run.p, value, guess=False)


def spf_guess(run: Run, value: str) -> Outcome:
    """The same, with a guessed record for a domain that has none."""
    return _check(run.p, value, guess=True)


def _check(p: Process, value: str, *, guess: bool) -> Outcome:
    forget(p)
    word = "permerror"
    if p.connection.helo_name and p.connection.host_address:
        word = _process(p, guess=guess)
        p.connection.spf_word = word
    shown = "invalid" if word == INVALID else word
    if p.release.old_spf_words:
        shown = OLD_WORDS.get(shown, shown)
    return truth(any(item[1:] != shown if item.startswith("!") else item == shown for item in split_list(value)))


def forget(p: Process) -> None:
    """RSET, EHLO and the end of a message clear the variables (case SPF-028)."""
    for name in VARIABLES:
        p.scratch.variables.pop(name, None)


def _process(p: Process, *, guess: bool) -> str:
    """Evaluate, set the variables; gives the word."""
    from ....mailauth.spf import Client, evaluate

    c = p.connection
    sender = p.message.sender or f"postmaster@{c.helo_name}"
    domain = sender.rpartition("@")[2]
    client = Client(c.host_address, c.helo_name, sender)
    result = evaluate(p.world.resolver, client, domain, nameless=p.release.nameless_spf)
    guessed = guess and result.word == "none"
    if guessed:
        result = evaluate(p.world.resolver, client, domain, record=str(p.configuration.main.get("spf_guess") or GUESS))
    variables = p.scratch.variables
    variables["spf_result_guessed"] = "yes" if guessed else "no"
    variables["spf_result"] = result.word
    if result.word == INVALID:
        return result.word
    host = str(p.configuration.main.get("primary_hostname") or p.world.hostname)
    comment = COMMENTS[result.word].format(domain=domain, ip=c.host_address, reason=result.reason)
    comment = f"{host}: {'localhost is always allowed.' if result.local else comment}"
    variables["spf_header_comment"] = comment
    variables["spf_received"] = (
        f"Received-SPF: {result.word} ({comment}) client-ip={c.host_address}; envelope-from={sender}; helo={c.helo_name};")
    if result.word in ("fail", "softfail", "neutral"):
        variables["spf_smtp_comment"] = f"{_explanation(p, client, domain, host)} : Reason: {'mechanism' if result.matched else 'default'}"
    return result.word


def _explanation(p: Process, client: Client, domain: str, host: str) -> str:
    """The text for the client: the record's own only in the older release, its blanks read as percent signs (case SPF-026)."""
    from ....mailauth.spf import explanation_of
    from ....mailauth.spf_macros import BadMacro, Names, check_macros, expand_macros

    text = explanation_of(p.world.resolver, client, domain).replace(" ", "%") if p.release.old_spf_words else str(
        p.configuration.main.get("spf_smtp_comment_template") or TEMPLATE)
    if text:
        try:
            check_macros(text)
        except BadMacro:
            return text
        return expand_macros(text, Names(client.sender, client.helo, client.address, domain))
    return f"Please see http://www.openspf.org/Why?id={quote(client.sender, safe='')}&ip={client.address}&receiver={host}"
