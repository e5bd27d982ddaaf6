"""Rules of a scenario file that concern several keys, or names defined elsewhere in it. The shape of each value is `schema.py`'s affair.

Everything works on nodes, before values are known; a text with `${{ … }}` is left alone. One function per subject, one line per rule in its
docstring.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..errors import Position
from . import dialogue
from .model import ACTIONS, ENVIRONMENT
from .replies import WORDS
from .schema import Binding, keys_of, suggestion
from .values import endpoint
from .yamltree import Listing, Node, Scalar, Table

_REWRITES = ("from", "to", "cc", "bcc", "reply-to", "sender", "env-from", "env-to")
_ROUTES = ("router =", "undeliverable", "deferred", "discarded")


@dataclass
class _Here:
    """Where a rule looks: the merged environment of one scenario."""

    environment: Table
    binding: Binding
    skipped: bool = False

    def table(self, name: str) -> Table | None:
        value = self.environment.get(name)
        return value if isinstance(value, Table) else None

    def names(self, name: str) -> list[str]:
        table = self.table(name)
        return [key.text for key, _ in table.items] if table is not None else []

    def error(self, position: Position, message: str) -> None:
        self.binding.error(position, message)


def check_file(root: Table, environment: Table | None, defaults: Table | None, binding: Binding) -> None:
    """All rules over a file. `environment` is the file's, with what it uses."""
    from .loader import merge

    base = environment if environment is not None else Table((), root.line, root.column, root.source)
    _environment(_Here(base, binding, skipped=True), root)
    listing = root.get("scenarios")
    scenarios = [one for one in listing.items if isinstance(one, Table)] if isinstance(listing, Listing) else []
    for one in scenarios:
        own = Table(tuple((k, v) for k, v in one.items if k.text in ENVIRONMENT), one.line, one.column, one.source)
        merged = merge(base, own)
        here = _Here(merged if merged is not None else base, binding, one.get("skip") is not None)
        _environment(here, one)
        _scenario(here, one)
        _addresses(here)
        if not here.skipped:
            _files_exist(here, here.environment)
    if not scenarios:
        _files_exist(_Here(base, binding), base)
    if defaults is not None:
        _expect(_Here(base, binding), defaults.get("expect"))


# ---- the environment

def _environment(here: _Here, table: Table) -> None:
    """config with config_file; HAProxy's servers name MTAs, remotes or words; servers of sql and redis."""
    exims = [table.get("exim"), *(_values(table.get("mtas")))]
    for exim in exims:
        if isinstance(exim, Table):
            _not_together(here, exim, "config", ("config_file",))
            _not_together(here, exim, "address", ("addresses",))
    haproxy = table.get("haproxy")
    servers = haproxy.get("servers") if isinstance(haproxy, Table) else None
    known = [*(here.names("mtas") or ["exim"]), *here.names("remotes"), *WORDS]
    for _, value in servers.items if isinstance(servers, Table) else ():
        if not isinstance(value, Scalar) or value.text in known or "${{" in value.text:
            continue
        if not re.match(r"\d{3}[ -]|\d{3}$", value.text):
            here.error(value.position, f"`{value.text}` is no MTA, remote or word of `replies`{suggestion(value.text, known)}")


def _not_together(here: _Here, table: Table, name: str, others: Iterable[str]) -> None:
    key = table.key(name)
    for other in others:
        other_key = table.key(other)
        if key is not None and other_key is not None:
            second = max((key, other_key), key=lambda k: (k.line, k.column))
            here.error(second.position, f"`{name}` and `{other}` exclude each other")


def _addresses(here: _Here) -> None:
    """One address and port belongs to one; an MTA and a remote may share an address, not port 25."""
    taken: dict[tuple[str, str], str] = {}
    mtas = here.table("mtas")
    owners: list[tuple[str, Node | None, str]] = []
    for name, value in mtas.items if mtas is not None else ():
        owners.append((f"MTA {name.text}", value, "25"))
    if mtas is None:
        owners.append(("the MTA", here.environment.get("exim"), "25"))
    remotes = here.table("remotes")
    for name, value in remotes.items if remotes is not None else ():
        given = value.get("port") if isinstance(value, Table) else None
        owners.append((f"remote {name.text}", value, given.text if isinstance(given, Scalar) else "25"))
    for owner, place, port in owners:
        for address in _address_nodes(place):
            if "${{" in address.text:
                continue
            previous = taken.setdefault((address.text, port), owner)
            if previous != owner:
                here.error(address.position, f"{address.text} port {port} belongs to {previous} already")


def _address_nodes(value: Node | None) -> Iterator[Scalar]:
    if isinstance(value, Table):
        for name in ("address", "addresses"):
            node = value.get(name)
            for one in node.items if isinstance(node, Listing) else (node,):
                if isinstance(one, Scalar):
                    yield one


_FILES = (
    ("exim", "config_file"), ("exim", "root"), ("haproxy", "config_file"), ("haproxy", "root"), ("dns", "file"), ("tls", "certificate"),
)


def _files_exist(here: _Here, environment: Table) -> None:
    """What a scenario names is there (unless it is skipped)."""
    for part, name in _FILES:
        table = environment.get(part)
        tables = [table] if isinstance(table, Table) else []
        if part == "exim":
            tables += [one for one in _values(environment.get("mtas")) if isinstance(one, Table)]
        for one in tables:
            node = one.get(name)
            for file in node.items if isinstance(node, Listing) else (node,):
                _file_exists(here, file)
        if isinstance(table, Scalar) and name == "config_file":
            _file_exists(here, table)
    sql = environment.get("sql")
    for kind in ("pgsql", "mysql"):
        server = sql.get(kind) if isinstance(sql, Table) else None
        if isinstance(server, Table):
            _file_exists(here, server.get("setup_file"))


def _file_exists(here: _Here, node: Node | None) -> None:
    if not isinstance(node, Scalar) or not node.text or "${{" in node.text or node.source.path is None:
        return
    path = node.source.path.parent / node.text
    if not os.path.exists(path):            # unlike Path.exists not surprised by names that can be none
        here.error(node.position, f"there is no file {node.text} (looked for {path})")


# ---- scenarios and steps

def _scenario(here: _Here, one: Table) -> None:
    """steps beside a step; two steps without it; neither step nor expect."""
    direct = [key for key, _ in one.items if key.text in ACTIONS and key.text != "expect"]
    steps = one.get("steps")
    if steps is not None and direct:
        key = one.key("steps")
        second = max([*direct, key] if key is not None else direct, key=lambda k: (k.line, k.column))
        here.error(second.position, f"`{direct[0].text}` stands beside `steps`; a scenario has one or the other")
    elif len(direct) > 1:
        here.error(direct[1].position, f"a second step (`{direct[0].text}` is the first); several steps stand in a list below `steps:`")
    elif steps is None and not direct and one.get("expect") is None and not _misspelt_step(one):
        name = one.key("name")
        here.error(name.position if name else one.position, "the scenario has neither steps nor `expect`")
    opened: set[str] = set()
    for key in direct:
        value = one.get(key.text)
        if value is not None:
            _action(here, key, value, opened)
    for step in steps.items if isinstance(steps, Listing) else ():
        _step(here, step, opened)
    _expect(here, one.get("expect"))


def _misspelt_step(one: Table) -> bool:
    from .model import Scenario

    return any(key.text not in keys_of(Scenario) for key, _ in one.items)


def _step(here: _Here, step: Node, opened: set[str]) -> None:
    """One step in one item; `repeat` may stand beside it."""
    if not isinstance(step, Table):
        return
    actions = [(key, value) for key, value in step.items if key.text in (*ACTIONS, *ENVIRONMENT)]
    if len(actions) > 1:
        here.error(actions[1][0].position, f"a second step in one item (`{actions[0][0].text}` is the first)")
    if not actions and all(key.text == "repeat" for key, _ in step.items):
        here.error(step.position, f"no step; expected one of {', '.join(ACTIONS)} or a key of the environment")
    if len(actions) == 1 and actions[0][0].text in ENVIRONMENT:
        _environment(here, step)
    for key, value in actions[:1]:
        _action(here, key, value, opened)


def _action(here: _Here, key: Scalar, value: Node, opened: set[str]) -> None:
    match key.text, value:
        case "session", Table():
            _session(here, value, opened)
        case "send", Table():
            _send(here, value)
        case "expand", Listing():
            for one in value.items:
                _expansion(here, one)
        case "route", Table():
            for _, answer in value.items:
                if isinstance(answer, Scalar) and not answer.text.startswith(_ROUTES) and "${{" not in answer.text:
                    here.error(answer.position, "a routing answer begins with `router =`, `undeliverable`, `deferred` or `discarded`")
        case "rewrite", Table():
            for _, results in value.items:
                for name, _ in results.items if isinstance(results, Table) else ():
                    if name.text not in _REWRITES:
                        here.error(name.position, f"unknown result `{name.text}`{suggestion(name.text, _REWRITES)}")
        case "expect", Table():
            _expect(here, value)
        case "parallel", Listing():
            for one in value.items:
                _step(here, one, opened)
        case _:
            pass


def _expansion(here: _Here, one: Node) -> None:
    """`is` or `fails`."""
    if isinstance(one, Table):
        _not_together(here, one, "is", ("fails",))
        if one.get("is") is None and one.get("fails") is None and one.get("string") is not None:
            here.error(one.position, "`is` or `fails` is missing: what the string expands to, or Exim's error text")


def _session(here: _Here, session: Table, opened: set[str]) -> None:
    """The dialogue; one that goes on takes only `as` and `smtp`; `via` and `to` name what there is."""
    name = session.get("as")
    if isinstance(name, Scalar) and name.text in opened:
        for key, _ in session.items:
            if key.text not in ("as", "smtp"):
                here.error(key.position, f"session `{name.text}` goes on here, so it takes only `as` and `smtp`")
    elif isinstance(name, Scalar):
        opened.add(name.text)
    smtp = session.get("smtp")
    if isinstance(smtp, Scalar):
        wild = Binding(type(here.binding.mistakes)())
        lines = dialogue.parse(smtp, wild)
        for error in wild.mistakes.found:
            written = smtp.source.lines[error.position.line - 1] if error.position else ""
            if error.position is not None and ("${{" not in written or (smtp.style != "|" and "${{" not in smtp.text)):
                here.error(error.position, error.message)
        path = smtp.source.path
        if path is not None and not here.skipped:
            for sent in [line for line in lines if isinstance(line, dialogue.SendFile) and "${{" not in line.file]:
                if not os.path.exists(path.parent / sent.file):
                    here.error(sent.position, f"there is no file {sent.file}")
    _connection(here, session)


def _connection(here: _Here, table: Table) -> None:
    """`via: haproxy` needs one; `to` is a port, an address and port, a frontend or an MTA."""
    via = table.get("via")
    if isinstance(via, Scalar) and via.text == "haproxy" and here.environment.get("haproxy") is None:
        here.error(via.position, "`via: haproxy`, but there is no `haproxy:` here")
    to = table.get("to")
    direct = isinstance(via, Table) or (isinstance(via, Scalar) and via.text == "direct")
    through = here.environment.get("haproxy") is not None and not direct
    if not isinstance(to, Scalar) or "${{" in to.text or through or to.text.isdigit():
        return
    mtas = here.names("mtas")
    if to.text in mtas:
        return
    try:
        endpoint(to.text)
    except ValueError:
        known = f"; the MTAs are {', '.join(mtas)}" if mtas else ""
        here.error(to.position, f"`{to.text}` is no port, address:port or MTA{known}")


def _send(here: _Here, send: Table) -> None:
    """message, message_file, size; quit_after, drop_after; recipients in expect are in rcpt_to."""
    _not_together(here, send, "message", ("message_file", "size"))
    _not_together(here, send, "quit_after", ("drop_after",))
    if not here.skipped:
        _file_exists(here, send.get("message_file"))
    expect = send.get("expect")
    below = expect.get("rcpt") if isinstance(expect, Table) else None
    rcpt = send.get("rcpt_to")
    recipients = [one.text for one in (rcpt.items if isinstance(rcpt, Listing) else (rcpt,)) if isinstance(one, Scalar)]
    for name, _ in below.items if isinstance(below, Table) and rcpt is not None else ():
        if name.text not in recipients and "${{" not in name.text and not any("${{" in one for one in recipients):
            here.error(name.position, f"`{name.text}` is not in `rcpt_to`{suggestion(name.text, recipients)}")
    _connection(here, send)


def _expect(here: _Here, expect: Node | None) -> None:
    """Remotes, servers and MTAs that are there; no whole main log with HAProxy; redis and haproxy only where they are."""
    if not isinstance(expect, Table):
        return
    for part in ("remotes", "mtas"):
        for name, value in _pairs(expect.get(part)):
            if name.text not in here.names(part):
                what = "remote" if part == "remotes" else "MTA"
                here.error(name.position, f"there is no {what} `{name.text}`{suggestion(name.text, here.names(part))}")
            if part == "mtas":
                _expect(here, value)
    sql = here.table("sql")
    kinds = [k.text for k, _ in sql.items if k.text != "servers"] if sql is not None else []
    known = [*kinds, *(k.text for k, _ in _pairs(sql.get("servers")))] if sql is not None else []
    for name, _ in _pairs(expect.get("sql")):
        if name.text not in known:
            here.error(name.position, f"there is no SQL server `{name.text}`{suggestion(name.text, known)}")
    for part in ("redis", "haproxy"):
        key = expect.key(part)
        if key is not None and here.environment.get(part) is None:
            here.error(key.position, f"`{part}` is expected, but there is no `{part}:` here")
    key = expect.key("mainlog")
    if key is not None and here.environment.get("haproxy") is not None:
        here.error(key.position, "`mainlog` with HAProxy: its health checks come when they come; use `log`")


def _values(node: Node | None) -> list[Node]:
    return [value for _, value in node.items] if isinstance(node, Table) else []


def _pairs(node: Node | None) -> Iterable[tuple[Scalar, Node]]:
    return node.items if isinstance(node, Table) else ()

