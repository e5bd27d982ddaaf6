"""How long a Redis lookup takes, with the list match around it, and what a stalled one costs the other sessions. Run as a script."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "exim"))

from fake_world import process

from pytest_eximsim.errors import ServiceMissing
from pytest_eximsim.exim.lists import match_sender_host
from pytest_eximsim.exim.lookups.cache import tidy_up
from pytest_eximsim.runtime.clock import SystemClock
from pytest_eximsim.runtime.hub import Event, Hub
from pytest_eximsim.services import lasting
from pytest_eximsim.services.redis.gate import Fault, Gate, Server
from pytest_eximsim.services.redis.providers import open_provider

RELAYS = "<\\n ${lookup redis{SMEMBERS relay_from_ips}}"
ROUNDS = 2000


def lookup(provider: str) -> float:
    """Seconds of one lookup in a host list; the answer is never a cached one."""
    hub = Hub(SystemClock())
    backend = open_provider(provider, hub=hub)
    p = process(main={"redis_servers": "127.0.0.1//"}, client="203.0.113.7")
    p.world.redis = Gate(Server(backend), event=lambda: Event(hub))

    def measure() -> float:
        backend.connect().command([b"SADD", b"relay_from_ips", b"192.168.0.0/24", b"203.0.113.0/24"])
        spent = 0.0
        for _ in range(ROUNDS):
            p.scratch.lookup_cache.clear()
            begun = time.perf_counter()
            match_sender_host(p, RELAYS, cache=None)
            spent += time.perf_counter() - begun
        return spent / ROUNDS

    try:
        return hub.run(measure)
    finally:
        tidy_up(p)
        hub.close()
        backend.close()


def others(stalled: int, sessions: int = 100, lookups: int = 50) -> float:
    """Seconds of the processor that a hundred sessions need for their lookups while so many others wait for a Redis that never answers."""
    hub = Hub(SystemClock())
    backend = open_provider("embedded", hub=hub)
    gate = Gate(Server(backend), servers={"10.0.0.9": Server(backend, fault=Fault.HANG)}, event=lambda: Event(hub))

    def session() -> None:
        connection = gate.connect("127.0.0.1", 6379)
        for _ in range(lookups):
            connection.command([b"GET", b"a"])
            hub.sleep(0)

    def main() -> float:
        for _ in range(stalled):
            hub.spawn(lambda: gate.connect("10.0.0.9", 6379).command([b"GET", b"a"]))
        begun = time.process_time()
        for task in [hub.spawn(session) for _ in range(sessions)]:
            task.join()
        return time.process_time() - begun

    try:
        return hub.run(main)
    finally:
        hub.close()


if __name__ == "__main__":
    for name in ("embedded", "binary"):
        try:
            print(f"{name:12} {min(lookup(name) for _ in range(3)) * 1e6:8.1f} µs a lookup with its host list")
        except ServiceMissing as missing:
            print(f"{name:12} {missing}")
    rounds = [(others(0), others(1), others(100)) for _ in range(9)]
    free, one, many = (min(times) for times in zip(*rounds, strict=True))
    print(f"100 sessions {free * 1e3:8.1f} ms; {one / free - 1:+.1%} beside one that waits for a stalled Redis, "
          f"{many / free - 1:+.1%} beside 100")
    lasting.close_all()
