"""What Exim checks and fills in when the main section has been read, before the other sections.

Specification chapter 14; cases CONFIG-006, -008.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...errors import ConfigError, Position
from . import names
from .source import failure
from .values import BLANKS, strtol

if TYPE_CHECKING:
    from .parser import Reader

RETRY_INTERVAL_MAX = 86400
LOCALHOST_MAX = 16
SYSLOG = frozenset(("auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news", "syslog", "user", "uucp")) | {
    f"local{n}" for n in range(8)
}
RATELIMIT = re.compile(r"\s*[0-9]+\s*,\s*[0-9]*+\.?[0-9]*+([smhdw0-9]*+)\s*,\s*[0-9.]++\s*,\s*([0-9]+[smhdw])+\s*")


def _unnumbered(text: str, position: Position | None) -> ConfigError:
    return failure(text, position, numbered=False)


def _bare(text: str, position: Position | None) -> ConfigError:
    """An error that Exim logs without `Exim configuration error`."""
    return ConfigError(text, position, [text])


def after_main(reader: Reader) -> None:
    """Defaults that depend on other options, limits, and the errors that have no line number."""
    values: dict[str, Any] = reader.block.values
    at = reader.block.positions.get
    if values["local_sender_retain"] and values["local_from_check"]:
        text = "both local_from_check and local_sender_retain are set; this combination is not allowed"
        raise _unnumbered(text, at("local_sender_retain"))
    values["retry_interval_max"] = min(values["retry_interval_max"], RETRY_INTERVAL_MAX)
    values["remote_max_parallel"] = max(values["remote_max_parallel"], 1)
    values["primary_hostname"] = values["primary_hostname"] or reader.hostname
    if not values["spool_directory"]:
        raise _bare("spool_directory undefined: cannot proceed", at("spool_directory"))
    _log_file_path(values["log_file_path"] or "", at("log_file_path"))
    log_selector(reader)
    facility = values["syslog_facility"]
    if facility and facility.lower().removeprefix("log_") not in SYSLOG:
        raise _unnumbered(f'failed to interpret syslog_facility "{facility}"', at("syslog_facility"))
    for name in ("smtp_ratelimit_mail", "smtp_ratelimit_rcpt"):
        if values[name] and not RATELIMIT.fullmatch(values[name]):
            raise _bare(f"malformed ratelimit data: {values[name]}", at(name))
    values["qualify_domain"] = values["qualify_domain"] or values["primary_hostname"]
    values["qualify_recipient"] = values["qualify_recipient"] or values["qualify_domain"]
    if values["errors_reply_to"] and "@" not in values["errors_reply_to"]:
        raise _unnumbered(f"errors_reply_to ({values['errors_reply_to']}) does not contain a domain", at("errors_reply_to"))
    if values["smtp_accept_max"] == 0 and (values["smtp_accept_queue"] > 0 or values["smtp_accept_max_per_host"]):
        text = "smtp_accept_max must be set if smtp_accept_queue or smtp_accept_max_per_host is set"
        raise _unnumbered(text, at("smtp_accept_max"))
    _localhost_number(values["localhost_number"], at("localhost_number"))
    _verify_hosts(reader, values)
    _expansions(reader, values)


def _log_file_path(text: str, position: Position | None) -> None:
    for item in text.split(":"):
        part = item.strip()
        if part in ("", "syslog") or "$" in text:
            continue
        if "%s" not in part:
            raise _bare(f'log_file_path "{part}" does not contain "%s"', position)
        rest = part.replace("%s", "Xs", 1)
        if "%" in rest:
            after = rest.partition("%")[2]
            if after[:1] not in ("D", "M") or "%" in after[1:]:
                raise _bare(f'log_file_path "{text}" contains unexpected "%" character', position)


def _localhost_number(text: str | None, position: Position | None) -> None:
    if text is None or "$" in text:
        return
    number = strtol(text, False)
    if number is None or number[1].strip(BLANKS):
        raise _unnumbered(f"localhost_number value is not a number: {text}", position)
    if number[0] > LOCALHOST_MAX:
        raise _unnumbered(f"localhost_number is greater than the maximum allowed value ({LOCALHOST_MAX})", position)


def _verify_hosts(reader: Reader, values: dict[str, Any]) -> None:
    if (values.get("tls_verify_hosts") or values.get("tls_try_verify_hosts")) and not values.get("tls_verify_certificates"):
        name = "tls_verify_hosts" if values["tls_verify_hosts"] else "tls_try_verify_hosts"
        raise _unnumbered(f"{name} is set, but tls_verify_certificates is not set", reader.block.positions.get(name))


def _expansions(reader: Reader, values: dict[str, Any]) -> None:
    """Options that Exim expands when it starts: a broken text ends it."""
    from ..expansion import syntax_error

    for name in ("spool_directory", "log_file_path", "pid_file_path", "localhost_number"):
        text = values[name]
        if text and "$" in text and (problem := syntax_error(text, reader.release)):
            raise _bare(f'failed to expand {name} "{text}": {problem}', reader.block.positions.get(name))


def log_selector(reader: Reader) -> None:
    """Names in log_selector must be known, each with + or - (52.15)."""
    text = reader.block.values["log_selector"]
    if not isinstance(text, str):
        return
    known = names.known("log selectors", reader.release.name)
    rest, at = text.strip(), reader.block.positions.get("log_selector")
    if re.match(r"=\s*[0-9]|=\s*0x", rest):
        return
    while rest:
        if rest[0] not in "+-":
            raise _unnumbered(f'malformed log_selector setting: + or - expected but found "{rest}"', at)
        match = re.match(r"[+-]([A-Za-z0-9_]*)", rest)
        assert match is not None
        if match[1] not in known and match[1] != "all":
            raise _unnumbered(f"unknown log_selector setting: {match[0]}", at)
        rest = rest[match.end():].lstrip()


