"""Sections, conditional blocks, inheritance and what proxies say."""

import pytest

from pytest_eximsim.errors import Position
from pytest_eximsim.haproxy import HaproxyError, parse, parse_files

EDGE = """\
global
    daemon
defaults
    mode tcp
    option tcplog
    default-server inter 2s check
frontend smtp
    bind :25
    bind 203.0.113.10:587,[2001:db8::10]:587 ssl crt /etc/ssl/mail.pem
    use_backend special if { src 10.0.0.0/8 }
    default_backend mx
backend mx
    option smtpchk EHLO lb.example
    server mx1 "${MTA1}":25 send-proxy-v2
    server mx2 10.20.30.2:25 send-proxy no-check backup # spare
    default-server send-proxy
    server mx3 10.20.30.3:25
listen stats
    mode http
    bind :8404
"""


def test_sections_and_words() -> None:
    config = parse(EDGE, "edge.cfg", environment={"MTA1": "10.20.30.1"})
    assert [(section.kind, section.name) for section in config.sections] == [
        ("global", ""), ("defaults", ""), ("frontend", "smtp"), ("backend", "mx"), ("listen", "stats")]
    assert config.sections[2].lines[0].position == Position("edge.cfg", 8)


def test_proxies_inherit() -> None:
    config = parse(EDGE, environment={"MTA1": "10.20.30.1"})
    smtp, mx, stats = config.proxies
    assert (smtp.mode, mx.mode, stats.mode) == ("tcp", "tcp", "http")
    assert smtp.backend_names == ("special", "mx")
    assert mx.check_kind == "smtpchk"
    assert [bind.ssl for bind in smtp.binds] == [False, True]
    assert [str(address) for address in smtp.binds[1].addresses] == ["203.0.113.10:587", "[2001:db8::10]:587"]


def test_servers_and_default_server() -> None:
    mx1, mx2, mx3 = parse(EDGE, environment={"MTA1": "10.20.30.1"}).proxies[1].servers
    assert (str(mx1.address), mx1.sends_proxy, mx1.checked, mx1.options["inter"]) == ("10.20.30.1:25", "v2", True, "2s")
    assert (mx2.sends_proxy, mx2.checked, "backup" in mx2.options) == ("v1", False, True)
    assert (mx3.sends_proxy, mx3.full_name) == ("v1", "mx/mx3")


def test_undefined_variables_stay_with_the_line() -> None:
    server = parse(EDGE).proxies[1].servers[0]
    assert server.address.kind == "none"
    assert server.line.undefined == ("MTA1",)


def test_named_defaults() -> None:
    config = parse("defaults a\n mode http\ndefaults b from a\n option x\nfrontend f from a\n bind :1\nbackend g\n server s 1.2.3.4:5\n")
    assert [proxy.mode for proxy in config.proxies] == ["http", "http"]
    assert config.proxies[1].last("option", "x") is not None
    assert config.proxies[0].last("option", "x") is None


@pytest.mark.parametrize(("true", "expected"), [({"A"}, ["1", "4"]), ({"B"}, ["2", "4"]), (set(), ["3", "4"]), ({"A", "B"}, ["1", "4"])])
def test_conditional_blocks(true: set[str], expected: list[str]) -> None:
    text = "global\n.if A\n maxconn 1\n.elif B\n maxconn 2\n.else\n maxconn 3\n.endif\n maxconn 4\n"
    config = parse(text, evaluate=lambda condition: condition in true)
    assert [line.words[1] for line in config.sections[0].lines] == expected


def test_without_an_evaluator_every_branch_counts() -> None:
    config = parse("global\n.if feature(X)\n maxconn 1\n.else\n maxconn 3\n.endif\n")
    assert [line.words[1] for line in config.sections[0].lines] == ["1", "3"]


def test_setenv_holds_for_the_lines_behind_it() -> None:
    config = parse('global\n setenv A 10.0.0.1\n presetenv A x\n presetenv B 10.0.0.2\nbackend b\n server s "$A:25"\n server t "$B:25"\n')
    assert [str(server.address) for server in config.proxies[0].servers] == ["10.0.0.1:25", "10.0.0.2:25"]


def test_several_files_are_one_configuration() -> None:
    config = parse_files([("a", "defaults\n mode http\n"), ("b", "listen l\n bind :80\n")])
    assert config.proxies[0].mode == "http"
    assert config.sections[1].head.position == Position("b", 1)


@pytest.mark.parametrize(("text", "place", "message"), [
    ("bind :25\n", "1", "out of section"),
    ("global\n.if 1\n", "2", "without '.endif'"),
    ("global\n.endif\n", "2", "no matching '.if'"),
    ("global\n.nosuch\n", "2", "unknown directive"),
    ("global\n x 'y\n", "2:4", "unmatched quote"),
])
def test_mistakes_have_a_place(text: str, place: str, message: str) -> None:
    with pytest.raises(HaproxyError, match=message) as caught:
        parse(text, "h.cfg")
    assert str(caught.value.position) == f"h.cfg:{place}"
