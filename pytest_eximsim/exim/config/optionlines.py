"""One line `name = value` of the main section or of a driver, read into a block of options (specification 6.11-6.20).

Which options there are is names.py's; what their values mean, values.py's; sections are parser.py's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ...errors import ConfigError, NotSimulated, Position
from ..release import Release
from ..world import Users
from . import names, values
from .model import Value
from .source import BLANKS, failure

NAME = re.compile(r"[A-Za-z0-9_]*")
NAME_MAX = 63
#: Options that set others.
LINKED = {"verify": ("verify_recipient", "verify_sender"), "fail_verify": ("fail_verify_recipient", "fail_verify_sender")}


@lru_cache(maxsize=200)
def defaults(section: str, release_name: str) -> dict[str, Value]:
    """Default values of a section of the names table. Copy before changing."""
    return {o.name: values.default_value(o.type, o.default) for o in names.options(section, release_name).values()}


@dataclass
class Block:
    """Options being collected: `table` says which there are. Names in `overridden` are accepted and their values dropped."""

    table: Mapping[str, names.Option]
    values: dict[str, Value]
    positions: dict[str, Position] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    overridden: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Setting:
    """A line taken apart: `written` is the name with its `no_`, `rest` what follows the name."""

    written: str
    name: str
    negated: bool
    hidden: bool
    rest: str


def split_setting(text: str, position: Position | None) -> Setting:
    """ConfigError `option setting expected` for a line that does not start with a letter."""
    if not ("a" <= text[:1] <= "z" or "A" <= text[:1] <= "Z"):
        raise failure(f"option setting expected: {text}", position)
    hidden, rest, name = False, text, ""
    for _ in range(2):
        match = NAME.match(rest)
        assert match is not None
        name, rest = match[0][:NAME_MAX], rest[match.end():].lstrip(BLANKS)
        if name != "hide" or hidden:
            break
        hidden = True
    plain = name[4:] if name.startswith("not_") else name[3:] if name.startswith("no_") else name
    return Setting(name, plain, plain is not name and plain != name, hidden, rest)


def read_option(text: str, position: Position, block: Block, users: Users, release: Release, unknown: str | None) -> bool:
    """Put the line's value into the block. For an unknown name: false where `unknown` is None, else ConfigError with that text
    (`%s` is the name)."""
    setting = split_setting(text, position)
    option = block.table.get(setting.name)
    if option is None:
        if unknown is None:
            return False
        raise failure(unknown.replace("%s", setting.written), position)
    if option.name in block.positions and not option.repeatable:
        raise failure(f'"{setting.written}" option set for the second time', position)
    try:
        value = _value(setting, option, users, release)
    except values.Refused as refusal:
        raise NotSimulated(str(refusal), position) from None
    except values.BadValue as error:
        if option.name in block.overridden:
            value = None
        else:
            raise failure(str(error), position) from None
    if setting.hidden:
        block.hidden.add(option.name)
    if option.name not in block.overridden:
        block.values[option.name] = _joined(option, block, value, release)
        for linked in LINKED.get(option.name, ()):
            block.values[linked] = value
    block.positions[option.name] = position
    return True


def _value(setting: Setting, option: names.Option, users: Users, release: Release) -> Value:
    rest = setting.rest
    if option.type in values.BOOLEANS:
        if rest and (setting.negated or rest[0] != "="):
            raise values.extra(rest, f"boolean option {setting.written}")
        return values.read_boolean(rest[1:].lstrip(BLANKS), setting.written, negated=setting.negated, expanded=option.type == "xbool")
    if setting.negated:
        raise values.BadValue("negation prefix applied to a non-boolean option")
    if not rest:
        raise values.BadValue(f"unexpected end of line (data missing) after {setting.written}")
    if rest[0] != "=":
        raise values.BadValue(f'missing "=" after {setting.written}')
    return values.read_value(option.type, rest[1:].lstrip(BLANKS), setting.written, users, release)


def _joined(option: names.Option, block: Block, value: Value, release: Release) -> Value:
    """What a repeated option comes to: conditions are and-ed, lists joined."""
    if not option.repeatable or not isinstance(value, str):
        return value
    before = block.values.get(option.name)
    if option.name == "condition":
        return f"${{if and{{{{bool_lax{{{before}}}}}{{bool_lax{{{value}}}}}}}}}" if before else value
    separator = "\n" if option.name == "headers_add" else ";" if option.name == "set" else ":"
    text = _list_text(value, separator, release)
    if not text:
        return before
    return f"{before}{separator}{text}" if before else text


def _list_text(text: str, separator: str, release: Release) -> str:
    if not release.rebuilds_lists:
        return text.rstrip("\n\t " + separator)
    mark, rest = separator, text
    if match := re.match(r"<[ \t]*([^\w\s<])", text):
        mark, rest = match[1], text[match.end():]
    once = re.escape(mark)
    items = [i.strip(BLANKS).replace(mark * 2, mark) for i in re.split(f"(?<!{once}){once}(?!{once})", rest)]
    return separator.join(i.replace(separator, separator * 2) for i in items if i)


def bad_setting(error: ConfigError) -> ConfigError:
    """An error in a value that came from outside the file: without a line number."""
    return failure(error.message, None)
