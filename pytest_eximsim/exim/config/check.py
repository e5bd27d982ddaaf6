"""All that is wrong with a configuration, in one go: for `eximsim check`.

Errors are what Exim refuses when it reads the file, and what can never work though Exim finds it on use: broken expansions, unknown words
behind `control =` and `verify =`. Warnings are what it notices on use and a run may never reach: ACLs, lists and transports that are not
defined; and what is refused here when a scenario uses it. Notes are options that have no meaning here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...errors import ConfigError, Position
from ..release import Release
from ..world import Files, Users
from . import builds, expanded, names
from .model import Acl, Clause, Configuration, Driver, Finding
from .parser import make_reader

LIST_ITEM = re.compile(r"(?:^|[:;,\n])[ \t]*!?[ \t]*\+([A-Za-z0-9_]+)")
VERBS = frozenset({"accept", "defer", "deny", "discard", "drop", "require", "warn"})


def check_configuration(files: Files, path: str, *, release: Release, macros: Mapping[str, str] | None = None,
                        settings: Mapping[str, str] | None = None, replace: Mapping[str, str] | None = None,
                        build: builds.Build | str = "full", users: Users, hostname: str) -> list[Finding]:
    """Every mistake of a configuration, by file in the order of reading and by line; never raises ConfigError."""
    found: list[Finding] = []
    try:
        reader = make_reader(files, path, release=release, macros=macros or {}, settings=settings or {}, replace=replace or {}, build=build,
                             users=users, hostname=hostname, findings=found)
        configuration = reader.read()
    except ConfigError as error:
        return [*found, Finding("error", error.message, error.position)]
    found += configuration.notes
    found += findings(configuration)
    found += [Finding("error", f"the text {text!r}, which is to be replaced, does not occur") for text in configuration.unused_replacements]
    return _sorted(found)


def findings(configuration: Configuration) -> Iterator[Finding]:
    """What can be seen in a configuration that was read."""
    yield from _main(configuration)
    for kind in configuration.named_lists.values():
        for item in kind.values():
            yield from _text(configuration, f"{item.kind}list {item.name}", item.text, item.position)
            yield from _lists(configuration, item.kind, item.text, item.position)
    for acl in configuration.acls.values():
        yield from _acl(configuration, acl)
    yield from _not_simulated(configuration)
    for driver in (*configuration.routers, *configuration.transports.values(), *configuration.authenticators):
        yield from _driver(configuration, driver)
    for rule in configuration.rewrite:
        yield from _text(configuration, "rewrite rule", rule.replacement, rule.position)


def _not_simulated(configuration: Configuration) -> Iterator[Finding]:
    """Drivers that are read and refused where something comes to use them, and the ACL for MIME parts."""
    from .. import authenticators
    from ..routers import registry

    for drivers, reasons in ((configuration.routers, registry.NOT_SIMULATED), (configuration.authenticators, authenticators.NOT_SIMULATED)):
        for driver in drivers:
            if reason := reasons.get(driver.driver):
                text = f"{driver.kind} driver {driver.driver} is not simulated: {reason}; a scenario that uses it fails"
                yield Finding("warning", text, driver.positions["driver"])
    if configuration.main.get("acl_smtp_mime") and (position := configuration.positions.get("acl_smtp_mime")):
        yield Finding("warning", "main option acl_smtp_mime is not simulated: a scenario with a MIME message for it fails", position)


def _sorted(found: list[Finding]) -> list[Finding]:
    files: dict[str, int] = {}
    for item in found:
        if item.position:
            files.setdefault(item.position.file, len(files))
    unique = list(dict.fromkeys(found))
    return sorted(unique, key=lambda f: (files[f.position.file], f.position.line) if f.position else (len(files), 0))


def _text(configuration: Configuration, what: str, text: str, position: Position) -> Iterator[Finding]:
    from ..expansion import syntax_error

    if "$" in text and (problem := syntax_error(text, configuration.release)):
        yield Finding("error", f"{what}: failed to expand: {problem}", position)


def _lists(configuration: Configuration, kind: str, text: str, position: Position) -> Iterator[Finding]:
    if "$" in text:
        text = re.sub(r"\$\{.*\}", "", text, flags=re.S)
    for name in LIST_ITEM.findall(text):
        if name not in configuration.named_lists[kind] and name not in expanded.LIST_WORDS:
            yield Finding("warning", f'unknown named {LIST_NAMES[kind]} "+{name}"', position)


LIST_NAMES = {"domain": "domain list", "host": "host list", "address": "address list", "localpart": "local part list"}


def _main(configuration: Configuration) -> Iterator[Finding]:
    for name, position in configuration.positions.items():
        value = configuration.main[name]
        if not isinstance(value, str):
            continue
        if name not in expanded.LITERAL_MAIN:
            yield from _text(configuration, f"main option {name}", value, position)
        if name.startswith("acl_"):
            yield from _acl_name(configuration, f"main option {name}", value, position)
        yield from _references(configuration, name, value, position)


def _references(configuration: Configuration, name: str, value: str, position: Position) -> Iterator[Finding]:
    if kind := expanded.LIST_KINDS.get(name):
        yield from _lists(configuration, kind, value, position)
    if name in expanded.TRANSPORT_OPTIONS and "$" not in value and value and value not in configuration.transports:
        yield Finding("warning", f'{name}: there is no transport called "{value}"', position)


def _acl_name(configuration: Configuration, what: str, value: str, position: Position) -> Iterator[Finding]:
    """A single word that is neither an ACL's name, a file nor a verb."""
    word = value.strip()
    if word and not re.search(r"[\s$]", word) and not word.startswith("/") and word not in VERBS and word not in configuration.acls:
        yield Finding("warning", f'{what}: there is no ACL called "{word}"', position)


def _driver(configuration: Configuration, driver: Driver) -> Iterator[Finding]:
    for name, position in driver.positions.items():
        value = driver.options[name]
        if not isinstance(value, str):
            continue
        if name not in expanded.LITERAL_DRIVER:
            yield from _text(configuration, f"{driver.kind} {driver.name}: {name}", value, position)
        if driver.kind == "router" or name in expanded.TRANSPORT_OPTIONS:
            yield from _references(configuration, name, value, position)


def _acl(configuration: Configuration, acl: Acl) -> Iterator[Finding]:
    for statement in acl.statements:
        for clause in statement.clauses:
            yield from _text(configuration, f"ACL {acl.name}: {clause.name}", clause.value, clause.position)
            yield from _clause(configuration, acl, clause)


def _clause(configuration: Configuration, acl: Acl, clause: Clause) -> Iterator[Finding]:
    where = f"ACL {acl.name}"
    match clause.name:
        case "control" | "verify" if "$" not in clause.value:
            known = names.known(f"acl {'controls' if clause.name == 'control' else 'verify'}", configuration.release.name)
            word = re.split(r"[/=\s]", clause.value.strip(), maxsplit=1)[0]
            if word.lower() not in known and word != "queue_only":
                yield Finding("error", f'{where}: unknown word behind {clause.name} =: "{word}"', clause.position)
        case "acl":
            word = clause.value.split()[0] if clause.value.split() else ""
            yield from _acl_name(configuration, where, word, clause.position)
        case name if kind := expanded.LIST_KINDS.get(name):
            yield from _lists(configuration, kind, clause.value, clause.position)
