"""One SMTP session on the terminal, as `exim -bh` has it: replies on standard output, log lines on standard error. Nothing is kept.

The client's lines come from standard input. There are no checks of the daemon, no ident, and no rule about input that comes too soon.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import standalone

if TYPE_CHECKING:
    from ..exim.world import Endpoint, Stream
    from ..runtime.memory import MemoryStream
    from ..scenario.machine import Machine
    from ..scenario.simulator import Simulator

HELP = "one SMTP session on the terminal, as exim -bh"
HEAD = """
**** SMTP testing session as if from host {address}
**** but without any ident (RFC 1413) callback.
**** This is not for real!

"""
NOTICE = "\n**** SMTP testing: that is not a real message id!\n\n"
#: A client's port, where `--from` has none.
PORT = 1234


def add_arguments(parser: argparse.ArgumentParser) -> None:
    standalone.add_arguments(parser)
    parser.add_argument("--from", dest="client", metavar="IP[:PORT]", required=True, type=endpoint, help="the client's address")
    parser.add_argument("--to", metavar="IP:PORT", type=endpoint, help="the address that the client connected to (192.0.2.25:25)")


def endpoint(text: str) -> Endpoint:
    """An address with or without a port."""
    from ..scenario.values import endpoint as parse

    try:
        return parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(options: argparse.Namespace) -> int:
    with standalone.standalone(options) as (simulator, machine):
        simulator.book.listen = log_line
        print(HEAD.format(address=options.client.address), end="", flush=True)
        simulator.hub.run(lambda: converse(options, simulator, machine, _show))
    return 0


def log_line(name: str, line: str) -> None:
    """`LOG: text` on standard error, without the time stamp; the reject log repeats the main log."""
    from ..scenario.patterns import shown, without_stamp

    if name == "main":
        print("\n".join(f"LOG: {without_stamp(shown(part))}" for part in line.split("\n")), file=sys.stderr, flush=True)


def _show(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    if re.search(rb"(?m)^250 OK id=", data):
        sys.stdout.buffer.write(NOTICE.encode())
    sys.stdout.buffer.flush()


def converse(options: argparse.Namespace, simulator: Simulator, machine: Machine, show: Callable[[bytes], None],
             said: Callable[[bytes], None] = lambda line: None) -> None:
    """Lines of standard input are the client's, `said` is told each; `show` gets what the MTA answers. Ends when the MTA closes."""
    from ..exim.world import Endpoint

    machine.keep_nothing()
    server = options.to or Endpoint(machine.addresses[0] if ":" not in options.client.address else "2001:db8::25", 25)
    server = Endpoint(server.address, server.port or 25)
    client = Endpoint(options.client.address, options.client.port or PORT)
    simulator.network.listen(server, lambda stream: _serve(machine, stream), tls=machine.tls)
    simulator.network.add_known(client.address)
    stream = simulator.network.connect(client, server)
    simulator.hub.spawn(lambda: _type(simulator, stream, said), "standard input")
    while data := stream.receive(65536):
        show(data)
    stream.close()


def _serve(machine: Machine, stream: Stream) -> None:
    from ..exim.log import log
    from ..exim.reception.daemon import whofrom
    from ..exim.reception.session import serve_connection

    p = machine.mta.session(stream)
    log(p, f"SMTP connection from {whofrom(p)}", selector="smtp_connection")
    p.connection.enforce_sync = False
    serve_connection(p)


def _type(simulator: Simulator, stream: MemoryStream, said: Callable[[bytes], None]) -> None:
    """Send each line, with the end that it has, when the MTA has done what the one before asks for; then the client closes its side."""
    try:
        simulator.hub.settle()
        while line := simulator.hub.call_blocking(sys.stdin.buffer.readline):
            said(line.rstrip(b"\r\n"))
            stream.send(line)
            simulator.hub.settle()
        stream.shutdown()
    except OSError:
        pass
