"""Retry and rewrite rules; error texts as Exim 4.96 prints them."""

from __future__ import annotations

import pytest

from pytest_eximsim.exim.config.model import RetryStep


@pytest.mark.parametrize(("line", "text"), [
    ("*", "missing error type in retry rule"), ("* nosuch F,2h,15m", 'unknown or malformed retry error "nosuch"'),
    ("* quota_x F,2h,15m", "bad time value"), ("* refused_x F,2h,15m", 'A or MX expected after "refused"'),
    ("* timeout_x F,2h,15m", '"A", "MX", or "connect" expected after "timeout"'),
    ("* rcpt_4 F,2h,15m", "rcpt_4 must be followed by xx, dx, or dd, where x is literal and d is any digit"),
    ("* * X,2h,15m", "unknown retry rule letter"), ("* * F,2h", "comma expected"), ("* * F,2h,15", "bad parameters for retry rule"),
    ("* * G,2h,15m,0.5", "bad parameters for retry rule"), ("* * F,2h.15m", "comma or semicolon expected"),
    ("* * F,2h,15m F,3h,5m", "semicolon expected"), ("* * senders F,2h,15m", '"=" expected after "senders" in retry rule'),
])
def test_retry_errors(refused, line, text):
    assert refused(f"begin retry\n{line}") == ["Exim configuration error in line 2 of /etc/exim.conf:", text]


@pytest.mark.parametrize("error", [
    "*", "quota", "quota_7d", "refused_MX", "refused", "timeout_connect_A", "timeout_dns", "mail_4xx", "rcpt_45x",
    "data_451", "auth_failed", "lost_connection", "tls_required", "lookup", "lost", "t", "timeout_c", "refused_",
])
def test_retry_error_names(read, error):
    assert read(f"begin retry\n* {error} F,2h,15m").retry[0].error == error


def test_a_retry_rule(read):
    rule = read('begin retry\n"a b" * senders = "x@y : z" F,2h,15m; G,16h,1h,1.5; h,4d,6h,2').retry[0]
    assert (rule.pattern, rule.senders) == ("a b", "x@y : z")
    assert rule.steps == (RetryStep("F", 7200, 900), RetryStep("G", 57600, 3600, 1500), RetryStep("H", 345600, 21600, 2000))


@pytest.mark.parametrize(("line", "text"), [
    ("*@a.test", "missing rewrite replacement string"),
    ("a b z", "unknown rewrite flag character 'z' (could be missing quotes round replacement item)"),
])
def test_rewrite_errors(refused, line, text):
    assert refused(f"begin rewrite\n{line}") == ["Exim configuration error in line 2 of /etc/exim.conf:", text]


def test_rewrite_rules(read):
    rules = read('begin rewrite\n*@a "${lc:$1} @b" Eh F\nx@y z@w S').rewrite
    assert [(r.pattern, r.replacement, r.flags) for r in rules] == [("*@a", "${lc:$1} @b", "EhF"), ("^x@y", "z@w", "S")]
