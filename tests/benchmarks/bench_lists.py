"""How long matching against lists takes: `python tests/benchmarks/bench_lists.py`. First time: the list is taken apart."""

from __future__ import annotations

from measuring import best, fake_world, figure, finish

from pytest_eximsim.exim.lists import match_domain, match_sender_host

NETWORKS = " : ".join(f"10.{n >> 8 & 255}.{n & 255}.0/24" for n in range(10_000))
DOMAINS = " : ".join(f"domain{n}.example" for n in range(10_000))
SHORT = "127.0.0.1 : 192.168.0.0/16 : 203.0.113.7"


def main() -> None:
    lists = {"host": {"many": NETWORKS}, "domain": {"many": DOMAINS}}
    p = fake_world.process(lists=lists, client="203.0.113.7")
    cases = {
        "a host in 10,000 networks, named": lambda: match_sender_host(p, "+many", cache=None),
        "a domain in 10,000 domains, named": lambda: match_domain(p, "+many", "nosuch.example"),
        "a host in 3 addresses": lambda: match_sender_host(p, SHORT),
    }
    for name, function in cases.items():
        figure(f"{name}, first time", best(function, number=1, repeat=1), 0.5)
        figure(name, best(function, number=1000), 2e-3)
    finish()


if __name__ == "__main__":
    main()
