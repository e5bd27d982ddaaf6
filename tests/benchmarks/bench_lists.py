"""How long matching against lists takes. Run with `pytest tests/benchmarks/bench_lists.py --benchmark-only`, or as a script."""

from __future__ import annotations

import sys
import timeit
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "exim"))

from fake_world import process

from pytest_eximsim.exim.lists import match_domain, match_sender_host

NETWORKS = " : ".join(f"10.{n >> 8 & 255}.{n & 255}.0/24" for n in range(10_000))
DOMAINS = " : ".join(f"domain{n}.example" for n in range(10_000))
SHORT = "127.0.0.1 : 192.168.0.0/16 : 203.0.113.7"


def cases() -> dict[str, object]:
    p = process(lists={"host": {"many": NETWORKS}, "domain": {"many": DOMAINS}}, client="203.0.113.7")
    return {
        "10,000 networks, named": lambda: match_sender_host(p, "+many", cache=None),
        "10,000 domains, named": lambda: match_domain(p, "+many", "nosuch.example"),
        "3 addresses": lambda: match_sender_host(p, SHORT),
    }


if __name__ == "__main__":
    for name, function in cases().items():
        first = timeit.timeit(function, number=1)  # type: ignore[arg-type]
        rounds = 2000
        print(f"{name:28} first {first * 1e3:8.2f} ms, then {timeit.timeit(function, number=rounds) / rounds * 1e6:8.2f} µs")  # type: ignore[arg-type]
