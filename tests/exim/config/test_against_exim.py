"""Generated configurations: what `exim4 -bV` of the real 4.96 finds wrong in them first, and what the reader as 4.96 does.

Left out: names of more than 63 characters, which later releases refuse in words of their own, values that Exim looks at when it starts
(those of TLS, rate limits, uucp_from_pattern), a bare `.include` and two names of ACLs in one line.
"""

from __future__ import annotations

import grp
import pwd
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from pytest_eximsim.errors import ConfigError, NotSimulated
from pytest_eximsim.exim.config.parser import read_configuration
from pytest_eximsim.exim.release import RELEASES
from pytest_eximsim.exim.world import User

from ..real_exim import exim_4_96
from .conftest import Tree
from .test_any_file import some_file

STARTS = (
    "", "begin acl\nacl_x:\n", "begin routers\nr:\n driver = accept\n", "begin transports\nt:\n driver = smtp\n",
    "begin transports\nt:\n driver = appendfile\n", "begin retry\n", "begin rewrite\n", "begin authenticators\na:\n driver = plaintext\n",
    "FOO = bar\n",
)
LEFT_OUT = re.compile(r"\w{64}|openssl|tls_|\0|(?m:^smtp_ratelimit)|uucp_from|(?m:^\.include$)|(?m:^\w+:\S*:)")


class Accounts:
    """Those of the machine, as the real one asks for them."""

    def by_name(self, name: str) -> User | None:
        try:
            found = pwd.getpwnam(name)
        except (KeyError, ValueError):
            return None
        return User(name, found.pw_uid, found.pw_gid)

    def by_uid(self, uid: int) -> User | None:
        try:
            found = pwd.getpwuid(uid)
        except (KeyError, OverflowError):
            return None
        return User(found.pw_name, found.pw_uid, found.pw_gid)

    def group(self, name: str) -> int | None:
        try:
            return grp.getgrnam(name).gr_gid
        except (KeyError, ValueError):
            return None


def here(text: str, path: Path) -> list[str]:
    try:
        read_configuration(Tree({str(path): text}), str(path), release=RELEASES["4.96"], users=Accounts(), hostname="mail.example.net",
                           build="debian-heavy")
    except NotSimulated:
        raise
    except ConfigError as error:
        return [line.strip() for line in error.lines]
    return []


def real(program: str, text: str, path: Path) -> list[str]:
    path.write_text(text, "latin-1")
    said = subprocess.run([program, "-C", str(path), "-bV"], capture_output=True, timeout=20, check=False).stderr.decode("latin-1")
    lines = [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", "", line).strip() for line in said.split("\n")]
    return [line for line in lines if line and not line.startswith(("Warning: purging", "Suggested action"))]


@pytest.mark.parametrize("seed", range(2))
def test_generated_files(require: Callable[[str], str], tmp_path: Path, seed: int) -> None:
    program, random, path = exim_4_96(require), Random(seed), tmp_path / "exim.conf"
    wrong = []
    for _ in range(120):
        text = random.choice(STARTS) + some_file(random, random.choice((1, 1, 2, 3, 4, 6))) + "\n"
        if LEFT_OUT.search(text):
            continue
        try:
            found = here(text, path)
        except NotSimulated:
            continue
        said = real(program, text, path)
        if found[:2] != said[:2]:
            wrong.append(f"{text!r}\n  Exim: {said[:3]}\n  here: {found[:3]}")
    assert not wrong, "\n".join(wrong)
