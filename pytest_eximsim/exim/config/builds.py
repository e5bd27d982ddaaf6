"""How an Exim was built: the macros `_HAVE_…`, `_OPT_…` … that it defines, and the features, lookups and drivers that it names.

"debian-light" and "debian-heavy" are what Debian's 4.96 binaries print for `exim -bV; exim -bP macros` (data/*.txt); "full" has all
that the names table knows. Releases before 4.87 define no macros (case CONFIG-001). Nothing is switched on or off here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from ..release import Release
from . import names
from .model import Macro

BUILDS = ("full", "debian-light", "debian-heavy")
HEADINGS = {"Support for": "features", "Lookups (built-in)": "lookups", "Authenticators": "authenticators", "Routers": "routers",
            "Transports": "transports"}
GENERIC = {"router": "ROUTERS", "transport": "TRANSPORTS", "authenticator": "AUTHENTICATORS"}
FULL_MACROS = ("_HAVE_ARC", "_HAVE_DMARC", "_HAVE_LOOKUP_REDIS", "_HAVE_XCLIENT", "_ACL_COND_DMARC_STATUS")
DEBIAN_DEFAULTS = {
    "exim_path": "/usr/sbin/exim4", "headers_charset": "UTF-8",
    "log_file_path": "/var/log/exim4/%slog", "pid_file_path": "/run/exim4/exim.pid",
    "process_log_path": "/var/spool/exim4/exim-process.info", "spool_directory": "/var/spool/exim4",
}
FULL_WORDS = {"features": ("ARC", "DMARC", "XCLIENT"), "lookups": ("redis",)}


@dataclass(frozen=True)
class Build:
    """`macros` in the order in which they are replaced; `words` by heading ("features", "lookups", "routers" …) and the number
    behind the release (`#2`), as -bV prints them.
    """

    name: str
    macros: tuple[Macro, ...]
    words: dict[str, frozenset[str]]
    compile_number: str = "1"

    def options(self, section: str, release_name: str) -> dict[str, names.Option]:
        """The options of a section of the names table that this build has: all, or those that its `_OPT_` macros name.

        Options that the macros' release (4.96) does not have are kept.
        """
        table = names.options(section, release_name)
        macros = self._names()
        if self.name == "full" or not any(m.startswith("_OPT_") for m in macros):
            return table
        return {n: o for n, o in table.items()
                if o.internal or option_macro(section, n) in macros or "4.96" not in names.releases_of(section, n)}

    @property
    def defaults(self) -> dict[str, str]:
        """Main options whose defaults were set when it was built."""
        return DEBIAN_DEFAULTS if self.name.startswith("debian-") else {}

    def has_driver(self, kind: str, driver: str) -> bool:
        """Was this driver built in?"""
        words = self.words.get(kind + "s", frozenset())
        return self.name == "full" or not words or driver in words

    def without(self, release: Release) -> str:
        """Lookup types and ACL conditions of the release that were not built in, for its `without`."""
        if self.name == "full":
            return ""
        from ..acl.registry import entries_of
        from ..lookups.registry import DRIVERS

        lookups, macros = self.words.get("lookups"), self._names()
        if lookups is not None and "SPF" in self.words.get("features", ()):
            lookups |= {"spf"}
        missing = [] if lookups is None else [name for name in DRIVERS if name not in lookups]
        if any(name.startswith("_ACL_COND_") for name in macros):
            missing += [name for name in entries_of(release) if not {f"_ACL_COND_{name.upper()}", f"_ACL_MOD_{name.upper()}"} & macros]
        return " ".join(missing)

    @lru_cache(maxsize=8)                                                       # noqa: B019 - builds live as long as the program
    def _names(self) -> frozenset[str]:
        return frozenset(m.name for m in self.macros)

    def __hash__(self) -> int:
        return hash((self.name, len(self.macros)))


def option_macro(section: str, option: str) -> str:
    """The macro that stands for an option of "main", "router generic", "transport smtp" …"""
    kind, _, driver = section.partition(" ")
    prefix = "MAIN" if kind == "main" else GENERIC[kind] if driver == "generic" else f"{kind}_{driver}".upper()
    return f"_OPT_{prefix}_{option.upper()}"


def parse_build(text: str, name: str = "file") -> Build:
    """From the output of `exim -bV; exim -bP macros`."""
    macros, words = [], {}
    number = re.search(r"^Exim version \S+ #(\d+)", text, re.M)
    for line in text.splitlines():
        heading, _, rest = line.partition(": ")
        if key := HEADINGS.get(heading):
            words[key] = frozenset(w for word in rest.split() for w in (word, word.partition("/")[0]))
        elif match := re.match(r"(_[A-Z][A-Za-z0-9_]*)=(.*)", line):
            macros.append(Macro(match[1], match[2], "builtin"))
    return Build(name, tuple(macros), words, number[1] if number else "1")


@lru_cache(maxsize=8)
def named_build(name: str, release_name: str) -> Build:
    """One of BUILDS; KeyError for another name."""
    if name not in BUILDS:
        raise KeyError(name)
    data = parse_build((files(__package__) / "data" / f"{name if name != 'full' else 'debian-heavy'}.txt").read_text("ascii"), name)
    if release_name == "4.82+":
        return Build(name, (), {} if name == "full" else data.words)
    if name != "full":
        return data
    have = {m.name: m for m in data.macros}
    for macro in (*FULL_MACROS, *_option_macros(release_name)):
        have.setdefault(macro, Macro(macro, "y", "builtin"))
    longest_first = tuple(have[n] for n in sorted(have, key=lambda n: (-len(n), n)))
    words = {k: v | frozenset(FULL_WORDS.get(k, ())) for k, v in data.words.items()}
    return Build(name, longest_first, words)


def _option_macros(release_name: str) -> list[str]:
    found = [option_macro("main", o) for o in names.options("main", release_name)]
    for kind in names.KINDS:
        for driver in ("generic", *names.drivers(kind)):
            if driver != "generic":
                found.append(f"_DRIVER_{kind}_{driver}".upper())
            found += [option_macro(f"{kind} {driver}", o) for o in names.options(f"{kind} {driver}", release_name)]
    return found + [f"_LOG_{s.upper()}" for s in names.known("log selectors", release_name)]


def find_build(build: Build | str, release: Release) -> Build:
    """A Build, one of BUILDS by name, or the text that such a binary prints."""
    if isinstance(build, Build):
        return build
    return parse_build(build) if "\n" in build else named_build(build, release.name)
