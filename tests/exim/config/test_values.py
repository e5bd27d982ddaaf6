"""Value types; texts as Exim 4.96 prints them, and cases CONFIG-006, -007."""

from __future__ import annotations

import pytest

from pytest_eximsim.errors import NotSimulated
from pytest_eximsim.exim.config import values

IN = "Exim configuration error in line 1 of /etc/exim.conf:"


@pytest.mark.parametrize(("line", "value"), [
    ('smtp_banner = "hello there"', "hello there"), ('smtp_banner = "a\\nb"', "a\nb"), ('smtp_banner = "\\x41\\102"', "AB"),
    ('smtp_banner = "say \\"hi\\""', 'say "hi"'), ('smtp_banner = "a\\\\b"', "a\\b"), ('smtp_banner = "\\$x \\\\$y"', "$x \\$y"),
    ('smtp_banner = "\\z\\q"', "zq"), ('smtp_banner = "a"   ', "a"), ('smtp_banner = a "b" c', 'a "b" c'), ("smtp_banner = a\\nb", "a\\nb"),
    ('smtp_banner = "  spaces  "', "  spaces  "), ('smtp_banner = ""', ""), ("smtp_banner =", ""),
    ("split_spool_directory", True), ("no_split_spool_directory", False), ("not_split_spool_directory", False),
    ("split_spool_directory = TRUE", True), ("split_spool_directory =", True), ("split_spool_directory = no", False),
    ("smtp_accept_max = 0x10", 16), ("smtp_accept_max = 010", 8), ("smtp_accept_max = 3k", 3072), ("smtp_accept_max = 1G", 2**30),
    ("smtp_accept_max = -5", -5), ("bounce_return_size_limit = 2M", 2 * 2**20), ("check_spool_space = 10M", 10240),
    ("check_spool_space = 2048", 2), ("queue_only_load = 5.25", 5.25), ("queue_only_load = 5", 5.0),
    ("auto_thaw = 1h2m", 3720), ("auto_thaw = 1m1w2d", 777660), ("auto_thaw = 0s", 0),
    ("delay_warning = 1h : 2h:1d", [3600, 7200, 86400]), ("delay_warning = 0s", []), ("delay_warning =", []),
    ("exim_user = mail", 8), ("exim_user = 77", 77), ("exim_group = daemon", 1), ("trusted_users = mail : root", [8, 0]),
    ("trusted_users = <; mail ; 5", [8, 5]), ("smtp_receive_timeout = $x", "$x"), ("smtp_receive_timeout = 90s", 90),
    ("auto_thaw = 5000000000s", 705032704), ("auto_thaw = 99999w1s", 349853057), ("auto_thaw = 1h4294967295s", 3599),
    ("queue_only_load = " + "0" * 5000 + "7", 7.0), ("localhost_number = 010", "010"), ("localhost_number = -1", "-1"),
])
def test_values(read, line, value):
    name = line.split("=")[0].strip().removeprefix("no_").removeprefix("not_")
    assert read(line).main[name] == value


@pytest.mark.parametrize(("line", "text"), [
    ('smtp_banner = "a" b', "extra characters follow string value for smtp_banner"),
    ('smtp_banner = "abc', "missing quote at end of string value for smtp_banner"),
    ("smtp_banner", "unexpected end of line (data missing) after smtp_banner"),
    ("smtp_banner hello", 'missing "=" after smtp_banner'),
    ("no_smtp_banner = x", "negation prefix applied to a non-boolean option"),
    ("split_spool_directory = 1", '"" is not a valid value for the "split_spool_directory" option'),
    ("split_spool_directory = maybe", '"maybe" is not a valid value for the "split_spool_directory" option'),
    ("split_spool_directory = true junk", 'extra characters follow "true" for boolean option split_spool_directory'),
    ("no_split_spool_directory = true", "extra characters follow boolean option no_split_spool_directory"),
    ("smtp_accept_max = 1 # c", "extra characters follow integer value for smtp_accept_max (# is comment only at line start)"),
    ("smtp_accept_max = 12x", "extra characters follow integer value for smtp_accept_max"),
    ("smtp_accept_max = 99999999999", 'absolute value of integer "99999999999" is too large (overflow)'),
    ("smtp_accept_max = 50T", 'absolute value of integer "50T" is too large (overflow)'),
    ("smtp_accept_max =", "integer expected for smtp_accept_max"),
    ("queue_only_load = x", "fixed-point number expected for queue_only_load"),
    ("queue_only_load = 5.x", "extra characters follow fixed-point value for queue_only_load"),
    ("auto_thaw = 90", "invalid time value for auto_thaw"), ("auto_thaw = 5x", "invalid time value for auto_thaw"),
    ("auto_thaw = -5s", "invalid time value for auto_thaw"), ("auto_thaw = 4000w", "invalid time value for auto_thaw"),
    ("auto_thaw = " + "9" * 5000 + "s", "invalid time value for auto_thaw"),
    ("smtp_accept_max = " + "9" * 5000, f'absolute value of integer "{"9" * 5000}" is too large (overflow)'),
    ("delay_warning = 1h:30m", "time value out of order for delay_warning"),
    ("delay_warning = 1s:2s:3s:4s:5s:6s:7s:8s:9s:10s:11s:12s:13s", "too many time values for delay_warning"),
    ("exim_user = nosuch", "user nosuch was not found"), ('exim_user = ""', "user  was not found"),
    ("exim_group = nosuch", "group nosuch was not found"), ("trusted_groups = mail : nosuch", "group nosuch was not found"),
    ("trusted_users = nosuch", "user nosuch was not found"),
])
def test_errors(refused, line, text):
    assert refused(line) == [IN, text]


@pytest.mark.parametrize("text", ["08", "0x", "1x", "x"])
def test_localhost_number(refused, text):
    assert refused(f"localhost_number = {text}") == ["Exim configuration error:", f"localhost_number value is not a number: {text}"]


def test_4_82_has_only_k_and_m(refused, read):
    assert refused("recipients_max = 1G", "4.82+")[1] == "extra characters follow integer value for recipients_max"
    assert read("recipients_max = 2M", "4.82+").main["recipients_max"] == 2 * 2**20


def test_a_number_of_one_release_is_a_text_of_another(read):
    assert read("recipients_max = 010", "4.96").main["recipients_max"] == 8
    assert read("recipients_max = 010", "4.99").main["recipients_max"] == "010"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (90, "1m30s"), (3600, "1h"), (694861, "1w1d1h1m1s"), (-60, "-1m")])
def test_printed_times(seconds, text):
    assert values.print_time(seconds) == text


def test_accounts_by_expansion_are_refused(read):
    """Exim 4.96 expands these lists when it reads them."""
    with pytest.raises(NotSimulated, match="an expansion in trusted_users is not simulated") as refusal:
        read("\ntrusted_users = ${if eq{a}{a}{root}}")
    assert refusal.value.position.line == 2
