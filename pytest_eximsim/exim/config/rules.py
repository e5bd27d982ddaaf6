"""Lines of `begin retry` and `begin rewrite` (specification chapters 32 and 31). Nothing is applied here."""

from __future__ import annotations

import re

from .model import RetryRule, RetryStep, RewriteRule
from .source import BLANKS, Line, failure
from .values import dequote, parse_time

REWRITE_FLAGS = frozenset("qwhsftbcrEFTQRS")
GRAPHIC = re.compile(r"[!-~\x80-\xff]*")
TIMEOUT_EXTRAS = ("a", "mx", "connect", "connect_a", "connect_mx", "dns")
PLAIN_ERRORS = frozenset({"*", "auth_failed", "quota", "refused", "timeout"})
#: These may be shortened to as little as a letter (asked of Exim 4.96).
SHORTENED_ERRORS = ("lost_connection", "lookup", "tls_required")


def take_word(text: str) -> tuple[str, str]:
    """A word, quoted or up to white space, and the rest with its leading blanks gone."""
    if text[:1] == '"':
        word, rest = dequote(text)
        return word, (rest or "").lstrip(BLANKS)
    match = re.match(r"[^ \t\n\v\f\r]*", text)
    assert match is not None
    return match[0], text[match.end():].lstrip(BLANKS)


# --- retry -----------------------------------------------------------------------------------------

def retry_error_problem(text: str) -> str | None:
    """What Exim says about the second field of a retry rule; None when it is right."""
    lower = text.lower()
    name, separator, more = lower.partition("_")
    if lower in PLAIN_ERRORS or any(known.startswith(lower) for known in SHORTENED_ERRORS):
        return None
    if name == "quota" and separator:
        return None if parse_time(text[6:]) >= 0 else "bad time value"
    if name == "refused" and separator:
        return None if any(known.startswith(more) for known in ("a", "mx")) else 'A or MX expected after "refused"'
    if name == "timeout" and separator:
        return None if any(known.startswith(more) for known in TIMEOUT_EXTRAS) else '"A", "MX", or "connect" expected after "timeout"'
    if match := re.match("(mail|rcpt|data)_4", lower):
        if re.fullmatch(r"(mail|rcpt|data)_4(xx|[0-9]x|[0-9][0-9])", lower):
            return None
        return f"{match[1]}_4 must be followed by xx, dx, or dd, where x is literal and d is any digit"
    return f'unknown or malformed retry error "{text}"'


def retry_rule(line: Line) -> RetryRule:
    """ConfigError with Exim's text."""
    pattern, rest = take_word(line.text)
    graphic = GRAPHIC.match(rest)
    error = graphic[0] if graphic is not None else ""
    rest = rest[len(error):].lstrip(BLANKS)
    if not error:
        raise failure("missing error type in retry rule", line.position)
    if problem := retry_error_problem(error):
        raise failure(problem, line.position)
    senders = None
    if rest.startswith("senders"):
        rest = rest[7:].lstrip(BLANKS)
        if rest[:1] != "=":
            raise failure('"=" expected after "senders" in retry rule', line.position)
        senders, rest = take_word(rest[1:].lstrip(BLANKS))
    steps = []
    while rest:
        step, rest = _retry_step(rest, line)
        steps.append(step)
    return RetryRule(pattern, error, senders, tuple(steps), line.position)


def _retry_step(text: str, line: Line) -> tuple[RetryStep, str]:
    letter, rest = text[0].upper(), text[1:]
    timeout_text, rest = _argument(rest, line)
    timeout, factor = parse_time(timeout_text), 0
    if letter not in "FGH":
        raise failure("unknown retry rule letter", line.position)
    interval_text, rest = _argument(rest, line)
    interval = parse_time(interval_text)
    if letter != "F":
        factor_text, rest = _argument(rest, line, fraction=True)
        factor = round(float(factor_text) * 1000) if re.fullmatch(r"[0-9]+(\.[0-9]*)?", factor_text) else -1
    if timeout <= 0 or interval <= 0 or (letter != "F" and factor < 1000):
        raise failure("bad parameters for retry rule", line.position)
    rest = rest.lstrip(BLANKS)
    if rest[:1] == ";":
        rest = rest[1:].lstrip(BLANKS)
    elif rest:
        raise failure("semicolon expected", line.position)
    return RetryStep(letter, timeout, interval, factor), rest


def _argument(text: str, line: Line, *, fraction: bool = False) -> tuple[str, str]:
    if text[:1] != ",":
        raise failure("comma expected", line.position)
    text = text[1:].lstrip(BLANKS)
    match = re.match("[A-Za-z0-9.]*" if fraction else "[A-Za-z0-9]*", text)
    assert match is not None
    rest = text[match.end():]
    if rest and rest[0] not in BLANKS + ",;":
        raise failure("comma or semicolon expected", line.position)
    return match[0], rest


# --- rewrite ---------------------------------------------------------------------------------------

def rewrite_rule(line: Line) -> RewriteRule:
    """ConfigError with Exim's text. A pattern of an `S` rule is always a regular expression."""
    pattern, rest = take_word(line.text)
    if not rest:
        raise failure("missing rewrite replacement string", line.position)
    replacement, rest = take_word(rest)
    flags = rest.replace(" ", "").replace("\t", "")
    for flag in flags:
        if flag not in REWRITE_FLAGS:
            text = f"unknown rewrite flag character '{flag}' (could be missing quotes round replacement item)"
            raise failure(text, line.position)
    if "S" in flags and not pattern.startswith(("^", "\\N^")):
        pattern = "^" + pattern
    return RewriteRule(pattern, replacement, flags, line.position)
