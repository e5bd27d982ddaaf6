"""What an expansion costs: `python tests/benchmarks/bench_expansion.py`. Figures in microseconds for one call.

Aims: a string without `$` and backslash under 1; an ordinary `${if eq{…}{…}{…}{…}}` under 15.
"""

from __future__ import annotations

import sys
import timeit
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "exim"))

from fake_world import process

from pytest_eximsim.exim.expansion import expand
from pytest_eximsim.exim.expansion.parser import parse

TEXTS = {
    "plain": "a plain string",
    "variable": "$sender_address",
    "acl variable": "x $acl_m_score y",
    "if eq": "${if eq{$sender_host_address}{192.0.2.1}{yes}{no}}",
    "if and": "${if and{{eq{$sender_address}{}}{match{$local_part}{^a}}}{yes}{no}}",
    "extract": "${extract{2}{:}{a:b:c}}",
    "sg": "${sg{$sender_address}{@.*}{}}",
    "map": "${map{a:b:c:d}{${uc:$item}}}",
}


def main() -> None:
    p = process()
    for name, text in TEXTS.items():
        best = min(timeit.repeat(lambda text=text: expand(p, text), number=2000, repeat=5)) / 2000 * 1e6  # type: ignore[misc]
        print(f"{name:14}{best:8.2f}")
    fresh = [f"${{if eq{{$sender_address}}{{{number}}}{{yes}}{{no}}}}" for number in range(500)]
    print(f"{'parsing if eq':14}{timeit.timeit(lambda: [parse(text, '4.99') for text in fresh], number=1) / 500 * 1e6:8.2f}")


if __name__ == "__main__":
    main()
