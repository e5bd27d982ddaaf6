"""The table of lookup types, and the words in front of a lookup: `partial3(.)-lsearch*@,ret=full` (Exim chapters 9.3 to 9.7).

One line a name. What a type does stands in `drivers/`, a file a type; partial matching, defaults and the cache in `cache.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ..release import release_of
from ..where import not_simulated
from .drivers import cdb, dnsdb, dsearch, lsearch, mysql, passwd, pgsql, redis, sqlite
from .drivers import json as json_files
from .result import LookupTypeError, Reply

if TYPE_CHECKING:
    from ..release import Release
    from ..state import Process

Opener = Callable[["Process", str], None]
Finder = Callable[["Process", str, str, str], Reply]
Quoter = Callable[[str, "Release"], str]


@dataclass(frozen=True, slots=True)
class LookupDriver:
    """One type. `kind` is "single" (a file and a key), "query", or "absfilequery" (a query behind a file name).

    `open(p, file)` raises LookupSetupError; `find(p, file, key, options)` answers; `quote(text, release)` is ${quote_TYPE:…}.
    """

    name: str
    kind: str
    find: Finder
    open: Opener | None = None
    quote: Quoter | None = None
    since: str = ""
    until: str = ""
    refused: bool = False


def _nothing(p: Process, file: str, key: str, options: str) -> Reply:
    raise AssertionError("lookups of this type are refused")


def _refused(name: str, kind: str) -> LookupDriver:
    return LookupDriver(name, kind, _nothing, refused=True)


DRIVERS = {
    driver.name: driver
    for driver in (
        LookupDriver("cdb", "single", cdb.find, cdb.open_file),
        LookupDriver("dnsdb", "query", dnsdb.find),
        LookupDriver("dsearch", "single", dsearch.find, dsearch.open_folder),
        LookupDriver("iplsearch", "single", lsearch.find_address, lsearch.open_file),
        LookupDriver("json", "single", json_files.find, json_files.open_file, since="4.99"),
        LookupDriver("lsearch", "single", lsearch.find, lsearch.open_file),
        LookupDriver("mysql", "query", mysql.find, quote=mysql.quote),
        LookupDriver("nwildlsearch", "single", lsearch.find_pattern, lsearch.open_file),
        LookupDriver("passwd", "query", passwd.find),
        LookupDriver("pgsql", "query", pgsql.find, quote=pgsql.quote),
        LookupDriver("redis", "query", redis.find, quote=redis.quote),
        LookupDriver("sqlite", "absfilequery", sqlite.find, sqlite.open_file, quote=sqlite.quote),
        LookupDriver("wildlsearch", "single", lsearch.find_expanded_pattern, lsearch.open_file),
        # What Exim has and this simulator refuses where it is used:
        *(_refused(name, "single") for name in ("dbm", "dbmjz", "dbmnz", "lmdb", "nis", "nis0", "psl", "spf")),
        *(_refused(name, "query") for name in (
            "ibase", "ldap", "ldapdn", "ldapm", "nisplus", "nmh", "oracle", "testdb", "whoson",
        )),
    )
}

@dataclass(frozen=True, slots=True)
class LookupType:
    """A type with its extras.

    `partial`: least number of components left, None without `partial`; `star`: "", "*" or "*@"; `options` behind the comma.
    """

    driver: LookupDriver
    partial: int | None = None
    affix: str = "*."
    star: str = ""
    options: str = ""

    @property
    def name(self) -> str:
        return self.driver.name

    @property
    def kind(self) -> str:
        return self.driver.kind

    @property
    def single_key(self) -> bool:
        return self.driver.kind == "single"


def parse_type(text: str, release: Release) -> LookupType:
    """Reads the type of `${lookup …}` or of a list item.

    >>> from pytest_eximsim.exim.release import EXIM_4_99
    >>> parse_type("partial1(.)lsearch*@", EXIM_4_99).affix
    '.'

    Raises LookupTypeError with Exim's text (case REDIS-085).
    """
    return _parse_type(text, release.key)


@lru_cache(maxsize=512)
def _parse_type(text: str, release_key: str) -> LookupType:
    release = release_of(release_key)
    partial, affix, rest = _partial(text)
    name, star, options = _extras(rest, release)
    driver = _driver(name, release)
    if driver.kind != "single":
        if partial is not None:
            raise LookupTypeError(f'"partial" is not permitted for lookup type "{rest}"')
        if star:
            raise LookupTypeError(f'defaults using "*" or "*@" are not permitted for lookup type "{rest}"')
    return LookupType(driver, partial, affix, star, options)


def _partial(text: str) -> tuple[int | None, str, str]:
    """Takes off `partial`, its number, and its affix or hyphen."""
    if not text.startswith("partial"):
        return None, "*.", text
    rest = text[7:]
    digits = len(rest) - len(rest.lstrip("0123456789"))
    number, rest = int(rest[:digits] or 2), rest[digits:]
    if rest[:1] == "(":
        affix, closed, rest = rest[1:].partition(")")
        if closed and all(33 <= ord(char) <= 126 and not char.isalnum() for char in affix):
            return number, affix, rest
    elif rest[:1] == "-":
        return number, "*.", rest[1:]
    raise LookupTypeError(f'format error in lookup type "{text}"')


def _extras(text: str, release: Release) -> tuple[str, str, str]:
    """Takes off `*` or `*@` and, in releases that have them, the options. Those look no further than the star (case REDIS-085)."""
    if not release.lookup_options:
        for star in ("*@", "*"):
            if text.endswith(star):
                return text.removesuffix(star), star, ""
        return text, "", ""
    name, found, behind = text.partition("*")
    if found:
        return name, "*@" if behind.startswith("@") else "*", behind.partition(",")[2]
    name, _, options = text.partition(",")
    return name, "", options


def _driver(name: str, release: Release) -> LookupDriver:
    driver = DRIVERS.get(name)
    if driver is not None and release.has(driver.since, driver.until) and release.built_in(name):
        return driver
    raise LookupTypeError(f'unknown lookup type "{name}"')


def has_quoting(name: str) -> bool:
    """Does the type have a rule of its own for ${quote_NAME:…}?"""
    return name in DRIVERS and DRIVERS[name].quote is not None


def quote(p: Process, text: str, name: str) -> str:
    """${quote_NAME:text}; types without a rule of their own leave the text alone. Raises LookupTypeError (case REDIS-072), NotSimulated."""
    release = p.release
    driver = _driver(name, release)
    if driver.refused:
        raise not_simulated(p, f"${{quote_{name}:…}}")
    return driver.quote(text, release) if driver.quote else text
