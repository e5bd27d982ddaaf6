"""Lines, macros, conditionals and includes; each error was seen in Exim 4.96 or in a recorded case (CONFIG-001 … -005, -013)."""

from __future__ import annotations

import pytest

from pytest_eximsim.errors import ConfigError

IN = "Exim configuration error in line {} of /etc/exim.conf:"


@pytest.mark.parametrize(("text", "banner"), [
    ("FOO = bar\nsmtp_banner = FOO", "bar"),
    ("FOO = bar\nsmtp_banner = xFOOx FOO", "xbarx bar"),
    ("FOO=\nsmtp_banner = aFOOb", "ab"),
    ("INNER = in\nOUTER = INNER.out\nsmtp_banner = OUTER", "in.out"),
    ("OUTER = INNER.out\nINNER = in\nsmtp_banner = OUTER", "in.out"),
    ("FOO = BAR\nBAR = FOO\nsmtp_banner = FOO", "BAR"),
    ("FOO = one\nFOO == FOO.two\nsmtp_banner = FOO", "one.two"),
    ("FOO = a # b\nsmtp_banner = FOO", "a # b"),
    ("FOO = first \\\n   second\nsmtp_banner = FOO", "first second"),
    ("FOOBAR = long\nFOO = short\nsmtp_banner = FOOBAR", "long"),
    ("smtp_banner = one \\\n# comment\n  two \\\n  # indented\n  three", "one two three"),
    ("smtp_banner = one \\   \n  two", "one two"),
    ("smtp_banner = one \\\r\n  two\r\n", "one two"),
    ("smtp_banner = one \\\n\nqualify_domain = x", "one"),
    ("smtp_banner = one \\", "one "),
    ("\\\n\nsmtp_banner = a\n\\\n   \n\\", "a"),
    ("smtp_banner = one \\\\\nqualify_domain = x", "one \\qualify_domain = x"),
    ("   # comment\n\tsmtp_banner\t=\ttabbed\t", "tabbed"),
    ("EMPTY =\nEMPTY smtp_banner = x", "x"),
])
def test_logical_lines(read, text, banner):
    assert read(text).main["smtp_banner"] == banner


@pytest.mark.parametrize(("directives", "banner"), [
    (".ifdef FOO\n{}\n.endif", "set"),
    (".ifdef NOFOE\n{}\n.endif", None),
    (".ifdef xFOOx NO\n{}\n.endif", "set"),
    (".ifndef FOO\n{}\n.endif", None),
    (".ifdef NO\n.elifdef FOO\n{}\n.endif", "set"),
    (".ifdef NO\n.elifndef FOO\n.else\n{}\n.endif junk", "set"),
    (".ifdef FOO\n.else\n{}\n.else\n{}\n.endif", None),
    (".ifdef NO\n.ifdef FOO\n{}\n.endif\n.endif", None),
    ("  .ifdef FOO\n{}\n  .endif", "set"),
    (".ifdefX\n{}", "set"),
    ("qualify_domain = a\\\n.ifdef NO\nb\\\n.endif\nc\n{}", "set"),
])
def test_conditionals(read, directives, banner):
    found = read("FOO = x\n" + directives.replace("{}", "smtp_banner = set"))
    assert found.main["smtp_banner"] == (banner or DEFAULT)


DEFAULT = "$smtp_active_hostname ESMTP Exim $version_number $tod_full"


@pytest.mark.parametrize(("text", "lines"), [
    ("FOO = a\nFOO = b", ["Exim configuration error:", 'macro "FOO" is already defined (use "==" if you want to redefine it)']),
    ("FOO == b", ["Exim configuration error:", "can't redefine an undefined macro \"FOO\""]),
    ("FOO = a\nFOOBAR = b", ["Exim configuration error:",
                             '"FOOBAR" cannot be defined as a macro because previously defined macro "FOO" is a substring']),
    ("FOO bar", [IN.format(1), 'malformed macro definition "FOO"']),
    ("A" * 64 + " = b", [IN.format(1), "macro name too long (maximum is 63 characters)"]),
    (".ifdef X", [IN.format(1), "Unexpected end of configuration file: .endif missing"]),
    (".endif", [IN.format(1), ".endif without matching .ifdef"]),
    ("\n.else", [IN.format(2), ".else without matching .ifdef"]),
    (".ifdef X\n" * 11, [IN.format(11), ".ifdef nested too deeply"]),
    (".foo", [IN.format(1), "option setting expected: .foo"]),
    (".include /nosuch/file", [IN.format(1), "failed to open included configuration file /nosuch/file"]),
    (".include_if_exists part", [IN.format(1), '.include specifies a non-absolute path "part"']),
    ("\xef\xbb\xbfsmtp_banner = x", [IN.format(1), "found unexpected BOM (Byte Order Mark)"]),
    ("smtp_banner = one \\\n\n  two", [IN.format(3), 'main option "two" unknown']),
    ("a_first = \\\n x\n", [IN.format(2), 'main option "a_first" unknown']),
])
def test_errors(refused, text, lines):
    assert refused(text) == lines


@pytest.mark.parametrize(("text", "line"), [
    ("FOO = a\nFOO = b", 'macro "FOO" is already defined (use "==" if you want to redefine it'),
    ("FOO bar", "malformed macro definition"),
    (".include part", '.include specifies a non-absolute path "part"'),
])
def test_errors_of_4_82(refused, text, line):
    assert refused(text, "4.82+")[1] == line


def test_includes_keep_their_places_and_may_open_what_others_close(read, refused):
    files = {"/etc/part": "smtp_banner = part\n", "/etc/bad": "# one\n# two\nnosuch = 1\n", "/etc/open": ".ifdef NOTHING\n",
             "/etc/cont": "smtp_banner = open \\\n", "/etc/outer": ".include /etc/part\nqualify_domain = outer\n"}
    assert read(".include /etc/part", files=files).main["smtp_banner"] == "part"
    assert read('.include "part"', files=files).main["smtp_banner"] == "part"
    assert read("D = /etc\n.include D/outer", files=files).main["smtp_banner"] == "part"
    assert read(".include_if_exists /nosuch\nsmtp_banner = on", files=files).main["smtp_banner"] == "on"
    assert read(".include /etc/open\nsmtp_banner = x\n.endif", files=files).main["smtp_banner"] == DEFAULT
    assert read(".include /etc/cont\nqualify_domain = y", files=files).main["smtp_banner"] == "open qualify_domain = y"
    assert refused("\n.include /etc/bad", files=files) == [
        "Exim configuration error in line 3 of /etc/bad:", 'main option "nosuch" unknown',
    ]
    assert refused(".include /etc/part\nx = y", files=files)[0] == IN.format(2)


def test_an_endless_include_ends(refused):
    assert refused(".include /etc/exim.conf")[1] == "failed to open included configuration file /etc/exim.conf"


def test_macros_of_the_command_line_win_and_are_trimmed(read, refused):
    assert read("FOO = file\nsmtp_banner = FOO", macros={"FOO": " command "}).main["smtp_banner"] == "command"
    assert refused("", macros={"foo": "x"}) == ["exim: macro name set by -D must start with an upper case letter"]


def test_replacements_reach_included_files_and_what_is_unused_is_told(read):
    found = read(".include /etc/part", files={"/etc/part": "smtp_banner = old\n"}, replace={"old": "new", "never": "x"})
    assert found.main["smtp_banner"] == "new"
    assert found.unused_replacements == ["never"]


def test_predefined_macros_are_those_of_the_build(read):
    text = ".ifdef _HAVE_TLS\nsmtp_banner = tls\n.endif\n.ifdef _OPT_MAIN_REDIS_SERVERS\nqualify_domain = redis\n.endif"
    assert read(text).main["smtp_banner"] == "tls"
    assert read(text).main["qualify_domain"] == "redis"
    assert read(text, "4.96", build="debian-heavy").main["qualify_domain"] == "mail.example.net"
    assert read(text, "4.82+").main["smtp_banner"] != "tls"


def test_a_missing_file(refused):
    assert refused("", path="/nosuch/exim.conf") == ["non-existent configuration file(s): /nosuch/exim.conf"]


def test_errors_carry_their_place(read):
    with pytest.raises(ConfigError) as caught:
        read("\n\nnosuch = x")
    assert str(caught.value) == '/etc/exim.conf:3: main option "nosuch" unknown'
