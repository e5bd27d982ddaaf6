"""Scenarios made by chance: ACLs full of lists of hosts, domains, local parts and addresses, with what each leaves behind in the log."""

from __future__ import annotations

import random
from collections.abc import Iterable

HOSTS = (
    "10.0.0.0/8", "!10.1.1.1", "192.0.2.1", "client.test", "!client.test", "*.test", "!*.bad.test", "alias.test", "two.test", "nosuch.test",
    "servfail.test", "+nets", "!+nets", "+names", r"^c.*\\.test\$", "*", "@", "@[]", "", "lsearch;/t/hosts", "net-lsearch;/t/nets",
    "net24-lsearch;/t/nets", "/t/list", "fd00::/8", " 2001:db8::/32", "+include_unknown", "+ignore_unknown", "+include_defer",
    "+ignore_defer", "partial-lsearch;/t/hosts", "wrong.test", "[10.1.1.1]", "fd00:/8", "a_b", "x@y", "1.2.3", "1.2.3.4/40", "mx.test",
    "$sender_helo_name", "${lookup{$sender_host_address}lsearch{/t/nets}{$value}}", "six.test", "dsearch;/t", "CLIENT.TEST",
    "$sender_host_name",
)
DOMAINS = (
    "a.test", "!b.test", "*.test", "+dl", "!+dl", "+nd", "lsearch;/t/d", "!lsearch;/t/d", "partial-lsearch;/t/d", "/t/list", "!/t/list",
    r"^[ab]\\.", "@", "@[]", "@mx_any", "@mx_primary", "", "${lookup{$domain}lsearch{/t/d}{$value}{}}", "$sender_address_domain",
    "dsearch;/t", "lsearch*@;/t/d", "wildlsearch;/t/w", "nwildlsearch;/t/w", "A.TEST", r"\\N^.*\\.test\$\\N",
)
LOCAL_PARTS = ("joe", "!bill", "Joe", "^j", "*-list", "+lp", "!+lp", "lsearch;/t/d", "/t/list", "+caseful", "lsearch*;/t/d", "")
ADDRESSES = (
    "joe@a.test", "!bill@b.test", "*@a.test", "@@lsearch;/t/aa", "^joe@", "a.test", "joe@+dl", "*@+dl", "!*@+dl", "+al", "!+al", "/t/list",
    "lsearch;/t/d", "!lsearch*@;/t/d", "", "@", "joe@", "*@*.test", "^.*@b", "joe@^[ab]",
)
CONDITIONS = {"domains": DOMAINS, "sender_domains": DOMAINS, "local_parts": LOCAL_PARTS, "senders": ADDRESSES, "recipients": ADDRESSES}
OPTIONS = ("", "host_lookup = *", "host_lookup_order = bydns", "log_selector = +all")
CLIENTS = ("10.1.1.1", "192.0.2.1", "198.51.100.7", "198.51.100.8", "198.51.100.9", "2001:db8::5", "203.0.113.1", "203.0.113.2")
SENDERS = ("joe@a.test", "bill@b.test", "", "x@c.test")
RECIPIENTS = ("joe@a.test", "Joe@A.test", "bill@b.test", "x-list@c.test", "j@sub.a.test", "joe@mail.test", "x@nosuch.test", '"q q"@b.test')

HEAD = """\
exim:
  addresses: [192.0.2.25, "2001:db8::25"]
  config: |
    primary_hostname = mail.test
    hostlist nets = 10.0.0.0/8 : 192.0.2.0/24
    hostlist names = client.test : two.test
    domainlist dl = a.test : *.sub.test : lsearch;/t/d
    domainlist nd = !b.test : !+dl : *
    localpartlist lp = joe : ^x-
    addresslist al = *@a.test : !joe@b.test : c.test : lsearch*@;/t/d
    {options}
    acl_smtp_{phase} = a
    begin acl
    a:
{statements}
      accept
files:
  /t/hosts: "client.test: one\\n*.test: star\\n10.1.1.1: ip\\n"
  /t/nets: "10.1.1.1: ten\\n192.0.2.0/24: net\\n10.1.1.0/24: net10\\n"
  /t/d: "a.test: A\\n*.a.test: sub\\njoe: J\\njoe@a.test: addr\\n*@b.test: wild\\n*: star\\n"
  /t/w: "*.test: W\\n^[ab]\\\\.: re\\nc.test: plain\\n"
  /t/aa: "a.test: joe : !bill : *\\nb.test: bill\\n*: x-list\\n"
  /t/list: "10.9.0.0/16\\n!client.test\\n*.two.test # c\\na.test\\n!b.test\\njoe\\n!bill # c\\njoe@a.test\\n*@c.test\\n"
dns: |
  host 10.1.1.1 client.test
  host 192.0.2.1 two.test
  two.test A 192.0.2.77
  host 198.51.100.7 x.bad.test
  8.100.51.198.in-addr.arpa PTR wrong.test
  wrong.test A 198.51.100.1
  9.100.51.198.in-addr.arpa RCODE SERVFAIL
  servfail.test RCODE SERVFAIL
  alias.test CNAME client.test
  mx.test MX 10 client.test
  host 2001:db8::5 six.test
  1.113.0.203.in-addr.arpa PTR one.test
  1.113.0.203.in-addr.arpa PTR two.test
  one.test A 203.0.113.1
  a.test MX 10 mail.test
  b.test MX 10 other.test
  b.test MX 20 mail.test
  mail.test A 192.0.2.25
  other.test A 192.0.2.99
scenarios:
  - name: lists {seed}
    steps:
"""


def hosts(seed: int) -> str:
    """Three clients at an ACL of host lists."""
    chance = random.Random(seed)
    statements = _statements(chance, ("hosts", "hosts", "hosts", "!hosts"), "host=$sender_host_name data=$host_data "
                             "failed=$host_lookup_failed deferred=$host_lookup_deferred", lambda name: HOSTS)
    return _file(chance, seed, "mail", statements) + "".join(
        _session(client, ["MAIL FROM:<a@b.test>"]) for client in chance.sample(CLIENTS, 3))


def addresses(seed: int) -> str:
    """Three recipients at an ACL of all other lists."""
    chance = random.Random(seed)
    names = [sign + name for name in CONDITIONS for sign in ("", "", "!")]
    statements = _statements(chance, names, "d=$domain_data l=$local_part_data s=$sender_data r=$recipient_data v=<$value>",
                             lambda name: CONDITIONS[name.lstrip("!")])
    commands = [f"MAIL FROM:<{chance.choice(SENDERS)}>", *(f"RCPT TO:<{one}>" for one in chance.sample(RECIPIENTS, 3))]
    return _file(chance, seed, "rcpt", statements) + _session("192.0.2.1", commands)


def _statements(chance: random.Random, names: Iterable[str], shown: str, items: object) -> list[str]:
    assert callable(items)
    made = []
    for number in range(40):
        name = chance.choice(list(names))
        listed = " ; ".join(chance.choice(items(name)) for _ in range(chance.randint(1, 5)))
        made.append(f"      warn {name} = <; {listed}\n           logwrite = {number}: {shown}")
    return made


def _file(chance: random.Random, seed: int, phase: str, statements: list[str]) -> str:
    options = chance.choice(OPTIONS)
    return (HEAD.replace("{options}", options).replace("{phase}", phase).replace("{statements}", "\n".join(statements))
            .replace("{seed}", str(seed)))


def _session(client: str, commands: list[str]) -> str:
    talk = "".join(f"            C: {command}\n            S~ .\n" for command in ("HELO client.test", *commands, "QUIT"))
    return f'      - session:\n          from: "{client}"\n          smtp: |\n            S: 220\n{talk}'
