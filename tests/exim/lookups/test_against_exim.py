"""Generated files and keys: what the linear searches of the simulator as 4.96 and of the real 4.96 find in them, and dsearch in folders."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from ..fake_world import process
from ..real_exim import answers, exim_4_96, simulated

KEYS = (
    "a", "A.b", "b.test", "*.b.test", "*", "*@b.test", "joe@b.test", '"q k"', '"a:b"', r'"x\ty"', '"unterminated', "10.0.0.0/8", "10.1.1.1",
    "2001:db8::/32", '"2001:db8::1"', "^a.*", r"\N^b\d\N", r"a\.b", "^(", "*.test", ".b.test", "", "a b", "x=1", '"a"', '"*"', "^x$",
    "${lc:QQ}", "@", "!a", "k\xe9y", '"2001:db8::/32"', "0.0.0.0/0",
)
ENDS = (":", ": ", " : ", " ", "\t", "::", "", "=", " :", "  ")
DATA = ("1", "two words", "", "  sp  ", '"quoted"', "a:b", "x # y", "$value", r"\n", "\xe9", "trail  ")
OTHERS = ("", "   ", "#c", " # c", "\t", "junk", " more", "\tmore  ")
TYPES = (
    "lsearch", "lsearch*", "lsearch*@", "partial-lsearch", "partial1-lsearch*", "partial0-lsearch", "partial(.)lsearch", "partial()lsearch",
    "partial3(a)lsearch*", "wildlsearch", "nwildlsearch", "iplsearch", "lsearch,ret=full", "wildlsearch,ret=full", "iplsearch*",
    "partial-lsearch*@,ret=full", "wildlsearch*", "nwildlsearch*@", "lsearch,foo", "lsearch,cache=no", "partial1(*@)lsearch",
)
WANTED = (
    "a", "A", "a.b", "A.B", "b.test", "x.b.test", "y.x.b.test", "joe@b.test", "JOE@B.TEST", "q k", "a:b", r"x\ty", "10.1.1.1", "10.2.3.4",
    "2001:db8::5", "2001:db8::1", "", "*", "b1", "b12", "@", "k\xe9y", "K\xc9y", "qq", "x", "10.0.0.0/8", "a@b@b.test", ".b.test", "test",
    "a.test", "a.b.c.test",
)
FOLDERS = (
    "dsearch", "dsearch,ret=full", "dsearch,filter=file", "dsearch,filter=dir", "dsearch,filter=subdir", "dsearch*", "partial-dsearch",
)
ENTRIES = ("a", "b.test", "x y", "sub", ".", "..", "", "a/b", "nosuch", "*", "A")


class Place:
    """A folder with generated files, for both."""

    def __init__(self, program: str, folder: Path) -> None:
        self.program, self.folder = program, folder
        self.files: dict[str, str] = {}
        (folder / "exim.conf").write_text(f"primary_hostname = mail.example.net\nlog_file_path = {folder}/%s.log\n")
        for name in ("tree/a", "tree/b.test", "tree/x y", "tree/sub/in"):
            self.write(name, "")

    def write(self, name: str, content: str) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "latin-1")
        self.files[str(path)] = content
        return str(path)

    def real(self, texts: list[str]) -> list[str]:
        return [answer.removesuffix("\n") for answer in answers(self.program, self.folder / "exim.conf", texts)]

    def here(self, text: str) -> str:
        return simulated(process("4.96", files=self.files), text).removesuffix("\n")


@pytest.fixture(scope="module")
def place(require: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(exim_4_96(require), tmp_path_factory.mktemp("lookups"))


def some_file(chosen: random.Random) -> str:
    lines = []
    for _ in range(chosen.randrange(10)):
        line = chosen.choice(("", "", "", "", "#", " ")) + chosen.choice(KEYS) + chosen.choice(ENDS) + chosen.choice(DATA)
        lines.append(line if chosen.random() < 0.85 else chosen.choice(OTHERS))
    return chosen.choice(("\n", "\n", "\n", "\r\n")).join(lines) + chosen.choice(("\n", "\n", ""))


def compare(place: Place, texts: list[str]) -> None:
    wrong = []
    for text, real in zip(texts, place.real(texts), strict=True):
        found = place.here(text)
        if found != real and found != place.real([text])[0]:
            wrong.append(f"{text}\n  Exim: {real!r}\n  here: {found!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("seed", range(6))
def test_linear_searches(place: Place, seed: int) -> None:
    chosen = random.Random(seed)
    files = [place.write(f"{seed}.{number}", some_file(chosen)) for number in range(20)]
    compare(place, [
        f"${{lookup{{{chosen.choice(WANTED)}}}{chosen.choice(TYPES)}{{{chosen.choice(files)}}}{{<$value>$1|$2}}{{none}}}}"
        for _ in range(600)
    ])


def test_folders(place: Place) -> None:
    compare(place, [
        f"${{lookup{{{entry}}}{kind}{{{folder}}}{{<$value>$1|$2}}{{none}}}}"
        for entry in ENTRIES for kind in FOLDERS for folder in (f"{place.folder}/tree", f"{place.folder}/tree/", "/nosuch", "tree")
    ])
