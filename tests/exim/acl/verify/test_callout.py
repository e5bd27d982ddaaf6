"""Callouts beyond the recorded ones: TLS, the cache as time goes by, texts of the older release, what is refused."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from pytest_eximsim.scenario.loader import load
from pytest_eximsim.scenario.outcome import Outcome
from pytest_eximsim.scenario.runner import RunOptions, run_case

CONFIG = """
exim:
  version: '{release}'
  config: |
    primary_hostname = mail.example.net
    queue_only
    {main}
    acl_smtp_rcpt = acl_rcpt
    begin acl
    acl_rcpt:
      require verify = recipient/{options}
      accept
    begin routers
    all:
      driver = manualroute
      route_list = a.test 198.51.100.9 ; b.test 198.51.100.10 ; refused.test 198.51.100.9::26 ; \
                   c.test 198.51.100.9:198.51.100.10
      transport = out
    begin transports
    out:
      driver = smtp
      {transport}
    begin authenticators
    plain:
      driver = plaintext
      client_send = ^a^b
remotes:
  mx: {{address: 198.51.100.9, {mx}}}
  nx: {{address: 198.51.100.10}}
scenarios:
  - name: t
    steps:
"""


def play(tmp_path: Path, steps: str, *, release: str = "4.99", options: str = "callout=3s", main: str = "", transport: str = "port = 25",
         mx: str = "replies: {}") -> Outcome:
    head = CONFIG.format(release=release, options=options, main=main, transport=transport, mx=mx)
    path = tmp_path / "callout.yaml"
    path.write_text(head + "".join(f"    {line}\n" for line in dedent(steps).strip().split("\n")))
    return run_case(load(path, "callout.yaml").cases[0].bind(), RunOptions())


@pytest.mark.parametrize(("mx", "domain", "expect"), [
    ("tls: starttls", "a", "accepted"), ("tls: starttls", "b", "rcpt 451 *"), ("replies: {STARTTLS: 454 no}", "a", "rcpt 451 *"),
])
def test_tls_is_used_where_it_must_be(tmp_path: Path, mx: str, domain: str, expect: str) -> None:
    outcome = play(tmp_path, f"- send: {{rcpt_to: x@{domain}.test, expect: {expect}}}", transport="hosts_require_tls = *", mx=mx)
    assert outcome.passed, outcome.failures


DULL = "Could not complete recipient verify callout"


@pytest.mark.parametrize(("release", "said"), [
    ("4.82+", "could not connect to 198.51.100.9 [198.51.100.9]: Connection refused"),
    ("4.99", f"{DULL}: 198.51.100.9 [198.51.100.9] : Connection refused"),
])
def test_no_connection(tmp_path: Path, release: str, said: str) -> None:
    outcome = play(tmp_path, f"- send: {{rcpt_to: x@refused.test, expect: rcpt 451 {DULL}}}", release=release)
    assert outcome.passed, outcome.failures
    assert outcome.mainlog[0].endswith(f"temporarily rejected RCPT <x@refused.test>: {said}")


def test_the_cache_forgets(tmp_path: Path) -> None:
    """A refusal is kept for two hours: then the server, which has thought better of it, is asked again."""
    outcome = play(tmp_path, """
        - send: {rcpt_to: x@a.test, expect: rcpt 550 *}
        - send: {rcpt_to: x@a.test, expect: rcpt 550 Previous (cached) callout verification failure}
        - wait: 2h
        - send: {rcpt_to: x@a.test, expect: rcpt 550 Previous*}
        - wait: 1s
        - send: {rcpt_to: x@a.test, expect: accepted}
        """, mx="replies: {RCPT: [550 no, 250 yes]}")
    assert outcome.passed, outcome.failures


def test_a_domain_that_refuses_bounces(tmp_path: Path) -> None:
    outcome = play(tmp_path, """
        - send: {rcpt_to: x@a.test, expect: rcpt 550 *}
        - send: {rcpt_to: y@a.test, expect: "rcpt 550 (result of an earlier callout reused)."}
        """, mx="replies: {MAIL: 550 no bounces}")
    assert outcome.passed, outcome.failures


@pytest.mark.parametrize(("options", "tried"), [("callout=5s,maxwait=4s", False), ("callout=5s,maxwait=6s", True)])
def test_overall_time(tmp_path: Path, options: str, tried: bool) -> None:
    """No other host is tried when maxwait is over."""
    steps = "- send: {rcpt_to: x@c.test, expect: accepted}" if tried else """
        - send: {rcpt_to: x@c.test, expect: rcpt 451 *}
        - expect: {remotes: {nx: {dialogue: ""}}}
        """
    outcome = play(tmp_path, steps, options=options, mx="replies: {connect: hang}")
    assert outcome.passed, outcome.failures


def test_authentication_is_refused_not_skipped(tmp_path: Path) -> None:
    outcome = play(tmp_path, "- send: {rcpt_to: x@a.test}", transport="hosts_try_auth = *",
                   mx='replies: {EHLO: "250-x\\n250-AUTH PLAIN\\n250 HELP"}')
    assert not outcome.passed
    assert "authentication as a client in callouts is not simulated" in str(outcome.failures)


def test_certificate(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(dedent("""
        exim:
          config: |
            acl_smtp_rcpt = acl_rcpt
            begin acl
            acl_rcpt:
              require verify = certificate
              accept
        scenarios:
          - name: t
            send: {rcpt_to: x@a.test, expect: rcpt 550 no verified certificate}
        """))
    outcome = run_case(load(path, "c.yaml").cases[0].bind(), RunOptions())
    assert outcome.passed, outcome.failures
