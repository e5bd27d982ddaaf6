"""Routers, transports and authenticators: reading their sections, and what Exim checks in each when it is complete.

Order matters: generic options may come before `driver`, private ones only after it; a driver is checked when the next one begins, and
before the line after it is looked at (specification 15, 24, 33; cases CONFIG-010).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import ConfigError, NotSimulated, Position
from ..release import Release
from . import names, optionlines
from .model import Driver, Value
from .source import BLANKS, Line, failure, is_definition
from .values import extra

if TYPE_CHECKING:
    from .parser import Reader

START = re.compile(r"([A-Za-z][A-Za-z0-9_]*)?[ \t\n\v\f\r]*:")
#: Drivers that Exim has and that are not simulated, with the reason. Others are refused where they are used.
REFUSED = {
    ("authenticator", "gsasl"): "it asks the GNU SASL library",
    ("authenticator", "heimdal_gssapi"): "it asks a Kerberos server",
    ("authenticator", "tls"): "client certificates are not looked at",
    ("router", "iplookup"): "it asks a foreign server",
}
#: Drivers that came after 4.82.
LATER = frozenset({("authenticator", "external"), ("authenticator", "tls")})


@dataclass
class _Open:
    """A driver whose lines are being read."""

    name: str
    position: Position
    block: optionlines.Block
    private: optionlines.Block | None = None
    driver: str = ""


def read_section(reader: Reader, kind: str) -> None:
    """Read all drivers of a section into reader.drivers[kind]."""
    current: _Open | None = None
    while line := reader._next():
        if is_definition(line.text):
            _finish(reader, kind, current)
            current = None
            reader.attempt(reader.source.define, line.text)
        elif start := START.match(line.text):
            _finish(reader, kind, current)
            current = None
            try:
                current = _start(reader, kind, start, line)
            except ConfigError as error:
                _report(reader, error)
        else:
            reader.attempt(_option_line, reader, kind, current, line)
    _finish(reader, kind, current)
    if kind == "router":
        for driver in reader.drivers[kind]:
            reader.attempt(_transport_of_router, driver)
    reader.attempt(AFTER_SECTION[kind], reader)


def _report(reader: Reader, error: ConfigError) -> None:
    def again() -> None:
        raise error

    reader.attempt(again)


def _word(reader: Reader, kind: str) -> str:
    return reader.release.authenticator_word if kind == "authenticator" else kind


def _start(reader: Reader, kind: str, start: re.Match[str], line: Line) -> _Open:
    name = start[1] or ""
    if any(d.name == name for d in reader.drivers[kind]):
        raise failure(f'there are two {_word(reader, kind)}s called "{name}"', line.position, numbered=False)
    rest = line.text[start.end():].lstrip(BLANKS)
    if rest:
        raise failure(str(extra(rest, f"driver name {name}")), line.position)
    section = f"{kind} generic"
    values = dict(optionlines.defaults(section, reader.release.name))
    return _Open(name, line.position, optionlines.Block(reader.build.options(section, reader.release.name), values))


def _option_line(reader: Reader, kind: str, current: _Open | None, line: Line) -> None:
    if current is None:
        raise failure(f"{_word(reader, kind)} name missing", line.position)
    users, release = reader.users, reader.release
    if optionlines.read_option(line.text, line.position, current.block, users, release, None):
        if current.private is None and current.block.values.get("driver"):
            _set_driver(reader, kind, current, line.position)
    elif current.private is not None:
        optionlines.read_option(line.text, line.position, current.private, users, release, 'option "%s" unknown')
    else:
        setting = optionlines.split_setting(line.text, line.position)
        name = "hide" if setting.hidden else setting.written
        raise failure(f'option "{name}" unknown ("driver" must be specified before any private options)', line.position)


def _set_driver(reader: Reader, kind: str, current: _Open, position: Position) -> None:
    driver = str(current.block.values["driver"])
    known = driver in names.drivers(kind) and (reader.release.at_least("4.96") or (kind, driver) not in LATER)
    refused = REFUSED.get((kind, driver))
    if (known or refused) and not reader.build.has_driver(kind, driver):
        known, refused = False, None
    if refused:
        raise NotSimulated(f"{kind} driver {driver} is not simulated: {refused}", position)
    if not known:
        raise failure(f'{kind} {current.name}: cannot find {kind} driver "{driver}"', position)
    section = f"{kind} {driver}"
    current.driver = driver
    release = reader.release.name
    current.private = optionlines.Block(reader.build.options(section, release), dict(optionlines.defaults(section, release)))


def _finish(reader: Reader, kind: str, current: _Open | None) -> None:
    """Check a driver that is complete and keep it."""
    if current is None:
        return
    if not current.driver:
        if current.block.values.get("driver") is None:
            text = f'no driver defined for {_word(reader, kind)} "{current.name}"'
            _report(reader, failure(text, current.position, numbered=False))
        return
    assert current.private is not None
    options = {**current.block.values, **current.private.values}
    positions = {**current.block.positions, **current.private.positions}
    check = CHECKS.get((kind, current.driver))
    driver = Driver(kind, current.name, current.driver, options, positions, current.position,
                    frozenset(current.block.hidden | current.private.hidden))
    if kind == "router":
        reader.attempt(_generic_router, driver, options)
    elif kind == "transport":
        reader.attempt(_generic_transport, driver, options)
    else:
        options["public_name"] = options["public_name"] or current.name
    if check:
        reader.attempt(check, driver, options, reader.release)
    reader.drivers[kind].append(driver)


# --- errors of a complete driver -----------------------------------------------------------------

def _bad(driver: Driver, text: str, option: str = "") -> ConfigError:
    """`Exim configuration error for NAME KIND:` and the text."""
    position = driver.positions.get(option, driver.position)
    return ConfigError(f"{driver.name} {driver.kind}: {text}", position,
                       [f"Exim configuration error for {driver.name} {driver.kind}:", f"  {text}"])


def _plain(driver: Driver, text: str, option: str = "") -> ConfigError:
    return failure(text, driver.positions.get(option, driver.position), numbered=False)


def _is_set(value: Value) -> bool:
    return value is not None and value is not False


NEEDS_TRANSPORT = frozenset({"accept", "dnslookup", "ipliteral"})
NO_TRANSPORT = frozenset({"redirect", "iplookup"})


#: Options that make a router retry by local part (15, retry_use_local_part).
LOCAL_PART_OPTIONS = ("check_local_user", "local_parts", "condition", "local_part_prefix", "local_part_suffix", "senders", "require_files")


def _generic_router(driver: Driver, options: dict[str, Value]) -> None:
    if "retry_use_local_part" not in driver.positions:
        options["retry_use_local_part"] = any(_is_set(options[name]) for name in LOCAL_PART_OPTIONS)
    if "log_as_local" not in driver.positions:
        options["log_as_local"] = driver.driver == "accept"


def _transport_of_router(driver: Driver) -> None:
    """Exim looks at this when it has read all routers."""
    wanted = driver.driver in NEEDS_TRANSPORT
    if wanted and driver.options["transport"] is None and not driver.options["verify_only"]:
        raise _plain(driver, f"{driver.name} router:\na transport is required for this router")
    if driver.driver in NO_TRANSPORT and driver.options["transport"] is not None:
        raise _plain(driver, f"{driver.name} router:\na transport must not be defined for this router", "transport")


def _generic_transport(driver: Driver, options: dict[str, Value]) -> None:
    if driver.driver in ("appendfile", "autoreply", "lmtp", "pipe"):
        options["retry_use_local_part"] = options["retry_use_local_part"] or "retry_use_local_part" not in driver.positions
    if options["body_only"] and options["headers_only"]:
        raise _plain(driver, f"{driver.name} transport: body_only and headers_only are mutually exclusive", "body_only")


Check = Callable[[Driver, dict[str, Value], Release], None]

HOST_FIND_FAILED = frozenset({"decline", "defer", "fail", "freeze", "ignore", "pass"})


def _manualroute(driver: Driver, options: dict[str, Value], release: Release) -> None:
    if options["host_find_failed"] not in HOST_FIND_FAILED:
        raise _bad(driver, "unrecognized setting for host_find_failed option", "host_find_failed")
    if options["host_all_ignored"] not in HOST_FIND_FAILED - {"ignore"}:
        raise _bad(driver, "unrecognized setting for host_all_ignored option", "host_all_ignored")
    if _is_set(options["route_list"]) == _is_set(options["route_data"]):
        raise _bad(driver, "route_list or route_data (but not both) must be specified", "route_data")


def _queryprogram(driver: Driver, options: dict[str, Value], release: Release) -> None:
    if options["command"] is None:
        raise _bad(driver, "a command specification is required")
    if options["command_user"] is None:
        raise _bad(driver, "command_user must be specified")


def _redirect(driver: Driver, options: dict[str, Value], release: Release) -> None:
    if "check_owner" not in driver.positions:
        options["check_owner"] = bool(options["check_local_user"] or options["owners"])
    if "check_group" not in driver.positions:
        mask = options["modemask"]
        assert isinstance(mask, int)
        options["check_group"] = bool((options["check_local_user"] and not mask & 0o20) or options["owngroups"])
    if (options["data"] is None) == (options["file"] is None):
        raise _bad(driver, f'{"one" if options["data"] is None else "only one"} of "file" or "data" must be specified', "data")
    if options["one_time"]:
        options.update(forbid_pipe=True, forbid_file=True, forbid_filter_reply=True)
        if options["headers_add"] or options["headers_remove"]:
            raise _bad(driver, '"headers_add" and "headers_remove" are not permitted with "one_time"', "one_time")
        if options["unseen"]:
            raise _bad(driver, '"unseen" may not be used with "one_time"', "one_time")
    if options["qualify_preserve_domain"] and options["qualify_domain"]:
        raise _bad(driver, 'only one of "qualify_domain" or "qualify_preserve_domain" must be set', "qualify_domain")
    if options["allow_filter"] and not options["check_local_user"] and not _is_set(options["user"]):
        raise _bad(driver, '"user" or "check_local_user" must be set with "allow_filter"', "allow_filter")


MESSAGE_PREFIX = "From ${if def:return_path{$return_path}{MAILER-DAEMON}} ${tod_bsdinbox}\n"


def _fill(options: dict[str, Value], **values: Value) -> None:
    """Give values to options that are unset."""
    options.update({name: value for name, value in values.items() if options[name] is None})


def _appendfile(driver: Driver, options: dict[str, Value], release: Release) -> None:
    if options["use_bsmtp"]:
        options.update(check_string=".", escape_string="..")
    elif options["directory"] is None and not options["maildir_format"] and not options["mailstore_format"]:
        _fill(options, message_prefix=MESSAGE_PREFIX, message_suffix="\n", check_string="From ", escape_string=">From ")
    if options["file"] is not None and options["directory"] is not None:
        raise _bad(driver, 'only one of "file" or "directory" can be specified', "directory")
    for name in ("quota_filecount", "quota_directory"):
        if options["file"] is not None and options[name] is not None:
            raise _bad(driver, f'{name} must not be set without "directory"', name)
    if not any(options[n] for n in ("use_lockfile", "use_fcntl_lock", "use_flock_lock", "use_mbx_lock", "mbx_format")):
        raise _bad(driver, "no locking configured")
    if options["maildir_format"] and options["mailstore_format"]:
        raise _bad(driver, "only one of maildir and mailstore may be specified", "mailstore_format")
    if options["create_file"] not in (None, "anywhere", "belowhome", "inhome") and not str(options["create_file"]).startswith("/"):
        text = f"invalid value given for \"create_file\" for the {driver.name} transport: '{options['create_file']}'"
        raise _plain(driver, text, "create_file")


def _pipe(driver: Driver, options: dict[str, Value], release: Release) -> None:
    if options["use_bsmtp"]:
        options.update(check_string=".", escape_string="..")
    else:
        _fill(options, message_prefix=MESSAGE_PREFIX, message_suffix="\n")
    name = driver.name
    if options["log_output"] and options["log_fail_output"]:
        raise _plain(driver, f"both log_output and log_fail_output set for the {name} transport", "log_output")
    if options["return_output"] and options["return_fail_output"]:
        raise _plain(driver, f"both return_output and return_fail_output set for {name} transport", "return_output")
    for other in ("allow_commands", "restrict_to_path"):
        if options["use_shell"] and options[other]:
            raise _plain(driver, f"both {other} and use_shell set for {name} transport", other)
    if options["temp_errors"] is not None and not re.fullmatch(r"\*|[0-9: \t]*", str(options["temp_errors"])):
        raise _plain(driver, f"temp_errors must be a list of numbers or an asterisk for the {name} transport", "temp_errors")


def _lmtp(driver: Driver, options: dict[str, Value], release: Release) -> None:
    if (options["command"] is None) == (options["socket"] is None):
        raise _plain(driver, f"one (and only one) of command or socket must be set for the {driver.name} transport")


def _smtp(driver: Driver, options: dict[str, Value], release: Release) -> None:
    if not (options["command_timeout"] and options["data_timeout"] and options["final_timeout"]):
        raise _plain(driver, f"command, data, or final timeout value is zero for {driver.name} transport")


CHECKS: dict[tuple[str, str], Check] = {
    ("router", "manualroute"): _manualroute, ("router", "queryprogram"): _queryprogram, ("router", "redirect"): _redirect,
    ("transport", "appendfile"): _appendfile, ("transport", "lmtp"): _lmtp, ("transport", "pipe"): _pipe, ("transport", "smtp"): _smtp,
}


# --- errors of a complete section ----------------------------------------------------------------

SELF = re.compile(r"freeze|defer|send|pass|fail|fail_soft|reroute:.*", re.S)


def _after_routers(reader: Reader) -> None:
    routers = reader.drivers["router"]
    places = {r.name: i for i, r in enumerate(routers)}
    for index, router in enumerate(routers):
        if not SELF.fullmatch(str(router.options["self"])):
            raise _bad(router, f"{router.options['self']} is not valid for the self option", "self")
        for option in ("redirect_router", "pass_router"):
            name = router.options[option]
            if name is None:
                continue
            if name not in places:
                raise _plain(router, f'new_router "{name}" not found for "{router.name}" router', option)
            if option == "pass_router" and places[str(name)] <= index:
                raise _plain(router, f'new_router "{name}" does not follow "{router.name}" router', option)


def _after_transports(reader: Reader) -> None:
    for transport in reader.drivers["transport"]:
        if transport.driver == "smtp" and transport.options["shadow_transport"] is not None:
            raise _plain(transport, f"shadow transport not allowed on non-local transport {transport.name}", "shadow_transport")


def sides(driver: Driver) -> Mapping[str, bool]:
    """Which sides an authenticator serves: {"client": …, "server": …}."""
    options = driver.options
    match driver.driver:
        case "cram_md5":
            return {"client": options["client_secret"] is not None, "server": options["server_secret"] is not None}
        case "cyrus_sasl":
            return {"client": False, "server": True}
        case "dovecot":
            return {"client": False, "server": options["server_socket"] is not None}
        case "spa":
            return {"client": options["client_username"] is not None, "server": options["server_password"] is not None}
        case _:
            return {"client": options.get("client_send") is not None, "server": options["server_condition"] is not None}


def _after_authenticators(reader: Reader) -> None:
    found = reader.drivers["authenticator"]
    for index, one in enumerate(found):
        for two in found[index + 1:]:
            same = str(one.options["public_name"]).lower() == str(two.options["public_name"]).lower()
            if same and any(sides(one)[s] and sides(two)[s] for s in ("client", "server")):
                side = "client" if sides(one)["client"] else "server"
                text = (f"two {side} authenticators ({one.name} and {two.name}) have the same public name ({one.options['public_name']})")
                raise _plain(two, text, "public_name")


AFTER_SECTION: dict[str, Callable[[Reader], None]] = {
    "router": _after_routers, "transport": _after_transports, "authenticator": _after_authenticators,
}
