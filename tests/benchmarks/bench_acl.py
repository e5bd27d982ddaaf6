"""What a typical RCPT ACL costs (ten statements, four lists, five expansions): `python tests/benchmarks/bench_acl.py`."""

from __future__ import annotations

from itertools import cycle

from measuring import best, fake_world, figure, finish

from pytest_eximsim.exim.acl import Phase, Result, run_acl
from pytest_eximsim.exim.state import Process

ACL = r"""
acl_check_rcpt:
  accept  hosts = :
  deny    message = restricted characters in address
          domains = +local_domains
          local_parts = ^[.] : ^.*[@%!/|]
  warn    set acl_m_score = ${if eq{$sender_helo_name}{}{10}{0}}
  deny    condition = ${if match{$sender_address}{\N^bounce-\d+@\N}}
          message = no bounces from $sender_host_address
  deny    senders = *@blocked.example : postmaster@*
          message = sender $sender_address is blocked
  warn    condition = ${if >{$acl_m_score}{5}}
          set acl_m_late = $tod_epoch
  accept  hosts = +relay_from_hosts
          control = submission
  accept  authenticated = *
  deny    domains = ! +local_domains : ! +relay_to_domains
          message = relay not permitted
  accept  condition = ${lookup{$local_part}lsearch{/etc/aliases}{yes}{no}}
"""
LISTS = {
    "domain": {"local_domains": "@ : mail.example.net : example.net : *.example.net", "relay_to_domains": "relay.example : other.example"},
    "host": {"relay_from_hosts": "127.0.0.1 : 192.168.0.0/16 : 10.0.0.0/8"},
}


def client() -> Process:
    p = fake_world.process(lists=LISTS, acls=ACL.strip(), client="203.0.113.7", files={"/etc/aliases": "info: a\nuser: b\n"})
    p.connection.helo_name = "client.example"
    p.message.sender_address = "someone@elsewhere.example"
    return p


def main() -> None:
    p = client()
    accepted, refused = run_rcpt(p, "user@example.net"), run_rcpt(p, "user@far.example")
    assert accepted.result is Result.OK, accepted
    assert refused.result is Result.FAIL, refused
    figure("RCPT accepted by the last statement", best(lambda: run_rcpt(p, "user@example.net"), number=500), 150e-6)
    figure("RCPT refused by the last but one", best(lambda: run_rcpt(p, "user@far.example"), number=500), 150e-6)
    others = cycle([f"user{number}@example.net" for number in range(50)])
    figure("fifty recipients in turn", best(lambda: run_rcpt(p, next(others)), number=500), 150e-6)
    finish()


def run_rcpt(p: Process, recipient: str):  # type: ignore[no-untyped-def]
    return run_acl(p, Phase.RCPT, "acl_check_rcpt", recipient=recipient)


if __name__ == "__main__":
    main()
