"""What Exim keeps in globals, as dataclasses: who holds what, and what a fork copies.

    Mta (mta.py)       configuration, world, release, hints, log: shared by all processes of one Exim
    └── Process        one process; fork() copies it. Everything below belongs to it
        ├── connection    the SMTP connection it serves, or an empty one (-be, local)
        ├── message       the message being received or delivered, or an empty one
        ├── address       the address being routed, verified, delivered, or None
        └── scratch       what expansions leave in globals: $0…$9, $value, $acl_arg1…, lookup and list caches

Every function of `exim/` that needs any of it takes the Process first and calls it `p`. Text is latin-1 `str`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .world import Stream, TlsSession

if TYPE_CHECKING:
    from .config.model import Configuration
    from .mta import Mta
    from .release import Release
    from .world import World


@dataclass
class Connection:
    """One SMTP connection as its session sees it. Empty address: no peer (local, -be)."""

    stream: Stream | None = None
    peer_address: str = ""              # the socket's peer: HAProxy, where one is in front
    peer_port: int = 0
    interface_address: str = ""         # $received_ip_address
    interface_port: int = 0             # $received_port
    host_address: str = ""              # $sender_host_address: the client, after PROXY
    host_port: int = 0
    host_name: str = ""                 # $sender_host_name once looked up
    host_aliases: list[str] = field(default_factory=list)
    host_lookup_failed: bool = False
    host_lookup_deferred: bool = False
    host_lookup_message: str = ""
    helo_name: str = ""                 # $sender_helo_name
    helo_verified: bool = False
    helo_verify_failed: bool = False
    helo_verify_required: bool = False
    ident: str = ""                     # $sender_ident
    fullhost: str = ""                  # $sender_fullhost as log lines use it; rebuilt when its parts change
    rcvhost: str = ""                   # $sender_rcvhost
    unqualified_sender: bool = False    # remembered at connection time
    unqualified_recipient: bool = False
    helo_accept_junk: bool = False
    proxy_session: bool = False
    proxy_host: str = ""                # $proxy_host / $proxy_local_address
    proxy_port: int = 0
    proxy_external_address: str = ""
    proxy_external_port: int = 0
    active_hostname: str = ""           # $smtp_active_hostname
    protocol: str = "smtp"              # $received_protocol
    esmtp: bool = False
    tls: TlsSession | None = None
    tls_on_connect: bool = False
    authenticated_by: str = ""          # $sender_host_authenticated: the authenticator's name
    authenticated_id: str = ""
    authenticated_fail_id: str = ""
    smtp_command: str = ""              # $smtp_command, whole line
    smtp_argument: str = ""             # $smtp_command_argument
    notquit_reason: str = ""
    count: int = 0                      # $smtp_count_at_connection_start
    opened: float = 0.0
    nolog: bool = False                 # hosts_connection_nolog matched: smtp_connection is off for this connection
    id: str = ""                        # connection id of later releases (`Ci=`)
    enforce_sync: bool | None = None    # control = enforce_sync, no_enforce_sync; None: as smtp_enforce_sync says
    no_pipelining: bool = False         # control = no_pipelining
    allow_auth_unadvertised: bool = False               # control = allow_auth_unadvertised
    no_multiline_responses: bool = False                # control = no_multiline_responses
    no_delay_flush: bool = False        # control = no_delay_flush
    no_callout_flush: bool = False      # control = no_callout_flush
    spf_word: str = ""                  # what SPF said last in this connection, for DMARC
    dmarc_disable_verify: bool = False  # control = dmarc_disable_verify, dkim_disable_verify
    dmarc_enable_forensic: bool = False  # control = dmarc_enable_forensic
    rates: dict[str, float] = field(default_factory=dict)   # rates that ratelimit = …/per_conn has computed
    session: Any = None                 # reception.session.Session while one runs: .flush(), .unread(), .pipelining
    count_mail: int = 0                 # MAIL commands of this connection
    acl_c: dict[str, str] = field(default_factory=dict)


@dataclass
class Header:
    """One header line with its final newline; `type` is Exim's letter (P F T C B R S I `*` for removed, blank)."""

    text: str
    type: str = " "

    @property
    def name(self) -> str:
        return self.text.partition(":")[0].rstrip(" \t")


@dataclass
class Recipient:
    """One accepted envelope recipient. `original` is what the client wrote between the brackets."""

    address: str
    original: str = ""
    dsn_notify: str = ""
    orcpt: str = ""
    errors_to: str = ""


@dataclass
class AddedHeader:
    """A line of add_header; `where` is "", "at_start", "after_received" or "at_start_rfc"."""

    text: str
    where: str = ""


@dataclass
class Message:
    """A message on its way in (or a queued one on its way out)."""

    id: str = ""
    sender: str = ""                    # $sender_address, qualified; "" for <>
    sender_given: bool = False          # MAIL was accepted
    sender_raw: str = ""                # as the client wrote it, for received_sender
    sender_unrewritten: str = ""        # $sender_address before rewriting (verification, submission), "" when it was not
    #: The failed `verify = sender` that refusals tell of: .address .message .user_message .deferred .kind .told
    sender_verify_failed: Any = None
    authenticated_sender: str = ""
    recipients: list[Recipient] = field(default_factory=list)
    rcpt_count: int = 0
    rcpt_defer_count: int = 0
    rcpt_fail_count: int = 0
    headers: list[Header] = field(default_factory=list)
    body: bytes = b""
    size: int = 0                       # $message_size: -1 before DATA without SIZE=, 0 before the session begins (case ACL-043)
    body_size: int = 0
    linecount: int = 0
    body_linecount: int = 0
    body_zerocount: int = 0
    body_type: int = 0                  # 0, 7 or 8 (BODY=)
    smtputf8: bool = False
    dsn_ret: str = ""                   # RET=: "HDRS", "FULL"
    dsn_envid: str = ""                 # ENVID=
    prdr: bool = False                  # PRDR was asked for
    discard_details: str = ""           # what the discarding ACL's log_message said
    received_time: float = 0.0
    acl_m: dict[str, str] = field(default_factory=dict)
    added_headers: list[AddedHeader] = field(default_factory=list)
    removed_headers: str = ""           # colon list of remove_header
    warned: set[str] = field(default_factory=set)       # log_message texts of warn that were logged
    freeze: bool = False
    freeze_tell: bool = True            # control = freeze/no_tell turns it off
    queue_only: str = ""                # why there is no immediate delivery: "ACL", "" …
    queue_routed: bool = False          # control = queue/first_pass_route
    queue_name: str = ""
    cutthrough: bool = False            # control = cutthrough_delivery was accepted
    dkim_disable_verify: bool = False   # control = dkim_disable_verify
    rates: dict[str, float] = field(default_factory=dict)   # rates that ratelimit = …/per_mail has computed
    fake: str = ""                      # "fakereject", "fakedefer"
    fake_text: str = ""
    submission: bool = False
    submission_domain: str | None = None
    submission_name: str | None = None
    submission_retain: bool = False
    suppress_fixups: bool = False
    chunking: bool = False              # came by BDAT
    sender_verified: dict[str, Any] = field(default_factory=dict)    # results of verify = sender, kept for the message
    dkim: list[Any] = field(default_factory=list)       # mailauth results, when they come
    spf: Any = None
    dmarc: Any = None                   # True once dmarc_status has been asked
    dmarc_word: str = ""                # `pass header.from=example.org`, as result headers have it
    dmarc_suffixes: Any = None          # mailauth.suffixes.Suffixes, read at the 354


@dataclass
class Address:
    """An address being routed or delivered; domain lower case, `local_part` after prefix and suffix are taken off."""

    address: str
    local_part: str
    domain: str
    original_local_part: str = ""       # with the client's case
    prefix: str = ""
    suffix: str = ""
    domain_data: str = ""
    local_part_data: str = ""
    address_data: str = ""
    home: str = ""
    parent: Address | None = None
    router: str = ""                    # $router_name
    transport: str = ""                 # $transport_name
    host: str = ""
    host_address: str = ""
    host_port: int = 0
    variables: dict[str, str] = field(default_factory=dict)          # r_…
    kind: str = ""                      # "file", "pipe", "reply": no address but what a redirection wants done
    clean: bool = False                 # a router made it of what is not from outside (taint.py)
    permitted: bool = True              # such a thing is not forbidden by its router
    start_router: str = ""              # where routing begins, "" at the first one
    routed_by: str = ""                 # the router that had it last
    folded: bool = False                # that router takes local parts in lower case
    uid: int | None = None              # as whom a local transport is to run, where the router says so
    gid: int | None = None
    errors_to: str | None = None        # set by a router: return path and where bounces go; "" for none
    headers_add: tuple[str, ...] = ()   # what the routers so far want added and removed
    headers_remove: tuple[str, ...] = ()
    errno: int = -1                     # basic_errno of a failure that shows later
    failure: str = ""                   # its text


@dataclass
class Scratch:
    """What expansions, lists and ACLs leave behind in Exim's globals."""

    numbers: list[str] = field(default_factory=list)    # $0 … ; index is the number
    value: str = ""                     # $value
    item: str = ""                      # $item
    acl_args: list[str] = field(default_factory=list)   # $acl_arg1 …
    domain_data: str = ""               # $domain_data etc., left by list matches
    local_part_data: str = ""
    sender_data: str = ""
    host_data: str = ""
    acl_verify_message: str = ""
    sender_verify_failure: str = ""
    recipient_verify_failure: str = ""
    runrc: int = 0
    search_error: str | None = None     # what the last lookup left as its reason, None before the first one
    variables: dict[str, Any] = field(default_factory=dict)          # the rest, by variable name: dnslist_*, sender_rate, spam_*, …
    lookup_cache: dict[Any, Any] = field(default_factory=dict)       # lookups/cache.py
    connections: dict[Any, Any] = field(default_factory=dict)        # Redis and SQL connections of this process
    list_cache: dict[Any, Any] = field(default_factory=dict)         # named lists already tested for this subject
    command_rates: dict[str, float] = field(default_factory=dict)    # rates that ratelimit has computed in this ACL
    dns_list_answers: dict[str, Any] = field(default_factory=dict)   # what dnslists has asked for, by name


@dataclass
class Process:
    """One Exim process. Copied by fork(), never shared between tasks."""

    mta: Mta
    pid: int = 0
    connection: Connection = field(default_factory=Connection)
    message: Message = field(default_factory=Message)
    address: Address | None = None
    acl_level: int = 0                  # how deep ACLs are nested; 0 outside
    acl_run: Any = None                 # acl.run.Run of the ACL that is running
    acl_phase: str = ""                 # what is running: "connect", "rcpt" … (acl/phases.py), "" outside ACLs
    scratch: Scratch = field(default_factory=Scratch)
    last_id_tick: int = 0               # time of the newest message id this process gave (ids.py)
    work: int | None = None             # what the running expansion may still do (expansion/budget.py)

    @property
    def world(self) -> World:
        return self.mta.world

    @property
    def configuration(self) -> Configuration:
        return self.mta.configuration

    @property
    def release(self) -> Release:
        return self.mta.release

    def fork(self) -> Process:
        """A child: it sees all that this process has (caches too) and changes only its own."""
        child = copy.copy(self)
        child.pid = self.world.entropy.pid()
        child.work = None
        child.connection = copy.copy(self.connection)
        child.connection.acl_c = dict(self.connection.acl_c)
        child.message = copy.copy(self.message)
        child.scratch = copy.copy(self.scratch)
        child.scratch.lookup_cache = dict(self.scratch.lookup_cache)
        child.scratch.connections = dict(self.scratch.connections)
        child.scratch.list_cache = dict(self.scratch.list_cache)
        child.scratch.variables = dict(self.scratch.variables)
        child.scratch.dns_list_answers = dict(self.scratch.dns_list_answers)
        return child
