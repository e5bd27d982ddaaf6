"""Items that call other parts of Exim: an ACL; the results of authentication."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....errors import ExpansionError
from .. import nested_acl

if TYPE_CHECKING:
    from ...state import Process


def acl(p: Process, *strings: str) -> str:
    """${acl{name}{argument}…}: the ACL's message, whether it accepts or denies (cases ACL-019, ACL-020)."""
    return nested_acl.run(p, list(strings))[1] or ""


def authresults(name: str) -> str:
    """${authresults{name}}"""
    raise ExpansionError(f"${{authresults{{{name}}}}} is not simulated")
