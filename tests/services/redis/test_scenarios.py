"""Redis as scenarios have it, through the whole system."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pytest_eximsim.services.redis.providers import read_url
from pytest_eximsim.services.redis.wire import WireConnection

Run = Callable[..., str]

LOOKUPS = """\
exim:
  config: |
    redis_servers = 127.0.0.1//
    acl_smtp_rcpt = rcpt
    begin acl
    rcpt:
      accept condition = ${lookup redis{EXISTS known:$local_part}}
      deny   message = unknown
"""


AGES = LOOKUPS + """\
redis: {provider: "PROVIDER"}
clock: {start: 2013-11-04 09:25:06}
scenarios:
  - name: ages with the scenario
    redis: {commands: [SET known:a 1 EX 3600, SADD s 2 1]}
    steps:
      - send: {rcpt_to: a@example.net}
      - wait: 59m
      - send: {rcpt_to: a@example.net}
      - wait: 2m
      - send: {rcpt_to: a@example.net, expect: rcpt 550 unknown}
      - redis: {commands: [SET known:a 1]}
      - send: {rcpt_to: a@example.net}
    expect: {redis: {SMEMBERS s: ["1", "2"], GET known:a: "1", GET nothing: null, DBSIZE: 2}}
  - name: begins empty
    send: {rcpt_to: a@example.net, expect: rcpt 550 unknown}
    expect: {redis: {DBSIZE: 0}}
"""


@pytest.mark.parametrize("provider", ["auto", "embedded", "binary", "redis_url", "container"])
def test_each_provider_is_the_same_to_the_scenario(run: Run, provider: str, request: pytest.FixtureRequest) -> None:
    arguments = []
    if provider == "redis_url":
        provider = request.getfixturevalue("redis_url")
    elif provider == "binary":
        request.getfixturevalue("require")("redis-server")
    elif provider == "container":
        images: Mapping[str, str] = request.getfixturevalue("images")
        arguments = ["-o", f"eximsim_redis_image={images['redis']}"]
    assert "2 passed" in run(AGES.replace("PROVIDER", provider), *arguments)


def test_one_that_hangs_holds_up_nobody_else(run: Run) -> None:
    run(LOOKUPS + """\
redis: {commands: [SET known:a 1]}
scenarios:
  - name: hangs
    steps:
      - session: {as: before, smtp: "S: 220\\nC: EHLO a\\nS: 250"}
      - redis: {hang: true}
      - session:
          as: waiting
          smtp: |
            S: 220
            C: EHLO b
            S: 250
            C: MAIL FROM:<>
            S: 250
            C: RCPT TO:<a@example.net>
            S: <nothing> 2m
      - session: {as: before, smtp: "C: MAIL FROM:<>\\nS: 250 OK"}
      - redis: {hang: false}
      - session: {as: waiting, smtp: "S: 250 Accepted\\nC: QUIT\\nS: 221"}
""")


def test_one_that_goes_down_in_mid_session(run: Run) -> None:
    """A connection of a process stays broken; the next process gets a new one."""
    run(LOOKUPS + """\
redis: {commands: [SET known:a 1]}
scenarios:
  - name: goes down
    steps:
      - session:
          as: A
          smtp: |
            S: 220
            C: EHLO b
            S: 250
            C: MAIL FROM:<>
            S: 250
            C: RCPT TO:<a@example.net>
            S: 250 Accepted
      - redis: {down: true}
      - session: {as: A, smtp: "C: RCPT TO:<b@example.net>\\nS: 451 Temporary local problem - please try later"}
      - send: {rcpt_to: a@example.net, expect: rcpt 451 *}
      - redis: {down: false}
      - session: {as: A, smtp: "C: RCPT TO:<c@example.net>\\nS: 451 Temporary local problem - please try later"}
      - send: {rcpt_to: a@example.net}
    expect:
      log: |
        * temporarily rejected RCPT <b@example.net>: REDIS: query failed: Server closed the connection
        * temporarily rejected RCPT <a@example.net>: REDIS: query failed: Connection refused
        * temporarily rejected RCPT <c@example.net>: REDIS: query failed: Server closed the connection
""")


def test_several_servers(run: Run) -> None:
    run("""\
exim: {config: "redis_servers = <; 10.0.0.9// ; 10.0.0.10//\\n"}
redis:
  commands: [SET a found]
  servers: {"10.0.0.9:6379": down}
scenarios:
  - name: the first is down
    steps:
      - expand: [{string: "${lookup redis{GET a}}", is: found}]
      - redis: {servers: {"10.0.0.10:6379": down}}
      - expand: [{string: "${lookup redis{GET a}}", fails: "*query failed: Connection refused*"}]
      - redis: {servers: {"10.0.0.9:6379": up}}
      - expand: [{string: "${lookup redis{GET a}}", is: found}]
""")


def test_passwords(run: Run, redis_url: str) -> None:
    for provider in ("embedded", redis_url):
        run(f"""\
redis: {{provider: "{provider}", password: sesame, commands: [SET a found]}}
scenarios:
  - name: right
    exim: {{config: "redis_servers = 127.0.0.1//sesame\\n"}}
    expand: [{{string: "${{lookup redis{{GET a}}}}", is: found}}]
  - name: wrong
    exim: {{config: "redis_servers = 127.0.0.1//wrong\\n"}}
    expand: [{{string: "${{lookup redis{{GET a}}}}", fails: "*NOAUTH Authentication required.*"}}]
""")


def test_two_workers_share_one_server(run: Run, redis_url: str) -> None:
    """Each scenario counts to two, whoever runs beside it; what was there before is there afterwards, and nothing else."""
    pytest.importorskip("xdist")
    stranger = WireConnection(read_url(redis_url)[0])

    def everything() -> list[list[bytes]]:
        """The keys of each database. This process may have claims of its own there, from tests before."""
        found: list[list[bytes]] = []
        for number in range(8):
            stranger.command([b"SELECT", b"%d" % number])
            keys = stranger.command([b"KEYS", b"*"])
            assert isinstance(keys, list)
            found.append(sorted(key for key in keys if isinstance(key, bytes)))
        return found

    before = everything()
    free = next(number for number in range(1, 8) if not before[number])
    stranger.command([b"SELECT", b"%d" % free])
    stranger.command([b"SET", b"n", b"theirs"])
    try:
        scenarios = "".join(f"""\
  - name: number {number}
    steps:
      - expand: [{{string: "${{lookup redis{{INCR n}}}}${{lookup redis{{INCR  n}}}}", is: "*"}}]
      - wait: 1m
    expect: {{redis: {{GET n: "2", DBSIZE: 1}}}}
""" for number in range(12))
        text = f'exim: {{config: "redis_servers = 127.0.0.1//\\n"}}\nredis: {{provider: "{redis_url}"}}\nscenarios:\n{scenarios}'
        assert "12 passed" in run(text, "-n", "2")
        assert stranger.command([b"GET", b"n"]) == b"theirs"
        stranger.command([b"DEL", b"n"])
        assert everything() == before
    finally:
        stranger.command([b"SELECT", b"%d" % free])
        stranger.command([b"DEL", b"n"])
        stranger.close()


def test_a_url_without_a_server_fails_and_keeps_the_password(run: Run) -> None:
    text = 'redis: {provider: "redis://:secret@127.0.0.1:1"}\nscenarios: [{name: a, expand: [{string: a, is: a}]}]\n'
    output = run(text, passes=False)
    assert "redis://***@127.0.0.1:1 cannot be reached" in output
