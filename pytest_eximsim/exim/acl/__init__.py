"""Access control lists (Exim chapter 44).

    phases.py     when an ACL runs           registry.py   conditions and modifiers, one line a name
    reader.py     text → config.model.Acl    conditions/ modifiers.py controls.py   what each does
    engine.py     running one: Verdict       verify/       the condition `verify`
    messages.py   the lines of a reply
"""

from __future__ import annotations

from .engine import run_acl, run_nested
from .phases import Phase
from .verdict import Result, Verdict

__all__ = ["Phase", "Result", "Verdict", "run_acl", "run_nested"]
