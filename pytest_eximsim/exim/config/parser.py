"""A configuration file as a whole: the main section, named lists, `begin …` sections, in the order and with the errors of Exim.

Lines come from source.py, options from optionlines.py, drivers from drivers.py, retry and rewrite rules from rules.py, ACLs from
acl/reader.py; what Exim checks when the main section has ended is in checks.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ...errors import ConfigError, NotSimulated, Position
from ..release import Release, release_of
from ..world import Files, Users
from . import builds, checks, drivers, names, optionlines, options, rules, values
from .model import Acl, Configuration, Driver, Finding, NamedList, RetryRule, RewriteRule
from .source import BLANKS, Line, Source, command_line_macros, failure, is_definition

LIST_WORDS = {"domainlist": "domain", "hostlist": "host", "addresslist": "address", "localpartlist": "localpart"}
LIST_NAMES = {"domain": "domain list", "host": "host list", "address": "address list", "localpart": "local part list"}
LIST_LINE = re.compile("(hide[ \t\n\v\f\r]+)?(domainlist|hostlist|addresslist|localpartlist)")
SECTIONS = ("acls", "authenticators", "local_scans", "retrys", "rewrites", "routers", "transports")
LOCAL_SCAN = "local_scan() options not supported: (LOCAL_SCAN_HAS_OPTIONS not defined in Local/Makefile)"
#: Where values of a scenario's `set:` are said to stand.
SETTINGS_POSITION = Position("set")


@dataclass
class Reader:
    """One reading. With `findings` a mistake is kept there and reading goes on; without, the first one is raised."""

    source: Source
    release: Release
    users: Users
    build: builds.Build
    settings: Mapping[str, str]
    hostname: str
    findings: list[Finding] | None = None
    notes: list[Finding] = field(default_factory=list)
    lists: dict[str, dict[str, NamedList]] = field(default_factory=lambda: {kind: {} for kind in LIST_NAMES})
    acls: dict[str, Acl] = field(default_factory=dict)
    drivers: dict[str, list[Driver]] = field(default_factory=lambda: {kind: [] for kind in names.KINDS})
    retry: list[RetryRule] = field(default_factory=list)
    rewrite: list[RewriteRule] = field(default_factory=list)
    block: optionlines.Block = field(init=False)

    def __post_init__(self) -> None:
        self.block = optionlines.Block(
            self.build.options("main", self.release.name),
            {**optionlines.defaults("main", self.release.name), **self.build.defaults},
            overridden=frozenset(map(_plain_name, self.settings)),
        )

    def attempt(self, action: Callable[..., object], *arguments: object) -> None:
        """Call it; a mistake is raised, or kept when all are wanted."""
        try:
            action(*arguments)
        except ConfigError as error:
            if self.findings is None:
                raise
            self.findings.append(Finding("error", error.message, error.position or self.source.position))

    # --- main section --------------------------------------------------------------------------

    def read(self) -> Configuration:
        self.source.open()
        while line := self._next():
            self.attempt(self._main_line, line)
        section = self.source.section
        self._apply_settings()
        self.attempt(checks.after_main, self)
        seen: set[str] = set()
        while section:
            self.attempt(self._section, section, seen)
            while self.source.section == "" and self._next():
                pass                                                            # only after a mistake: the rest of its section
            section = self.source.section
        return self._result()

    def _next(self) -> Line | None:
        if self.findings is None:
            return self.source.next()
        while True:
            try:
                return self.source.next()
            except ConfigError as error:
                self.findings.append(Finding("error", error.message, error.position))
                if error.message.startswith("Unexpected end"):
                    return None

    def _main_line(self, line: Line) -> None:
        text = line.text
        if line.position.line == 1 and text.startswith("\xef\xbb\xbf"):
            raise failure("found unexpected BOM (Byte Order Mark)", line.position)
        if "A" <= text[0] <= "Z":
            self.source.define(text)
        elif (match := LIST_LINE.match(text)) and (self.release.hidden_lists or not match[1]):
            self._named_list(LIST_WORDS[match[2]], text[match.end():], line.position, bool(match[1]))
        else:
            optionlines.read_option(text, line.position, self.block, self.users, self.release, 'main option "%s" unknown')
            setting = optionlines.split_setting(text, line.position)
            options.check(setting.name, self.block.values.get(setting.name), line.position, self.release, self.notes)

    def _named_list(self, kind: str, text: str, position: Position, hidden: bool) -> None:
        force = text.startswith("_cache")
        text = text[6:] if force else text
        if text[:1] not in BLANKS or not text:
            raise failure("unrecognized configuration line", position)
        match = re.match("[A-Za-z0-9_]*", text.lstrip(BLANKS))
        assert match is not None
        name, rest = match[0], text.lstrip(BLANKS)[match.end():].lstrip(BLANKS)
        if name in self.lists[kind]:
            raise failure(f'duplicate name "{name}" for a named {LIST_NAMES[kind]}', position)
        if rest[:1] != "=":
            raise failure(f"missing '=' after \"{name}\"", position)
        try:
            value = values.read_string(rest[1:].lstrip(BLANKS), name)
        except values.BadValue as error:
            raise failure(str(error), position) from None
        self.lists[kind][name] = NamedList(kind, name, value, position, hidden, force)

    def _apply_settings(self) -> None:
        """Put in the scenario's own values; a name that is unknown is the scenario's mistake."""
        block = optionlines.Block(self.block.table, self.block.values, {}, self.block.hidden)
        for name, value in self.settings.items():
            text = f"{name} = {value}" if _plain_name(name) == name else name
            try:
                optionlines.read_option(text, SETTINGS_POSITION, block, self.users, self.release, 'main option "%s" unknown')
                options.check(_plain_name(name), self.block.values.get(_plain_name(name)), SETTINGS_POSITION, self.release, self.notes)
            except NotSimulated:
                raise
            except ConfigError as error:
                raise optionlines.bad_setting(error) from None
        self.block.positions.update(block.positions)

    # --- other sections ------------------------------------------------------------------------

    def _section(self, written: str, seen: set[str]) -> None:
        position = self.source.position
        name = written.lower()
        name = name if name.endswith("s") else name + "s"
        self.source.section = ""
        if name not in SECTIONS:
            raise failure(f'"{written}" is not a known configuration section name', position)
        if name in seen:
            raise failure(f'"{written}" section is repeated in the configuration file', position)
        seen.add(name)
        match name:
            case "acls":
                self._acl_section()
            case "local_scans":
                raise failure(LOCAL_SCAN, position)
            case "retrys":
                while line := self._next():
                    self.attempt(lambda line: self.retry.append(rules.retry_rule(line)), line)
            case "rewrites":
                while line := self._next():
                    self.attempt(lambda line: self.rewrite.append(rules.rewrite_rule(line)), line)
            case _:
                drivers.read_section(self, name[:-1])

    def _acl_lines(self) -> Iterator[Line]:
        while line := self._next():
            if is_definition(line.text):
                self.source.define(line.text)
                yield Line("", line.position)
            else:
                yield line

    def _acl_section(self) -> None:
        from ..acl.reader import AclSyntaxError, read_acl_section

        if self.findings is None:
            try:
                self.acls.update(read_acl_section(self._acl_lines(), self.release))
            except AclSyntaxError as error:
                raise failure(error.message, error.position or self.source.position) from None
            return
        for lines in _single_acls(self._acl_lines()):
            try:
                found = read_acl_section(iter(lines), self.release)
            except AclSyntaxError as error:
                self.findings.append(Finding("error", error.message, error.position or lines[-1].position))
                continue
            for name, acl in found.items():
                if name in self.acls:
                    self.findings.append(Finding("error", f'there are two ACLs called "{name}"', acl.position))
                self.acls[name] = acl

    # --- result --------------------------------------------------------------------------------

    def _result(self) -> Configuration:
        from ..acl.controls import refuse_unsimulated

        refuse_unsimulated(self.acls.values(), self.drivers["transport"], self.release, self.build)
        macros = {m.name: m for m in (*self.source.builtin, *self.source.macros)}
        return Configuration(
            path=self.source.path, release=self.release, build=self.build, users=self.users, main=self.block.values,
            positions=self.block.positions, hidden=frozenset(self.block.hidden), named_lists=self.lists, acls=self.acls,
            routers=self.drivers["router"], transports={t.name: t for t in self.drivers["transport"]},
            authenticators=self.drivers["authenticator"], retry=self.retry, rewrite=self.rewrite, macros=macros, notes=self.notes,
            unused_replacements=self.source.unused_replacements, listing=self.source.kept,
        )


def _plain_name(name: str) -> str:
    return name[4:] if name.startswith("not_") else name[3:] if name.startswith("no_") else name


def _single_acls(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """The lines of each ACL, which begins with its name and a colon."""
    found: list[Line] = []
    for line in lines:
        if found and (not line.text or re.match(r"[A-Za-z][A-Za-z0-9_]*[ \t]*:", line.text)):
            yield found
            found = []
        if line.text:
            found.append(line)
    if found:
        yield found


def make_reader(files: Files, path: str, *, release: Release, macros: Mapping[str, str], settings: Mapping[str, str],
                replace: Mapping[str, str], build: builds.Build | str, users: Users, hostname: str,
                findings: list[Finding] | None = None) -> Reader:
    found = builds.find_build(build, release)
    release = release_of(" ".join((release.name, found.without(release))).rstrip())
    source = Source(files, path, release, command_line_macros(macros), list(found.macros), replace, hostname)
    return Reader(source, release, users, found, settings, hostname, findings)


def read_configuration(files: Files, path: str, *, release: Release, macros: Mapping[str, str] | None = None,
                       settings: Mapping[str, str] | None = None, replace: Mapping[str, str] | None = None,
                       build: builds.Build | str = "full", users: Users, hostname: str) -> Configuration:
    """Read `path` (a file, or Debian's split configuration as a directory).

    `macros` as -D, `settings` replace main options, `replace` is literal text replacement in every file read. `build` is a Build, one of
    builds.BUILDS, or what such a binary prints. Raises ConfigError (`lines` as Exim prints them) or NotSimulated.
    """
    return make_reader(files, path, release=release, macros=macros or {}, settings=settings or {}, replace=replace or {}, build=build,
                       users=users, hostname=hostname).read()
