"""The ports: everything outside the simulated MTA, as arguments. No port has an implementation here.

`runtime/` and `services/` implement them; tests pass small fakes. All calls read as blocking code; an implementation may park the calling
task. Text is latin-1 `str` (one character a byte) except where `bytes` is said. Times are seconds as float.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a TCP connection: an IP address in canonical text form and a port."""

    address: str
    port: int


class Clock(Protocol):
    """The MTA's clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let that much time pass (simulated: at once when nothing else is ready)."""
        ...


class Task(Protocol):
    """Something that runs beside its caller."""

    def join(self) -> None:
        """Wait for its end; re-raises what it raised."""
        ...


class Tasks(Protocol):
    """Concurrency without threads."""

    def spawn(self, function: Callable[[], None], name: str = "") -> Task: ...


class TlsFailed(Exception):
    """The handshake failed; the text is the TLS library's reason."""


@dataclass(frozen=True, slots=True)
class TlsSession:
    """What a handshake ended in: `version` as `TLS1.3`, `cipher` as OpenSSL names it, `bits`, the name asked for, the peer's DN."""

    version: str
    cipher: str
    bits: int
    sni: str = ""
    peer_dn: str = ""
    verified: bool = False


class Stream(Protocol):
    """A connected byte stream. `peer` and `local` are what the MTA is to see, also behind a mapped HAProxy."""

    peer: Endpoint
    local: Endpoint

    def receive(self, limit: int = 8192, timeout: float | None = None) -> bytes:
        """At least one byte, `b""` at the end of input. Raises TimeoutError, or ConnectionResetError."""
        ...

    def peek(self, limit: int = 8192, timeout: float | None = None) -> bytes:
        """As receive, but the bytes stay unread (recv with MSG_PEEK)."""
        ...

    def ready(self) -> bool:
        """Something can be received right now without waiting; the end of input counts."""
        ...

    def send(self, data: bytes, timeout: float | None = None) -> None:
        """Send all. Raises TimeoutError, or ConnectionError when the other side is gone."""
        ...

    def start_tls(self, *, server: bool, certificate: str = "", key: str = "", authorities: str = "", sni: str = "",
                  verify: bool = False) -> TlsSession:
        """Handshake; raises TlsFailed. Paths are of the MTA's file tree; empty: certificates made for the run.

        A server with `verify` wants a certificate of its client, with `authorities` alone asks for one.
        """
        ...

    def close(self) -> None:
        """FIN both ways (unread input is dropped)."""
        ...

    def abort(self) -> None:
        """RST."""
        ...


class Network(Protocol):
    """Outgoing connections and what is known of our own addresses."""

    def connect(self, remote: Endpoint, source: str = "", timeout: float | None = None) -> Stream:
        """Raises OSError with errno (ECONNREFUSED 111, EHOSTUNREACH 113), or TimeoutError."""
        ...

    def connect_unix(self, path: str, timeout: float | None = None) -> Stream: ...

    def local_addresses(self) -> Sequence[str]:
        """The addresses of the MTA's interfaces, loopback included, in order."""
        ...


class DnsStatus(Enum):
    """How a DNS question ended (RFC 1035 4.1.1, RFC 2308)."""

    FOUND = "found"
    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    SERVFAIL = "servfail"      # any temporary failure: SERVFAIL, REFUSED
    TIMEOUT = "timeout"        # temporary too, after the time that the resolver tries


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One resource record: `type` upper case, `data` in master-file form without final dots; for TXT `strings` has the chunks.

    MX: `preference` and `target`; SRV: `preference` (priority), `weight`, `port`, `target`; A, AAAA: `data` is the address.
    """

    name: str
    type: str
    data: str
    ttl: int = 300
    strings: tuple[str, ...] = ()
    preference: int = 0
    weight: int = 0
    port: int = 0
    target: str = ""


@dataclass(frozen=True, slots=True)
class DnsAnswer:
    """The answer to one question; CNAMEs are already followed, `name` is where the chain ended (`chain`: all names gone through)."""

    status: DnsStatus
    records: tuple[DnsRecord, ...] = ()
    name: str = ""
    chain: tuple[str, ...] = ()
    soa: DnsRecord | None = None


class Resolver(Protocol):
    """DNS and the hosts file; the scenario's zone is all there is."""

    def query(self, name: str, type: str) -> DnsAnswer:
        """`name` without final dot, `type` as "A", "MX", "TXT" …"""
        ...

    def hosts_by_name(self, name: str) -> Sequence[str]:
        """Addresses that /etc/hosts gives for a name."""
        ...

    def hosts_by_address(self, address: str) -> Sequence[str]:
        """Canonical name and aliases that /etc/hosts gives for an address."""
        ...


@dataclass(frozen=True, slots=True)
class FileStatus:
    """What stat() says: `kind` is "file", "dir" or "other"."""

    kind: str
    mode: int
    inode: int
    device: int
    links: int
    uid: int
    gid: int
    size: int
    atime: int
    mtime: int
    ctime: int


class Files(Protocol):
    """The MTA's file tree. Paths are absolute texts; all calls raise OSError with errno as the system would."""

    def read(self, path: str) -> bytes: ...

    def write(self, path: str, data: bytes, *, append: bool = False, mode: int = 0o600) -> None: ...

    def status(self, path: str) -> FileStatus: ...

    def list(self, path: str) -> Sequence[str]:
        """Names in a directory, `.` and `..` included, in the system's order."""
        ...

    def make_directory(self, path: str, mode: int = 0o700) -> None: ...

    def rename(self, old: str, new: str) -> None: ...

    def remove(self, path: str) -> None: ...

    def real_path(self, path: str) -> str:
        """Where the tree keeps it on disk, for libraries that open files themselves (SQLite, TLS)."""
        ...


class RedisError(Exception):
    """An error reply (`-ERR …`); the text is the reply without the dash."""


#: nil is None, status and bulk replies are bytes, integers int, arrays lists.
RedisReply = None | int | bytes | list["RedisReply"] | RedisError


class RedisConnection(Protocol):
    """One connection of a process to one Redis server."""

    def command(self, arguments: Sequence[bytes]) -> RedisReply:
        """Error replies are returned, not raised. Raises OSError (text: strerror), or EOFError when the server closed."""
        ...

    def close(self) -> None: ...


class Redis(Protocol):
    """The Redis servers that the MTA can reach."""

    def connect(self, host: str, port: int, socket: str = "") -> RedisConnection:
        """Connects lazily, as hiredis errors show at the first command. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class SqlResult:
    """Rows of a statement (None is NULL), or the number of rows that it changed where it gives none."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str | None, ...], ...] = ()
    affected: int | None = None


class SqlError(Exception):
    """`text` is what the client library says; `connect` is true when no connection could be made."""

    def __init__(self, text: str, connect: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.connect = connect


@dataclass(frozen=True, slots=True)
class SqlServer:
    """One item of pgsql_servers or mysql_servers, taken apart."""

    host: str
    port: int | None
    socket: str
    database: str
    user: str
    password: str


class Sql(Protocol):
    """The SQL servers, by kind ("pgsql", "mysql"), and SQLite files."""

    def execute(self, kind: str, server: SqlServer, statement: str) -> SqlResult: ...

    def sqlite(self, path: str, statement: str) -> SqlResult: ...


@dataclass(frozen=True, slots=True)
class CommandResult:
    """`code` as Exim's child_close gives it: 0..255, negative for a signal; 127 when it could not be run."""

    code: int
    output: bytes


class Commands(Protocol):
    """Programs of ${run}, pipes, queryprogram; refuses (NotAllowed) unless `exim.allow: [run]`."""

    def run(self, argv: Sequence[str], *, input: bytes = b"", environment: Mapping[str, str] | None = None,
            directory: str = "/", timeout: float | None = None) -> CommandResult: ...


@dataclass(frozen=True, slots=True)
class User:
    """An account as getpwnam gives it."""

    name: str
    uid: int
    gid: int
    home: str = "/"
    shell: str = "/bin/sh"
    gecos: str = ""
    password: str = "x"


class Users(Protocol):
    """Accounts and groups of the simulated machine."""

    def by_name(self, name: str) -> User | None: ...

    def by_uid(self, uid: int) -> User | None: ...

    def group(self, name: str) -> int | None:
        """The gid of a group."""
        ...


class Entropy(Protocol):
    """Process ids and random numbers, the same in every simulated run."""

    def pid(self) -> int: ...

    def random(self, limit: int) -> int:
        """0 <= n < limit."""
        ...


class Logs(Protocol):
    """Where log lines go."""

    def write(self, name: str, line: str) -> None:
        """`name` is "main", "reject" or "panic"; `line` whole, with its time stamp (may hold newlines), without the final newline."""
        ...


class Scanners(Protocol):
    """What spamd and the malware scanner would answer; None where the scenario has no `scanners:`."""

    spam: Mapping[str, object] | None
    malware: str | None


class Trace(Protocol):
    """Who wants to know why (eximsim explain, -v): called with the place and a sentence."""

    def note(self, kind: str, position: object, text: str) -> None: ...


@dataclass
class World:
    """All ports together; `hostname` is what uname says, `allow` what the scenario permits ("run", "readfile-outside")."""

    clock: Clock
    tasks: Tasks
    network: Network
    resolver: Resolver
    files: Files
    redis: Redis
    sql: Sql
    commands: Commands
    users: Users
    entropy: Entropy
    logs: Logs
    hostname: str = "mail.example.net"
    zone: str = "UTC"
    allow: frozenset[str] = frozenset()
    environment: Mapping[str, str] = field(default_factory=dict)
    scanners: Scanners | None = None
    trace: Trace | None = None
