"""HAProxy's messages with the places of the user's files."""

from pytest_eximsim.services.haproxy.startup import read_messages

OUTPUT = """\
[NOTICE]   (4711) : haproxy version is 2.6.12-1+deb12u4
[NOTICE]   (4711) : path to executable is /usr/sbin/haproxy
[ALERT]    (4711) : config : parsing [/tmp/x/1-0-haproxy.cfg:7] : unknown keyword 'bnd' in 'frontend' section; did you mean 'bind' maybe ?
[WARNING]  (4711) : config : missing timeouts for proxy 'smtp'.
   | While not properly invalid, you will certainly encounter various problems
   | with such a configuration.
[ALERT]    (4711) : config : [/tmp/x/1-0-haproxy.cfg:9] : 'server mx/a' : unable to use 127.0.0.1:40001 or fd@12
[ALERT]    (4711) : config : Error(s) found in configuration file : /tmp/x/1-0-haproxy.cfg
[ALERT]    (4711) : config : Fatal errors found in configuration.
"""


def test_messages_speak_of_the_users_file() -> None:
    names = {"127.0.0.1:40001": "10.20.30.1:25", "fd@1": ":25", "fd@12": ":587"}
    found = read_messages(OUTPUT, {"/tmp/x/1-0-haproxy.cfg": "deploy/haproxy.cfg"}, names)
    assert [str(message) for message in found] == [
        "deploy/haproxy.cfg:7: alert: unknown keyword 'bnd' in 'frontend' section; did you mean 'bind' maybe ?",
        "warning: missing timeouts for proxy 'smtp'. | While not properly invalid, you will certainly encounter various problems "
        "| with such a configuration.",
        "deploy/haproxy.cfg:9: alert: 'server mx/a' : unable to use 10.20.30.1:25 or :587",
    ]


def test_what_has_no_head_is_an_alert() -> None:
    assert [str(message) for message in read_messages("Segmentation fault\n", {}, {})] == ["alert: Segmentation fault"]
