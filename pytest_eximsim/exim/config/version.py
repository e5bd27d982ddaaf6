"""Which release a configuration was written for, from the names that it uses.

Names that only 4.82+ has (`proxy_required_hosts`, `tpda_delivery_action`, `$proxy_host` …) mean 4.82+, names that came later
(`hosts_proxy`, `event_action` …) mean 4.99; neither means 4.99; both are an error. Lines under `.ifdef` of a predefined macro (`_HAVE_…`,
`_OPT_…`) say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from ...errors import ConfigError, Position
from . import names

OLD, NEW = "4.82+", "4.99"
SETTING = re.compile(r"\s*(?:hide\s+)?(?:no_|not_)?([a-z][a-z0-9_]*)\s*(?:=|$)")
ACL_WORD = re.compile(r"\s*(?:(?:accept|defer|deny|discard|drop|require|warn)\s+)?!?\s*([a-z][a-z0-9_]*)\s*=")
CONTROL = re.compile(r"\bcontrol\s*=\s*([a-z0-9_]+)")
VARIABLE = re.compile(r"\$\{?([a-z][a-z0-9_]*)(?![a-z0-9_:{<])")
ITEM = re.compile(r"\$\{([a-z][a-z0-9_]*)\s*\{")
OPERATOR = re.compile(r"\$\{([a-z][a-z0-9_]*):")
#: Names that a release accepts though it does not list them.
TELLS_NOTHING = frozenset({"queue_only"})
KINDS = {"routers": "router", "transports": "transport", "authenticators": "authenticator"}


@dataclass(frozen=True, slots=True)
class Choice:
    """The release's name, and a sentence that says why."""

    release_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Use:
    name: str
    release: str
    position: Position


@lru_cache(maxsize=200)
def _told(section: str) -> dict[str, str]:
    """Names of a section (for drivers: of all drivers of the kind) that tell the release → OLD or NEW."""
    sections = [section]
    if section in names.KINDS:
        sections = [f"{section} {driver}" for driver in ("generic", *names.drivers(section))]
    found: dict[str, set[str]] = {}
    for one in sections:
        for release in (OLD, "4.96", NEW):
            plain = names.known(one, release) if one not in ("main",) and one == section else names.options(one, release)
            for name in plain:
                found.setdefault(name, set()).add(release)
    return {name: OLD if releases == {OLD} else NEW for name, releases in found.items() if releases == {OLD} or (
        OLD not in releases and NEW in releases)}


def _uses(file: str, text: str) -> Iterator[_Use]:
    section, depth = "main", 0
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if stripped.startswith("#"):
            continue
        if stripped.startswith((".ifdef _", ".ifndef _")) or (depth and stripped.startswith((".ifdef", ".ifndef"))):
            depth += 1
        elif depth and stripped.startswith(".endif"):
            depth -= 1
        if depth or stripped.startswith("."):
            continue
        if stripped[:6].lower() == "begin ":
            word = stripped[6:].strip().lower()
            section = KINDS.get(word if word.endswith("s") else word + "s", word)
            continue
        position = Position(file, number)
        for table, pattern in _patterns(section):
            for name in pattern.findall(line):
                if name not in TELLS_NOTHING and (release := _told(table).get(name)):
                    yield _Use(name, release, position)


def _patterns(section: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    if section == "main" or section in names.KINDS:
        yield section, _AT_START[SETTING]
    elif section.startswith("acl"):
        yield "acl conditions and modifiers", _AT_START[ACL_WORD]
        yield "acl controls", CONTROL
    yield "variables", VARIABLE
    yield "expansion items", ITEM
    yield "expansion operators", OPERATOR


_AT_START = {pattern: re.compile("^" + pattern.pattern) for pattern in (SETTING, ACL_WORD)}


def choose_release(texts: Iterable[tuple[str, str]]) -> Choice:
    """From (file, text) pairs, in the order of reading. ConfigError when names of both releases are used."""
    first: dict[str, _Use] = {}
    for file, text in texts:
        for use in _uses(file, text):
            first.setdefault(use.release, use)
    if len(first) == 2:
        old, new = first[OLD], first[NEW]
        raise ConfigError(f"names of two releases: {old.name} ({old.position}) is only in {OLD}, {new.name} ({new.position}) came later",
                          max(old.position, new.position, key=lambda p: p.line))
    for use in first.values():
        word = "only this release has" if use.release == OLD else "earlier releases do not have"
        return Choice(use.release, f"{word} {use.name} ({use.position})")
    return Choice(NEW, "no name of the configuration tells, the latest is taken")
