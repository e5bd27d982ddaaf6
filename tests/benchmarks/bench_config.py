"""How long a configuration of 2,000 lines is read: `python tests/benchmarks/bench_config.py`."""

from __future__ import annotations

from types import SimpleNamespace

from measuring import best, fake_world, figure, finish

from pytest_eximsim.exim.config.parser import read_configuration
from pytest_eximsim.exim.release import RELEASES

PATH = "/etc/exim.conf"
#: What is there once, and what again and again; each part with how often.
PARTS = [(1, """
# options
CONFDIR = /etc/exim
LOCAL = example.net
primary_hostname = mail.example.net
acl_smtp_rcpt = rcpt0
tls_certificate = CONFDIR/cert.pem
log_selector = +all -arguments
"""), (40, """
MACRO_@_END = value-@
"""), (80, """
domainlist domains@ = LOCAL : MACRO_1_END.example : *.d@.example : lsearch;CONFDIR/domains
hostlist hosts@ = 192.0.2.@ : 10.@.0.0/16 : +hosts0
"""), (1, """
begin acl
"""), (60, """
rcpt@:
  # what is refused
  deny    message = no: $sender_host_address MACRO_2_END
          hosts = +hosts@
          !authenticated = *
  warn    set acl_m_@ = ${if eq{$local_part}{x@}{1}{0}}
  accept  domains = +domains@ : \\
            LOCAL
          local_parts = ! postmaster
  deny
"""), (1, """
begin routers
"""), (60, """
router@:
  driver = accept
  domains = +domains@
  local_part_suffix = -* : +*
  local_part_suffix_optional
  condition = ${if match{$local_part}{^a@}}
  transport = transport@
  no_verify
"""), (1, """
begin transports
"""), (60, """
transport@:
  driver = smtp
  hosts_try_auth = *
  tls_verify_certificates = CONFDIR/ca.pem
"""), (1, """
begin retry
"""), (40, """
d@.example * F,2h,15m; G,16h,1h,1.5
"""), (1, """
begin rewrite
"""), (40, """
*.d@.example new.example Ffrs
""")]


def configuration() -> str:
    """2,000 lines with some of everything."""
    lines = [line for times, text in PARTS for n in range(times) for line in text.strip("\n").replace("@", str(n)).split("\n")]
    lines += ["# filler"] * (2000 - len(lines))
    assert len(lines) == 2000, len(lines)
    return "\n".join(lines) + "\n"


def main() -> None:
    users = SimpleNamespace(by_name=fake_world.FakeUsers().by_name, by_uid=lambda uid: None, group=lambda name: None)
    files = fake_world.FakeFiles({PATH: configuration()})
    files.list = lambda path: []  # type: ignore[attr-defined]

    def read() -> object:
        return read_configuration(files, PATH, release=RELEASES["4.99"], users=users, hostname="mail.example.net")  # type: ignore[arg-type]

    found = read()
    assert len(found.acls) == 60 and len(found.routers) == 60, found  # type: ignore[attr-defined]
    figure("2,000 lines", best(read, number=1, repeat=10), 150e-3)
    finish()


if __name__ == "__main__":
    main()
