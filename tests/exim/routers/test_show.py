"""-bt against what Exim 4.96 printed (recorded/*.yaml), and the short answers of `route:`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_eximsim.exim.routers.show import answer

from .asking import bt, mta


def recorded() -> list[Any]:
    """(what is given, address, answer) of every file."""
    found = []
    for path in sorted((Path(__file__).parent / "recorded").glob("*.yaml")):
        given = yaml.safe_load(path.read_text())
        answers = given.pop("answers")
        found += [pytest.param(given, address, text, id=f"{path.stem}-{address}") for address, text in answers.items()]
    return found


@pytest.mark.parametrize(("given", "address", "expected"), recorded())
def test_recorded(given: dict[str, Any], address: str, expected: str) -> None:
    assert bt(address=address, **given) == expected


SHORT = """
begin routers
dns:
  driver = dnslookup
  domains = one.test : bad.test : nosuch.test
  transport = out
  no_more
aliases:
  driver = redirect
  data = ${lookup{$local_part}lsearch{@DIR@/aliases}}
  pipe_transport = pipe
  forbid_file
local:
  driver = accept
  local_parts = joe : jane
  transport = mbox
begin transports
out:
  driver = smtp
pipe:
  driver = pipe
  user = mail
mbox:
  driver = appendfile
  file = /var/mail/$local_part
  user = mail
"""
ALIASES = "staff: joe, jane, a@one.test\nnull: :blackhole:\ncat: |/bin/cat\nfile: /tmp/x\n"


@pytest.mark.parametrize(("address", "expected"), [
    ("joe@mail.example.net", "router = local, transport = mbox"),
    ("joe", "router = local, transport = mbox"),
    ("staff", "router = local, transport = mbox\nrouter = dns, transport = out"),
    ("null", "discarded"),
    ("cat", "router = aliases, transport = pipe"),
    ("file", "deferred: file_transport unset in aliases router"),
    ("x@nosuch.test", "undeliverable: Unrouteable address"),
    ("x@bad.test", "deferred: host lookup did not complete"),
    ("x@@y", "undeliverable: syntax error: domain missing or malformed"),
])
def test_answer(address: str, expected: str) -> None:
    p = mta(SHORT, files={"aliases": ALIASES}, dns="one.test. 300 IN A 198.51.100.9\nbad.test RCODE SERVFAIL\n")
    assert answer(p, address) == expected


TRANSPORT = "begin transports\nt:\n  driver = smtp\n"


def test_nothing_is_logged_and_nothing_changes() -> None:
    p = mta(f"begin routers\nr:\n  driver = manualroute\n  route_list = * nosuch.test\n  transport = t\n{TRANSPORT}")
    assert answer(p, "x@y.test") == 'deferred: lookup of host "nosuch.test" failed in r router'
    assert p.world.logs.of("main") == []            # type: ignore[attr-defined]
    assert p.message.sender == "" and p.address is None
