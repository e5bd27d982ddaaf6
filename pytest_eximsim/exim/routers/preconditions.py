"""When a router is skipped: affixes, verify_…, domains, local_parts, check_local_user, senders, require_files, condition, in Exim's order
(chapter 3.12)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import ExpansionError, ForcedFailure
from ..expansion import expand
from ..expansion.splitting import split
from ..lists import ListDeferred, NotMatched, Result, data_after, match_address, match_domain, match_local_part
from ..log import log
from .common import FALSE, expanded, text
from .result import Defer, Job, Mode

if TYPE_CHECKING:
    from ..config.model import Driver


@dataclass(frozen=True, slots=True)
class Skip:
    """Not for this router; the reason is for who wants to know."""

    reason: str


def check(job: Job, router: Driver) -> Skip | Defer | None:
    """None: the router is to run. The affixes are off already (strip_affixes)."""
    p = job.p
    p.scratch.domain_data = p.scratch.local_part_data = p.scratch.sender_data = ""
    job.address.domain_data = job.address.local_part_data = job.address.home = ""
    for name in ("local_user_uid", "local_user_gid"):
        p.scratch.variables.pop(name, None)
    job.account = None
    for test in (_mode, _domains, _local_parts, _local_user, _home, _senders, _files, _condition):
        found = test(job, router)
        if found is not None:
            return found
    return None


def strip_affixes(job: Job, router: Driver) -> bool:
    """Take prefix and suffix off the local part; false where one that is not optional is missing."""
    address = job.address
    address.prefix = address.suffix = ""
    address.local_part = address.original_local_part
    address.folded = not router.options["caseful_local_part"]
    if address.folded:
        address.local_part = address.local_part.lower()
    for name in ("local_part_prefix", "local_part_suffix"):
        option = text(router, name)
        job.p.scratch.variables.pop(f"{name}_v", None)
        if option is None:
            continue
        found = _affix(address.local_part, option, name == "local_part_prefix")
        if found is None:
            if not router.options[f"{name}_optional"]:
                return False
            continue
        size, variable = found
        job.p.scratch.variables[f"{name}_v"] = variable
        if name == "local_part_prefix":
            address.prefix, address.local_part = address.local_part[:size], address.local_part[size:]
        else:
            place = len(address.local_part) - size
            address.suffix, address.local_part = address.local_part[place:], address.local_part[:place]
    return True


def _affix(local_part: str, listed: str, prefix: bool) -> tuple[int, str] | None:
    """How long the first affix that fits is, and what its `*` stands for."""
    for affix in split(listed)[1]:
        wild = affix.startswith("*") if prefix else affix.endswith("*")
        fixed = (affix[1:] if prefix else affix[:-1]) if wild else affix
        if not wild:
            if (local_part.lower().startswith if prefix else local_part.lower().endswith)(fixed.lower()):
                return len(fixed), ""
            continue
        place = _wild(local_part.lower(), fixed.lower(), prefix)
        if place is not None:
            return place + len(fixed), local_part[:place] if prefix else local_part[len(local_part) - place:]
    return None


def _wild(local_part: str, fixed: str, prefix: bool) -> int | None:
    """The characters beside the fixed part: as many as can be, but one must be left of the local part."""
    if prefix:
        place = local_part.rfind(fixed, 0, max(len(local_part) - 1, 0))
        return None if place < 0 else place
    place = local_part.find(fixed, 1)
    return None if place < 0 else len(local_part) - place - len(fixed)


def _mode(job: Job, router: Driver) -> Skip | None:
    mode, options = job.mode, router.options
    if mode in (Mode.DELIVERY, Mode.TEST, Mode.EXPN) and options["verify_only"]:
        return Skip("verify_only set")
    if mode is Mode.TEST and not options["address_test"]:
        return Skip("address_test is unset")
    if (mode is Mode.SENDER and not options["verify_sender"]) or (mode is Mode.RECIPIENT and not options["verify_recipient"]):
        return Skip("verify_sender or verify_recipient is unset")
    if mode is Mode.EXPN and not options["expn"]:
        return Skip("no_expn set")
    return None


def _listed(result: Result, what: str) -> Skip | Defer | None:
    if isinstance(result, ListDeferred):
        return Defer(f"{what} check lookup or other defer", search=result.message)
    return Skip(f"{what} mismatch") if isinstance(result, NotMatched) else None


def _domains(job: Job, router: Driver) -> Skip | Defer | None:
    listed = text(router, "domains")
    if listed is None:
        return None
    result = match_domain(job.p, listed, job.address.domain, cache="route domain")
    job.address.domain_data = job.p.scratch.domain_data = data_after(result, "")
    return _listed(result, "domains")


def _local_parts(job: Job, router: Driver) -> Skip | Defer | None:
    listed = text(router, "local_parts")
    if listed is None:
        return None
    address = job.address
    plain = address.original_local_part[len(address.prefix):len(address.original_local_part) - len(address.suffix)]
    cache = None if address.prefix or address.suffix else "route local part"
    result = match_local_part(job.p, listed, plain, caseful=bool(router.options["caseful_local_part"]), cache=cache)
    address.local_part_data = job.p.scratch.local_part_data = data_after(result, "")
    return _listed(result, "local_parts")


def _local_user(job: Job, router: Driver) -> Skip | None:
    if not router.options["check_local_user"]:
        return None
    p, address = job.p, job.address
    found = p.world.users.by_name(address.local_part)
    if found is None:
        return Skip(f"{address.local_part} is not a local user")
    job.account = found
    address.home = found.home
    address.local_part_data = p.scratch.local_part_data = found.name
    p.scratch.variables.update(local_user_uid=str(found.uid), local_user_gid=str(found.gid))
    return None


def _home(job: Job, router: Driver) -> Defer | None:
    option = text(router, "router_home_directory")
    if option is None:
        return None
    found = expanded(job, option, f'failed to expand "{option}" for router_home_directory')
    if isinstance(found, str):
        job.address.home = found
        return None
    return found


def _senders(job: Job, router: Driver) -> Skip | Defer | None:
    listed = text(router, "senders")
    if listed is None:
        return None
    result = match_address(job.p, listed, job.p.message.sender)
    job.p.scratch.sender_data = data_after(result, "")
    return _listed(result, "senders")


def _files(job: Job, router: Driver) -> Skip | Defer | None:
    """require_files: `!` wants the file absent, `+` takes an unreadable folder for absence (chapter 15)."""
    listed = text(router, "require_files")
    for item in split(listed)[1] if listed else ():
        path = expanded(job, item, f'failed to expand "{item}" for require_files')
        if isinstance(path, Defer):
            return path
        if not path:
            continue
        if "/" not in path:
            name = path.partition(",")[0].strip()
            if job.p.world.users.by_name(name) is None and not name.isdigit():
                return Defer(f'user "{name}" for require_files not found')
            continue                            # as whom files would be looked for: in the tree everybody may see all
        found = _file(job, path)
        if found is not None:
            return found
    return None


def _file(job: Job, path: str) -> Skip | Defer | None:
    unreadable = path.startswith("+")
    path = path[1:].lstrip() if unreadable else path
    absent = path.startswith("!")
    path = path[1:].lstrip() if absent else path
    if not path.startswith("/"):
        return Defer(f'require_files: "{path}" is not absolute')
    try:
        job.p.world.files.status(path)
        there = True
    except FileNotFoundError:
        there = False
    except OSError as error:
        if not (unreadable and isinstance(error, PermissionError)):
            return Defer(f"require_files: error for {path}: {os.strerror(error.errno or 0)}")
        there = False
    return Skip("file check") if there is absent else None


def _condition(job: Job, router: Driver) -> Skip | Defer | None:
    option = text(router, "condition")
    if option is None:
        return None
    try:
        value = expand(job.p, option)
    except ForcedFailure:
        return Skip("condition failure")
    except ExpansionError as error:
        if error.defer is not None:
            return Defer("condition check lookup defer", search=error.search)
        log(job.p, f'failed to expand condition "{option}" for {router.name} router: {error.message}', panic=True)
        return Skip("condition failure")
    return Skip("condition failure") if value.lower() in FALSE else None
