"""One real Exim: its machine (accounts, folders, files), its daemon, its logs, and what is asked of it from the command line.

Its neighbours are real_exim.py's; what a configuration file looks like is configuration.py's.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ConfigError, ServiceError
from ...exim.world import SqlResult
from ...runtime.accounts import BUILT_IN, BUILT_IN_GROUPS
from ...runtime.files import STANDARD
from ...scenario.configuration import HOSTNAME, Placed, fill
from ...scenario.machine import accounts_of
from ...scenario.model import Exim
from ..place.nameserver import RESOLV_CONF
from ..place.namespaces import Folder, Machine
from ..place.network import Site
from ..place.tree import Tree
from .binary import Binary
from .configuration import OWN, Writer, Written
from .logs import Logs, file_of
from .named import KINDS
from .spool import Kept, Spool

if TYPE_CHECKING:
    from ...runtime.certificates import Authority
    from ...runtime.hub import Hub

#: How long the daemon may take until it listens, and a command until it ends.
STARTING, ASKING = 20.0, 60.0
POLL = 0.002
#: What the daemon says on its standard error.
SAID = f"{OWN}/said"
#: Debian's collection of authorities: here, that of the scenario's remotes alone.
TRUSTED = "/etc/ssl/certs/ca-certificates.crt"
ASKED = ("exim_user", "exim_group", "log_file_path", "spool_directory", "tls_certificate", "tls_privatekey")
_OF_LOG = re.compile(r"\s*LOG: PANIC DIE\s*$|exim: could not open panic log")
NSSWITCH = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n"


@dataclass(eq=False)
class Daemon:
    """One MTA of a scenario. `directory` is its @DIR@; `environment` the scenario's (users, files, hosts)."""

    name: str
    exim: Exim
    binary: Binary
    hub: Hub
    site: Site
    directory: str
    environment: Any
    zone: str
    authority: Authority
    names: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    logs: Logs = field(default_factory=Logs)
    options: dict[str, str] = field(default_factory=dict)
    hosts: str = ""
    more_hosts: str = ""
    before: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    spool: Spool | None = None          # from the first start on
    built: Machine | None = None

    @property
    def machine(self) -> Machine:
        assert self.built is not None
        return self.built

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(self.site.addresses)

    # ---- its machine

    def build(self, placed: Placed) -> None:
        """Make the machine with everything that the scenario gives. Raises ServiceError, OSError."""
        self.built = Machine.start(self.site.network, self.exim.hostname or HOSTNAME, self._folders(), [self.binary.folder],
                                   image=bool(self.binary.image))
        self.files = Tree(self.machine.root, self.directory)
        self.hosts = self.environment.hosts or ""
        self.names.update({"@CONFIG@": self.binary.configuration, "@DIR@": self.directory, "@PWD@": self.directory,
                           "@SPOOL@": self._compiled("spool_directory")})
        for path, text in self._system_files().items():
            self.files.give(path, text.encode("latin-1"))
        if any(one.tls not in (None, "none") for one in (self.environment.remotes or {}).values()):
            self.files.give(TRUSTED, self.authority.authority_pem())
        if placed.root is not None:
            self.files.copy(placed.root)
        self.give(self.environment.files or {})
        self._complete_accounts()

    def _compiled(self, option: str) -> str:
        return self.binary.options.get(option, "")

    def _folders(self) -> list[Folder]:
        uid, gid, spool = self.binary.uid, self.binary.gid, self._compiled("spool_directory")
        log = file_of(self._compiled("log_file_path"), "main", spool)
        own = [spool, *(f"{spool}/{name}" for name in ("input", "db", "msglog")), log.rpartition("/")[0],
               self._compiled("pid_file_path").rpartition("/")[0]]
        homes = [Folder(home, 0o755, uid, uid) for uid, home in accounts_of(self.environment.users).values() if home.startswith("/")]
        plain = [Folder(path) for path in STANDARD if path not in ("/bin", "/sbin", "/lib", "/usr", "/usr/bin", "/usr/lib", "/usr/sbin")]
        return [*plain, Folder("/proc"), Folder("/tmp", 0o1777), Folder("/var/tmp", 0o1777), Folder("/var/mail", 0o2775, 0, 8),
                *homes, Folder(OWN), *(Folder(path, 0o750, uid, gid) for path in own if path.startswith("/")),
                Folder(self.directory, 0o777)]

    def _system_files(self) -> dict[str, str]:
        zone = Path("/usr/share/zoneinfo", self.zone)
        return {"/etc/nsswitch.conf": NSSWITCH, "/etc/resolv.conf": RESOLV_CONF, "/etc/hosts": self._hosts(),
                "/etc/localtime": zone.read_bytes().decode("latin-1") if zone.is_file() else ""}

    def _hosts(self) -> str:
        text = self.hosts.encode("utf-8", "surrogateescape").decode("latin-1")
        return "\n".join(("127.0.0.1 localhost", text.removesuffix("\n"), self.more_hosts))

    def set_hosts(self, text: str) -> None:
        """Another hosts file of the scenario."""
        self.hosts = text
        self.files.give("/etc/hosts", self._hosts().encode("latin-1"))

    def add_hosts(self, lines: str) -> None:
        """What stands in the hosts file behind the scenario's."""
        if lines != self.more_hosts:
            self.more_hosts = lines
            self.set_hosts(self.hosts)

    def _complete_accounts(self) -> None:
        """passwd and group: the scenario's own files, its `users`, those that every machine has, and Exim's."""
        own = accounts_of(self.environment.users)
        user, group = self._compiled("exim_user"), self._compiled("exim_group")
        passwd = {name: f"{name}:x:{uid}:{uid}::{home}:/bin/sh" for name, (uid, home) in own.items()}
        passwd |= {one.name: f"{one.name}:x:{one.uid}:{one.gid}:{one.gecos}:{one.home}:{one.shell}" for one in BUILT_IN}
        passwd |= {user: f"{user}:x:{self.binary.uid}:{self.binary.gid}::/var/spool/exim4:/bin/false"} if not user.isdigit() else {}
        groups = {**{name: uid for name, (uid, _) in own.items()}, **BUILT_IN_GROUPS, group or user: self.binary.gid}
        self._append("/etc/passwd", passwd)
        self._append("/etc/group", {name: f"{name}:x:{gid}:" for name, gid in groups.items() if name and not name.isdigit()})

    def _append(self, path: str, lines: Mapping[str, str]) -> None:
        try:
            held = self.files.read(path).decode("latin-1").splitlines()
        except FileNotFoundError:
            held = []
        known = {line.partition(":")[0] for line in held}
        own = set(accounts_of(self.environment.users)) if path == "/etc/passwd" else set()
        first = [line for name, line in lines.items() if name in own]
        rest = [line for name, line in lines.items() if name not in known and name not in own]
        self.files.give(path, "".join(f"{line}\n" for line in [*first, *held, *rest]).encode("latin-1"))

    def give(self, files: Mapping[str, str]) -> None:
        """Files of the scenario, `@DIR@` filled in."""
        for path, text in files.items():
            self.files.give(path, fill(text, self.names).encode("utf-8", "surrogateescape"))

    # ---- its configuration and its daemon

    def configure(self, exim: Exim, placed: Placed) -> None:
        """Write the configuration and let Exim read it. Raises ConfigError with its own lines, ScenarioError."""
        self.exim = exim
        self.written: Written = Writer(exim, placed, self.files, self.names, self.binary.configuration).write()
        done = self.run("-bP", *ASKED, *(f"{kind}_servers" for kind in KINDS if self.binary.has(kind)))
        if done.returncode:
            lines = self._refusal(done.stdout + done.stderr)
            raise ConfigError(" ".join(line.strip() for line in lines), None, lines)
        self.options = dict(re.findall(r"^(\w+) = ?(.*)$", done.stdout, re.M))
        spool = self.options.get("spool_directory") or self._compiled("spool_directory")
        self.names["@SPOOL@"] = spool
        self.logs.place(self.files, {name: file_of(self.options.get("log_file_path", ""), name, spool,
                                                  self._compiled("log_file_path")) for name in ("main", "reject", "panic")})
        self._certificates()

    def text(self) -> str:
        """The configuration as it was written, without what it includes; latin-1."""
        return self.files.read(self.written.path).decode("latin-1")

    def _refusal(self, said: str) -> list[str]:
        """Exim's lines about its configuration, each once, without the words that are for the log, which it may not be able to write."""
        lines = [self.written.original(line) for line in said.split("\n") if line.strip() and not _OF_LOG.match(line)]
        first, second = [*(index for index, line in enumerate(lines) if "Exim configuration error" in line), len(lines), len(lines)][:2]
        return lines[first if first < len(lines) else 0:second]

    def _certificates(self) -> None:
        """A certificate and a key that are named and not there are made for the run."""
        for option in ("tls_certificate", "tls_privatekey"):
            path = self.options.get(option, "")
            if path.startswith("/") and "$" not in path:
                with contextlib.suppress(FileExistsError):
                    self._certificate(path)

    def _certificate(self, path: str) -> None:
        try:
            self.files.status(path)
        except FileNotFoundError:
            made = self.authority.certificate_pem((self.exim.hostname or HOSTNAME, *self.addresses))
            self.files.give(path, made)

    def watch(self) -> None:
        """From now on messages are kept, and what is written to the tree is the MTA's."""
        if self.spool is None:
            path = self.names["@SPOOL@"]
            self._own_folders(path)
            self.spool = Spool(f"{self.files.root}{path}", f"{self.files.root}{OWN}/messages")
            self.spool.watch()
            self.before = self.files.marks()

    def start(self, occupied: Sequence[tuple[str, int]] = ()) -> None:
        """Start the daemon and wait until it listens. `occupied`: places of its own addresses that are a remote's. Raises ServiceError."""
        self.logs.begin()
        arguments = [self.binary.path, "-bdf", *self._listening(occupied)]
        with open(self.files.real(SAID), "wb") as said:
            self.process = self.machine.popen(arguments, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        until = self.hub.real_now() + STARTING
        while not self.logs.started():
            if self.process.poll() is not None or self.hub.real_now() > until or self.logs.waits():
                words = self.files.read(SAID).decode("latin-1").strip()
                last = "".join(f"; its log ends with {line!r}" for line in self.logs.lines("main")[-1:])
                raise ServiceError(f"the real Exim does not start: {' / '.join(words.splitlines())}{last}")
            self.hub.real_sleep(POLL)
        self.logs.skip()

    def _own_folders(self, spool: str) -> None:
        """The spool directory of a configuration and the folders of its logs belong to the user that Exim becomes."""
        uid, gid = self._becomes()
        for folder in (spool, *(f"{spool}/{name}" for name in ("input", "db", "msglog")), *map(os.path.dirname, self.logs.paths.values())):
            if folder.startswith("/"):
                real = self.files.real(folder)
                os.makedirs(real, exist_ok=True)
                os.chown(real, uid, gid)

    def _becomes(self) -> tuple[int, int]:
        """uid and gid of `exim_user` and `exim_group`, names or numbers."""
        user, group = self.options.get("exim_user", ""), self.options.get("exim_group", "")
        known = self.account(user)
        uid = known[0] if known else int(user) if user.isdigit() else self.binary.uid
        if group.isdigit():
            return uid, int(group)
        lines = self.files.read("/etc/group").decode("latin-1").splitlines()
        found = re.search(rf"^{re.escape(group)}:[^:]*:(\d+)", "\n".join(lines), re.M)
        return uid, int(found[1]) if found else known[1] if known else self.binary.gid

    def _listening(self, occupied: Sequence[tuple[str, int]]) -> list[str]:
        """-oX where a remote has a port at one of the MTA's own addresses."""
        if not occupied:
            return []
        free = [one for one in (*self.addresses, "127.0.0.1") if (one, 25) not in occupied]
        return ["-oX", "<; " + " ; ".join(f"[{one}]:25" for one in free)]

    def stop(self) -> None:
        """End the daemon and what it does."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                self.machine.end_processes()
            until = self.hub.real_now() + 5
            while self.machine.processes() and self.hub.real_now() < until:
                self.hub.real_sleep(POLL)
            self.process.wait(5)
            self.process = None

    def busy(self) -> int:
        """How many processes there are beside the daemon itself."""
        return max(len(self.machine.processes()) - (self.process is not None), 0)

    def sleeps(self) -> bool:
        """Does none of its processes run?"""
        return set(self.machine.processes().values()) <= {"S"}

    # ---- what is asked of it

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Exim with these arguments, in @DIR@. Output is latin-1."""
        return self.hub.call_blocking(partial(self._run, arguments))

    def command(self, arguments: Sequence[str], input: bytes = b"", account: tuple[int, int] = (0, 0)) -> str:
        """Exim as somebody's command (`account`: uid and gid): what it prints, latin-1, and its exit code where that is not 0. It gets no
        environment: it would log that it purges it.
        """
        words = [fill(one, self.names).encode("utf-8", "surrogateescape").decode("latin-1") for one in arguments]
        filled = fill(input.decode("latin-1"), self.names).encode("latin-1")
        done = self.hub.call_blocking(partial(self._run, words, filled, account))
        return done.stdout + done.stderr + (f"exit code {done.returncode}\n" if done.returncode else "")

    def account(self, user: str) -> tuple[int, int] | None:
        """A user's uid and gid."""
        for line in self.files.read("/etc/passwd").decode("latin-1").splitlines():
            name, _, uid, gid, *_ = [*line.split(":"), "", "", ""]
            if name == user.encode("utf-8", "surrogateescape").decode("latin-1") and uid.isdigit() and gid.isdigit():
                return int(uid), int(gid)
        return None

    def _run(self, arguments: Sequence[str], input: bytes = b"",
             account: tuple[int, int] | None = None) -> subprocess.CompletedProcess[str]:
        words: list[Any] = [self.binary.path, *(one.encode("latin-1") for one in arguments)]
        process = self.machine.popen(words, self.directory, account, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            output, errors = process.communicate(input, ASKING)
        except subprocess.TimeoutExpired:
            process.kill()
            raise ServiceError(f"the real Exim does not come to an end with {' '.join(arguments)[:200]}") from None
        return subprocess.CompletedProcess(arguments, process.returncode, output.decode("latin-1"), errors.decode("latin-1"))

    def sqlite(self, path: str, statement: str) -> SqlResult:
        """A statement on an SQLite file of the machine. The library follows links by itself, so that it must be there. Raises SqlError."""
        from ...services.sql import sqlite

        return self.machine.inside(lambda: sqlite.run(path, statement))

    def messages(self) -> list[Kept]:
        return self.spool.messages(self._variable) if self.spool is not None else []

    def waiting(self) -> list[str]:
        """The ids of messages on the queue."""
        return self.spool.waiting() if self.spool is not None else []

    def _variable(self, id: str, name: str) -> str:
        name = name.removeprefix("$")
        header = re.match(r"(?:[rbl]?h|[rbl]?header)_", name)
        assert self.spool is not None
        with self.spool.restored(id):
            done = self.run("-Mset", id, "-be", f"${name.rstrip(':')}:" if header else f"${{{name}}}")
        return done.stdout.removesuffix("\n")

    def log(self, name: str) -> list[str]:
        return [self.written.original(line) for line in self.logs.lines(name)]

    def changed(self) -> dict[str, bytes]:
        """Files that it has written since the start, without logs and the spool."""
        found: dict[str, bytes] = {}
        if self.spool is None:
            return found
        own = (self.names["@SPOOL@"], OWN, *(path.rpartition("/")[0] for path in self.logs.paths.values()), "/run/")
        for path, mark in self.files.marks().items():
            if mark not in (self.before.get(path), self.files.given.get(path)) and not path.startswith(tuple(one for one in own if one)):
                with contextlib.suppress(OSError):
                    found[path] = self.files.read(path)
        return found

    def close(self) -> None:
        if self.spool is not None:
            self.spool.close()
        if self.built is not None:
            self.built.close()
        if self.process is not None:
            self.process.wait(5)
