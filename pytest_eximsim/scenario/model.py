"""The scenario file as a table: one class per mapping, one line per key, with its type and the sentence that editors show.

Bound from nodes by `schema.py`; values are what a type gives, and None where a key was not given. Rules that concern several keys stand in
`checks.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import Position
from ..exim.world import Endpoint
from . import values
from .patterns import BlockOfPatterns, Pattern, PatternType
from .replies import ReplyType, ScriptedReplies, SendExpect, SendExpectType
from .schema import Boolean, Choice, Either, Integer, Later, ListOf, MapOf, Record, RecordOf, Text, key

TEXT = Text()
NAME = Text("a name")
DURATION = Text("a time, as 5s", values.duration)
ADDRESS = Text("an IP address", values.ip_address)
ENDPOINT = Text("an address, with a port where it matters", values.endpoint)
FILE = Text("a file's name", values.file_name)
PORT = Integer("a port", 1, 65535)
TEXTS = ListOf(TEXT)
MAP = MapOf(TEXT)
PATTERN = PatternType()
PATTERNS = ListOf(PatternType(lines=True, listed=True))
IN_ORDER = Either(scalar=BlockOfPatterns(), listing=PATTERNS)
BODY = PatternType(what="a text as a pattern")
PROVIDER = Text("embedded, binary, container or a redis:// URL")


@dataclass(frozen=True)
class NilOr:
    """null, or what another type takes. `name`: a type that holds itself stands once in the schema, under this name."""

    other: Any
    what: str = "a text, or null"
    name: str = ""

    def bind(self, node: Any, owner: Position, binding: Any) -> Any:
        return None if getattr(node, "kind", "") == "null" else self.other.bind(node, owner, binding)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        if not self.name:
            return {"anyOf": [{"type": "null"}, self.other.schema(definitions)]}
        if self.name not in definitions:
            definitions[self.name] = {}
            definitions[self.name] = {"anyOf": [{"type": "null"}, self.other.schema(definitions)]}
        return {"$ref": f"#/$defs/{self.name}"}


# ---- the environment

@dataclass(frozen=True, kw_only=True)
class Exim(Record):
    """The MTA under test."""

    config_file: str | None = key("config_file", FILE, "Exim's configuration file, or a Debian directory")
    config: str | None = key("config", TEXT, "the configuration itself, in Exim's syntax")
    root: str | None = key("root", FILE, "a folder where the configuration's absolute paths are found")
    replace: dict[str, str] | None = key("replace", MapOf(Text(null=True)), "texts of the configuration and what stands there instead")
    macros: dict[str, str] | None = key("macros", MapOf(Text(null=True)), "macros, as exim -D")
    set: dict[str, str] | None = key("set", MapOf(Text(boolean=True, null=True)), "main options that replace those of the file")
    hostname: str | None = key("hostname", TEXT, "what uname says; mail.example.net by default")
    version: str | None = key("version", Choice(("4.82+", "4.96", "4.99")), "the release whose names, texts and log lines are used")
    version_number: str | None = key("version_number", TEXT, "what $version_number says")
    build: str | None = key("build", TEXT, "what the binary can: full, debian-light, debian-heavy, "
                                           "or a file with the output of exim -bV; exim -bP macros")
    address: str | None = key("address", ADDRESS, "where clients reach it; 192.0.2.25 by default")
    addresses: tuple[str, ...] | None = key("addresses", ListOf(ADDRESS), "where clients reach it, several addresses")
    allow: tuple[str, ...] | None = key("allow", ListOf(Choice(("run", "readfile-outside"))),
                                        "what is off unless named: run, readfile-outside")


@dataclass(frozen=True, kw_only=True)
class Haproxy(Record):
    """A real HAProxy in front of the MTAs."""

    config_file: tuple[str, ...] | None = key("config_file", ListOf(FILE, one=True),
                                              "haproxy.cfg; or a list, or a directory, as -f takes them")
    env: dict[str, str] | None = key("env", MapOf(Text(null=True)), "environment variables that the configuration sees")
    root: str | None = key("root", FILE, "a folder where the configuration's absolute paths are found")
    files: dict[str, str] | None = key("files", MapOf(Text(null=True)), "files that the configuration names")
    address: str | None = key("address", ADDRESS, "what the MTA sees as its peer where the configuration does not say it")
    servers: dict[str, str] | None = key("servers", MAP, "server or backend/server: the MTA or remote it reaches, or a word of `replies`")
    replace: dict[str, str] | None = key("replace", MapOf(Text(null=True)), "texts of the configuration and what stands there instead")
    provider: str | None = key("provider", Choice(("auto", "container", "binary")), "where HAProxy comes from")
    mode: str | None = key("mode", Choice(("auto", "exact", "portable")), "how the configuration is run")
    images: tuple[str, ...] | None = key("images", TEXTS, "container images; the scenario runs once for each")
    requires: str | None = key("requires", TEXT, "the HAProxy releases it needs, as >=2.6; others skip the scenario")
    lint: bool | None = key("lint", Boolean(), "eximsim lint is an item of the run as well")
    reload: bool | None = key("reload", Boolean(), "as a step: reload")
    restart: bool | None = key("restart", Boolean(), "as a step: restart")


@dataclass(frozen=True, kw_only=True)
class DnsFile(Record):
    """DNS records in a file."""

    file: str | None = key("file", FILE, "a master file", required=True)


@dataclass(frozen=True, kw_only=True)
class Account(Record):
    """An account of the simulated machine."""

    uid: int | None = key("uid", Integer(), "its number")
    home: str | None = key("home", TEXT, "its home directory")


@dataclass(frozen=True, kw_only=True)
class Redis(Record):
    """What ${lookup redis{…}} reaches."""

    commands: tuple[str, ...] | None = key("commands", TEXTS, "commands that fill it, as in redis-cli")
    password: str | None = key("password", TEXT, "the password that it asks for")
    port: int | None = key("port", PORT, "its port; 6379 by default")
    db: int | None = key("db", Integer(), "the database of `commands` and `expect.redis`")
    down: bool | None = key("down", Boolean(), "true: nothing listens")
    hang: bool | None = key("hang", Boolean(), "true: it never answers")
    provider: str | None = key("provider", PROVIDER, "embedded (default), binary, container, or a redis:// URL")
    servers: dict[str, str] | None = key("servers", MAP, "per server that redis_servers names: down, hang, or a URL")


@dataclass(frozen=True, kw_only=True)
class SqlServer(Record):
    """What ${lookup pgsql{…}} or ${lookup mysql{…}} reaches."""

    provider: str | None = key("provider", TEXT, "record (default), container, or a URL")
    answers: dict[str, str | None] | None = key("answers", MapOf(NilOr(Text(convert=values.answer))),
                                                "record: statements (patterns) and their rows; null: no row")
    setup: tuple[str, ...] | None = key("setup", TEXTS, "statements that fill it")
    setup_file: str | None = key("setup_file", FILE, "a file with statements that fill it")


@dataclass(frozen=True, kw_only=True)
class Sql(Record):
    """The SQL servers and SQLite files."""

    pgsql: SqlServer | None = key("pgsql", RecordOf(SqlServer), "PostgreSQL")
    mysql: SqlServer | None = key("mysql", RecordOf(SqlServer), "MySQL")
    servers: dict[str, str] | None = key("servers", MapOf(Choice(("pgsql", "mysql", "down"))),
                                         "host:port as the configuration names it: pgsql, mysql or down")
    sqlite: dict[str, tuple[str, ...]] | None = key("sqlite", MapOf(TEXTS), "database files in @DIR@ and the statements that make them")


@dataclass(frozen=True, kw_only=True)
class Remote(Record):
    """An SMTP server that the MTA delivers to."""

    address: str | None = key("address", ADDRESS, "its IP address", required=True)
    port: int | None = key("port", PORT, "its port; 25 by default")
    protocol: str | None = key("protocol", Choice(("smtp", "lmtp")), "smtp or lmtp")
    tls: str | None = key("tls", Choice(("none", "starttls", "implicit")), "what TLS it offers")
    auth: dict[str, str] | None = key("auth", MAP, "users and passwords")
    replies: ScriptedReplies | None = key("replies", ReplyType(), "a command's verb, connect, `.` or a command's pattern: what it answers")
    server: str | None = key("server", Choice(("aiosmtpd",)), "aiosmtpd: a whole server on a real socket")


@dataclass(frozen=True, kw_only=True)
class Spam(Record):
    """What spamd would answer."""

    score: str | None = key("score", TEXT, "the score", required=True)


@dataclass(frozen=True, kw_only=True)
class Scanners(Record):
    """What the content scanners would answer."""

    spam: Spam | None = key("spam", RecordOf(Spam), "spamd")
    malware: str | None = key("malware", TEXT, "the malware's name, or clean")


@dataclass(frozen=True, kw_only=True)
class Tls(Record):
    """Certificates."""

    certificate: str | None = key("certificate", FILE, "a certificate with its key; made for the run by default")


@dataclass(frozen=True, kw_only=True)
class Clock(Record):
    """The MTA's time."""

    start: str | None = key("start", Text("a time, as 2013-11-04 09:25:06", values.start_time), "when the scenario begins")
    zone: str | None = key("zone", TEXT, "the time zone; UTC by default")
    mode: str | None = key("mode", Choice(("auto", "simulated", "shifted", "real")), "how time passes")


EXIM = RecordOf(Exim, short="config_file")
HAPROXY = RecordOf(Haproxy, short="config_file")


@dataclass(frozen=True, kw_only=True)
class Environment(Record):
    """What surrounds the MTA."""

    exim: Exim | None = key("exim", EXIM, "the MTA under test; a text is its config_file")
    mtas: dict[str, Exim] | None = key("mtas", MapOf(EXIM), "several MTAs, with what `exim` says in common")
    haproxy: Haproxy | None = key("haproxy", HAPROXY, "a real HAProxy in front; a text is its config_file")
    dns: str | DnsFile | None = key("dns", Either(scalar=TEXT, table=RecordOf(DnsFile)), "DNS records; nothing else resolves")
    hosts: str | None = key("hosts", TEXT, "what /etc/hosts says after 127.0.0.1 localhost")
    users: dict[str, Account] | None = key("users", MapOf(RecordOf(Account)), "accounts beside root, daemon, mail and nobody")
    redis: Redis | None = key("redis", RecordOf(Redis), "what ${lookup redis{…}} reaches")
    sql: Sql | None = key("sql", RecordOf(Sql), "what ${lookup pgsql{…}}, mysql and sqlite reach")
    remotes: dict[str, Remote] | None = key("remotes", MapOf(RecordOf(Remote)), "the SMTP servers that the MTA delivers to")
    scanners: Scanners | None = key("scanners", RecordOf(Scanners), "what spamd and the malware scanner would answer")
    files: dict[str, str] | None = key("files", MapOf(Text(null=True)), "files of the MTA's tree: in @DIR@, or at absolute paths")
    tls: Tls | None = key("tls", RecordOf(Tls), "certificates")
    clock: Clock | None = key("clock", RecordOf(Clock), "when it is, and how time passes")


# ---- sessions and messages

@dataclass(frozen=True, kw_only=True)
class ProxyHeader(Record):
    """A PROXY header that the plugin sends itself."""

    proxy: str | None = key("proxy", Choice(("v1", "v2")), "the header's version", required=True)
    address: str | None = key("address", ADDRESS, "the proxy's address", required=True)
    port: int | None = key("port", PORT, "the proxy's port")


VIA = Either(scalar=Choice(("haproxy", "direct")), table=RecordOf(ProxyHeader))


@dataclass(frozen=True, kw_only=True)
class Session(Record):
    """A conversation with the MTA, line by line."""

    from_: Endpoint | None = key("from", ENDPOINT, "the client's address; 192.0.2.99 by default")
    via: str | ProxyHeader | None = key("via", VIA, "haproxy, direct, or a header that the plugin sends")
    to: str | None = key("to", TEXT, "which listener: a port, a frontend's name, address:port, or an MTA's name")
    tls: str | None = key("tls", Choice(("implicit", "none")), "implicit: TLS from the first byte")
    as_: str | None = key("as", NAME, "a name that keeps the session open for later steps")
    smtp: str | None = key("smtp", TEXT, "the dialogue", required=True)


@dataclass(frozen=True, kw_only=True)
class Auth(Record):
    """Authentication of a message's session."""

    user: str | None = key("user", TEXT, "the user's name", required=True)
    password: str | None = key("password", Text(null=True), "the password", required=True)
    mechanism: str | None = key("mechanism", Choice(("PLAIN", "LOGIN", "CRAM-MD5")), "PLAIN by default")


@dataclass(frozen=True, kw_only=True)
class Dkim(Record):
    """A DKIM signature, made with a key of this run."""

    domain: str | None = key("domain", TEXT, "d=", required=True)
    selector: str | None = key("selector", TEXT, "s=", required=True)


PHASES = ("connect", "helo", "starttls", "auth", "mail", "rcpt", "data", "end")


@dataclass(frozen=True, kw_only=True)
class Send(Record):
    """A whole message."""

    from_: Endpoint | None = key("from", ENDPOINT, "the client's address; 192.0.2.99 by default")
    via: str | ProxyHeader | None = key("via", VIA, "haproxy, direct, or a header that the plugin sends")
    to: str | None = key("to", TEXT, "which listener: a port, a frontend's name, address:port, or an MTA's name")
    tls: str | None = key("tls", Choice(("none", "starttls", "implicit")), "none, starttls or implicit")
    as_: str | None = key("as", NAME, "a name that keeps the session open for later steps")
    helo: str | None = key("helo", TEXT, "the name behind EHLO; client.example by default")
    auth: Auth | None = key("auth", RecordOf(Auth), "authentication")
    mail_from: str | None = key("mail_from", Text("an address", null=True), "the envelope's sender; sender@example.org by default")
    rcpt_to: tuple[str, ...] | None = key("rcpt_to", ListOf(Text("an address"), one=True, least=1), "the envelope's recipients",
                                          required=True)
    message: str | None = key("message", TEXT, "the message; From, To, Date, Subject and one line by default")
    message_file: str | None = key("message_file", FILE, "a file with the message")
    size: int | None = key("size", Text("a size, as 11M", values.size), "fills the body up to this size")
    dkim: Dkim | None = key("dkim", RecordOf(Dkim), "signs the message with a key made for this run, and publishes the record")
    quit_after: str | None = key("quit_after", Choice(PHASES[:-1]), "says QUIT after this phase")
    drop_after: str | None = key("drop_after", Choice(PHASES[:-1]), "drops the connection after this phase")
    expect: SendExpect | None = key("expect", SendExpectType(), "accepted (default), PHASE REPLY, or replies by phase")


# ---- expectations

@dataclass(frozen=True, kw_only=True)
class AnyOrder(Record):
    """Log lines in whatever order."""

    any_order: tuple[Pattern, ...] | None = key("any_order", PATTERNS, "the lines, in any order", required=True)


WHOLE_LOG = Either(listing=PATTERNS, table=RecordOf(AnyOrder))


@dataclass(frozen=True, kw_only=True)
class MessageExpect(Record):
    """A message that was accepted or delivered."""

    mail_from: Pattern | None = key("mail_from", PatternType(what="an address as a pattern"), "the envelope's sender")
    rcpt_to: tuple[Pattern, ...] | None = key("rcpt_to", ListOf(PATTERN, one=True), "the envelope's recipients")
    headers: dict[str, Pattern] | None = key("headers", MapOf(PATTERN), "header fields: a pattern, or absent")
    body: Pattern | None = key("body", BODY, "the whole body, line by line")
    variables: dict[str, Pattern] | None = key("variables", MapOf(PATTERN), "Exim's variables of that message")


MESSAGES = Either(scalar=Integer("a count"), listing=ListOf(RecordOf(MessageExpect)))


@dataclass(frozen=True, kw_only=True)
class RemoteExpect(Record):
    """What a remote got."""

    messages: int | tuple[MessageExpect, ...] | None = key("messages", MESSAGES, "the messages that it got")
    dialogue: tuple[Pattern, ...] | None = key("dialogue", BlockOfPatterns("a dialogue", special=False), "the whole dialogue that it had")


@dataclass(frozen=True, kw_only=True)
class FileExpect(Record):
    """A file of the MTA's tree."""

    contains: tuple[Pattern, ...] | None = key("contains", PATTERNS, "lines that it has, in this order")
    messages: int | tuple[MessageExpect, ...] | None = key("messages", MESSAGES, "the messages in it")


@dataclass(frozen=True, kw_only=True)
class TlsExpect(Record):
    """TLS of the last session."""

    version: Pattern | None = key("version", PATTERN, "as TLS1.3")
    cipher: Pattern | None = key("cipher", PATTERN, "the cipher as OpenSSL names it")
    subject: Pattern | None = key("subject", PATTERN, "the subject of the server's certificate")


@dataclass(frozen=True, kw_only=True)
class HaproxyExpect(Record):
    """What HAProxy says of itself."""

    servers: dict[str, Pattern] | None = key("servers", MapOf(PATTERN), "backend/server: a pattern on status, check and code")
    checks: dict[str, int] | None = key("checks", MapOf(Integer()), "MTA: so many more finished health checks are awaited")
    log: tuple[Pattern, ...] | None = key("log", IN_ORDER, "patterns that lines of its log match")
    sessions: dict[str, int] | None = key("sessions", MapOf(Integer()), "MTA: clients' sessions that it got")


@dataclass(frozen=True, kw_only=True)
class Between(Record):
    """An integer within limits."""

    between: tuple[int, ...] | None = key("between", ListOf(Integer("a number", -(2**63))), "the least and the greatest value",
                                          required=True)


REDIS_REPLY: NilOr = NilOr(Either(scalar=PatternType(what="a reply"), listing=ListOf(Later(lambda: REDIS_REPLY)), table=RecordOf(Between)),
                           "a reply, or null", "Reply")
ROWS = Either(listing=PATTERNS, table=MapOf(Either(listing=PATTERNS, table=MapOf(PATTERNS))))


@dataclass(frozen=True, kw_only=True)
class Expect(Record):
    """What must be so."""

    log: tuple[Pattern, ...] | None = key("log", IN_ORDER, "patterns that mainlog lines match, in this order")
    mainlog: tuple[Pattern, ...] | AnyOrder | None = key("mainlog", WHOLE_LOG, "the whole main log, line by line")
    rejectlog: tuple[Pattern, ...] | AnyOrder | None = key("rejectlog", WHOLE_LOG, "the whole reject log, line by line")
    paniclog: tuple[Pattern, ...] | AnyOrder | None = key("paniclog", WHOLE_LOG, "the whole panic log, line by line")
    messages: int | tuple[MessageExpect, ...] | None = key("messages", MESSAGES, "the messages that the MTA accepted")
    config_error: tuple[Pattern, ...] | None = key("config_error", PATTERNS, "the configuration is refused, with these lines")
    remotes: dict[str, RemoteExpect] | None = key("remotes", MapOf(RecordOf(RemoteExpect)),
                                                  "per remote: its messages or its whole dialogue")
    files: dict[str, Pattern | FileExpect] | None = key("files", MapOf(Either(scalar=BODY, table=RecordOf(FileExpect))),
                                                        "files: the whole text as a pattern, absent, or what they hold")
    queue: int | tuple[Pattern, ...] | None = key("queue", Either(scalar=Integer("a count"), listing=PATTERNS),
                                                  "how many messages are left, or which")
    redis: dict[str, Any] | None = key("redis", MapOf(REDIS_REPLY), "command: reply")
    sql: dict[str, Any] | None = key("sql", MapOf(ROWS), "per server: the statements that it got, or queries and their rows")
    dmarc: dict[str, Pattern] | None = key("dmarc", MapOf(PATTERN), "the DMARC result of the last message")
    tls: TlsExpect | None = key("tls", RecordOf(TlsExpect), "TLS of the last session")
    haproxy: HaproxyExpect | None = key("haproxy", RecordOf(HaproxyExpect), "what HAProxy says of itself")
    mtas: dict[str, Expect] | None = key("mtas", MapOf(Later(lambda: RecordOf(Expect))), "per MTA, these same keys")
    within: float | None = key("within", DURATION, "how long asynchronous things are awaited; 5s by default")
    throughout: float | None = key("throughout", DURATION, "it holds all that time")


EXPECT = RecordOf(Expect)


# ---- steps, scenarios, the file

@dataclass(frozen=True, kw_only=True)
class Expand(Record):
    """One string as exim -be expands it."""

    string: str | None = key("string", Text(null=True), "the string", required=True)
    is_: Pattern | None = key("is", PatternType(what="the result as a pattern"), "what it expands to")
    fails: Pattern | None = key("fails", PATTERN, "Exim's text behind `Failed: `")


@dataclass(frozen=True, kw_only=True)
class Sendmail(Record):
    """Local submission, as by the sendmail command."""

    user: str | None = key("user", TEXT, "who calls it; root by default")
    args: str | None = key("args", Text("arguments as a shell has them", values.arguments), "its arguments; -t by default")
    message: str | None = key("message", TEXT, "its input")


@dataclass(frozen=True, kw_only=True)
class RealWait(Record):
    """Waiting in real time."""

    real: float | None = key("real", DURATION, "really waits", required=True)


REWRITES = MapOf(Either(scalar=PATTERN, table=MapOf(PATTERN)))
OPTIONS = BlockOfPatterns("lines as exim -bP prints them", special=False)
STEPS = ListOf(Later(lambda: RecordOf(Step)))


@dataclass(frozen=True, kw_only=True)
class Actions(Environment):
    """What a step can be; an environment key as a step changes that part from then on."""

    session: Session | None = key("session", RecordOf(Session), "a conversation with the MTA, line by line")
    send: Send | None = key("send", RecordOf(Send), "a whole message")
    expand: tuple[Expand, ...] | None = key("expand", ListOf(RecordOf(Expand)), "strings as exim -be expands them, one context for all")
    options: tuple[Pattern, ...] | None = key("options", OPTIONS, "options as exim -bP prints them")
    route: dict[str, Pattern] | None = key("route", MapOf(PATTERN), "address: how it is routed, as exim -bt")
    rewrite: dict[str, Any] | None = key("rewrite", REWRITES, "address: what it is rewritten to, as exim -brw")
    sendmail: Sendmail | None = key("sendmail", RecordOf(Sendmail), "local submission")
    wait: float | RealWait | None = key("wait", Either(scalar=DURATION, table=RecordOf(RealWait)), "time passes")
    queue_run: str | None = key("queue_run", Text("Exim's flags, as -qff", values.queue_flags), "a queue run")
    expect: Expect | None = key("expect", EXPECT, "what must be so")
    parallel: tuple[Step, ...] | None = key("parallel", STEPS, "steps at the same time")
    run: tuple[str, ...] | None = key("run", ListOf(TEXT, least=1), "a program against the running MTA; needs --eximsim-allow=run")


@dataclass(frozen=True, kw_only=True)
class Step(Actions):
    """One step of a scenario."""

    repeat: int | None = key("repeat", Integer("a count", 1), "how often; ${{ n }} counts from 1")


PARAMETER = Text(boolean=True, null=True)
PARAMETERS = Either(listing=ListOf(MapOf(PARAMETER), least=1), table=MapOf(ListOf(PARAMETER, least=1)))


@dataclass(frozen=True, kw_only=True)
class Scenario(Actions):
    """One scenario."""

    name: str | None = key("name", NAME, "its name", required=True)
    tags: tuple[str, ...] | None = key("tags", ListOf(Text("a tag", values.tag)), "pytest marks")
    skip: str | None = key("skip", Text("a reason", values.reason), "why it is skipped")
    xfail: str | None = key("xfail", Text("a reason", values.reason), "why it is expected to fail")
    parameters: Any = key("parameters", PARAMETERS, "one scenario becomes many: a list of mappings, or lists whose product is taken")
    steps: tuple[Step, ...] | None = key("steps", STEPS, "what is tried, in this order")
    repeat: int | None = key("repeat", Integer("a count", 1), "of the only step: how often; ${{ n }} counts from 1")


@dataclass(frozen=True, kw_only=True)
class Defaults(Record):
    """What every session, send and expect of the file starts from."""

    session: Session | None = key("session", RecordOf(Session, partial=True), "for sessions, and for the connection of `send`")
    send: Send | None = key("send", RecordOf(Send, partial=True), "for `send`")
    expect: Expect | None = key("expect", EXPECT, "for `expect`")
    within: float | None = key("within", DURATION, "how long asynchronous things are awaited; 5s by default")


@dataclass(frozen=True, kw_only=True)
class ScenarioFile(Environment):
    """A scenario file of pytest-eximsim."""

    format: int | None = key("format", Integer("the format's version", 1, 1), "the version of this format: 1")
    title: str | None = key("title", TEXT, "the file's name by default")
    use: tuple[str, ...] | None = key("use", ListOf(FILE, one=True), "files whose environment and defaults this one takes over")
    tags: tuple[str, ...] | None = key("tags", ListOf(Text("a tag", values.tag)), "pytest marks of all scenarios")
    fixtures: tuple[str, ...] | None = key("fixtures", ListOf(NAME), "pytest fixtures to run with; ${{ fixture.NAME }} is one's value")
    defaults: Defaults | None = key("defaults", RecordOf(Defaults), "what every session, send and expect starts from")
    parameters: Any = key("parameters", PARAMETERS, "every scenario becomes many")
    scenarios: tuple[Scenario, ...] | None = key("scenarios", ListOf(RecordOf(Scenario)), "what is tried")


FILE_TYPE = RecordOf(ScenarioFile)

#: Keys of the environment, and of what a step can be beside it, in the order of the table.
ENVIRONMENT: tuple[str, ...] = tuple(f.metadata["key"].name for f in Environment.__dataclass_fields__.values() if "key" in f.metadata)
ACTIONS: tuple[str, ...] = tuple(f.metadata["key"].name for f in Actions.__dataclass_fields__.values()
                                 if "key" in f.metadata and f.metadata["key"].name not in ENVIRONMENT)


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a scenario file, made from the table above: what editors complete and check with."""
    definitions: dict[str, Any] = {}
    root = FILE_TYPE.schema(definitions)
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": draft, "title": "pytest-eximsim scenario file", **root, "$defs": definitions}
