"""Items that reach outside: files, sockets, Perl, loaded functions. Files are those of the MTA's tree."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ....errors import ExpansionError
from ... import durations
from ...files import open_error, read_file
from ...where import not_simulated
from ...world import Endpoint, Stream
from ..cursor import DIGITS
from ..evaluator import evaluate, scan, seen
from ..ip import address_version
from ..nodes import Call

if TYPE_CHECKING:
    from ...state import Process


def system_text(error: OSError) -> str:
    """What strerror says, in English whatever the machine's locale."""
    if error.strerror:
        return error.strerror
    return "Connection refused" if error.errno == errno.ECONNREFUSED else str(error)


def readfile(p: Process, path: str, end_of_line: str | None = None) -> str:
    """${readfile{path}{replacement of newlines}}"""
    try:
        text = read_file(p, path).decode("latin-1")
    except IsADirectoryError:
        return ""
    except OSError as error:
        raise ExpansionError(f"failed to open {path}: {open_error(p, error)}") from None
    return _lines(text, end_of_line)


def _lines(text: str, end_of_line: str | None) -> str:
    """The text, cut at a NUL as C strings are, its newlines replaced."""
    lines = [line.partition("\0")[0] if "\0" in line else line for line in text.split("\n")]
    return "\n".join(lines) if end_of_line is None else end_of_line.join(lines)


def perl(p: Process, *strings: str) -> str:
    """${perl{sub}…}: refused; without perl_startup with Exim's own text."""
    if not p.configuration.main.get("perl_startup"):
        if not p.release.brace_reasons:
            raise ExpansionError('"${perl" encountered, but this facility is not included in this binary')
        raise ExpansionError("A setting of perl_startup is needed when using the Perl interpreter")
    raise not_simulated(p, f"${{perl{{{strings[0]}}}}}")


def dlfunc(p: Process, *strings: str) -> str:
    """${dlfunc{file}{function}…}: refused."""
    if not p.release.brace_reasons:
        raise ExpansionError('"${dlfunc" encountered, but this facility is not included in this binary')
    try:
        p.world.files.status(strings[0])
    except OSError as error:
        reason = f"{strings[0]}: cannot open shared object file: {system_text(error)}"
        raise ExpansionError(f'dlopen "{strings[0]}" failed: {reason}') from None
    raise not_simulated(p, f"${{dlfunc{{{strings[0]}}}{{{strings[1]}}}}}")


def readsocket(p: Process, node: Call) -> str:
    """${readsocket{name}{request}{timeout}{end of line}{on failure}}: connects through the scenario's network."""
    from ...lookups import LookupSetupError, refuse_tainted

    strings = [evaluate(p, part) for part in node.arguments[:4]]
    failure = node.arguments[4] if len(node.arguments) > 4 else None
    if len(strings) < 2:
        raise ExpansionError(node.fault or "")
    seconds = _timeout(p, strings[2] if len(strings) > 2 else None)
    text = ""
    try:
        if p.release.brace_reasons:
            refuse_tainted(p, strings[0])
        text = _exchange(p, strings, seconds)
    except LookupSetupError as problem:
        raise ExpansionError(str(problem)) from None
    except _SocketFailure as problem:
        if failure is None:
            raise ExpansionError(str(problem)) from None
        text = evaluate(p, failure)
    else:
        if failure is not None:
            scan(p, failure)
    if node.fault is not None:
        raise ExpansionError(node.fault)
    return text


def scan_readsocket(p: Process, node: Call) -> str:
    strings = [seen(p, part) for part in node.arguments]
    if len(strings) > 2 and p.release.has("", "4.82+"):
        _timeout(p, strings[2])
    if node.error is not None:
        raise ExpansionError(node.error)
    return ""


class _SocketFailure(Exception):
    """A failure for which the item may have a string."""


def _timeout(p: Process, text: str | None) -> float:
    """The first of the options is the time."""
    if text is None:
        return 5.0
    word = text.partition(":")[0].strip() if p.release.brace_reasons else text
    seconds = durations.read(word)
    if seconds is None:
        if p.release.brace_reasons and not p.release.readsocket_tells:
            return 5.0
        raise ExpansionError(f"bad time value {word}")
    return float(seconds)


def _exchange(p: Process, strings: list[str], seconds: float) -> str:
    """Connect, send the request, read to the end."""
    stream = _connect(p, strings[0], seconds)
    try:
        if strings[1]:
            stream.send(strings[1].encode("latin-1"), seconds)
        received = b""
        while part := stream.receive(65536, seconds):
            received += part
    except TimeoutError:
        raise _SocketFailure("socket read timed out") from None
    except OSError as error:
        raise _SocketFailure(f"request write to socket failed: {system_text(error)}") from None
    finally:
        stream.close()
    return _lines(received.decode("latin-1"), strings[3] if len(strings) > 3 else None)


def _connect(p: Process, name: str, seconds: float) -> Stream:
    try:
        if not name.startswith("inet:"):
            return p.world.network.connect_unix(name, seconds)
        host, colon, port = name[5:].rpartition(":")
        if not colon:
            raise _set_up_failure(p, f"missing port for readsocket {name}")
        number = _port(p, port)
        address = _address(p, host)
        return p.world.network.connect(Endpoint(address, number), timeout=seconds)
    except TimeoutError:
        raise _SocketFailure("socket connect timed out") from None
    except OSError as error:
        if name.startswith("inet:"):
            raise _SocketFailure(f"failed to connect to any address for {name[5:].rpartition(':')[0]}: {system_text(error)}"
                                 if p.release.brace_reasons
                                 else f"failed to connect to socket {name}: couldn't connect to any host") from None
        raise _SocketFailure(f"failed to connect to socket {name}: {system_text(error)}") from None


def _set_up_failure(p: Process, text: str) -> Exception:
    """The older release fails; later ones go on to the string for failures, 4.96 without a text."""
    if not p.release.brace_reasons:
        return ExpansionError(text)
    return _SocketFailure(text if p.release.readsocket_tells else p.scratch.search_error or "")


def _port(p: Process, text: str) -> int:
    if text[:1] and text[0] in DIGITS:
        if any(char not in DIGITS for char in text):
            raise _set_up_failure(p, f"invalid port number {text}")
        return int(text[:9])
    known = {"smtp": 25, "time": 37, "domain": 53, "http": 80, "pop3": 110, "imap2": 143, "submission": 587, "echo": 7, "daytime": 13}
    if text not in known:
        raise _set_up_failure(p, f'unknown port "{text}"')
    return known[text]


def _address(p: Process, host: str) -> str:
    if host.startswith("[") and host.endswith("]"):
        if not address_version(host[1:-1], strict=p.release.strict_addresses):
            if p.release.brace_reasons:
                raise _SocketFailure(f'malformed IP address "{host}"')
            raise ExpansionError(f'malformed IP address "{host[1:-1]}"')
        return host[1:-1]
    if address_version(host, strict=p.release.strict_addresses):
        return host
    from ... import hosts

    found = getattr(hosts.find_by_name(p, host), "found", None)
    if not found:
        raise (_SocketFailure if p.release.brace_reasons else ExpansionError)(f"no IP address found for host {host}")
    return str(found[0])
