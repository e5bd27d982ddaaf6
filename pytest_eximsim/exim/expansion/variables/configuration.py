"""Variables that say what the configuration, the binary and the process are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..registry import Variable

if TYPE_CHECKING:
    from ...state import Process


def option(name: str, default: object = "") -> Callable[[Process], str]:
    """The value of a main option, as it stands."""
    def get(p: Process) -> str:
        value = p.configuration.main.get(name)
        return str(default if value is None else value)
    return get


def primary_hostname(p: Process) -> str:
    return str(p.configuration.main.get("primary_hostname") or p.world.hostname)


def or_hostname(name: str) -> Callable[[Process], str]:
    """qualify_domain, qualify_recipient: the host's name by default."""
    def get(p: Process) -> str:
        main = p.configuration.main
        return str(main.get(name) or main.get("qualify_domain") or primary_hostname(p))
    return get


def constant(text: str) -> Callable[[Process], str]:
    return lambda p: text


def _spool_directory(p: Process) -> str:
    """Exim expands it when it starts (asked of Exim 4.96)."""
    from ..evaluator import expand

    text = _spool_option(p)
    return "" if "$spool_directory" in text else expand(p, text)


_spool_option = option("spool_directory", "/var/spool/exim")


def _directory(p: Process) -> str:
    return p.configuration.path.rpartition("/")[0] or "/"


VARIABLES = (
    Variable("bounce_return_size_limit", option("bounce_return_size_limit", 102400)),
    Variable("caller_gid", constant("0")),
    Variable("caller_uid", constant("0")),
    Variable("compile_date", constant("01-Jan-2014 00:00:00")),
    Variable("compile_number", lambda p: p.configuration.build.compile_number),
    Variable("config_dir", _directory, since="4.96"),
    Variable("config_file", lambda p: p.configuration.path, since="4.96"),
    Variable("exim_gid", option("exim_group", 106)),
    Variable("exim_path", option("exim_path", "/usr/sbin/exim")),
    Variable("exim_uid", option("exim_user", 103)),
    Variable("exim_version", lambda p: p.mta.version_number, since="4.96"),
    Variable("initial_cwd", constant("/"), since="4.96"),
    Variable("load_average", constant("0")),
    Variable("localhost_number", option("localhost_number", 0)),
    Variable("log_inodes", constant("1000000")),
    Variable("log_space", constant("10000000")),
    Variable("originator_gid", constant("0")),
    Variable("originator_uid", constant("0")),
    Variable("pid", lambda p: str(p.pid)),
    Variable("primary_hostname", primary_hostname),
    Variable("qualify_domain", or_hostname("qualify_domain")),
    Variable("qualify_recipient", or_hostname("qualify_recipient")),
    Variable("queue_size", lambda p: str(len(getattr(p.mta, "queue", None) or ())), since="4.96"),
    Variable("return_size_limit", option("bounce_return_size_limit", 102400)),
    Variable("spool_directory", _spool_directory),
    Variable("spool_inodes", constant("1000000")),
    Variable("spool_space", constant("10000000")),
    Variable("version_number", lambda p: p.mta.version_number),
)
