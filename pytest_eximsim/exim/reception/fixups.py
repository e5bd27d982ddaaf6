"""What Exim does to the header lines of a message that comes in: their types, missing lines, submission mode, ACL's lines (s409–s411,
a028).

Types are Exim's letters: P Received, F From, T To, C Cc, B Bcc, R Reply-To, S Sender, I Message-Id, `*` not to be sent on, blank for
others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...errors import ExpansionError
from ..addresses import AddressSyntaxError, Syntax, parse_address
from ..expansion import expand
from ..expansion.operators.printing import quote_local_part
from ..log import log
from ..rewrite import rewrite_envelope_sender, rewrite_headers, rewrite_recipient
from ..state import Header
from ..tod import rfc2822, zone

if TYPE_CHECKING:
    from ..release import Release
    from .session import Session

_TYPES = {
    "bcc": "B", "cc": "C", "from": "F", "message-id": "I", "received": "P", "reply-to": "R", "sender": "S", "to": "T",
}
_REMOVED = {"delivery-date": "delivery_date_remove", "envelope-to": "envelope_to_remove", "return-path": "return_path_remove"}


def header_type(text: str) -> str:
    """The letter of a line that is added, by its name."""
    name = text.partition(":")[0].rstrip(" \t\n").lower()
    return _TYPES.get(name.removeprefix("resent-"), " ")


class Headers:
    """The header of a message being received. `lines` begins with the place of our own Received:."""

    def __init__(self, s: Session, texts: list[str]) -> None:
        self.s = s
        self.message = s.p.message
        self.lines = [Header("", "*"), *(Header(text) for text in texts)]
        self.message.headers = self.lines[1:]
        self.resent = any(text[:7].lower() == "resent-" for text in texts)
        self.prefix = "Resent-" if self.resent else ""
        self.sender_from: Header | None = None
        self.has_date = False
        self.id_header: Header | None = None
        self.subject: Header | None = None
        for header in self.lines[1:]:
            self._classify(header)

    def _classify(self, header: Header) -> None:
        name = header.name.lower()
        resent = name.startswith("resent-")
        if resent:
            name = name[7:]
        counts = resent or not self.resent
        header.type = _TYPES.get(name, " ")
        match name:
            case "date":
                self.has_date |= counts
            case "from" if counts:
                self.sender_from = header
            case "message-id":
                header.type = " "
                if self.id_header is None and counts:
                    self.id_header, header.type = header, "I"
            case "sender" if self.message.submission and not self.message.submission_retain and counts:
                header.type = "*"
            case "subject":
                self.subject = header
            case _:
                option = _REMOVED.get(name)
                if option and self.s.main.get(option, True):
                    header.type = "*"

    def add(self, text: str, type: str) -> Header:
        """A line at the end."""
        header = Header(text, type)
        self.lines.append(header)
        return header

    # --- before the body is read --------------------------------------------------------------------
    def fix_up(self) -> None:
        """Message-Id:, From:, Sender: and Date: of submission mode; rewriting of all addresses."""
        message = self.message
        if message.submission:
            self._message_id()
        for recipient in message.recipients:
            recipient.address = rewrite_recipient(self.s.p, recipient.address)
        if message.submission:
            if self.sender_from is None:
                self._from()
            if self.s.c.authenticated_id and not message.submission_retain and self.sender_from is not None:
                self._sender()
        rewrite_envelope_sender(self.s.p)
        rewrite_headers(self.s.p, self.lines[1:])
        if message.submission and not self.has_date:
            self.add(f"{self.prefix}Date: {_date(self.s)}\n", " ")
        message.headers = [h for h in self.lines if h.text]

    def _message_id(self) -> None:
        if self.id_header is not None:
            return
        p = self.s.p
        domain, text = str(p.configuration.main.get("primary_hostname")), ""
        for option in ("message_id_header_domain", "message_id_header_text"):
            value = self.s.option(option)
            if not value:
                continue
            try:
                expanded = expand(p, value)
            except ExpansionError as error:
                log(p, f'expansion of "{value}" ({option}) failed: {error.message}', panic=True)
                continue
            if option.endswith("domain"):
                domain = "".join(c if c.isascii() and (c.isalnum() or c in ".-") else "-" for c in expanded) or domain
            else:
                text = "." + expanded if expanded else ""
        self.add(f"{self.prefix}Message-Id: <E{p.message.id}{text}@{domain}>\n", "I")

    def _generated_sender(self) -> str:
        """The address that submission mode holds for the true one."""
        who, domain = self.s.c.authenticated_id, self.message.submission_domain
        if domain == "":
            return who
        return f"{quote_local_part(self.s.p, who)}@{domain or self.s.main.get('qualify_domain')}"

    def _from(self) -> None:
        name = self.message.submission_name or ""
        if self.message.sender:
            address = self.message.sender_unrewritten or self.message.sender
        elif self.s.c.authenticated_id:
            address = self._generated_sender()
        else:
            return
        self.sender_from = self.add(f"{self.prefix}From: " + (f"{name} <{address}>" if name else address) + "\n", "F")

    def _sender(self) -> None:
        assert self.sender_from is not None
        message, generated = self.message, self._generated_sender()
        try:
            parsed = parse_address(self.sender_from.text.partition(":")[2], self.s.syntax)
            written = parsed.address
        except AddressSyntaxError:
            written = ""
        if written.lower() != generated.lower():
            name = message.submission_name
            self.add(f"{self.prefix}Sender: " + (f"{name} <{generated}>" if name else generated) + "\n", "S")
        if message.sender:
            message.sender_unrewritten = message.sender_unrewritten or message.sender
            message.sender = generated
            if message.sender_unrewritten != generated:
                log(self.s.p, f'"{message.sender_unrewritten}" from env-from rewritten as "{generated}" by submission mode',
                    selector="address_rewrite")

    # --- after the body was read --------------------------------------------------------------------
    def add_received(self) -> None:
        """Our own Received: at the top; nothing where the option expands to nothing. Raises ExpansionError."""
        p = self.s.p
        recipients = self.message.recipients
        if len(recipients) == 1:
            p.scratch.variables["received_for"] = recipients[0].address
        text = expand(p, self.s.option("received_header_text") or "")
        p.scratch.variables.pop("received_for", None)
        if not text:
            return
        between = ";\n\t" if p.release.date_on_own_line else "; "
        self.lines[0] = Header(f"{text}{between}{_date(self.s)}\n", "P")
        self.message.headers = [h for h in self.lines if h.text]

    def apply_acl(self) -> None:
        """Take away and add what ACLs asked for with remove_header and add_header since the last time."""
        message = self.message
        if message.removed_headers:
            removed = _removal(message.removed_headers, self.s.release)
            for header in self.lines:
                if header.type != "*" and removed(header):
                    header.type = "*"
            message.removed_headers = ""
        received: Header | None = None
        for added in message.added_headers:
            header = Header(added.text, header_type(added.text))
            if added.where == "at_start":
                self.lines.insert(0, header)
            elif not added.where:
                self.lines.append(header)
            else:
                if received is None or added.where == "at_start_rfc":
                    received = self._last_received(added.where)
                place = next(n for n, line in enumerate(self.lines) if line is received)
                self.lines.insert(place + 1, header)
        message.added_headers = []
        message.headers = [h for h in self.lines if h.text]

    def _last_received(self, where: str) -> Header:
        """The line behind which a line is to go: the end of the Received: lines, for `at_start_rfc` that of the Received: and Resent- lines
        which begin behind the very first line, whatever that is. Exim remembers it for later `after_received` lines (asked of 4.96).
        """
        rfc = where == "at_start_rfc"
        i = 0 if rfc else next((n for n, h in enumerate(self.lines) if h.name.lower() == "received"), 0)
        while i + 1 < len(self.lines) and _is_received(self.lines[i + 1].name.lower(), resent=rfc):
            i += 1
        return self.lines[i]


def _date(s: Session) -> str:
    return rfc2822(s.p.world.clock.now(), zone(s.p))


def _removal(text: str, release: Release) -> Callable[[Header], bool]:
    """Is a line one of those in the list of remove_header, whose separator is the colon whatever it begins with? An item that begins with
    `^` is a pattern for the whole line in later releases. Raises Died for one that is none.
    """
    from ..lists import split_list
    from ..regexes import must_compile

    items = split_list("<:" + text)
    patterns = [must_compile(item, release) for item in items if item.startswith("^")] if release.removes_by_pattern else []
    names = {item.lower() for item in items}
    return lambda header: header.name.lower() in names or any(pattern.search(header.text) for pattern in patterns)


def _is_received(name: str, *, resent: bool) -> bool:
    return name == "received" or (resent and name.startswith("resent-"))


def logged_message_id(headers: Headers) -> str:
    """The address in Message-Id: for `id=`, "" when it is none (s416)."""
    if headers.id_header is None:
        return ""
    try:
        return parse_address(headers.id_header.text.partition(":")[2], Syntax(domain_literals=True)).address
    except AddressSyntaxError:
        return ""
