"""What an expansion costs: `python tests/benchmarks/bench_expansion.py`."""

from __future__ import annotations

from measuring import best, fake_world, figure, finish

from pytest_eximsim.exim.expansion import expand
from pytest_eximsim.exim.expansion.parser import parse

#: Texts, and the microseconds that one expansion may take.
TEXTS = {
    "plain": ("a plain string", 1), "variable": ("$sender_address", 5), "acl variable": ("x $acl_m_score y", 5),
    "if eq": ("${if eq{$sender_host_address}{192.0.2.1}{yes}{no}}", 15),
    "if and": ("${if and{{eq{$sender_address}{}}{match{$local_part}{^a}}}{yes}{no}}", 15), "extract": ("${extract{2}{:}{a:b:c}}", 15),
    "sg": ("${sg{$sender_address}{@.*}{}}", 15), "map": ("${map{a:b:c:d}{${uc:$item}}}", 40),
}


def parsing() -> float:
    """A string is parsed once: what the first expansion costs, and that the second one finds the tree."""
    fresh = iter([f"${{if eq{{$sender_address}}{{{number}}}{{yes}}{{no}}}}" for number in range(2500)])
    seconds = best(lambda: parse(next(fresh), "4.99"), number=500)
    assert parse("${lc:once}", "4.99") is parse("${lc:once}", "4.99")
    return seconds


def main() -> None:
    p = fake_world.process()
    for name, (text, limit) in TEXTS.items():
        figure(name, best(lambda text=text: expand(p, text), number=2000), limit * 1e-6)  # type: ignore[misc]
    figure("if eq, parsed for the first time", parsing(), 200e-6)
    finish()


if __name__ == "__main__":
    main()
