"""Main, reject and panic lines: time stamps, log_selector, `H=… U=…` texts (Exim chapter 52, "Log files").

Lives here: which selectors exist, which are on, how a line is put together and that it goes to world.logs. Not here: the texts of the
lines,
and where the files are.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from .release import Release

if TYPE_CHECKING:
    from .mta import Mta
    from .state import Process

#: selector → (on by default, first release that has it)
SELECTORS: dict[str, tuple[bool, str]] = {
    "8bitmime": (False, "4.82+"),
    "acl_warn_skipped": (True, "4.82+"),
    "address_rewrite": (False, "4.82+"),
    "all_parents": (False, "4.82+"),
    "arguments": (False, "4.82+"),
    "connection_id": (False, "4.99"),
    "connection_reject": (True, "4.82+"),
    "delay_delivery": (True, "4.82+"),
    "deliver_time": (False, "4.82+"),
    "delivery_size": (False, "4.82+"),
    "dkim": (True, "4.96"),
    "dkim_verbose": (False, "4.96"),
    "dnslist_defer": (True, "4.82+"),
    "dnssec": (False, "4.96"),
    "etrn": (True, "4.82+"),
    "host_lookup_failed": (True, "4.82+"),
    "ident_timeout": (False, "4.82+"),
    "incoming_interface": (False, "4.82+"),
    "incoming_port": (False, "4.82+"),
    "lost_incoming_connection": (True, "4.82+"),
    "millisec": (False, "4.96"),
    "msg_id": (True, "4.96"),
    "msg_id_created": (False, "4.96"),
    "outgoing_interface": (False, "4.96"),
    "outgoing_port": (False, "4.82+"),
    "pid": (False, "4.82+"),
    "pipelining": (False, "4.96"),
    "protocol_detail": (False, "4.96"),
    "proxy": (False, "4.82+"),
    "queue_run": (True, "4.82+"),
    "queue_time": (False, "4.82+"),
    "queue_time_exclusive": (False, "4.96"),
    "queue_time_overall": (False, "4.82+"),
    "receive_time": (False, "4.96"),
    "received_recipients": (False, "4.82+"),
    "received_sender": (False, "4.82+"),
    "rejected_header": (True, "4.82+"),
    "retry_defer": (True, "4.82+"),
    "return_path_on_delivery": (False, "4.82+"),
    "sender_on_delivery": (False, "4.82+"),
    "sender_verify_fail": (True, "4.82+"),
    "size_reject": (True, "4.82+"),
    "skip_delivery": (True, "4.82+"),
    "smtp_confirmation": (False, "4.82+"),
    "smtp_connection": (False, "4.82+"),
    "smtp_incomplete_transaction": (False, "4.82+"),
    "smtp_mailauth": (False, "4.82+"),
    "smtp_no_mail": (False, "4.82+"),
    "smtp_protocol_error": (False, "4.82+"),
    "smtp_syntax_error": (False, "4.82+"),
    "subject": (False, "4.82+"),
    "tls_certificate_verified": (False, "4.82+"),
    "tls_cipher": (True, "4.82+"),
    "tls_on_connect": (False, "4.99"),
    "tls_peerdn": (False, "4.82+"),
    "tls_resumption": (False, "4.96"),
    "tls_sni": (False, "4.82+"),
    "unknown_in_list": (False, "4.82+"),
}
ALIASES = {"rejected_headers": "rejected_header"}
#: Switches of later releases that an earlier one always has on (s512).
ALWAYS = ("msg_id", "dkim")
#: On by default before the named release only: 4.96 made certificates' verification a default.
DEFAULT_SINCE = {"tls_certificate_verified": "4.96"}


class SelectorError(ValueError):
    """A log_selector that Exim refuses; the text is Exim's."""


def known_selectors(release: Release) -> frozenset[str]:
    """The names that this release knows, aliases apart."""
    return frozenset(name for name, (_, since) in SELECTORS.items() if release.has(since))


def default_selectors(release: Release) -> frozenset[str]:
    """What is on without log_selector."""
    on = {name for name, (default, since) in SELECTORS.items() if default and release.has(since)}
    on |= {name for name, since in DEFAULT_SINCE.items() if release.has(since)}
    return frozenset(on)


def parse_selectors(text: str | None, release: Release) -> frozenset[str]:
    """`+all -subject =…` → names that are on. Raises SelectorError as Exim refuses the option (chapter 52.15)."""
    known = known_selectors(release)
    on = set(default_selectors(release))
    if not release.has("4.96"):
        on |= set(ALWAYS)
    for word in (text or "").replace("+", " +").replace("-", " -").split():
        sign, name = word[0], word[1:].lower()
        if sign not in "+-":
            raise SelectorError(f"malformed log_selector setting: + or - expected but found \"{word}\"")
        name = ALIASES.get(name, name)
        if name == "all":
            on = set(known) if sign == "+" else {n for n in ALWAYS if n not in known}
        elif name not in known:
            raise SelectorError(f"unknown log_selector setting: {sign} {name}")
        elif sign == "+":
            on.add(name)
        else:
            on.discard(name)
    if not release.has("4.96"):
        on |= set(ALWAYS)
    return frozenset(on)


def selector_on(p: Process, name: str) -> bool:
    """Is a selector on? `smtp_connection` may be switched off for one connection (hosts_connection_nolog)."""
    if name == "smtp_connection" and p.connection.nolog:
        return False
    return name in p.mta.selectors


@lru_cache(maxsize=8)
def _stamp(second: int, zone: str, with_zone: bool) -> tuple[str, str]:
    when = datetime.fromtimestamp(second, ZoneInfo(zone))
    return when.strftime("%Y-%m-%d %H:%M:%S"), when.strftime(" %z") if with_zone else ""


def zone_of(mta: Mta) -> str:
    """The time zone that Exim works in: its `timezone` option where it is set, else the machine's."""
    chosen = mta.configuration.main.get("timezone") if "timezone" in mta.configuration.positions else None
    return str(chosen) if chosen else mta.world.zone


def stamp(mta: Mta, now: float) -> str:
    """The time as it stands at the head of a log line."""
    second = int(now)
    text, offset = _stamp(second, mta.zone, bool(mta.configuration.main.get("log_timezone")))
    if "millisec" in mta.selectors:
        text += f".{int((now - second) * 1000):03d}"
    return text + offset


def log(p: Process, text: str, *, main: bool = True, reject: bool = False, panic: bool = False,
        selector: str | None = None) -> None:
    """Write one line. `selector` silences the main log only: reject and panic lines are written whatever it says (s105)."""
    mta = p.mta
    if selector is not None and not selector_on(p, selector):
        main = False
        if not (reject or panic):
            return
    write = mta.world.logs.write
    line = stamp(mta, mta.world.clock.now()) + " "
    if "pid" in mta.selectors:
        line += f"[{p.pid}] "
    if p.message.id:
        line += p.message.id + " "
    line += text
    if main:
        write("main", line)
    if reject and mta.configuration.main.get("write_rejectlog", True):
        write("reject", line + _rejected_headers(p))
    if panic:
        write("panic", line)


def _rejected_headers(p: Process) -> str:
    """What follows a reject line once the header is known: envelope and header lines, each with its type's letter (s516)."""
    message = p.message
    if not (message.headers or message.id) or "rejected_header" not in p.mta.selectors:
        return ""
    lines = []
    if message.recipients:
        lines.append(f"Envelope-from: <{message.sender}>")
        lines.append(f"Envelope-to: <{message.recipients[0].address}>")
        lines += [f"    <{r.address}>" for r in message.recipients[1:5]]
        if len(message.recipients) > 5:
            lines.append("    ...")
    text = "".join("\n" + line for line in lines)
    for header in message.headers:
        text += f"\n{header.type} {header.text.rstrip(chr(10))}"
    return text


def host_and_ident(p: Process, flag: bool = True) -> str:
    """`H=(helo) [192.0.2.99]:40001 I=[192.0.2.25]:25 U=joe`; without `flag` the `H=` is left out. For a local process `U=…`."""
    c = p.connection
    if not c.fullhost:
        return ("U=" if flag else "") + c.ident
    return ("H=" if flag else "") + c.fullhost + client_details(p)


def client_details(p: Process) -> str:
    """` I=[192.0.2.25]:25 Ci=… U=joe`, what of it is known and selected."""
    c, selectors, text = p.connection, p.mta.selectors, ""
    if "incoming_interface" in selectors and c.interface_address:
        text += f" I=[{c.interface_address}]:{c.interface_port}"
    if "connection_id" in selectors and c.id:
        text += f" Ci={c.id}"
    if c.ident:
        text += f" U={c.ident}"
    return text


_ESCAPES = {i: f"\\{i:03o}" for i in [*range(32), *range(127, 256)] if i != 9}
_ESCAPES |= {10: "\\n", 13: "\\r", 8: "\\b", 11: "\\v", 12: "\\f"}
_ESCAPES_OF_TABS = _ESCAPES | {9: "\\t"}


def printing(text: str, *, tabs: bool = False, top_bits: bool = False) -> str:
    """As Exim's string_printing: what does not print becomes `\\n`, `\\r` … or octal; `tabs` escapes tabs too. `top_bits`:
    print_topbitchars is on.
    """
    if text.isascii() and text.isprintable():
        return text
    table = _ESCAPES_OF_TABS if tabs else _ESCAPES
    if top_bits:
        table = {k: v for k, v in table.items() if k < 128}
    return text.translate(table)
