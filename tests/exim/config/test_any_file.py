"""No file makes the reader of configurations raise anything but ConfigError, run without end, or crash; `check` raises nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_eximsim.errors import ConfigError
from pytest_eximsim.exim.config import names
from pytest_eximsim.exim.config.model import Configuration, Finding
from pytest_eximsim.exim.release import RELEASES

Read = Callable[..., Configuration]
Check = Callable[..., list[Finding]]

VALUES = [
    "", " ", "0", "-1", "08", "0x1F", "5k", "1K1", "99999999999999999999", "1.5", "0.0005", "7d", "1h30m", "5x", "0644", "true", "nope",
    "a", "a:b:c", "<; a;b", "<", "<\n", "*", "!a", "+list", "+nosuch", "@", "@[]", "10.0.0.0/8", "::1", "lsearch;/f", "dsearch", "smtp",
    "plaintext", "${lc:x}", "${if eq{a}{b}{c}}", "${nosuch:x}", "${", "$acl_m0", "$nosuch", '"quoted"', '"open', '"a\\n\\x41\\q"', '""',
    "\\", "\xe9", "\xff", "²", "root", "nobody:mail", "nosuchuser", "+all -nosuch", "F,2h,15m; G,16h,1h,1.5", "x" * 300, "MACRO",
    "/etc/passwd", "domains = a",
]
LINES = [
    "", " ", "#", "# comment", "\\", "x \\", ".ifdef MACRO", ".ifndef X", ".elifdef MACRO", ".elifndef Y", ".else", ".endif", ".ifdefx",
    ".include /etc/other", ".include /etc/nosuch", ".include_if_exists /etc/nosuch", ".include other", ".include",
    ".include \"/etc/other\"", "MACRO = x", "MACRO == MACRO y", "MACROX = y", "A = B", "B == A", "MACRO", "begin acl", "begin routers",
    "begin transports", "begin retry", "begin rewrite", "begin authenticators", "begin local_scan", "begin nosuch", "BEGIN ACL",
    "begin  acl", "domainlist list = a : b", "hostlist list = 10.0.0.0/8", "hide hostlist x = a", "addresslist = x",
    "localpartlist_cache l = a", "domainlist list", "acl_check:", "  accept", "  deny message = x", "       hosts = +list",
    "  warn set acl_m_x = $acl_m_x.", "  warn set acl_q = 1", "  require verify = sender/x", "  defer !condition = ${if",
    "  accept endpass", "  discard control = nosuch/a", "  drop acl = acl_check", "  deny dnslists = a.example=1&2", "r1:",
    "  driver = accept", "  driver = redirect", "  driver = manualroute", "  transport = t1", "t1:", "  driver = smtp", "  driver = pipe",
    "a1:", "  driver = cram_md5", "  driver = nosuch", "* * F,2h,15m", "* quota_7d", "*@a.example $1@b.example Ffrs", "x y Zz", "user =",
    "headers_add = a", "headers_add = b", "no_more", "not_more", "hide pgsql_servers = a/b/c/d", "spf_guess = x", "\0", "\xef\xbb\xbf", "=",
    ":",
]
OPTIONS = sorted({name for release in RELEASES for section in (
    "main", "router generic", "router redirect", "router manualroute", "transport generic", "transport smtp", "authenticator plaintext",
) for name in names.options(section, release)})
CLAUSES = sorted({name for release in RELEASES for name in names.known("acl conditions and modifiers", release)})


def some_line(random: Random) -> str:
    dice = random.random()
    if dice < 0.45:
        return random.choice(LINES)
    value = random.choice(VALUES)
    if dice < 0.8:
        sign = random.choice([" = ", " = ", "=", " ", ""])
        return random.choice(["", "", "no_", "not_", "hide "]) + random.choice(OPTIONS) + sign + value
    if dice < 0.95:
        return f"  {random.choice(['accept', 'deny', 'warn', 'require', ''])} {random.choice(['', '!'])}{random.choice(CLAUSES)} = {value}"
    return "".join(chr(random.randrange(256)) for _ in range(random.randrange(20)))


def some_file(random: Random, length: int) -> str:
    return "\n".join(some_line(random) for _ in range(length))


FILES = st.builds(some_file, st.randoms(use_true_random=False), st.integers(0, 30))
SHARED = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def attempt(read: Read, check: Check, text: str, release: str, files: Mapping[str, str]) -> None:
    try:
        found = read(text, release, files)
    except ConfigError as error:
        assert error.message
        assert error.lines
    else:
        assert all(isinstance(line, str) for line in found.print_option("routers transports authenticators acl_smtp_rcpt"))
    assert all(finding.text for finding in check(text, release, files))


@SHARED
@given(FILES, FILES, st.sampled_from(sorted(RELEASES)))
@example("MACRO = x\n" * 3, "", "4.82+")
def test_any_lines(read: Read, check: Check, text: str, other: str, release: str) -> None:
    text, other = (part.encode("utf-8").decode("latin-1") for part in (text, other))
    attempt(read, check, text, release, {"/etc/other": other})


@SHARED
@given(st.binary(max_size=200))
def test_any_bytes(read: Read, check: Check, data: bytes) -> None:
    attempt(read, check, data.decode("latin-1"), "4.99", {})


def doubled(times: int) -> str:
    """Macros that hold others twenty times each."""
    lines = ["MA = xxxxxxxxxx", *(f"M{chr(66 + n)} = " + f"M{chr(65 + n)}" * 20 for n in range(times)), "smtp_banner = M" + chr(65 + times)]
    return "\n".join(lines)


@pytest.mark.parametrize("text", [
    pytest.param(doubled(15), id="macros of macros"),
    pytest.param("\n".join(f"MACRO {'==' if n else '='} " + "MACRO" * 9 for n in range(30)), id="a macro of itself"),
    pytest.param(".include /etc/exim.conf\n.include /etc/exim.conf\n", id="a file that includes itself twice"),
    pytest.param(".ifdef X\n" * 10000, id="conditionals in conditionals"),
    pytest.param("domainlist x = " + "a : " * 200_000, id="a long list"),
    pytest.param("smtp_banner = \\\n" + "x \\\n" * 100_000, id="a line that goes on"),
    pytest.param("smtp_banner = ${lc:" * 5000, id="an expansion in an expansion"),
    pytest.param("smtp_ratelimit_mail = 1," + "9" * 5000 + "x", id="a rate without end"),
    pytest.param("begin acl\na:\n" + "accept acl = a\n" * 20_000, id="an ACL that calls itself"),
])
def test_hard_files_end(read: Read, check: Check, text: str) -> None:
    attempt(read, check, text, "4.99", {})
