"""The console script as a user runs it: what is printed, exit codes, one clear message for each mistake."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_eximsim.cli import main

CONFIG = """\
primary_hostname = mail.example.net
BANNER = default
smtp_banner = BANNER
queue_only
hosts_proxy = 10.0.0.1
acl_smtp_rcpt = check
begin acl
check:
  deny domains = !example.net
       message = relay not permitted
  accept condition = ${if eq{$local_part}{you}{yes}{no}}
"""
DIALOGUE = (b"EHLO client.example\nMAIL FROM:<a@example.org>\nRCPT TO:<b@elsewhere.example>\nRCPT TO:<you@example.net>\n"
            b"DATA\nSubject: x\n\ny\n.\nQUIT\n")


@pytest.fixture
def conf(tmp_path: Path) -> str:
    (tmp_path / "exim.conf").write_text(CONFIG)
    return str(tmp_path / "exim.conf")


def run(*arguments: str, input: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "pytest_eximsim.cli", *arguments]
    return subprocess.run(command, input=input, capture_output=True, timeout=60, check=False)


def test_expand(conf, capsys):
    assert main(["expand", "-C", conf, "${lc:ABC}", "${nosuch:x}", "$primary_hostname"]) == 0


def test_expand_prints_results(conf):
    done = run("expand", "-C", conf, "${lc:ABC}", "${nosuch:x}", "a\xe9", "$primary_hostname")
    assert done.stdout.decode().splitlines() == ["abc", 'Failed: unknown expansion operator "nosuch"', "a\xe9", "mail.example.net"]


def test_expand_from_standard_input(conf):
    done = run("expand", "-C", conf, input=b"${uc:one}\n\ntwo \\\n   lines\n${if\n")
    assert done.stdout.decode().splitlines() == ["ONE", "", "two lines", 'Failed: condition name expected, but found ""']


def test_expand_knows_macros_as_4_96_does(conf):
    strings = ["x BANNER", "NEW = BANNER", "NEW ${lc:A}", "NEW = again", "NEW == two", "NEW"]
    done = run("expand", "-C", conf, "--version", "4.96", *strings)
    assert done.stdout.decode().splitlines() == ["x default", "Defined macro 'NEW'", "default a", "Defined macro 'NEW'", "two"]
    assert 'macro "NEW" is already defined' in done.stderr.decode()
    Path(conf).write_text("BANNER = default\n")
    assert run("expand", "-C", conf, "--version", "4.82+", "x BANNER").stdout == b"x BANNER\n"


def test_expand_goes_on_after_what_is_not_simulated(conf):
    done = run("expand", "-C", conf, "${run{/bin/true}}", "${lc:B}")
    assert (done.returncode, done.stdout.decode().splitlines()[1]) == (1, "b")
    assert b"not simulated: the program /bin/true is not run" in done.stderr


def test_expand_explains(conf):
    done = run("expand", "-C", conf, "--explain", "${if eq{${lc:A}}{a}{yes}{no}}")
    assert '${lc:A} → "a"' in done.stdout.decode()


def test_macros(conf):
    done = run("session", "-C", conf, "-DBANNER=from the command line", "--from", "198.51.100.7", input=b"QUIT\n")
    assert b"220 from the command line\r\n" in done.stdout


def test_session(conf):
    done = run("session", "-C", conf, "--from", "198.51.100.7", input=DIALOGUE)
    text = done.stdout.decode()
    assert "**** SMTP testing session as if from host 198.51.100.7\n" in text
    assert [line for line in text.split("\r\n") if line.startswith(("550", "250 A"))] == ["550 relay not permitted", "250 Accepted"]
    assert "\n**** SMTP testing: that is not a real message id!\n" in text
    assert done.stderr.decode().splitlines()[0] == (
        "LOG: H=(client.example) [198.51.100.7] F=<a@example.org> rejected RCPT <b@elsewhere.example>: relay not permitted")


def test_explain(conf):
    lines = run("explain", "-C", conf, "--from", "198.51.100.7", input=DIALOGUE).stdout.decode().splitlines()
    start = lines.index("C: RCPT TO:<you@example.net>")
    assert [line.partition("  [")[0].strip() if "[198" not in line else line for line in lines[start + 1:start + 8]] == [
        "check (RCPT): deny", 'example.net in "!example.net"? no', "domains = !example.net: false", "→ no, the next one",
        "check (RCPT): accept", 'condition = ${if eq{$local_part}{you}{yes}{no}} → "yes": true', "→ accept"]
    assert lines[start + 1].endswith("exim.conf:9]")


def test_schema():
    schema = json.loads(run("schema").stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    scenario = schema["$defs"]["Scenario"]["properties"]
    assert scenario["send"] and "rcpt_to" in schema["$defs"]["Send"]["properties"]
    assert all(one.get("description") for one in schema["$defs"]["Exim"]["properties"].values())


@pytest.mark.parametrize(("text", "code", "expected"), [
    (CONFIG, 0, "no mistakes"),
    (CONFIG + "nosuch\n", 1, 'exim.conf:12: error: '),
    (CONFIG.replace("queue_only", "nosuch = 1"), 1, 'exim.conf:4: error: main option "nosuch" unknown'),
    (CONFIG.replace("${if eq{", "${if nosuch{"), 1, "exim.conf:11: error: ACL check: condition: failed to expand"),
    (CONFIG.replace("domains = !example.net", "domains = +nosuch"), 0, 'exim.conf:9: warning: unknown named domain list "+nosuch"'),
    (CONFIG.replace("queue_only", "spool_directory = /x"), 0, "exim.conf: no mistakes"),
])
def test_check_of_a_configuration(conf, tmp_path, text, code, expected):
    Path(conf).write_text(text)
    done = run("check", conf)
    assert (done.returncode, expected in done.stdout.decode()) == (code, True), done.stdout.decode()


@pytest.mark.parametrize(("text", "expected"), [
    ("scenarios: [{name: a, send: {rcpt_too: x}}]", "test.yaml:1:30: error: unknown key `rcpt_too`; did you mean `rcpt_to`?"),
    ("exim: exim.conf\nhaproxy: {config_file: haproxy.cfg, servers: {mx9: refuse}}\nscenarios: [{name: a, send: {rcpt_to: x@y.test}}]",
     "haproxy.cfg has no server mx9, did you mean mx1?"),
    ("exim: exim.conf\nhaproxy: haproxy.cfg\nscenarios: [{name: a, send: {rcpt_to: x@y.test, to: fe_nosuch}}]", "test.yaml:3:"),
    ("exim: {config: 'nosuch = 1'}\nscenarios: [{name: a, send: {rcpt_to: x@y.test}}]",
     'test.yaml:1:16: error: main option "nosuch" unknown'),
])
def test_check_of_a_scenario_file(conf, tmp_path, text, expected):
    (tmp_path / "haproxy.cfg").write_text("listen smtp\n  mode tcp\n  bind 192.0.2.1:25\n  server mx1 192.0.2.25:25 send-proxy\n")
    path = tmp_path / "test.yaml"
    path.write_text(text)
    done = run("check", str(path))
    assert done.returncode == 1
    assert expected in done.stdout.decode()


def test_check_knows_all_mistakes_at_once(tmp_path):
    path = tmp_path / "test.yaml"
    path.write_text("scenarios:\n  - name: a\n    send: {rcpt_too: x}\n  - name: a\n    wait: soon\n")
    lines = run("check", str(path)).stdout.decode().replace(f"{path}:", "").splitlines()
    assert lines == [
        "3:12: error: unknown key `rcpt_too`; did you mean `rcpt_to`?", "     3 |     send: {rcpt_too: x}", "       |            ^",
        "4:11: error: a second scenario named `a` (first in line 2)", "     4 |   - name: a", "       |           ^",
        "5:11: error: `soon` is no time; expected numbers with s, m, h, d or w, as 5s or 1h30m", "     5 |     wait: soon",
        "       |           ^"]


@pytest.mark.parametrize(("arguments", "code", "expected"), [
    (["nosuch"], 2, "invalid choice: 'nosuch'"),
    (["serve", "-C", "/nothere", "--listen", "127.0.0.1"], 2, "'127.0.0.1' is no ADDRESS:PORT"),
    (["session", "-C", "/nothere", "--from", "nowhere"], 2, "`nowhere` is no IP address"),
    (["expand", "-C", "/nothere", "-Dlower=x", "x"], 2, "'lower=x': a macro's name begins with an upper-case letter"),
    (["expand", "-C", "/nothere", "x"], 1, "there is no configuration /nothere"),
    (["check", "/nothere"], 1, "/nothere: error: there is no such file"),
])
def test_one_message_for_each_mistake(arguments, code, expected):
    done = run(*arguments)
    assert done.returncode == code
    assert expected in (done.stderr + done.stdout).decode()
    assert b"Traceback" not in done.stderr


def test_refused_configuration(conf):
    Path(conf).write_text("nosuch = 1\n")
    done = run("expand", "-C", conf, "x")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines() == [f"Exim configuration error in line 1 of {conf}:", '  main option "nosuch" unknown']


@contextlib.contextmanager
def serving(conf: str, *more: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`eximsim serve` on a free port; the port is read from what it says."""
    process = subprocess.Popen([sys.executable, "-m", "pytest_eximsim.cli", "serve", "-C", conf, "--listen", "127.0.0.1:0", *more],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        said = process.stderr.readline().decode()
        yield process, int(said.split("127.0.0.1:")[1].split()[0])
    finally:
        process.kill()
        process.communicate()


def talk(port: int, *segments: bytes, half_close: bool = False) -> bytes:
    """Send all and read to the end."""
    with socket.create_connection(("127.0.0.1", port), 10) as made:
        for one in segments:
            with contextlib.suppress(ConnectionError):
                made.sendall(one)
        if half_close:
            with contextlib.suppress(OSError):
                made.shutdown(socket.SHUT_WR)
        data = b""
        with contextlib.suppress(ConnectionError):
            while more := made.recv(65536):
                data += more
        return data


def test_serve(conf, tmp_path):
    with serving(conf, "--log", str(tmp_path / "main.log")) as (process, port):
        assert b"250 OK id=" in talk(port, DIALOGUE.replace(b"\n", b"\r\n"))
        assert process.stdout is not None
        line = process.stdout.readline()
        assert b"rejected RCPT <b@elsewhere.example>: relay not permitted" in line
        assert b" <= a@example.org " in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert (tmp_path / "main.log").read_bytes().startswith(line)


def test_serve_on_a_port_that_is_taken(conf):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("serve", "-C", conf, "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert (done.returncode, b"Address already in use" in done.stderr, b"Traceback" in done.stderr) == (1, True, False)


ODD = [
    (b"\0\0\0\r\nQUIT\r\n", False),
    (b"EHLO x\rMAIL\r\n\nQUIT\r\n", False),
    (b"A" * 10_000_000 + b"\r\nQUIT\r\n", True),
    (b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<you@example.net>\r\nDATA\r\n" + b"y" * 1_000_000, True),
    (b"EHLO x\r\nMAIL FROM:<" + b"a" * 5000 + b"@b.test>\r\nQUIT\r\n", False),
    (b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<you@example.net>\r\nBDAT 99999999999999999999\r\n", True),
    (b"PROXY TCP4 1.2.3.4\r\n", True),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", True),
    (b"", True),
]


def test_serve_survives_whatever_a_client_sends(conf):
    with serving(conf) as (process, port):
        for sent, half_close in ODD:
            talk(port, sent, half_close=half_close)
            socket.create_connection(("127.0.0.1", port)).close()
        assert b"250 Accepted" in talk(port, DIALOGUE.replace(b"\n", b"\r\n"))
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=10)
    assert b"Traceback" not in error


def test_output_that_nobody_reads(conf):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-m", "pytest_eximsim.cli", "schema"], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert b"Traceback" not in done.stderr
