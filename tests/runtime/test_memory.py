"""The network in memory: who is reached, in which order things happen, what TCP would do. What all streams do is test_network.py."""

from __future__ import annotations

import errno
from collections.abc import Iterator

import pytest

from pytest_eximsim.exim.world import Endpoint, Stream
from pytest_eximsim.runtime import memory
from pytest_eximsim.runtime.clock import VirtualClock
from pytest_eximsim.runtime.hub import Hub
from pytest_eximsim.runtime.network import MemoryNetwork, MemoryStream

SERVER = Endpoint("192.0.2.25", 25)
CLIENT = Endpoint("198.51.100.7", 0)


@pytest.fixture
def network() -> Iterator[MemoryNetwork]:
    hub = Hub(VirtualClock(1000.0))
    yield MemoryNetwork(hub)
    hub.close()
    assert hub.failures == []


def echo(stream: Stream) -> None:
    while data := stream.receive():
        stream.send(data)


# ---- who is reached


@pytest.mark.parametrize(("place", "number"), [
    (SERVER, 0), (Endpoint("192.0.2.25", 26), errno.ECONNREFUSED), (Endpoint("192.0.2.99", 25), errno.ECONNREFUSED),
    (Endpoint("203.0.113.1", 25), errno.EHOSTUNREACH), (Endpoint("/run/there", 0), 0), (Endpoint("/run/not", 0), errno.ENOENT),
])
def test_places(network: MemoryNetwork, place: Endpoint, number: int) -> None:
    network.listen(SERVER, echo)
    network.listen(Endpoint("/run/there", 0), echo)
    network.add_known("192.0.2.99")
    assert network.known("192.0.2.25")
    if not number:
        network.connect(CLIENT, place).close()
        return
    with pytest.raises(OSError) as caught:
        network.connect(CLIENT, place)
    assert caught.value.errno == number


def test_behaviour_is_asked_once_for_each_connection(network: MemoryNetwork) -> None:
    words = iter(["refuse", "timeout", "timeout", ""])
    network.listen(SERVER, echo, behave=lambda: next(words))
    with pytest.raises(ConnectionRefusedError):
        network.connect(CLIENT, SERVER)
    assert network.hub.now() == 1000.0
    with pytest.raises(TimeoutError):
        network.connect(CLIENT, SERVER, timeout=30.0)
    assert network.hub.now() == 1030.0
    with pytest.raises(TimeoutError):
        network.connect(CLIENT, SERVER)
    assert network.hub.now() == 1030.0 + memory.CONNECT_SECONDS
    network.connect(CLIENT, SERVER).close()


def test_ports_count_up_for_each_client(network: MemoryNetwork) -> None:
    network.listen(SERVER, echo)
    ports = [network.connect(Endpoint(address, 0), SERVER).local.port for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2")]
    assert ports == [40000, 40001, 40000]
    assert network.connect(Endpoint("192.0.2.1", 4000), SERVER).local.port == 4000


def test_who_the_server_sees(network: MemoryNetwork) -> None:
    seen: list[Endpoint] = []
    network.listen(SERVER, lambda stream: seen.append(stream.peer))
    network.connect(CLIENT, SERVER)
    network.connect(CLIENT, SERVER, peer_for_server=Endpoint("10.0.0.2", 5000))
    network.hub.settle()
    assert seen == [Endpoint("198.51.100.7", 40000), Endpoint("10.0.0.2", 5000)]


# ---- order


def test_what_is_sent_at_once_is_there_before_the_server_looks(network: MemoryNetwork) -> None:
    seen: list[tuple[bool, bytes]] = []
    network.listen(SERVER, lambda stream: seen.append((stream.ready(), stream.receive())))

    def main() -> None:
        stream = network.connect(CLIENT, SERVER)
        stream.send(b"PROXY ")
        stream.send(b"TCP4")
        network.hub.settle()

    network.hub.run(main)
    assert seen == [(True, b"PROXY TCP4")]


def test_sessions_are_served_in_the_order_in_which_they_came(network: MemoryNetwork) -> None:
    log: list[str] = []

    def serve(stream: Stream) -> None:
        log.append(f"{stream.peer.address} connects")
        while data := stream.receive():
            log.append(f"{stream.peer.address} {data.decode()}")
        log.append(f"{stream.peer.address} leaves")

    def main() -> None:
        network.listen(SERVER, serve)
        first, second = (network.connect(Endpoint(address, 0), SERVER) for address in ("192.0.2.1", "192.0.2.2"))
        for stream in (second, first):
            stream.send(b"hi")
            network.hub.settle()
        for stream in (second, first):
            stream.close()
        network.hub.settle()

    network.hub.run(main)
    assert log == ["192.0.2.1 connects", "192.0.2.2 connects", "192.0.2.2 hi", "192.0.2.1 hi", "192.0.2.2 leaves", "192.0.2.1 leaves"]


def test_a_wait_ends_at_its_time_and_not_before_what_comes_earlier(network: MemoryNetwork) -> None:
    def slow(stream: Stream) -> None:
        network.hub.sleep(30.0)
        stream.send(b"220 slow")
        stream.receive()

    def main() -> None:
        network.listen(SERVER, slow)
        stream = network.connect(CLIENT, SERVER)
        with pytest.raises(TimeoutError):
            stream.receive(timeout=20.0)
        assert network.hub.now() == 1020.0
        assert stream.receive(timeout=86400.0) == b"220 slow"
        assert network.hub.now() == 1030.0
        stream.close()

    network.hub.run(main)


# ---- as TCP does


@pytest.fixture
def pair(network: MemoryNetwork) -> tuple[MemoryStream, MemoryStream]:
    accepted: list[MemoryStream] = []

    def keep(stream: Stream) -> None:
        assert isinstance(stream, MemoryStream)
        accepted.append(stream)
        network.hub.wait_for_ever()

    network.listen(SERVER, keep)
    client = network.connect(CLIENT, SERVER)
    network.hub.settle()
    return client, accepted[0]


def test_the_first_send_to_who_has_closed_is_lost_the_next_fails(pair: tuple[MemoryStream, MemoryStream]) -> None:
    client, server = pair
    client.close()
    server.send(b"221 bye")
    with pytest.raises(BrokenPipeError):
        server.send(b"again")
    assert server.receive() == b""


def test_input_before_a_reset_is_read(pair: tuple[MemoryStream, MemoryStream]) -> None:
    client, server = pair
    client.send(b"QUIT")
    client.abort()
    assert server.receive() == b"QUIT"
    with pytest.raises(ConnectionResetError):
        server.receive()
    assert server.receive() == b""
    with pytest.raises(BrokenPipeError):
        server.send(b"x")


def test_a_reset_is_told_to_who_sends_first(pair: tuple[MemoryStream, MemoryStream]) -> None:
    client, server = pair
    client.abort()
    with pytest.raises(ConnectionResetError):
        server.send(b"x")
    assert server.receive() == b""


def test_a_sender_goes_on_when_there_is_room_again(network: MemoryNetwork, pair: tuple[MemoryStream, MemoryStream]) -> None:
    client, server = pair
    log: list[str] = []
    data = b"x" * (memory.WINDOW + 5)
    network.hub.spawn(lambda: (client.send(data), log.append("sent")))
    network.hub.settle()
    assert log == []
    assert len(server.receive(10)) == 10
    network.hub.settle()
    assert log == ["sent"]


def test_a_sender_is_woken_when_the_reader_leaves(network: MemoryNetwork, pair: tuple[MemoryStream, MemoryStream]) -> None:
    client, server = pair
    sending = network.hub.spawn(lambda: client.send(b"x" * (memory.WINDOW + 5)))
    network.hub.settle()
    server.close()
    sending.join()
    with pytest.raises(BrokenPipeError):
        client.send(b"y")


# ---- who is served


def test_a_handlers_stream_is_closed_whatever_happens() -> None:
    hub = Hub(VirtualClock(1000.0))
    network = MemoryNetwork(hub)

    def fail(stream: Stream) -> None:
        raise ValueError("a bug")

    network.listen(SERVER, fail)
    assert network.connect(CLIENT, SERVER).receive() == b""
    (name, error), = hub.failures
    assert (name, str(error)) == ("192.0.2.25:25 from 198.51.100.7:40000", "a bug")
    hub.close()


def test_drain_waits_for_all_who_serve(network: MemoryNetwork) -> None:
    log: list[float] = []

    def late(stream: Stream) -> None:
        network.hub.sleep(300.0)
        log.append(network.hub.now())

    network.listen(SERVER, late)
    network.drain()
    assert network.hub.now() == 1000.0
    network.connect(CLIENT, SERVER).close()
    network.hub.spawn(lambda: (network.hub.sleep(200.0), network.connect(CLIENT, SERVER).close()))
    network.drain()
    assert log == [1300.0, 1500.0]


def test_drain_gives_up_on_who_waits_for_ever(network: MemoryNetwork) -> None:
    network.listen(SERVER, lambda stream: network.hub.wait_for_ever())
    network.connect(CLIENT, SERVER)
    network.hub.run(network.drain)
