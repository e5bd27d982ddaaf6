"""The redirect router: aliases, forwarding, refusals (Exim chapter 22). Filters are refused by name.

Lives here: where the data come from, and what becomes of what stands in them. The language of the data is in redirection.py.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ...errors import NotSimulated
from ..log import log
from ..taint import is_tainted
from . import redirection
from .common import expand_data, find_transport, prepare, text
from .making import child_of, make_address
from .owner import set_owner
from .redirection import Reading, Rules
from .result import BAD_REDIRECT, Answer, Children, Decline, Defer, Fail, Job

if TYPE_CHECKING:
    from ..config.model import Driver
    from ..state import Address

_CODE = re.compile(r"[0-9]{3}\s(?:[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\s)?")
_TRANSPORTS = {"pipe": "pipe_transport", "file": "file_transport", "directory": "directory_transport", "reply": "reply_transport"}


def route(job: Job, router: Driver) -> Answer:
    """Get the data, read them, do what they say."""
    stopped = set_owner(job, router)
    if stopped is not None:
        return stopped
    data = _data(job, router)
    if not isinstance(data, str):
        return data
    if redirection.is_filter(data):
        return _filter(router)
    rules = _rules(job, router, is_tainted(data))
    if not isinstance(rules, Rules):
        return rules
    reading = redirection.read(job.p, data, rules)
    for address in reading.addresses:
        address.clean = not rules.tainted
    return _judge(job, router, reading)


def _filter(router: Driver) -> Answer:
    what = "data" if router.options["data"] is not None else "file"
    if not router.options["allow_filter"]:
        return Defer(f"error in filter {what}: filtering not enabled", errno=BAD_REDIRECT)
    raise NotSimulated("filters in redirection data are not simulated", router.positions.get(what, router.position))


# --- the data ---------------------------------------------------------------------------------------------------------


def _data(job: Job, router: Driver) -> str | Answer:
    option = text(router, "data")
    if option is not None:
        return expand_data(job, option)
    path = expand_data(job, text(router, "file") or "")
    if not isinstance(path, str):
        return path
    if is_tainted(path):
        return Defer(f"Tainted name '{path}' for file read not permitted\n")
    if not path.startswith("/"):
        return Defer(f'"{path}" is not an absolute path')
    return _read_file(job, router, path)


def _read_file(job: Job, router: Driver, path: str) -> str | Answer:
    files = job.p.world.files
    try:
        status = files.status(path)
        if status.kind != "file":
            return Defer(f"{path} is not a regular file ({router.name} router)")
        data = files.read(path)
    except OSError as error:
        ignored = isinstance(error, FileNotFoundError) or (isinstance(error, PermissionError) and router.options["ignore_eacces"]) \
            or (isinstance(error, NotADirectoryError) and router.options["ignore_enotdir"])
        return Decline(forget=True) if ignored else Defer(f"failed to open {path}: {os.strerror(error.errno or 0)}")
    mask = router.options["modemask"]
    bad = status.mode & (mask if isinstance(mask, int) else 0)
    if bad:
        return Defer(f"bad mode (0{status.mode & 0o7777:o}) for {path}: 0{bad:o} bit(s) unexpected")
    return data.decode("latin-1")


def _rules(job: Job, router: Driver, tainted: bool) -> Rules | Answer:
    options = router.options
    main = job.p.configuration.main
    domain: object = main.get("qualify_recipient") or main.get("qualify_domain") or main.get("primary_hostname")
    if options["qualify_preserve_domain"]:
        domain = job.address.domain
    elif options["qualify_domain"]:
        found = expand_data(job, str(options["qualify_domain"]))
        if not isinstance(found, str):
            return found
        domain = found
    return Rules(
        bool(options["allow_fail"]), bool(options["allow_defer"]), bool(options["forbid_blackhole"]), bool(options["forbid_include"]),
        text(router, "include_directory"), bool(options["rewrite"]), bool(options["skip_syntax_errors"]), str(domain), job.address.domain,
        tainted,
    )


# --- what they say ------------------------------------------------------------------------------------------------------


def _judge(job: Job, router: Driver, reading: Reading) -> Answer:
    match reading.kind:
        case "unknown":
            return Decline(forget=True)
        case "nothing":
            return Decline()
        case "defer":
            return _refusal(router, reading)
        case "fail":
            return prepare(job, router) or _refusal(router, reading, _children(job, router, reading))
        case "error":
            what = "data" if router.options["data"] is not None else "file"
            return Defer(f"error in redirect {what}: {reading.message}", errno=BAD_REDIRECT)
    for skipped in reading.skipped:
        log(job.p, f'{router.name} router: skipped error: {skipped.reason} in "{skipped.text}"')
    if reading.skipped and not reading.addresses and reading.kind != "blackhole":
        return Decline("syntax error in redirection data")
    stopped = prepare(job, router)
    if stopped is not None:
        return stopped
    if reading.kind == "blackhole":
        return Children()
    return Children(_children(job, router, reading))


def _children(job: Job, router: Driver, reading: Reading) -> tuple[Address, ...]:
    return tuple(_child(job, router, address) for address in reading.addresses)


def _refusal(router: Driver, reading: Reading, children: tuple[Address, ...] = ()) -> Answer:
    """:fail: and :defer:, whose texts are for the sender (case SMTP-203). Addresses in front of :fail: are not lost."""
    said = reading.message or ""
    code = _CODE.match(said)
    if code and router.options["forbid_smtp_code"]:
        said = said[code.end():]
    if reading.kind == "fail":
        return Fail(said, said, tell=True, new=children)
    return Defer(said, said, tell=True)


def _child(job: Job, router: Driver, address: Address) -> Address:
    parent = job.address
    if router.options["check_ancestor"] and not address.kind and _is_ancestor(job, address):
        address = make_address(parent.address)
    child = child_of(parent, address)
    child.start_router, child.home = text(router, "redirect_router") or "", parent.home
    return _with_transport(job, router, child) if child.kind else child


def _is_ancestor(job: Job, address: Address) -> bool:
    ancestor: Address | None = job.address
    routers = {router.name: router for router in job.p.configuration.routers}
    while ancestor is not None:
        by = routers.get(ancestor.routed_by)
        exact = by is not None and by.options["caseful_local_part"]
        if ancestor.address == address.address or (not exact and ancestor.address.lower() == address.address.lower()):
            return True
        ancestor = ancestor.parent
    return False


def _with_transport(job: Job, router: Driver, child: Address) -> Address:
    """Files and pipes get their transport here; what is wrong with that shows when the child is handled."""
    forbidden = {"pipe": "forbid_pipe", "file": "forbid_file", "reply": "forbid_filter_reply"}[child.kind]
    kind = "directory" if child.kind == "file" and child.address.endswith("/") else child.kind
    child.permitted = not router.options[forbidden]
    found = find_transport(job, router, _TRANSPORTS[kind], required=True)
    if isinstance(found, Defer):
        child.errno, child.failure = found.errno, found.message
    elif found is not None:
        child.transport = found.name
    child.routed_by = router.name
    return child
