"""One Exim: its configuration in a world, its daemon, its queue. The façade that the outside uses.

Lives here: what all processes of one Exim share, and the daemon's part of a connection (limits, the opening log line, forking).
Not here: the SMTP session (reception/), delivery.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .hints import Hints
from .log import log, parse_selectors, zone_of
from .release import RELEASES
from .state import Connection, Message, Process

if TYPE_CHECKING:
    from .config.model import Configuration
    from .release import Release
    from .world import Stream, World


@dataclass
class Accepted:
    """A message that was accepted: the message as it was when its last dot was answered, and the connection that brought it."""

    message: Message
    connection: Connection


class Mta:
    """One Exim. `queue`: messages that wait, by id; `messages`: all that were ever accepted, in order; neither without `keep`."""

    def __init__(self, configuration: Configuration, world: World, *, version_number: str | None = None,
                 keep: bool = True) -> None:
        release = configuration.release
        self.configuration = configuration
        self.world = world
        self.release: Release = release if not isinstance(release, str) else RELEASES[release]
        self.version_number: str = version_number or self.release.version_number
        self.hints = Hints()
        self.selectors = parse_selectors(_text(configuration.main.get("log_selector")), self.release)
        self.zone = zone_of(self)
        self.acl_texts: dict[str, Any] = {}     # ACLs written into options, read once (acl/engine.py)
        self.queue: dict[str, Accepted] = {}
        self.messages: list[Accepted] = []
        self.crashes: list[str] = []        # why processes ended by a fault of Exim's own
        self.keep = keep
        self.connections = 0                # how many there ever were, for connection ids
        self.open: list[str] = []           # addresses of the connections that are served now
        self.daemon = Process(mta=self, pid=world.entropy.pid())

    def expander(self, *, message: Message | None = None) -> Process:
        """A process for `-be`: one context, no connection."""
        p = Process(mta=self, pid=self.world.entropy.pid())
        if message is not None:
            p.message = message
        return p

    def serve(self, stream: Stream) -> None:
        """Serve one connection from accept() to its end: the daemon's checks, then a child's session. Never raises for what a client
        does.
        """
        from .reception.daemon import accept_connection

        accept_connection(self, stream)

    def session(self, stream: Stream) -> Process:
        """A process with a connection as `-bh` has it, without the daemon's checks; run it with reception.session.serve_connection."""
        from .reception.daemon import child_of

        return child_of(self, stream)

    def accept(self, p: Process) -> None:
        """The message of `p` is complete and safe: it goes on the queue."""
        if not self.keep:
            return
        accepted = Accepted(p.message, p.connection)
        self.queue[p.message.id] = accepted
        self.messages.append(accepted)

    def log(self, text: str, *, main: bool = True, reject: bool = False, panic: bool = False) -> None:
        """A line of the daemon itself."""
        log(self.daemon, text, main=main, reject=reject, panic=panic)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
