"""One SMTP session: its state, the table of commands, reading and dispatching them. The commands are in the modules beside this one.

Rules of the table (smtp chapter 47 of Exim's specification; cases s201–s214):
    a command's word must be followed by a blank, the line's end, or (MAIL FROM: and RCPT TO:) anything
    `arguments`  text behind the word is allowed; else it is "unexpected argument data"
    `mail`       part of sending a message; others are counted against smtp_accept_max_nonmail. Those with `free` are not counted once a
    message
    `sync`       0: nothing may be waiting behind it; 1: the same unless PIPELINING was offered; 2: anything may
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import Crashed, Died
from ..acl import Phase, Verdict, run_acl
from ..addresses import Syntax
from ..expansion import expand
from ..lists import Matched, NotMatched, forget, match_sender_host
from ..state import Message, Process
from . import authentication, content, encryption, ending, envelope, hello, queries, replies
from .channel import Channel, Lost

if TYPE_CHECKING:
    from ..release import Release


@dataclass(frozen=True, slots=True)
class Command:
    """One command; `name` is how the history of a connection lists it."""

    word: str
    handler: Callable[[Session], bool]
    sync: int
    arguments: bool = True
    mail: bool = False
    free: bool = False
    since: str = ""
    name: str = ""


#: Handlers return True when the session is over.
COMMANDS: tuple[Command, ...] = (
    Command("rset", queries.rset, 1, arguments=False, free=True),
    Command("helo", hello.helo, 0, free=True),
    Command("ehlo", hello.ehlo, 0, free=True),
    Command("auth", authentication.auth, 2, mail=True),
    Command("starttls", encryption.starttls, 0, arguments=False, free=True),
    Command("mail from:", envelope.mail, 1, mail=True, name="MAIL"),
    Command("rcpt to:", envelope.rcpt, 1, mail=True, name="RCPT"),
    Command("data", content.data, 0, arguments=False, mail=True),
    Command("bdat", content.bdat, 1, mail=True, since="4.96"),
    Command("quit", queries.quit_, 2, arguments=False, mail=True),
    Command("noop", queries.noop, 0),
    Command("etrn", queries.etrn, 0),
    Command("vrfy", queries.vrfy, 0),
    Command("expn", queries.expn, 0),
    Command("help", queries.help_, 2),
)
_BY_WORD = {c.word[:4]: c for c in COMMANDS}
#: Variables that a new transaction finds empty.
_OF_ONE_MESSAGE = (
    "callout_address", "dnslist_domain", "dnslist_matched", "recipient_data", "sender_rate", "sender_rate_limit", "sender_rate_period",
    "spf_header_comment", "spf_received", "spf_result", "spf_smtp_comment",
)
SPACES = " \t\n\v\f\r"
HISTORY = 20


class Session:
    """The state of one session. `p` its process, `c` its connection; texts are latin-1."""

    def __init__(self, p: Process, channel: Channel) -> None:
        self.p = p
        self.c = p.connection
        self.main = p.configuration.main
        self.release: Release = p.release
        self.channel = channel
        self.refusing = False                   # the PROXY header failed: only QUIT
        # --- counters (chapter 14, smtp_max_…, smtp_accept_max_nonmail)
        self.unknown_commands = 0
        self.synprot_errors = 0
        self.nonmail_commands = 0
        self.count_nonmail: bool | None = None
        self.had: list[str] = []                # names of the commands so far
        self.free: set[str] = set()             # words that are not counted once
        # --- HELO
        self.helo_seen = False
        self.helo_verify = False
        self.pipelining = False                 # PIPELINING was offered
        self.pipe_connect = False               # input may come before it is asked for
        self.pipe_connect_offered = False
        self.auth_advertised: dict[str, bool] = {}
        self.tls_advertised = False
        self.chunking_offered = False
        self.dsn_offered = False
        self.smtputf8_offered = False
        self.sync_limit = 1                     # commands with a `sync` up to this must be the last of what was sent
        # --- the transaction
        self._begin_transaction()
        self.size_limit = 0
        self.was_rejected_mail = False
        self.was_rcpt = False
        self.last_was_rejected_mail = False
        self.last_was_rcpt = False
        self.pipelined = False                  # a command came before the reply to the one before it
        # --- the command being served
        self.command_line = ""
        self.argument = ""                      # as written
        self.data = ""                          # what is left of it
        self.exit_called = False
        self.syntax = Syntax()
        self.recipients_max = 0
        self.discard_reason: str | None = None

    def _begin_transaction(self) -> None:
        self.too_many = False
        self.discarded = False
        self.recipients_discarded = False
        self.rcpt_in_progress = False
        self.rcpt_reply: str | None = None
        self.rcpt_replies_same = True
        self.body_chunks: list[bytes] | None = None     # BDAT data of a message on its way

    # --- options --------------------------------------------------------------------------------
    def option(self, name: str) -> str | None:
        """A text option, unexpanded; None when unset or unknown to this release."""
        value = self.main.get(name)
        return None if value is None else str(value)

    def option_int(self, name: str) -> int:
        """A number; later releases expand some of them."""
        value = self.main.get(name)
        if isinstance(value, str):
            text = expand(self.p, value).strip() if value else ""
            return int(text) if text.lstrip("-").isdigit() else 0
        return int(value) if isinstance(value, (int, float)) else 0

    def host_in(self, name: str) -> bool:
        """Does the client match the host list of an option? A deferred answer is no."""
        text = self.main.get(name)
        if not text:
            return False
        if text == "*":
            return True
        return isinstance(match_sender_host(self.p, str(text)), Matched)

    # --- output ---------------------------------------------------------------------------------
    def write(self, text: str) -> None:
        """Output as it is."""
        self.channel.out.append(text.encode("latin-1", "replace"))

    def say(self, text: str) -> None:
        """A reply line, without CR LF."""
        if self.rcpt_in_progress:
            self.remember_rcpt_reply(text + "\r\n")
        self.channel.out.append(text.encode("latin-1", "replace") + b"\r\n")

    def remember_rcpt_reply(self, text: str) -> None:
        """The first output for a RCPT command: were all replies of this transaction the same? (s111, s113)"""
        if not self.rcpt_in_progress:
            return
        if self.rcpt_reply is None:
            self.rcpt_reply = text
        elif self.rcpt_replies_same and self.rcpt_reply != text:
            self.rcpt_replies_same = False
        self.rcpt_in_progress = False

    def flush(self) -> None:
        """Send what was written; the `delay` modifier and callouts want this."""
        self.channel.flush()

    def history(self, prefix: str) -> str:
        """`C=EHLO,NOOP,QUIT`: the last twenty commands; "" for none."""
        if not self.had:
            return ""
        return prefix + ("..." if len(self.had) >= HISTORY else "") + ",".join(self.had[-HISTORY:])

    # --- ACLs -----------------------------------------------------------------------------------
    def acl(self, phase: Phase, option: str, *, recipient: str | None = None) -> Verdict:
        """Run the ACL of an option."""
        return run_acl(self.p, phase, self.option(option), recipient=recipient)

    def enforces_sync(self) -> bool:
        """Must a client wait? As the option says, unless a control has said otherwise."""
        said = self.c.enforce_sync
        return bool(self.main.get("smtp_enforce_sync", True)) if said is None else said

    def in_sync(self) -> bool:
        """No input waits on the socket that should not be there yet."""
        if not self.enforces_sync() or not self.channel.stream.ready():
            return True
        return not self.channel.arriving()

    # --- the transaction ------------------------------------------------------------------------
    def reset(self) -> None:
        """Forget the transaction (RSET, HELO, a message that ended, MAIL)."""
        # $message_body_size (case ACL-043) and the queue that `queue =` named (4.96) outlive their message.
        self.p.message = Message(size=-1, body_size=self.p.message.body_size, queue_name=self.p.message.queue_name)
        if not self.release.dmarc_controls_last:
            self.c.dmarc_disable_verify = self.c.dmarc_enable_forensic = False
        self._begin_transaction()
        forget(self.p, "sender")
        forget(self.p, "sender_domain")
        self.p.scratch.domain_data = self.p.scratch.local_part_data = self.p.scratch.sender_data = ""
        for name in _OF_ONE_MESSAGE:
            self.p.scratch.variables.pop(name, None)

    def message_ended(self) -> None:
        """A new message may come: the commands that are free once a message are free again."""
        self.reset()
        self.free = {c.word for c in COMMANDS if c.free}
        self.was_rejected_mail = self.was_rcpt = self.last_was_rejected_mail = self.last_was_rcpt = False


def serve_connection(p: Process) -> None:
    """Run one session on p.connection.stream to its end and close it. Nothing that a client does raises out of here."""
    from .connect import die, start_session

    assert p.connection.stream is not None
    channel = Channel(p.connection.stream)
    s = Session(p, channel)
    p.connection.session = s
    try:
        try:
            if start_session(s):
                s.message_ended()
                _loop(s)
                channel.flush()
                ending.log_no_mail(s)
        except Crashed as error:
            channel.out.clear()
            p.mta.crashes.append(error.message)
        except Died as error:
            die(s, error.message)
    except ending.Ended:
        pass
    finally:
        channel.flush()
        p.connection.session = None
        channel.stream.close()


def _loop(s: Session) -> None:
    over = False
    while not over:
        s.last_was_rejected_mail, s.last_was_rcpt = s.was_rejected_mail, s.was_rcpt
        s.was_rejected_mail = s.was_rcpt = False
        try:
            line, overlong = s.channel.command_line()
        except TimeoutError:
            ending.command_timeout(s)
        except Lost as lost:
            ending.connection_lost(s, lost.reason)
            return
        over = _one_command(s, line, overlong)


def _one_command(s: Session, raw: bytes, overlong: bool) -> bool:
    nul = b"\0" in raw
    text = raw.decode("latin-1")
    if nul:
        text = text.replace("\0", "?")
    if overlong:
        return _unknown(s, text)
    text = text.rstrip(SPACES)
    s.command_line = s.c.smtp_command = text
    if nul:
        return _nul(s)
    command = _BY_WORD.get(text[:4].lower())
    word = command.word if command else ""
    if command and (text[:len(word)].lower() != word or (word[-1] != ":" and text[len(word):len(word) + 1] not in ("", " "))
                    or (command.since and not s.release.has(command.since))):
        command = None
    if command is None:
        return _refused(s) if s.refusing else _unknown(s, text)
    if s.refusing and command.word != "quit":
        return _refused(s)
    s.argument = s.data = s.c.smtp_argument = text[len(word):].lstrip(SPACES)
    if s.channel.pos < len(s.channel.buffer):
        s.pipelined = True
        if command.sync <= s.sync_limit and _enforced(s):
            return ending.synchronization_error(s)
    if not command.mail and not _count_nonmail(s, command):
        return ending.too_many_nonmail(s)
    if s.argument and not command.arguments:
        return replies.synprot_error(s, "syntax", 501, None, "unexpected argument data")
    s.had.append(command.name or command.word.upper())
    return command.handler(s)


def _enforced(s: Session) -> bool:
    return s.enforces_sync() and not s.pipe_connect


def _count_nonmail(s: Session, command: Command) -> bool:
    if command.free and command.word in s.free:
        return True
    if s.count_nonmail is None:
        hosts = s.option("smtp_accept_max_nonmail_hosts")
        s.count_nonmail = bool(hosts) and (hosts == "*" or not _surely_not(s, str(hosts)))
    if not s.count_nonmail:
        return True
    s.nonmail_commands += 1
    return s.nonmail_commands <= s.option_int("smtp_accept_max_nonmail")


def _surely_not(s: Session, hosts: str) -> bool:
    return isinstance(match_sender_host(s.p, hosts), NotMatched)


def _nul(s: Session) -> bool:
    replies.synprot_error(s, "syntax", 0, None, f"{s.release.nul} character(s) present (shown as '?')")
    s.say(f"501 {s.release.nul} characters are not allowed in SMTP commands")
    return s.synprot_errors > s.option_int("smtp_max_synprot_errors")


def _refused(s: Session) -> bool:
    s.say("503 Command refused, required Proxy negotiation failed")
    return False


def _unknown(s: Session, text: str) -> bool:
    s.command_line = text
    if s.refusing and len(text) < 16384:
        return _refused(s)
    if s.channel.pos < len(s.channel.buffer) and _enforced(s) and len(text) < 16384:
        return ending.synchronization_error(s)
    s.unknown_commands += 1
    if s.unknown_commands > s.option_int("smtp_max_unknown_commands"):
        return ending.too_many_unknown(s)
    return replies.synprot_error(s, "syntax", 500, None, "unrecognized command")


def unknown_command(s: Session) -> bool:
    """A command that this Exim was not built with."""
    s.had.pop()
    return _unknown(s, s.command_line)
