"""Debian's configuration folder (/etc/exim4): conf.d/ or exim4.conf.template with update-exim4.conf.conf, put together as its
update-exim4.conf(8) does. Every line keeps the file that it came from. What Debian only warns about is not looked at.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ...errors import ConfigError, Position
from ..world import Files

SECTIONS = ("main", "acl", "router", "transport", "retry", "rewrite", "auth")
SETTINGS = "update-exim4.conf.conf"
TEMPLATE = "exim4.conf.template"
LOCAL_MACROS = "exim4.conf.localmacros"
MARK = "UPEX4CmacrosUPEX4C"
PACKAGE_VERSION = "4.96-15+deb12u10"
#: update-exim4.conf's sed expression as sed reads it: the class ends at its first `]`, so only a character before a `]` is replaced.
FAR_FROM_NAMES = re.compile(r"[^-0-9A-Za-z/\\.!*@_~:;< \[]\]")
CHANGING_SEPARATOR = ("dc_local_interfaces", "dc_relay_nets", "dc_relay_domains")


@dataclass(frozen=True, slots=True)
class Origin:
    """A physical line and where it came from."""

    text: str
    file: str
    line: int


def is_folder(files: Files, path: str) -> bool:
    """Is the path a directory?"""
    try:
        return files.status(path).kind == "dir"
    except (OSError, AttributeError):
        return False


def find_main(files: Files, path: str) -> str:
    """The file to read: exim4.conf where a folder has one (Debian's binary prefers it), else the path itself."""
    if is_folder(files, path):
        candidate = f"{path.rstrip('/')}/exim4.conf"
        try:
            files.read(candidate)
        except OSError:
            return path
        return candidate
    return path


def assemble(files: Files, folder: str, read: Callable[[str], str], hostname: str) -> list[Origin]:
    """All lines of the configuration. ConfigError when update-exim4.conf.conf or a part is missing."""
    folder = folder.rstrip("/")
    try:
        settings = parse_settings(read(f"{folder}/{SETTINGS}"))
    except OSError:
        text = f"Exim configuration file {folder} has the wrong owner, group, or mode"
        raise ConfigError(f"{text} (a folder without {SETTINGS})", Position(folder), [text]) from None
    split = settings.get("dc_use_split_config", "false").lower() == "true"
    try:
        parts = _split_parts(files, folder, read) if split else _template_parts(folder, read)
    except OSError as error:
        raise ConfigError(f"a part of Debian's configuration is missing: {error}", Position(folder)) from None
    if settings.get("dc_eximconfig_configtype", "") not in ("internet", "local", "satellite", "smarthost"):
        return parts
    macros = macro_lines(settings, _mailname(read, hostname), hostname)
    lines = []
    for part in parts:
        lines.append(part)
        if part.text.startswith(MARK):
            lines += [Origin(text, f"{folder}/{SETTINGS}", 0) for text in macros]
    return lines


def _lines(read: Callable[[str], str], path: str) -> list[Origin]:
    return [Origin(text, path, n) for n, text in enumerate(read(path).split("\n"), 1)]


def _template_parts(folder: str, read: Callable[[str], str]) -> list[Origin]:
    found: list[Origin] = []
    with suppress(OSError):
        found = _lines(read, f"{folder}/{LOCAL_MACROS}")
    return found + _lines(read, f"{folder}/{TEMPLATE}")


def _split_parts(files: Files, folder: str, read: Callable[[str], str]) -> list[Origin]:
    found = []
    for section in SECTIONS:
        place = f"{folder}/conf.d/{section}"
        present = set(files.list(place))
        for name in sorted(n for n in present if re.fullmatch("[A-Za-z0-9_-]+", n)):
            found += _lines(read, f"{place}/{name}.rul" if f"{name}.rul" in present else f"{place}/{name}")
    return found


def _mailname(read: Callable[[str], str], hostname: str) -> str:
    try:
        match = re.match(r"[-A-Za-z0-9@.]+", read("/etc/mailname"))
    except OSError:
        match = None
    return match[0].lower() if match else hostname


def parse_settings(text: str) -> dict[str, str]:
    """The assignments of a file in the shell's syntax; expansions in it are not done."""
    found = {}
    for line in text.split("\n"):
        if match := re.match(r"\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)", line):
            words = shlex.split(match[2], comments=True)
            found[match[1]] = words[0] if words else ""
    return found


def _clean(text: str) -> str:
    return FAR_FROM_NAMES.sub("_", " ".join(text.lower().split()))


def macro_lines(settings: dict[str, str], mailname: str, hostname: str) -> list[str]:
    """The `.ifndef NAME`, `NAME=value`, `.endif` triples that stand behind the mark."""
    values = {name: settings.get(name, "") for name in (*CHANGING_SEPARATOR, "dc_other_hostnames", "dc_smarthost", "dc_readhost")}
    local = re.sub(r"[;: ]*$", "", f"@:localhost:{_clean(values['dc_other_hostnames'])}").replace(";", ":")
    for name in CHANGING_SEPARATOR:
        if ";" in values[name] and not values[name].startswith("<"):
            values[name] = "<; " + values[name]
    nets = _clean(values["dc_relay_nets"])
    kind = settings["dc_eximconfig_configtype"].lower()
    hide = kind in ("satellite", "smarthost") and settings.get("dc_hide_mailname", "").lower() == "true" and values["dc_readhost"]
    macros = {
        "MAIN_LOCAL_INTERFACES": values["dc_local_interfaces"] or None,
        "DC_minimaldns": "1" if settings.get("dc_minimaldns") == "true" else None,
        "MAIN_HARDCODE_PRIMARY_HOSTNAME": hostname if settings.get("dc_minimaldns") == "true" else None,
        "HIDE_MAILNAME": "1" if hide else None,
        "MAIN_PACKAGE_VERSION": PACKAGE_VERSION,
        "MAIN_LOCAL_DOMAINS": local,
        "MAIN_RELAY_TO_DOMAINS": values["dc_relay_domains"],
        "ETC_MAILNAME": mailname,
        "LOCAL_DELIVERY": settings.get("dc_localdelivery") or "mail_spool",
        "MAIN_RELAY_NETS": nets + (" ; 127.0.0.1 ; ::1" if nets.startswith("<;") else " : 127.0.0.1 : ::::1"),
        "DCreadhost": values["dc_readhost"],
        "DCsmarthost": values["dc_smarthost"].replace(";", ":"),
        "DC_eximconfig_configtype": kind,
        f"DCconfig_{kind}": "1",
        **{name: value for name, value in settings.items() if name[0].isupper() and name != "CFILEMODE"},
    }
    lines = []
    for name, value in macros.items():
        if value is not None:
            lines += [f".ifndef {name}", f"{name}={_clean(value)}", ".endif"]
    return lines
