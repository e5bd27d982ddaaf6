"""The run copy: every line that changes and how, with places that are plain texts."""

import pytest

from pytest_eximsim.haproxy import parse
from pytest_eximsim.haproxy.listeners import Listener
from pytest_eximsim.haproxy.proxies import Server
from pytest_eximsim.haproxy.runcopy import RunCopy, portable

TREE = {"/etc/haproxy/relay.lst": "/tree/relay.lst", "maps/hosts.map": "/tree/hosts.map", "/etc/ssl/there.pem": "/tree/there.pem"}


class Places:
    """Names instead of numbers, so that a test shows what went where."""

    connections = 1000

    def listener(self, listener: Listener) -> str:
        return f"unix@/run/{listener.index}" if listener.address.kind == "unix" else f"fd@{listener.index + 10}"

    def inner(self, listener: Listener) -> str:
        return f"127.0.0.1:{50000 + listener.index}"

    def server(self, server: Server) -> str:
        return f"127.0.0.1:4{server.line.number:04}"

    def check(self, server: Server) -> int:
        return 30000 + server.line.number

    def refused(self) -> str:
        return "127.0.0.1:9"

    def log(self) -> str:
        return "127.0.0.1:514"

    def nameserver(self) -> str:
        return "127.0.0.1:53"

    def mailer(self, address: str) -> str:
        return f"127.0.0.1:25 # {address}" if "#" in address else "127.0.0.1:2500"

    def unix(self, path: str) -> str:
        return "/run/test" + path

    def file(self, path: str) -> str | None:
        return TREE.get(path)

    def certificate(self, path: str, names: tuple[str, ...]) -> str:
        return "/made" + path

    def authority(self) -> str:
        return "/made/authority.pem"


def copy(text: str, **environment: str) -> RunCopy:
    return portable(parse(text, "h.cfg", environment=environment), Places())


def line(section: str, text: str, **environment: str) -> str:
    """The last line of a section in the run copy."""
    return copy(f"{section}\n    {text}\n", **environment).texts["h.cfg"].split("\n")[-2].strip()


@pytest.mark.parametrize("text", [
    "chroot /var/lib/haproxy", "user haproxy", "group haproxy", "daemon", "pidfile /run/x.pid", "stats socket /run/a.sock", "cpu-map 1 0",
    "master-worker", "crt-base /etc/none", "server-state-file x", "ulimit-n 9",
])
def test_machine_keywords_go(text: str) -> None:
    assert line("global", text) == ""


@pytest.mark.parametrize("text", ["maxconn 1000", "stats timeout 30s", "tune.bufsize 16384", "log global", "nbthread 2"])
def test_other_global_lines_stay(text: str) -> None:
    assert line("global", text) == text


REWRITTEN = [
    ("global", "maxconn 100000", "maxconn 1000"),
    ("global", "log /dev/log local0 notice", "log 127.0.0.1:514 local0 notice"),
    ("global", "log 10.0.0.9:514 len 4096 format rfc5424 local0", "log 127.0.0.1:514 len 4096 format rfc5424 local0"),
    ("defaults", "log stdout format raw local0", "log 127.0.0.1:514 format raw local0"),
    ("defaults", "default-server check source 10.0.0.2 inter 2s port 26", "default-server check inter 2s"),
    ("resolvers dns", "nameserver a 10.0.0.53:53", "nameserver a 127.0.0.1:53"),
    ("resolvers dns", "parse-resolv-conf", ""),
    ("mailers m", "mailer a 10.0.0.5:25", "mailer a 127.0.0.1:2500"),
    ("peers p", "peer a 10.0.0.5:1024", "peer a 127.0.0.1:9"),
    ("ring r", "server a 10.0.0.5:514", "server a 127.0.0.1:9"),
    ("frontend f", "bind :25", "bind fd@10 accept-proxy"),
    ("frontend f", "bind 10.0.0.1:25,[2001:db8::1]:25 name x", "bind fd@10,fd@11 name x accept-proxy"),
    ("frontend f", "bind :::25 v4v6 interface eth0 maxconn 10", "bind fd@10 maxconn 10 accept-proxy"),
    ("frontend f", "bind :25 accept-proxy", "bind fd@10 accept-proxy"),
    ("frontend f", "bind :465 ssl crt /etc/ssl/mail.pem alpn smtp", "bind fd@10 ssl crt /made/etc/ssl/mail.pem alpn smtp accept-proxy"),
    ("frontend f", "bind :465 ssl crt /etc/ssl/there.pem", "bind fd@10 ssl crt /tree/there.pem accept-proxy"),
    ("frontend f", "bind /run/x.sock mode 666", "bind unix@/run/0"),
    ("frontend f", "bind quic4@:443 ssl crt x", ""),
    ("frontend f", "tcp-request connection reject if { src -f /etc/haproxy/relay.lst }",
     "tcp-request session reject if { src -f /tree/relay.lst }"),
    ("frontend f", "tcp-request connection track-sc0 src", "tcp-request session track-sc0 src"),
    ("frontend f", "tcp-request connection expect-proxy layer4", ""),
    ("frontend f", "use_backend %[src,map_ip(maps/hosts.map,mx)]", "use_backend %[src,map_ip(/tree/hosts.map,mx)]"),
    ("frontend f", "errorfile 503 /etc/haproxy/errors/503.http", ""),
    ("backend b", "source 10.0.0.2", ""),
    ("backend b", "server a 10.0.0.5:25", "server a 127.0.0.1:40002"),
    ("backend b", "server a 10.0.0.5:25 send-proxy weight 10", "server a 127.0.0.1:40002 send-proxy weight 10"),
    ("backend b", "server a 10.0.0.5:25 check", "server a 127.0.0.1:40002 check port 30002"),
    ("backend b", "server a 10.0.0.5:25 check send-proxy-v2", "server a 127.0.0.1:40002 check send-proxy-v2 port 30002 check-send-proxy"),
    ("backend b", "server a 10.0.0.5:25 check send-proxy port 26", "server a 127.0.0.1:40002 check send-proxy port 30002"),
    ("backend b", "server a 10.0.0.5:25 check check-send-proxy", "server a 127.0.0.1:40002 check check-send-proxy port 30002"),
    ("backend b", "server a 10.0.0.5:465 ssl verify none check", "server a 127.0.0.1:40002 ssl verify none check port 30002 check-ssl"),
    ("backend b", "server a 10.0.0.5:465 ssl ca-file /etc/ca.pem", "server a 127.0.0.1:40002 ssl ca-file /made/authority.pem"),
    ("backend b", "server a mx.example.net:25 resolvers dns init-addr none backup", "server a 127.0.0.1:40002 backup"),
    ("backend b", "server a 10.0.0.5:25 source 10.0.0.2:1024 interface eth0 backup", "server a 127.0.0.1:40002 backup"),
    ("backend b", "server a 10.0.0.5:25 agent-check agent-port 99",
     "server a 127.0.0.1:40002 agent-check agent-addr 127.0.0.1 agent-port 9"),
    ("backend b", "server a /run/y.sock send-proxy", "server a unix@/run/test/run/y.sock send-proxy"),
    ("backend b", "server-template mx 1-3 mx.example.net:25 check", "server-template mx 1-3 127.0.0.1:40002 check port 30002"),
]


@pytest.mark.parametrize(("section", "text", "expected"), REWRITTEN, ids=[f"{section}: {text}" for section, text, _ in REWRITTEN])
def test_lines(section: str, text: str, expected: str) -> None:
    assert line(section, text) == expected


def test_environment_is_put_into_rewritten_lines_only() -> None:
    text = copy('backend b\n balance "$B"\n server a "${MTA}:25" weight "$W"\n', MTA="10.0.0.1", W="7", B="source").texts["h.cfg"]
    assert text.split("\n")[1:3] == [' balance "$B"', " server a 127.0.0.1:40003 weight 7"]


def test_quotes_survive() -> None:
    assert line("backend b", r"server a 10.0.0.1:25 cookie 'a b'") == 'server a 127.0.0.1:40002 cookie "a b"'


def test_a_chain_inside_haproxy_stays_inside() -> None:
    made = copy("listen a\n bind :25\n server in 127.0.0.1:10025 send-proxy-v2\n"
                "listen b\n bind 127.0.0.1:10025 accept-proxy\n server m 10.0.0.1:25\n")
    assert made.texts["h.cfg"].split("\n") == [
        "listen a", " bind fd@10 accept-proxy", " server in 127.0.0.1:50001 send-proxy-v2", "listen b", " bind fd@11 accept-proxy",
        " server m 127.0.0.1:40006", ""]


def test_a_chain_without_header_gets_none() -> None:
    made = copy("listen a\n bind :25\n server in 127.0.0.1:10025\nlisten b\n bind 127.0.0.1:10025\n server m 10.0.0.1:25\n")
    assert made.texts["h.cfg"].split("\n")[4] == " bind fd@11"


def test_programs_are_not_started() -> None:
    assert copy("program x\n command /bin/true\nglobal\n nbthread 1\n").texts["h.cfg"].split("\n") == ["", "", "global", " nbthread 1", ""]


def test_a_check_rule_for_one_server_is_mapped() -> None:
    made = copy("backend b\n option tcp-check\n tcp-check connect port 2525 send-proxy\n server a 10.0.0.1:25 check\n")
    assert made.texts["h.cfg"].split("\n")[2] == " tcp-check connect port 30004 send-proxy"


OBSTACLES = [
    ("frontend f\n bind :25 transparent\n", "h.cfg:2: a transparent socket"),
    ("frontend f\n bind :25 defer-accept\n", "h.cfg:2: a socket that waits"),
    ("frontend f\n bind :25\n tcp-request connection expect-proxy layer4 if { src 10.0.0.1 }\n", "h.cfg:3: a PROXY header that only some"),
    ("frontend f\n bind :25 accept-proxy\n tcp-request connection reject if { src 10.0.0.1 }\n",
     "h.cfg:3: a `tcp-request connection` rule about"),
    ("backend b\n source 0.0.0.0 usesrc clientip\n", "h.cfg:2: transparent connections"),
    ("backend b\n server a 10.0.0.1:25 source 0.0.0.0 usesrc clientip\n", "h.cfg:2: transparent connections"),
    ("backend b\n server a 10.0.0.1:25 socks4 10.0.0.2:1080\n", "h.cfg:2: a SOCKS proxy"),
    ("backend b\n option transparent\n", "h.cfg:2: transparent proxying"),
    ("backend b\n option external-check\n", "h.cfg:2: health checks by a program"),
    ("backend b\n tcp-check connect port 26\n server a 10.0.0.1:25 check\n server b 10.0.0.2:25 check\n",
     "h.cfg:2: `tcp-check connect` with"),
]


@pytest.mark.parametrize(("text", "start"), OBSTACLES, ids=[start for _, start in OBSTACLES])
def test_obstacles(text: str, start: str) -> None:
    found = copy(text).obstacles
    assert len(found) == 1
    assert str(found[0]).startswith(start)
    assert str(found[0]).endswith("not possible in portable mode")


def test_the_copy_keeps_line_numbers_and_whatever_it_need_not_change() -> None:
    made = copy("global\n    daemon\n# c\nfrontend f\n    bind :25   # mail\n")
    assert made.texts["h.cfg"] == "global\n\n# c\nfrontend f\n    bind fd@10 accept-proxy\n"
