"""Finding a variable by its name: the table, and the names that follow a pattern (acl_c…, r_…, auth1, regex1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ...taint import marked
from ..cursor import LETTERS
from ..nodes import CHECKS_ACL_VARIABLES, Value

if TYPE_CHECKING:
    from ...release import Release
    from ...state import Process
    from ..registry import Tables

_HEADER = re.compile(r"([rbl]?)h(?:_|eader_)")
_NUMBERED = re.compile(r"(auth|regex)([0-9]+)")


def header_kind(name: str, release: Release) -> str:
    """"h" for h_x and header_x, "r" for rh_x, "b" for bh_x, "l" for lh_x (later releases); "" for another name."""
    found = _HEADER.match(name)
    if not found:
        return ""
    kind = found.group(1) or "h"
    return "" if kind == "l" and not release.list_headers else kind


def find_variable(name: str, names: Tables) -> Value | None:
    """The node of a known variable."""
    entry = names.variables.get(name)
    if entry is not None:
        return Value(_from_outside(entry.get) if entry.outside and names.release.taints else entry.get, name)
    if name.startswith(("acl_c", "acl_m")) and name[5:6] not in tuple(LETTERS):
        return Value(_acl_variable(name), name, acl=True, checks=CHECKS_ACL_VARIABLES)
    if name.startswith("r_") and names.release.router_variables:
        return Value(_router_variable(name), name, acl=True, checks=CHECKS_ACL_VARIABLES)
    found = _NUMBERED.fullmatch(name)
    if found and 0 < int(found.group(2)) <= (names.release.auth_variables if found.group(1) == "auth" else names.release.regex_variables):
        return Value(_from_outside(_stored(name)) if names.release.taints else _stored(name), name)
    return None


def unknown_variable(text: str, name: str) -> str:
    """The message for an unknown name; ACL variables get a hint."""
    if not name.startswith("acl_"):
        return text
    if name[4:5] not in ("c", "m"):
        return f"{text} (user-defined ACL variables must start acl_c or acl_m)"
    if name[5:6] in tuple(LETTERS):
        return f"{text} (6th character of a user-defined ACL variable must be a digit or underscore)"
    return f"{text} (strict_acl_vars is set)"


def _from_outside(get: Callable[[Process], str]) -> Callable[[Process], str]:
    return lambda p: marked(get(p))


def _acl_variable(name: str) -> Callable[[Process], str]:
    key, connection = name[4:], name[4] == "c"

    def get(p: Process) -> str:
        value = (p.connection.acl_c if connection else p.message.acl_m).get(key)
        return _or_strict(p, name) if value is None else value
    return get


def _router_variable(name: str) -> Callable[[Process], str]:
    def get(p: Process) -> str:
        variables = p.address.variables if p.address is not None else {}
        value = variables.get(name, variables.get(name[2:]))
        return _or_strict(p, name) if value is None else value
    return get


def _or_strict(p: Process, name: str) -> str:
    """Empty, or with strict_acl_vars the error of an unknown name (case ACL-023)."""
    if p.configuration.main.get("strict_acl_vars"):
        raise ExpansionError(unknown_variable(f'unknown variable name "{name}"', name))
    return ""


def _stored(name: str) -> Callable[[Process], str]:
    return lambda p: str(p.scratch.variables.get(name, ""))
