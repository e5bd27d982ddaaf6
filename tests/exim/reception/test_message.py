"""Messages that come by BDAT: what the reply counts and what is logged, as Exim 4.96 said it with -bh."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_eximsim.scenario.loader import load
from pytest_eximsim.scenario.runner import RunOptions, run_case

FILE = """\
exim: {version: "4.96", config: "primary_hostname = mail.example.net\\nacl_smtp_rcpt = accept\\n"}
scenarios:
  - name: a
    session:
      from: 198.51.100.7
      smtp: |
        S: 220
        C: EHLO x.example
        S: 250
        C: MAIL FROM:<a@example.org>
        S: 250
        C: RCPT TO:<b@example.net>
        S: 250
        C! BDAT SIZE LAST\\r\\nBODY
        S: REPLY
        C: QUIT
        S: 221
    expect: {mainlog: [LOG]}
"""
ARRIVED = "* <= a@example.org H=(x.example) [198.51.100.7] P=esmtp K S="


@pytest.mark.parametrize(("body", "total", "size"), [
    (r"Subject: x\r\n\r\nabcd\r\n", 20, 215),
    (r"abc", 6, 203),
    (r"abc\r\n", 6, 203),
    (r"abc\n", 6, 203),
    (r"abc\ndef", 11, 207),
    (r"Subject: x\r\n\r\nabc", 19, 214),
    (r"Subject: x\r\n", 12, 210),
    (r"Subject: x\r\n\r\n", 14, 210),
    (r"S: x\r\n y\r\n\r\na\r\nb\r\nc\r\n", 21, 213),
    (r"S: x\r\n y", 10, 207),
    (r"a: b", 6, 204),
    (r"x\ry\r\n", 7, 204),
    (r"", 2, 199),
    (r"\r\n", 2, 199),
    (r"\r\n\r\n", 4, 200),
    (r"\n", 2, 199),
    (r"\nabc", 7, 203),
    (r"Subject: x\r\n\r\n\r\n\r\nx", 21, 214),
    (r"Subject: x\r\nabc\r\ndef", 23, 218),
    (r"Subject: x\r\nTo: y\n\nabcd", 29, None),
    (r"Subject: x\r\n\nabcd", 21, None),
    (r"Subject: x\r\n\r\na\rb\r\n", 20, 214),
    (r"Subject: x\r\n\r\na\nb\r\n", 20, 214),
    (r"Subject: x\r\n\r\n.a\r\n.\r\n", 21, 215),
    (r" x\r\n\r\ny\r\n", 10, 205),
    (r"S: x\r\n\r\n\x00a\r\n", 12, 207),
])
def test_sizes(tmp_path: Path, body: str, total: int, size: int | None) -> None:
    length = len(body.encode().decode("unicode_escape"))
    play(tmp_path, body, f"250- {length} byte chunk, total {total}\n        S: 250 OK id=*", f'"{ARRIVED}{size or "*"}"')


@pytest.mark.parametrize("body", [r"Subject: x\n\nabcd\n", r"Subject: x\nTo: y\r\n\r\nabcd", r"Subject: x\n y\r\n\r\n"])
def test_a_header_without_crlf(tmp_path: Path, body: str) -> None:
    play(tmp_path, body, "552 Message header not CRLF terminated", "")


def play(tmp_path: Path, body: str, reply: str, log: str) -> None:
    size = str(len(body.encode().decode("unicode_escape")))
    text = FILE.replace("REPLY", reply).replace("LOG", log).replace("SIZE", size).replace("BODY", body)
    (tmp_path / "a.yaml").write_text(text)
    outcome = run_case(load(tmp_path / "a.yaml").cases[0].bind(), RunOptions())
    assert outcome.failures == []
