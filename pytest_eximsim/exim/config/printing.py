"""What `exim -bP` prints (specification 5.2): main options, named lists, drivers, macros, the whole configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..log import printing
from ..world import Users
from . import names
from .model import Configuration, Driver, Value
from .values import print_time

HIDDEN = "<value not displayable>"
PLURALS = {"routers": "router", "transports": "transport", "authenticators": "authenticator"}


def _scaled(value: int, units: str) -> str:
    text = ""
    for unit in units:
        if value == 0 or value % 1024:
            break
        value, text = value // 1024, unit
    return f"{value}{text}"


def _fixed(value: float) -> str:
    thousandths = round(value * 1000)
    decimals = f"{thousandths % 1000:03d}".rstrip("0") or "0"
    return f"{thousandths // 1000}.{decimals}"


def _account(value: Value, users: Users, *, group: bool) -> str:
    if not isinstance(value, int):
        return str(value)
    if group:
        return _group_name(value, users)
    user = users.by_uid(value)
    return user.name if user else str(value)


def _group_name(gid: int, users: Users) -> str:
    """A gid's name: that of an account whose group it is (Users has no way from number to group)."""
    user = users.by_uid(gid)
    return user.name if user and user.gid == gid and users.group(user.name) == gid else str(gid)


def option_text(option: names.Option, value: Value, users: Users) -> str:
    """One line `name = value`, `name`, or `no_name`."""
    name = option.name
    match option.type, value:
        case ("bool" | "xbool"), bool():
            return name if value else f"no_{name}"
        case ("user" | "group" | "xuser" | "xgroup" | "userlist" | "grouplist" | "fixed"), None:
            return f"{name} =" if option.type in ("userlist", "grouplist", "fixed") else f"{name} = "
        case ("userlist" | "grouplist"), list():
            group = option.type == "grouplist"
            return f"{name} = " + ":".join(_account(v, users, group=group) for v in value) if value else f"{name} ="
        case ("user" | "group" | "xuser" | "xgroup"), _:
            return f"{name} = {_account(value, users, group=option.type in ('group', 'xgroup'))}"
        case "mkint", int():
            return f"{name} = {_scaled(value, 'KM')}"
        case "kint", int():
            return f"{name} = {_scaled(value * 1024, 'KMG') if value else '0'}"
        case "octal", int():
            return f"{name} = {value:#o}".replace("0o", "0") if value else f"{name} = 0"
        case "fixed", int() | float():
            return f"{name} = {_fixed(value)}"
        case ("time" | "xtime"), int():
            return f"{name} = {print_time(value)}"
        case "timelist", list():
            return f"{name} = " + ":".join(map(print_time, value))
    return f"{name} = {printing(value, tabs=True) if isinstance(value, str) else '' if value is None else value}"


def _option(table: Mapping[str, names.Option], values: Mapping[str, Value], hidden: frozenset[str], name: str, users: Users,
            admin: bool) -> str:
    option = table.get(name)
    if option is None:
        return f"{name} is not a known option"
    if name in hidden and not admin:
        return f"{name} = {HIDDEN}"
    return option_text(option, values[name], users)


def _driver(configuration: Configuration, driver: Driver, admin: bool) -> list[str]:
    lines = ["", f"{driver.name} {driver.kind}:"]
    for section in ("generic", driver.driver):
        table = configuration.build.options(f"{driver.kind} {section}", configuration.release.name)
        lines += [_option(table, driver.options, driver.hidden, n, configuration.users, admin) for n, o in table.items() if not o.internal]
    return lines


def _drivers(configuration: Configuration, kind: str) -> list[Driver]:
    return {"router": list(configuration.routers), "transport": list(configuration.transports.values()),
            "authenticator": list(configuration.authenticators)}[kind]


def _named_list(configuration: Configuration, name: str, admin: bool) -> list[str]:
    found = []
    for kind in ("address", "domain", "host", "localpart"):
        if item := configuration.named_lists[kind].get(name):
            text = HIDDEN if item.hidden and not admin else item.text
            found.append(f"{kind}list {name} = {text}")
    return found or [f'no address, domain, host, or local part list called "{name}" exists']


def print_option(configuration: Configuration, words: Sequence[str], *, admin: bool) -> list[str]:
    """The lines that -bP prints for these words (none: all main options)."""
    table = configuration.build.options("main", configuration.release.name)
    main, users = configuration.main, configuration.users
    if not words or list(words) == ["all"]:
        return [_option(table, main, configuration.hidden, n, users, admin) for n, o in table.items() if not o.internal]
    if len(words) == 2 and words[0] in PLURALS.values():
        drivers = {d.name: d for d in _drivers(configuration, words[0])}
        found = drivers.get(words[1])
        return _driver(configuration, found, admin) if found else [f"{words[0]} {words[1]} not found"]
    lines: list[str] = []
    for word in words:
        if word.startswith("+"):
            lines += _named_list(configuration, word[1:], admin)
        elif kind := PLURALS.get(word):
            for driver in _drivers(configuration, kind):
                lines += _driver(configuration, driver, admin)
        elif word.endswith("_list") and word.removesuffix("_list") in PLURALS.values():
            lines += [d.name for d in _drivers(configuration, word.removesuffix("_list"))]
        elif word in ("config_file", "configure_file"):
            lines.append(configuration.path)
        elif word == "macros":
            lines += [f"{m.name}={m.text}" for m in configuration.macros.values()]
        elif word == "config":
            lines += configuration.listing
        else:
            lines.append(_option(table, main, configuration.hidden, word, users, admin))
    return lines
