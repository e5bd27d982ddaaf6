"""Generated strings: the same answers from the simulator as 4.96 and from `exim4 -be` of the real 4.96.

Where the real one's process ends by a fault of its own, there is nothing to compare.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ..fake_world import process
from ..real_exim import CRASHED, answers, exim_4_96, simulated
from .generated import Generator

CONFIGURATION = "primary_hostname = mail.example.net\nqualify_domain = example.net\ndomainlist local = a.test : b.test\n"


@pytest.fixture(scope="module")
def exim(require: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str]], list[str]]:
    program = exim_4_96(require)
    configuration: Path = tmp_path_factory.mktemp("exim") / "exim.conf"
    configuration.write_text(CONFIGURATION)
    return lambda strings: answers(program, configuration, strings, "-f", "a@b.test")


def answer(text: str) -> str:
    p = process("4.96", main={"headers_charset": "UTF-8", "qualify_domain": "example.net"}, lists={"domain": {"local": "a.test : b.test"}})
    p.configuration.acls = {}
    p.message.sender = "a@b.test"
    p.world.clock.time = time.time()            # type: ignore[attr-defined]
    return simulated(p, text)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_generated_strings(exim: Callable[[list[str]], list[str]], seed: int, depth: int) -> None:
    generator = Generator(seed * 10 + depth)
    strings = [generator.string(depth) for _ in range(500)]
    wrong = []
    for text, real in zip(strings, exim(strings), strict=True):
        found = answer(text).rstrip("\n")
        if found != real.rstrip("\n"):
            real = exim([text])[0]              # alone: strings see what earlier ones left
        if found != real.rstrip("\n") and real != CRASHED:
            wrong.append(f"{text!r}\n  Exim: {real!r}\n  here: {found!r}")
    assert not wrong, "\n".join(wrong)
