"""The subject of a scenario: clients' ways to the MTA, time, the server's own files, several MTAs."""

from __future__ import annotations

import pytest

SHOW = r"""
exim:
  {settings}
  config: |
    hosts_proxy = 10.0.0.2
    queue_only
    acl_smtp_connect = connect
    acl_smtp_rcpt = accept
    begin acl
    connect:
      accept logwrite = $sender_host_address:$sender_host_port > $received_ip_address:$received_port \
                        proxy=$proxy_local_address ext=$proxy_external_address:$proxy_external_port
    accept:
      accept
scenarios:
  - name: a
    send: {send}
"""


def lines(play, send: str, settings: str = "address: 192.0.2.25") -> list[str]:
    outcome = play(SHOW.replace("{send}", send).replace("{settings}", settings))
    assert outcome.passed, outcome.failures
    return [line[20:] for line in outcome.mainlog if " > " in line]


@pytest.mark.parametrize(("send", "settings", "expected"), [
    ("{rcpt_to: a@b.test}", "", "192.0.2.99:40000 > 192.0.2.25:25 proxy= ext=:0"),
    ("{rcpt_to: a@b.test, from: 198.51.100.7:1234}", "", "198.51.100.7:1234 > 192.0.2.25:25 proxy= ext=:0"),
    ("{rcpt_to: a@b.test, to: 127.0.0.1:25}", "", "192.0.2.99:40000 > 127.0.0.1:25 proxy= ext=:0"),
    ("{rcpt_to: a@b.test, from: '2001:db8::7'}", "addresses: [192.0.2.1, 2001:db8::1]", "2001:db8::7:40000 > 2001:db8::1:25 proxy= ext=:0"),
    ("{rcpt_to: a@b.test, to: '587'}", "set: {daemon_smtp_ports: 'smtp : 587'}", "192.0.2.99:40000 > 192.0.2.25:587 proxy= ext=:0"),
    ("{rcpt_to: a@b.test, from: '198.51.100.7:1234', via: {proxy: v1, address: 10.0.0.2}}", "",
     "198.51.100.7:1234 > 192.0.2.25:25 proxy=10.0.0.2 ext=192.0.2.25:25"),
    ("{rcpt_to: a@b.test, from: '198.51.100.7:1234', via: {proxy: v2, address: 10.0.0.2, port: 5}}", "",
     "198.51.100.7:1234 > 192.0.2.25:25 proxy=10.0.0.2 ext=192.0.2.25:25"),
])
def test_ways_to_the_mta(play, send, settings, expected):
    assert lines(play, send, settings or "address: 192.0.2.25") == [expected]


@pytest.mark.parametrize(("send", "settings", "title"), [
    ("{rcpt_to: a@b.test, to: '26'}", "", "the connection fails"),
    ("{rcpt_to: a@b.test, from: '2001:db8::7'}", "", "cannot be run: no address of the MTA is of the family"),
    ("{rcpt_to: a@b.test}", "set: {local_interfaces: 127.0.0.1}", "the connection fails"),
])
def test_ways_that_lead_nowhere(play, send, settings, title):
    outcome = play(SHOW.replace("{send}", send).replace("{settings}", settings or "address: 192.0.2.25"))
    assert outcome.failures[0].title.startswith(title)


def test_servers_own_files(play):
    """Absolute paths, .include and lists are found below `root`; what is written goes nowhere near it."""
    outcome = play("""
exim: {config_file: deploy/etc/exim4/exim4.conf, root: deploy}
scenarios:
  - name: a
    steps:
      - send: {rcpt_to: [a@b.test, c@d.test], expect: {rcpt: {c@d.test: 550 *}}}
      - expand:
          - {string: "${readfile{/etc/passwd}}", fails: "*No such file*"}
          - {string: "$config_file", is: "@CONFIG@"}
          - {string: "@CONFIG@", is: /etc/exim4/exim4.conf}
""", {"deploy/etc/exim4/exim4.conf": ".include /etc/exim4/acl\nqueue_only\nbegin acl\nx:\n  accept domains = lsearch;/etc/exim4/domains\n",
      "deploy/etc/exim4/acl": "acl_smtp_rcpt = x\n", "deploy/etc/exim4/domains": "b.test\n"})
    assert outcome.passed, outcome.failures


def test_shifted_and_simulated_time_exclude_each_other(play):
    outcome = play("""
clock: {mode: simulated}
haproxy: haproxy.cfg
scenarios: [{name: a, send: {rcpt_to: b@example.net}}]
""", {"haproxy.cfg": "listen x\n  bind :25\n  server m 192.0.2.25:25\n"})
    assert outcome.failures[0].title.startswith("cannot be run: `mode: simulated` with HAProxy")


def test_unknown_zone(play):
    outcome = play("clock: {zone: Nowhere/Land}\nscenarios: [{name: a, send: {rcpt_to: b@example.net}}]\n")
    assert "No time zone found" in outcome.failures[0].title


def test_replace_that_does_not_occur(play):
    outcome = play("exim: {config: queue_only, replace: {nosuch: x}}\nscenarios: [{name: a, send: {rcpt_to: b@example.net}}]\n")
    assert "'nosuch' does not occur" in outcome.failures[0].title
    assert str(outcome.failures[0].position) == "test.yaml:1:37"


@pytest.mark.parametrize(("config", "release"), [
    ("proxy_required_hosts = *", "4.82+"), ("hosts_proxy = *", "4.99"), ("queue_only", "4.99"),
])
def test_release_from_the_names(play, config, release):
    assert play(f"exim: {{config: '{config}'}}\nscenarios: [{{name: a, expand: [{{string: a, is: a}}]}}]\n").release == release


def test_names_of_two_releases(play):
    outcome = play("""
exim:
  config: |
    hosts_proxy = *
    proxy_required_hosts = *
scenarios: [{name: a, expand: [{string: a, is: a}]}]
""")
    assert "names of two releases" in outcome.failures[0].received


def test_mtas_take_over_what_exim_says(play):
    outcome = play("""
exim: {config: "queue_only\\nsmtp_banner = NAME\\n", macros: {NAME: common}, set: {smtp_accept_max: "7"}}
mtas:
  a: {address: 192.0.2.1}
  b: {address: 192.0.2.2, macros: {NAME: own}}
scenarios:
  - name: a
    steps:
      - session: {to: a, smtp: "S: 220 common"}
      - session: {to: b, smtp: "S: 220 own"}
""")
    assert outcome.passed, outcome.failures


def test_aiosmtpd_takes_no_replies(play):
    outcome = play("""
remotes: {mx: {address: 203.0.113.5, server: aiosmtpd, replies: {RCPT: 450 busy}}}
scenarios: [{name: a, send: {rcpt_to: b@example.net}}]
""")
    assert "an aiosmtpd server answers by itself" in outcome.failures[0].title


def test_loading_asks_nothing_of_the_machine(monkeypatch, play):
    """No name is ever looked up outside the scenario's zone."""
    import socket

    def forbidden(*arguments: object) -> None:
        raise AssertionError(f"the system's resolver was asked: {arguments}")

    for name in ("getaddrinfo", "gethostbyname", "gethostbyaddr"):
        monkeypatch.setattr(socket, name, forbidden)
    assert play("""
exim: {config: "host_lookup = *\\nqueue_only\\nacl_smtp_rcpt = ${if eq{${lookup dnsdb{a=a.test}{$value}{no}}}{no}{accept}{deny}}\\n"}
scenarios: [{name: a, send: {rcpt_to: b@example.net}}]
""").passed


