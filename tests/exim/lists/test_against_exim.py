"""Generated lists: the same answers from the simulator as 4.96 and from match_… conditions in `exim4 -be` of the real 4.96.

Where the real one's process ends, the simulator's must (an item that cannot be read); $value is compared for domains alone, since that of
addresses holds what earlier items left.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from ..fake_world import process
from ..real_exim import answers, exim_4_96, simulated

NAMED = {
    "domain": {
        "local": "a.test : b.test", "neg": "!x.test : *.test", "nested": "+local : !+neg : c.test",
        "exp": "${lc:A.TEST} : $primary_hostname", "empty": "", "regex": r"^a\\d+$ : b*", "lookup": "lsearch;@/table", "file": "@/list",
    },
    "localpart": {"people": "joe : ^adm : *-x"},
    "address": {"ads": "*@a.test : joe@b.test : ! bill@c.test : c.test"},
    "host": {"nets": "10.0.0.0/8 : !10.1.1.1 : 192.168.1.1", "six": "<; 2001:db8::/32 ; ::1"},
}
FILES = {
    "/table": 'a.test: A data\n*.b.test: wild\nb.test: B\n"q.test" : Q\njoe@a.test: addr\n*@c.test: cdef\n10.0.0.0/8: ten\n10.1.1.1: one\n'
              "x.test\n2001.0db8.0000.0000.0000.0000.0000.0001: six\n*: star\n",
    "/list": "# comment\na.test\n!b.test   # no\n*.c.test#x\n10.0.0.0/8\njoe@d.test # c\n^e\\.\n\nlsearch;@/table\n",
}
SUBJECTS = {
    "domain": ("a.test", "b.test", "c.test", "x.test", "A.Test", "sub.b.test", "a1", "b", "mail.example.net", "q.test", "", "[127.0.0.1]",
               "h.c.test", "joe@a.test", "*", "10.1.1.1", ".test"),
    "address": ("joe@a.test", "JOE@A.TEST", "bill@c.test", "joe@b.test", "joe@d.test", "joe", "", "@", "a@", "@a.test", '"a b"@a.test',
                "a@b@c.test", "joe@mail.example.net", "q@q.test"),
    "local_part": ("joe", "Joe", "admin", "x-x", "", "a.b", "*"),
    "ip": ("10.0.0.1", "10.1.1.1", "192.168.1.1", "192.168.1.2", "2001:db8::1", "::1", "::ffff:10.0.0.1", "", "1.2.3", "10.0.0.1/8"),
}
ITEMS = {
    "domain": ("a.test", "*.test", "*test", "*", "!a.test", "! x.test", "+local", "!+local", "+neg", "+nested", "+exp", "+empty", "+regex",
               "+lookup", "+file", "+nosuch", "^a", r"^A\\d", "^(a)(.)", "^[", "@", "@[]", "lsearch;@/table", "lsearch*;@/table",
               "partial-lsearch;@/table", "partial1-lsearch*;@/table", "lsearch,ret=full;@/table", "@/list", "!@/list", "nosuch;x", "",
               "!", "x.*", "lsearch;/nosuch", "/nosuch", "TEST.A", "a::b", ";", "*.", "**", "+", "!!a.test", "+caseful"),
    "address": ("*@a.test", "joe@b.test", "a.test", "*.test", "*@*.test", "*@+local", "joe@+neg", "^joe", r"^.*@a\\.test$",
                "lsearch;@/table", "lsearch*@;@/table", "*@lsearch;@/table", "+ads", "!+ads", "+caseful", "+CASEFUL", "joe@@", "*@@[]",
                "joe@*", "*e@a.test", "", "!joe@a.test", "+nosuch", "@/list", "JOE@a.test", "@a.test", "joe", "*", "^", "*@^a",
                "*@nosuch;x"),
    "local_part": ("joe", "^adm", "*-x", "+people", "!joe", "JOE", "+caseful", "lsearch;@/table", "", "*", "@", "^(.)", "+nosuch"),
    "ip": ("10.0.0.0/8", "10.1.1.1", "!10.1.1.1", "192.168.0.0/16", "+nets", "!+nets", "+six", "*", "2001::db8::::/32", "::::1",
           "10.0.0.1/33", "10.0.0/8", "10.0.0.0/", "net-lsearch;@/table", "net8-lsearch;@/table", "net-iplsearch;@/table",
           "iplsearch;@/table", "", "+include_unknown", "+ignore_unknown", "*.test", "@/list", "+nosuch", "0.0.0.0/0", "1.2.3.256"),
}
TOLD = {"domain": "$value:$0:$1:$2", "local_part": "$0:$1"}


@pytest.fixture(scope="module")
def exim(require: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Callable[[list[str]], list[str]]]:
    program = exim_4_96(require)
    folder: Path = tmp_path_factory.mktemp("lists")
    for name, content in FILES.items():
        (folder / name[1:]).write_text(content.replace("@/", f"{folder}/"))
    lines = ["primary_hostname = mail.example.net", "local_interfaces = 127.0.0.1", f"log_file_path = {folder}/%s.log"]
    lines += [f"{kind}list {name} = {text.replace('@/', f'{folder}/')}" for kind, named in NAMED.items() for name, text in named.items()]
    (folder / "exim.conf").write_text("\n".join(lines) + "\n")
    return folder, lambda strings: answers(program, folder / "exim.conf", strings)


def answer(text: str, folder: Path) -> str:
    def placed(found: dict[str, str]) -> dict[str, str]:
        return {name: content.replace("@/", f"{folder}/") for name, content in found.items()}

    p = process("4.96", files={f"{folder}{name}": content for name, content in placed(FILES).items()},
                lists={kind: placed(named) for kind, named in NAMED.items()})
    p.world.network.local_addresses = lambda: ["127.0.0.1"]      # type: ignore[method-assign]
    return simulated(p, text)


def some_condition(chosen: random.Random, folder: Path) -> str:
    kind = chosen.choice(("domain", "domain", "domain", "address", "address", "local_part", "ip", "ip"))
    separator = chosen.choice((":", ":", ":", ";", ","))
    items = [chosen.choice(ITEMS[kind]) for _ in range(chosen.choice((1, 1, 2, 2, 3, 3, 4, 5)))]
    text = f" {separator} ".join(items if separator == ":" else [item.replace("::", ":") for item in items])
    text = (text if separator == ":" else f"<{separator} {text}") + chosen.choice(("", "", "", f" {separator}"))
    return f"${{if match_{kind}{{{chosen.choice(SUBJECTS[kind])}}}{{{text.replace('@/', f'{folder}/')}}}{{y:{TOLD.get(kind, '')}}}{{n}}}}"


@pytest.mark.parametrize("seed", range(4))
def test_generated_lists(exim: tuple[Path, Callable[[list[str]], list[str]]], seed: int) -> None:
    folder, ask = exim
    chosen = random.Random(seed)
    conditions = [some_condition(chosen, folder) for _ in range(500)]
    wrong = []
    for text, real in zip(conditions, ask(conditions), strict=True):
        found = answer(text, folder)
        if found != real and found != ask([text])[0]:           # alone: a text says what an earlier lookup left
            wrong.append(f"{text}\n  Exim: {real!r}\n  here: {found!r}")
    assert not wrong, "\n".join(wrong)
