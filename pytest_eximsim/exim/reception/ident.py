"""RFC 1413: who owns the client's end of the connection (rfc1413_hosts; s525, p406)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..lists import Matched, match_sender_host
from ..log import log, printing
from ..world import Endpoint

if TYPE_CHECKING:
    from ..state import Process

PORT = 113
_ANSWER = re.compile(rb"\s*(\d+)\s*,\s*(\d+)\s*:\s*USERID\s*:([^:]*):", re.DOTALL)


def ask(p: Process) -> None:
    """Ask the peer's port 113 where the configuration wants it; sets p.connection.ident."""
    c, main = p.connection, p.configuration.main
    timeout = main.get("rfc1413_query_timeout")
    seconds = float(timeout) if isinstance(timeout, (int, float)) else 0.0
    hosts = main.get("rfc1413_hosts")
    if seconds <= 0 or not hosts or not (hosts == "*" or isinstance(match_sender_host(p, str(hosts)), Matched)):
        return
    try:
        stream = p.world.network.connect(Endpoint(c.peer_address, PORT), source=c.interface_address, timeout=seconds)
    except TimeoutError:
        log(p, f"ident connection to {c.peer_address} timed out", selector="ident_timeout")
        return
    except OSError:
        return
    try:
        stream.send(f"{c.peer_port} , {c.interface_port}\r\n".encode("ascii"))
        answer = _read(stream, seconds)
    except OSError:
        return
    finally:
        stream.close()
    c.ident = user_id(answer, c.peer_port, c.interface_port)


def _read(stream: object, seconds: float) -> bytes:
    answer = b""
    while b"\n" not in answer and len(answer) < 4096:
        data: bytes = stream.receive(4096, seconds)  # type: ignore[attr-defined]
        if not data:
            break
        answer += data
    return answer


def user_id(answer: bytes, theirs: int, ours: int) -> str:
    """The name in `40001 , 25 : USERID : UNIX : joe`, "" when the answer is no good; at most 127 characters, made printable."""
    found = _ANSWER.match(answer)
    if not found or (int(found[1]), int(found[2])) != (theirs, ours):
        return ""
    name = answer[found.end():].partition(b"\n")[0].strip(b" \t\r").decode("latin-1")
    return printing(name[:127])
