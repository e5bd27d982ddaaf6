"""Run the simulated MTA as a daemon, in real time, for swaks or anything else. It prints its main log; accepted mail goes nowhere."""

from __future__ import annotations

import argparse
import contextlib
import signal
import socket
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import ServiceError
from . import standalone

if TYPE_CHECKING:
    from ..scenario.machine import Machine
    from ..scenario.simulator import Simulator

HELP = "the simulated MTA as a daemon, on a local address"
BACKLOG = 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    standalone.add_arguments(parser)
    parser.add_argument("--listen", action="append", required=True, metavar="ADDRESS:PORT", type=_address,
                        help="where it listens, as 127.0.0.1:2525 or [::1]:2525; may be given several times; port 0: any free one")
    parser.add_argument("--log", metavar="FILE", help="the main log goes to this file as well")


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no ADDRESS:PORT")
    return host, int(port)


def run(options: argparse.Namespace) -> int:
    """Until SIGINT or SIGTERM."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(listen(host, port)) for host, port in options.listen]
        simulator, machine = stack.enter_context(standalone.standalone(options))
        log = stack.enter_context(_open(options.log)) if options.log else None
        machine.keep_nothing()
        simulator.book.listen = partial(_print, log)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _stop)
        with contextlib.suppress(KeyboardInterrupt):
            simulator.hub.run(lambda: _serve(simulator, machine, sockets))
    return 0


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on a local address. Raises ServiceError: the port is taken, the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise ServiceError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    return made


def _open(path: str) -> Any:
    try:
        return open(path, "ab", buffering=0)
    except OSError as error:
        raise ServiceError(f"--log: {path} cannot be written: {error.strerror}") from None


def _stop(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _serve(simulator: Simulator, machine: Machine, sockets: list[socket.socket]) -> None:
    from ..runtime.network import serve_socket

    for one in sockets:
        host, port = one.getsockname()[:2]
        print(f"listening on {f'[{host}]' if ':' in host else host}:{port} as {machine.world.hostname}, "
              f"Exim {machine.choice.release_name} ({machine.choice.reason})", file=sys.stderr, flush=True)
        simulator.hub.spawn(partial(serve_socket, simulator.hub, one, machine.serve, tls=machine.tls), f"listener {port}")
    simulator.hub.wait_for_ever()


def _print(log: Any, name: str, line: str) -> None:
    """Main log lines to standard output and the file, panic log lines to standard error."""
    data = line.encode("latin-1", "replace") + b"\n"
    if name == "main":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        if log is not None:
            log.write(data)
    elif name == "panic":
        sys.stderr.buffer.write(b"paniclog: " + data)
        sys.stderr.buffer.flush()
