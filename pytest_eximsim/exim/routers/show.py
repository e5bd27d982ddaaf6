"""What `exim -bt ADDRESS` prints: every address that comes of it, with router, transport and hosts (Exim chapter 5, -bt)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..addresses import AddressSyntaxError, parse_address, qualify, syntax_of
from ..rewrite import rewrite_recipient
from .aside import copied, without_logs
from .chain import route
from .common import LOCAL_TRANSPORTS
from .making import make_address
from .result import NO_MX, Deferred, Failed, Host, Mode, Redirected, Routed

if TYPE_CHECKING:
    from ..config.model import Driver
    from ..state import Address, Process

@dataclass(slots=True)
class _Found:
    """One address at its end."""

    address: Address
    router: str
    transport: Driver | None
    hosts: tuple[Host, ...] = ()


@dataclass(slots=True)
class _Test:
    """All that came of one address so far: local and remote ends, newest first, and what was said on the way."""

    address: str = ""
    local: list[_Found] = field(default_factory=list)
    remote: list[_Found] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    @property
    def ends(self) -> list[_Found]:
        return self.local + self.remote


def address_test(p: Process, text: str, *, sender: str | None = None) -> list[str]:
    """The lines of `-bt` for one address. `sender` as `-f` gives it; without, it is that of root, who asks."""
    test = _tested(p, text, sender)
    for found in test.ends:
        test.said += _shown(found, found is not next(one for one in test.ends if _same(one, found)))
    return test.said or [f"mail to {test.address} is discarded"]


def answer(p: Process, text: str, *, sender: str | None = None) -> str:
    """In short: `router = r, transport = t` for every end that differs, `undeliverable: …`, `deferred: …`, or `discarded`; by newlines."""
    test = _tested(p, text, sender)
    lines = test.answers + [_taken(found) for found in test.ends]
    return "\n".join(dict.fromkeys(lines)) or "discarded"


def _tested(p: Process, text: str, sender: str | None) -> _Test:
    test = _Test()
    try:
        address = parse_address(text, syntax_of(p)).address
    except AddressSyntaxError as error:
        test.said, test.answers = [f"syntax error: {error}"], [f"undeliverable: syntax error: {error}"]
        return test
    p = _quiet(p, sender)
    if "@" not in address:
        address = qualify(p, address, recipient=True)
    rewritten = test.address = rewrite_recipient(p, address)
    if rewritten != address:
        test.said.append(f"Address rewritten as: {rewritten}")
    waiting = [make_address(rewritten)]
    while waiting:
        waiting = _one(p, waiting[0], test) + waiting[1:]
    return test


def _quiet(p: Process, sender: str | None) -> Process:
    child = without_logs(copied(p))
    child.message.sender = qualify(p, "root", recipient=False) if sender is None else sender
    child.connection.ident, child.connection.protocol = "root", ""
    return child


def _one(p: Process, address: Address, test: _Test) -> list[Address]:
    if address.kind:
        return _file_or_pipe(p, address, test)
    match route(p, address, Mode.TEST):
        case Routed() as outcome:
            found = _Found(address, outcome.router.name, outcome.transport, outcome.hosts)
            local = outcome.transport is not None and outcome.transport.driver in LOCAL_TRANSPORTS
            (test.local if local else test.remote).insert(0, found)
            return list(outcome.new)
        case Redirected() as outcome:
            return list(outcome.new)
        case Failed() as outcome:
            _refuse(test, address, "is undeliverable", "undeliverable", outcome.why.message)
            return list(outcome.why.new)
        case Deferred() as outcome:
            _refuse(test, address, "cannot be resolved at this time", "deferred", outcome.why.message)
    return []


def _file_or_pipe(p: Process, address: Address, test: _Test) -> list[Address]:
    """A file or pipe of a redirection: its transport, or why it will not be done."""
    assert address.parent is not None
    what = f"{address.parent.address} -> {address.address}"
    if address.failure:
        test.said += [what, "*** Error in setting up pipe, file, or autoreply:", address.failure]
        test.answers.append(f"deferred: {address.failure}")
    elif address.permitted:
        test.said += [what, f"  transport = {address.transport}"]
        test.answers.append(f"router = {address.routed_by}, transport = {address.transport}")
    else:
        test.said.append(f"{what} *** forbidden ***")
        test.answers.append(f"undeliverable: delivery to {address.kind} forbidden")
    return []


def _refuse(test: _Test, address: Address, what: str, short: str, message: str) -> None:
    test.said += f"{address.address} {what}: {message}".split("\n")
    test.answers.append(f"{short}: {message}")
    test.said += _parents(address)


def _parents(address: Address) -> list[str]:
    lines = []
    parent = address.parent
    while parent is not None:
        lines.append(f"    <-- {parent.address}")
        parent = parent.parent
    return lines


def _same(one: _Found, other: _Found) -> bool:
    return one is other or (not one.address.kind and not other.address.kind and one.address.address == other.address.address)


def _taken(found: _Found) -> str:
    return f"router = {found.router}, transport = {found.transport.name if found.transport else 'unset'}"


def _shown(found: _Found, duplicate: bool) -> list[str]:
    address = found.address
    lines = [address.address + ("   [duplicate, would not be delivered]" if duplicate else "")]
    lines += _parents(address)
    transport = found.transport
    lines.append(f"  {_taken(found)}")
    if transport is not None and not transport.options.get("hosts_override"):
        lines += _hosts(found.hosts, transport.driver in LOCAL_TRANSPORTS)
    return lines


def _hosts(hosts: tuple[Host, ...], local: bool) -> list[str]:
    """Names and addresses in columns."""
    name_width = max((len(host.name) for host in hosts), default=0)
    address_width = max((len(host.address or "unknown") for host in hosts), default=0)
    lines = []
    for host in hosts:
        text = f"[{host.address or 'unknown'}]" if host.address or not local else ""
        line = f"  host {host.name.ljust(name_width)} {text.ljust(address_width + 2)}"
        line += f" MX={host.preference}" if host.preference != NO_MX else ""
        line += f" port={host.port}" if host.port else ""
        line += " ** unusable **" if host.unusable else ""
        lines.append(line)
    return lines
