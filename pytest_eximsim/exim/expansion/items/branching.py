"""Items that end in {yes}{no}: if, lookup, extract, listextract, certextract, env, run. They give $0 … and (most) $value back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ...log import printing
from ...taint import cut
from ...where import not_simulated
from .. import json
from ..cursor import DIGITS, SPACES
from ..evaluator import choose, evaluate, scan_branches, seen, test
from ..nodes import Branches, Call
from ..parser_items import ExtractForm, is_field_number
from ..splitting import split
from . import fields
from .commands import run_command

if TYPE_CHECKING:
    from ...state import Process

_NO_BRANCHES = Branches()


def conditional(p: Process, node: Call) -> str:
    """${if condition{yes}{no}}"""
    scratch = p.scratch
    numbers, value = scratch.numbers, scratch.value
    assert node.condition is not None
    truth = test(p, node.condition)
    text = choose(p, "if", node.branches or _NO_BRANCHES, truth, "true")
    scratch.numbers = numbers
    if p.release.if_restores_value:
        scratch.value = value
    return text


def finish(p: Process, node: Call, found: str | None, restore: str) -> str:
    """The branches of an item that sets $value to what it found."""
    scratch = p.scratch
    numbers = scratch.numbers
    scratch.value = found or ""
    text = choose(p, node.entry.name, node.branches or _NO_BRANCHES, found is not None, found or "", restore)
    scratch.numbers = numbers
    return text


def _arguments(p: Process, node: Call) -> list[str]:
    strings = [evaluate(p, part) for part in node.arguments]
    if node.fault is not None:
        raise ExpansionError(node.fault)
    return strings


def lookup(p: Process, node: Call) -> str:
    """${lookup{key}type{file}…}, ${lookup type{query}…} (cases REDIS-001 … REDIS-085)"""
    from ...lookups import Deferred, Found, LookupSetupError, search

    strings = _arguments(p, node)
    kind, _, keyed = node.data
    saved_numbers = p.scratch.numbers
    restore = p.scratch.value
    file, key = (strings[1], strings[0]) if keyed else _query(p, kind, strings[0])
    try:
        answer = search(p, kind, file, key)
    except LookupSetupError as error:
        raise ExpansionError(str(error)) from None
    if isinstance(answer, Deferred):
        raise ExpansionError(_deferred_text(p, key, answer.message), defer=answer.message)
    if isinstance(answer, Found) and answer.wild is not None:
        p.scratch.numbers = ["", cut(answer.wild, key), cut(answer.fixed or "", key)]
    text = finish(p, node, answer.value if isinstance(answer, Found) else None, restore)
    p.scratch.numbers = saved_numbers
    return text


def _deferred_text(p: Process, key: str, message: str) -> str:
    """The query with its control characters as escapes; later releases quote it and the reason as well (cases REDIS-002, REDIS-006)."""
    if not p.release.lookup_reason_quoted:
        return f'lookup of "{printing(key, tabs=True)}" gave DEFER: {message}'
    quoted = [printing(text, tabs=True).replace('"', '\\"') for text in (key, message)]
    return f'lookup of "{quoted[0]}" gave DEFER: "{quoted[1]}"'


def _query(p: Process, kind: object, text: str) -> tuple[str | None, str]:
    """The file of a query, for the types that have one, and the query."""
    from ...lookups import LookupSetupError, LookupType
    from ...lookups.drivers.sqlite import file_and_query

    text = cut(text.lstrip(SPACES), text)
    if not isinstance(kind, LookupType) or kind.kind != "absfilequery":
        return None, text
    try:
        return file_and_query(p, text, kind.options)
    except LookupSetupError as error:
        raise ExpansionError(str(error)) from None


def scan_lookup(p: Process, node: Call) -> str:
    strings = [seen(p, part) for part in node.arguments]
    if node.fault is not None:
        raise ExpansionError(node.fault)
    if node.error is None and not node.data[2] and p.release.has("", "4.82+"):
        _query(p, node.data[0], strings[0])
    return scan_branches(p, node.branches) if node.branches is not None else ""


def extract(p: Process, node: Call) -> str:
    """${extract{key}{data}…}, ${extract{number}{separators}{data}…}, ${extract json…} (case EXPAND-013)"""
    form: ExtractForm = node.data
    restore, numbers = p.scratch.value, p.scratch.numbers
    if not node.arguments:
        raise ExpansionError(form.faults[0])
    key = evaluate(p, node.arguments[0]).strip(SPACES)
    if not key:
        raise ExpansionError('first argument of "extract" must not be empty')
    numbered = is_field_number(key)
    wanted = 3 if numbered and not form.form else 2
    strings = [evaluate(p, part) for part in node.arguments[1:wanted]]
    if len(strings) < wanted - 1:
        raise ExpansionError(form.faults[len(strings) + 1])
    branches = form.numbered if numbered else form.named
    if form.form:
        found = _from_json(p, key, numbered, strings[0], form.form)
    elif numbered:
        found = fields.numbered(field_number(key), strings[0], strings[1])
    else:
        found = fields.keyed(key, strings[0])
    found = cut(found, strings[-1]) if found is not None else None
    p.scratch.value = found or ""
    text = choose(p, "extract", branches, found is not None, found or "", restore)
    p.scratch.numbers = numbers
    return text


def field_number(key: str) -> int:
    """As 32 bits hold it, of which the last 32 digits are all that matters."""
    number = int(key.removeprefix("-")[-32:] or "0") % 2**32
    number -= 2**32 if number >= 2**31 else 0
    return -number if key.startswith("-") else number


def _from_json(p: Process, key: str, numbered: bool, text: str, form: str) -> str | None:
    try:
        body = json.unwrap(text, "[]" if numbered else "{}")
    except ExpansionError as error:
        error.message += f" wrapping {'array' if numbered else 'object'} for extract json"
        raise
    if not numbered:
        found = json.member(body, key)
    elif field_number(key) <= 0:
        raise ExpansionError('first argument of "extract" must be greater than zero')
    else:
        found = json.array_element(body, field_number(key))
    return found if form == "json" or found is None else json.unwrap_string(found)


def scan_extract(p: Process, node: Call) -> str:
    """The older release takes an empty first string for a number."""
    form: ExtractForm = node.data
    strings = [seen(p, part) for part in node.arguments]
    if p.release.json:
        if form.skipped is not None:
            raise ExpansionError(form.skipped)
        return ""
    if not strings:
        raise ExpansionError(form.faults[0])
    numbered = is_field_number(strings[0])
    branches = form.numbered if numbered else form.named
    if branches.fault is not None:
        raise ExpansionError(branches.fault)
    return scan_branches(p, branches)


def listextract(p: Process, node: Call) -> str:
    """${listextract{number}{list}…}"""
    restore = p.scratch.value
    number = _list_number(evaluate(p, node.arguments[0]), skipping=False) if node.arguments else 0
    items = evaluate(p, node.arguments[1]) if len(node.arguments) > 1 else ""
    if node.fault is not None:
        raise ExpansionError(node.fault)
    found = list_element(split(items)[1], number)
    return finish(p, node, cut(found, items) if found is not None else None, restore)


def list_element(items: list[str], number: int) -> str | None:
    """Element `number` from 1, or from the end; far before the first one Exim gives the first, just before it none."""
    if number < 0:
        number += len(items) + 1
        if number == 0:
            return None
        number = max(number, 1)
    return items[number - 1] if 0 < number <= len(items) else None


def _list_number(text: str, *, skipping: bool) -> int:
    text = text.strip(SPACES)
    if not text and not skipping:
        raise ExpansionError('first argument of "listextract" must not be empty')
    if any(char not in DIGITS for char in text.removeprefix("-")):
        raise ExpansionError('first argument of "listextract" must be numeric')
    return field_number(text)


def scan_listextract(p: Process, node: Call) -> str:
    for number, part in enumerate(node.arguments):
        text = seen(p, part)
        if number == 0:
            _list_number(text, skipping=True)
    if node.fault is not None:
        raise ExpansionError(node.fault)
    return scan_branches(p, node.branches) if node.branches is not None else ""


def certextract(p: Process, node: Call) -> str:
    """${certextract{field}{$variable}…}: what the certificate of the session says."""
    field = evaluate(p, node.arguments[0]).strip(SPACES) if node.arguments else ""
    name = node.arguments[1].fixed if len(node.arguments) > 1 else ""
    if node.fault is not None or name is None:
        raise ExpansionError(node.fault or "")
    from ..registry import tables

    variable = tables(p.release.key).variables.get(name)
    if variable is None:
        raise ExpansionError(f'no variable named "{name}"')
    if not variable.certificate:
        raise ExpansionError(f'"{name}" is not a certificate')
    if variable.get(p):
        raise not_simulated(p, f"${{certextract{{{field}}}…}}")
    return finish(p, node, None, p.scratch.value)


def env(p: Process, node: Call) -> str:
    """${env{name}…}: the environment that the scenario gives."""
    strings = _arguments(p, node)
    return finish(p, node, p.world.environment.get(strings[0]), p.scratch.value)


def run(p: Process, node: Call) -> str:
    """${run{command}…}: $value is its output, $runrc its code (case EXPAND-015)"""
    command = node.data
    if node.fault is not None:
        raise ExpansionError(node.fault)
    if command is None:
        command = evaluate(p, node.arguments[0])
        output = run_command(p, command, expand_words=False)
    else:
        output = run_command(p, command, expand_words=True)
    p.scratch.value = output
    return choose(p, "run", node.branches or _NO_BRANCHES, p.scratch.runrc == 0, output)
