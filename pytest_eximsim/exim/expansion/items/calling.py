"""Items that call other parts of Exim: an ACL; the results of authentication."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import nested_acl

if TYPE_CHECKING:
    from ...state import Process


def acl(p: Process, *strings: str) -> str:
    """${acl{name}{argument}…}: the ACL's message, whether it accepts or denies (cases ACL-019, ACL-020)."""
    return nested_acl.run(p, list(strings))[1] or ""


def authresults(p: Process, name: str) -> str:
    """${authresults{name}}: an Authentication-Results: field with what is known of SPF and DMARC (case DMARC-005, -127)."""
    parts = [f"Authentication-Results: {name}"]
    word = p.scratch.variables.get("spf_result")
    if word:
        domain = p.message.sender.rpartition("@")[2]
        guess = " (best guess record for domain)" if p.scratch.variables.get("spf_result_guessed") == "yes" else ""
        parts.append(f"spf={word}{guess} " + (f"smtp.mailfrom={domain}" if domain else f"smtp.helo={p.connection.helo_name}"))
    if p.message.dmarc_word:
        parts.append(f"dmarc={p.message.dmarc_word}")
    return ";\n\t".join(parts)
