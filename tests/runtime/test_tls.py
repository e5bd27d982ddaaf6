"""Handshakes, what they end in, how they fail. What all streams do, through TLS too, is test_network.py."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_eximsim.exim.world import Endpoint, Stream, TlsFailed, TlsSession
from pytest_eximsim.runtime.clock import SystemClock, VirtualClock
from pytest_eximsim.runtime.hub import Hub
from pytest_eximsim.runtime.network import MemoryNetwork, MemoryStream, serve_socket
from pytest_eximsim.runtime.tls import Authority, TlsMaker

pytest.importorskip("trustme")

SERVER = Endpoint("192.0.2.25", 25)
CLIENT = Endpoint("198.51.100.7", 40001)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def network(authority: Authority) -> Iterator[MemoryNetwork]:
    hub = Hub(VirtualClock(1000.0))
    yield MemoryNetwork(hub, TlsMaker(authority, hostname="mail.example.net"))
    hub.close()
    assert hub.failures == []


class Server:
    """Speaks TLS when it is asked to; `session` is what its handshake gave, `failed` why there is none."""

    def __init__(self, **arguments: Any) -> None:
        self.arguments = arguments
        self.session: TlsSession | None = None
        self.failed = ""

    def __call__(self, stream: Stream) -> None:
        stream.send(b"220\r\n")
        assert stream.receive() == b"STARTTLS\r\n"
        stream.send(b"220 go\r\n")
        try:
            self.session = stream.start_tls(server=True, **self.arguments)
        except TlsFailed as error:
            self.failed = str(error)
            return
        while data := stream.receive():
            stream.send(b"echo " + data)


def connect(network: MemoryNetwork, server: Server, tls: TlsMaker | None = None) -> MemoryStream:
    """A client that has said STARTTLS."""
    network.listen(SERVER, server)
    stream = network.connect(CLIENT, SERVER, tls=tls)
    stream.receive()
    stream.send(b"STARTTLS\r\n")
    assert stream.receive() == b"220 go\r\n"
    return stream


def test_what_both_sides_see(network: MemoryNetwork) -> None:
    server = Server()
    stream = connect(network, server)
    session = stream.start_tls(server=False, sni="mail.example.net", verify=True)
    stream.send(b"EHLO")
    assert stream.receive() == b"echo EHLO"
    assert (session.version, session.bits, session.sni, session.verified) == ("TLS1.3", 256, "mail.example.net", True)
    assert session.cipher.startswith("TLS_AES_256")
    assert session.peer_dn.startswith("CN=mail.example.net,")
    assert server.session is not None
    assert (server.session.version, server.session.cipher, server.session.sni) == (session.version, session.cipher, "mail.example.net")
    assert (server.session.peer_dn, server.session.verified) == ("", False)
    assert network.hub.now() == 1000.0
    stream.close()


@pytest.mark.parametrize("name", ["mail.example.net", "192.0.2.25", ""])
def test_names_that_the_certificate_has(network: MemoryNetwork, name: str) -> None:
    assert connect(network, Server()).start_tls(server=False, sni=name, verify=True).verified


@pytest.mark.parametrize(("arguments", "reason", "theirs"), [
    ({"sni": "other.example", "verify": True}, "certificate verify failed: Hostname mismatch", "bad certificate"),
    ({"verify": True, "authorities": "STRANGERS"}, "certificate verify failed: ", "unknown ca"),
])
def test_a_client_that_does_not_trust(network: MemoryNetwork, tmp_path: Path, arguments: dict[str, Any], reason: str, theirs: str) -> None:
    if "authorities" in arguments:
        strangers = tmp_path / "strangers.pem"
        strangers.write_bytes(Authority().authority_pem())
        arguments = {**arguments, "authorities": str(strangers)}
    server = Server()
    stream = connect(network, server)
    with pytest.raises(TlsFailed, match=reason):
        stream.start_tls(server=False, **arguments)
    network.hub.settle()
    assert theirs in server.failed
    stream.close()


def test_a_certificate_of_the_tree(network: MemoryNetwork, tmp_path: Path) -> None:
    path = tmp_path / "own.pem"
    path.write_bytes(network.authority.certificate_pem(("own.example",)))
    session = connect(network, Server(certificate=str(path))).start_tls(server=False, sni="own.example", verify=True)
    assert session.peer_dn.startswith("CN=own.example,")


def test_a_certificate_that_is_not_there_is_made(network: MemoryNetwork) -> None:
    server = Server(certificate="/etc/ssl/not-there.pem", key="/etc/ssl/not-there.pem")
    assert connect(network, server).start_tls(server=False, sni="mail.example.net", verify=True).verified


def test_a_certificate_that_is_none(network: MemoryNetwork, tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("bad")
    server = Server(certificate=str(tmp_path / "bad.pem"))
    assert connect(network, server).receive() == b""
    assert server.failed


class WithCertificate(TlsMaker):
    """A client that shows a certificate."""

    def __init__(self, authority: Authority, path: Path) -> None:
        super().__init__(authority)
        self.path = path

    def client(self, authorities: str, *, verify: bool, name: str) -> ssl.SSLContext:
        context = super().client(authorities, verify=verify, name=name)
        context.load_cert_chain(self.path)
        return context


@pytest.mark.parametrize("arguments", [{"verify": True}, {"authorities": "/not-there.pem"}])
def test_clients_with_a_certificate(network: MemoryNetwork, tmp_path: Path, arguments: dict[str, Any]) -> None:
    path = tmp_path / "client.pem"
    path.write_bytes(network.authority.certificate_pem(("client.example",)))
    server = Server(**arguments)
    stream = connect(network, server, WithCertificate(network.authority, path))
    stream.start_tls(server=False)
    stream.send(b"x")
    assert stream.receive() == b"echo x"
    assert server.session is not None
    assert (server.session.peer_dn.partition(",")[0], server.session.verified) == ("CN=client.example", True)
    stream.close()


def test_clients_without_a_certificate(network: MemoryNetwork) -> None:
    server = Server(authorities="/not-there.pem")
    connect(network, server).start_tls(server=False)
    network.hub.settle()
    assert server.session is not None and not server.session.verified
    strict = Server(verify=True)
    stream = connect(network, strict)
    stream.start_tls(server=False)
    network.hub.settle()
    assert strict.failed == "peer did not return a certificate"


def test_who_does_not_speak_tls(network: MemoryNetwork) -> None:
    server = Server()
    stream = connect(network, server)
    stream.send(b"EHLO client.example\r\n")
    network.hub.settle()
    assert server.failed == "record layer failure" or "wrong version number" in server.failed
    network.listen(SERVER, lambda stream: stream.send(b"220 plain\r\n"))
    with pytest.raises(TlsFailed, match=r"wrong version number|record layer failure"):
        network.connect(CLIENT, SERVER).start_tls(server=False)


def test_who_leaves_in_the_middle(network: MemoryNetwork) -> None:
    server = Server()
    connect(network, server).close()
    network.hub.settle()
    assert server.failed == "unexpected eof while reading"


def test_who_says_nothing_is_waited_for(network: MemoryNetwork) -> None:
    log: list[float] = []

    def serve(stream: Stream) -> None:
        with pytest.raises(TimeoutError):
            stream.start_tls(server=True)
        log.append(network.hub.now())

    network.listen(SERVER, serve)
    network.connect(CLIENT, SERVER)
    network.drain()
    assert log == [1300.0]


def test_records_are_not_joined(network: MemoryNetwork) -> None:
    """As OpenSSL reads them, so that Exim sees what came in one piece."""
    log: list[bytes] = []

    def serve(stream: Stream) -> None:
        stream.start_tls(server=True)
        network.hub.sleep(1.0)
        log.extend([stream.peek(), stream.receive(2), stream.receive(), stream.receive()])
        log.append(str(stream.ready()).encode())

    def main() -> None:
        network.listen(SERVER, serve)
        stream = network.connect(CLIENT, SERVER)
        stream.start_tls(server=False)
        stream.send(b"MAIL")
        stream.send(b"RCPT")
        network.hub.sleep(2.0)

    network.hub.run(main)
    assert log == [b"MAIL", b"MA", b"IL", b"RCPT", b"False"]


def test_an_end_without_goodbye_is_an_end(network: MemoryNetwork) -> None:
    server = Server()
    stream = connect(network, server)
    stream.start_tls(server=False)
    stream._layer = None
    stream.close()
    network.drain()
    assert server.session is not None


def test_garbage_in_the_middle_is_the_end(network: MemoryNetwork) -> None:
    server = Server()
    stream = connect(network, server)
    stream.start_tls(server=False)
    stream.send_raw(b"this is no record at all")
    assert stream.receive() == b""
    network.drain()


def test_another_programs_tls(authority: Authority, tmp_path: Path) -> None:
    """Python's own ssl over a real socket, both as old and as new as we take."""
    trusted = tmp_path / "authority.pem"
    trusted.write_bytes(authority.authority_pem())
    hub = Hub(SystemClock())

    def serve(stream: Stream) -> None:
        stream.start_tls(server=True)
        while data := stream.receive():
            stream.send(data)

    def client(version: ssl.TLSVersion, address: Any) -> tuple[str | None, int]:
        context = ssl.create_default_context(cafile=str(trusted))
        context.maximum_version = version
        with socket.create_connection(address) as plain, context.wrap_socket(plain, server_hostname="mail.example.net") as made:
            made.sendall(b"x" * 300_000)
            size = 0
            while size < 300_000:
                size += len(made.recv(65536))
            return made.version(), size

    with socket.create_server(("127.0.0.1", 0)) as listening:
        hub.spawn(lambda: serve_socket(hub, listening, serve, tls=TlsMaker(authority, hostname="mail.example.net")))

        def main() -> None:
            for version, name in ((ssl.TLSVersion.TLSv1_3, "TLSv1.3"), (ssl.TLSVersion.TLSv1_2, "TLSv1.2")):
                assert hub.call_blocking(lambda version=version: client(version, listening.getsockname())) == (name, 300_000)  # type: ignore[misc]

        hub.run(main)
        hub.close()
    assert hub.failures == []
