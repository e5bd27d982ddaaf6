"""Sessions a second of `eximsim serve`, of aiosmtpd with a sink and of the real Exim (where there is one), one after the other.

    python tests/benchmarks/bench_serve.py [SESSIONS]

Each session is EHLO MAIL RCPT DATA QUIT with 1 KiB, every reply awaited; 1, 10 and 50 clients. Then the memory of `eximsim serve` with
200 open sessions. Traffic goes to loopback only; each run ends by itself.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

CONFIG = """
primary_hostname = mail.example.net
smtp_accept_max = 300
queue_only
hostlist relay = 127.0.0.1 : 192.0.2.0/24
acl_smtp_rcpt = check
{more}
begin acl
check:
  accept hosts = +relay
  deny message = relay not permitted
"""
SINK = """
import asyncio, sys
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP
async def main():
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Sink()), "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""
BODY = b"Subject: benchmark\r\n\r\n" + (b"x" * 62 + b"\r\n") * 16 + b".\r\n"
STEPS = ((b"EHLO client.example\r\n", b"2"), (b"MAIL FROM:<a@example.org>\r\n", b"2"), (b"RCPT TO:<b@example.net>\r\n", b"2"),
         (b"DATA\r\n", b"3"), (BODY, b"2"), (b"QUIT\r\n", b"2"))
CLIENTS = (1, 10, 50)
OPEN = 200


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def connect(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), 10)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def reply(connection: socket.socket, code: bytes) -> None:
    data = b""
    while True:
        data += connection.recv(4096) or sys.exit("the server closed the connection")
        lines = data.split(b"\r\n")
        if data.endswith(b"\r\n") and lines[-2][3:4] != b"-":
            assert lines[-2][:1] == code, data
            return


def session(port: int) -> None:
    with connect(port) as connection:
        reply(connection, b"2")
        for said, code in STEPS:
            connection.sendall(said)
            reply(connection, code)


def rate(port: int, clients: int, sessions: int) -> float:
    each = max(1, sessions // clients)
    threads = [threading.Thread(target=lambda: [session(port) for _ in range(each)]) for _ in range(clients)]
    start = time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return each * clients / (time.perf_counter() - start)


@contextlib.contextmanager
def running(arguments: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(500):
            with contextlib.suppress(OSError):
                connect(port).close()
                break
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait(10)


def memory(process: subprocess.Popen[bytes], port: int) -> float:
    """Peak MiB of the server while OPEN sessions are open."""
    with contextlib.ExitStack() as stack:
        for _ in range(OPEN):
            connection = stack.enter_context(connect(port))
            reply(connection, b"2")
            connection.sendall(STEPS[0][0])
            reply(connection, b"2")
        status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(name: str, arguments: list[str], port: int, sessions: int, *, with_memory: bool = False) -> None:
    with running(arguments, port) as process:
        session(port)
        rates = [f"{rate(port, clients, sessions):7.0f} ({clients})" for clients in CLIENTS]
        more = f"   {memory(process, port):.0f} MiB with {OPEN} open sessions" if with_memory else ""
    print(f"{name:12} {'  '.join(rates)}{more}", flush=True)


def main() -> None:
    sessions = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        config = folder / "exim.conf"
        config.write_text(CONFIG.format(more=""))
        print("sessions a second (clients)")
        port = free_port()
        ours = [sys.executable, "-m", "pytest_eximsim.cli", "serve", "-C", str(config), "--listen", f"127.0.0.1:{port}"]
        measure("eximsim", ours, port, sessions, with_memory=True)
        port = free_port()
        measure("aiosmtpd", [sys.executable, "-c", SINK, str(port)], port, sessions)
        exim = shutil.which("exim4", path=f"{os.environ['PATH']}:/usr/sbin") or shutil.which("exim")
        if exim and os.geteuid() == 0:
            spool = folder / "spool"
            spool.mkdir(mode=0o777)
            spool.chmod(0o777)
            config.write_text(CONFIG.format(more=f"spool_directory = {spool}\nlog_file_path = {folder}/%slog\nno_write_rejectlog"))
            folder.chmod(0o777)
            port = free_port()
            theirs = [exim, "-C", str(config), "-bdf", "-oX", f"127.0.0.1.{port}", "-oP", str(folder / "pid")]
            measure("Exim", theirs, port, max(100, sessions // 10))
        else:
            print("Exim         (not here, or not root)")


if __name__ == "__main__":
    main()
