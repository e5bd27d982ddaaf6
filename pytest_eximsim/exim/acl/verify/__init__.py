"""The ACL condition `verify`, VRFY and EXPN (Exim chapters 44.45 to 44.49).

    condition.py   the kinds of verification, one line each     options.py   what stands behind the slashes
    address.py     one address through the routers              callout.py   asking its server; dialogue.py, cache.py
    headers.py     header_syntax, header_sender …               hosts.py     helo, reverse_host_lookup
    commands.py    VRFY and EXPN
"""

from __future__ import annotations

from .commands import VerifyOutcome, expand_for_command, verify_for_command
from .condition import verify

__all__ = ["VerifyOutcome", "expand_for_command", "verify", "verify_for_command"]
