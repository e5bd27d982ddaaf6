"""As whom a local transport, a file or a pipe of a redirection is to run: `user`, `group`, check_local_user (Exim chapter 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import ExpansionError
from ..expansion import expand
from .result import Defer, Job

if TYPE_CHECKING:
    from ..config.model import Driver
    from ..world import User


def set_owner(job: Job, router: Driver) -> Defer | None:
    """Sets uid and gid of the address."""
    address, users = job.address, job.p.world.users
    address.uid = address.gid = None
    if job.account is not None:
        address.uid, address.gid = job.account.uid, job.account.gid
    user = router.options["user"]
    if isinstance(user, str):
        found = _user(job, router, user)
        if isinstance(found, Defer):
            return found
        address.uid, account = found
        address.gid = account.gid if account is not None else None
    elif isinstance(user, int):
        account = users.by_uid(user)
        address.uid, address.gid = user, account.gid if account is not None else None
    group = router.options["group"]
    if isinstance(group, str):
        number = _group(job, router, group)
        if isinstance(number, Defer):
            return number
        address.gid = number
    elif isinstance(group, int):
        address.gid = group
    if address.uid is not None and address.gid is None:
        return Defer(f"user set without group for {router.name} router")
    return None


def _expanded(job: Job, router: Driver, text: str, what: str) -> str | Defer:
    try:
        return expand(job.p, text)
    except ExpansionError as error:
        return Defer(f'Failed to expand {what} string "{text}" for the {router.name} router: {error.message}', search=error.search)


def _user(job: Job, router: Driver, text: str) -> tuple[int, User | None] | Defer:
    """A name has an account, a number need not."""
    name = _expanded(job, router, text, "user")
    if isinstance(name, Defer):
        return name
    if name.isdigit():
        return int(name), None
    found = job.p.world.users.by_name(name)
    if found is None:
        return Defer(f'Failed to find user "{name}" from expanded string "{text}" for the {router.name} router')
    return found.uid, found


def _group(job: Job, router: Driver, text: str) -> int | Defer:
    name = _expanded(job, router, text, "group")
    if isinstance(name, Defer):
        return name
    if name.isdigit():
        return int(name)
    found = job.p.world.users.group(name)
    return found if found is not None else Defer(
        f'Failed to find group "{name}" from expanded string "{text}" for the {router.name} router')
