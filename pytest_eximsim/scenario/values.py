"""Small values that scenario files write as texts: times, addresses, sizes, names. Each converter raises ValueError with what is wrong."""

from __future__ import annotations

import ipaddress
import keyword
import re
import shlex

from ..exim.world import Endpoint

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def duration(text: str) -> float:
    """`1h30m`, `3.5s` in seconds."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhdw])", text)
    if not parts or "".join(n + u for n, u in parts) != text:
        raise ValueError(f"`{text}` is no time; expected numbers with s, m, h, d or w, as 5s or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def ip_address(text: str) -> str:
    """An IP address in its short form; IPv6 may stand in brackets."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        raise ValueError(f"`{text}` is no IP address") from None


def endpoint(text: str) -> Endpoint:
    """`198.51.100.7`, `198.51.100.7:40001`, `[2001:db8::1]:40001`, `2001:db8::1`; port 0 where none is given."""
    match = re.fullmatch(r"\[([^\]]+)\](?::(\d+))?|([^:]+)(?::(\d+))?", text)
    if match is None:
        return Endpoint(ip_address(text), 0)
    port = match[2] or match[4] or "0"
    if int(port) > 65535:
        raise ValueError(f"`{text}`: no port is higher than 65535")
    return Endpoint(ip_address(match[1] or match[3]), int(port))


def size(text: str) -> int:
    """`500`, `11M`, `2K` in bytes."""
    match = re.fullmatch(r"(\d+)([KMG]?)", text)
    if match is None:
        raise ValueError(f"`{text}` is no size; expected a number with K, M or G")
    return int(match[1]) * {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}[match[2]]


def tag(text: str) -> str:
    """A pytest mark."""
    if not text.isidentifier() or text in ("and", "or", "not") or keyword.iskeyword(text):
        raise ValueError(f"`{text}` cannot be a tag; a tag is a Python identifier other than and, or, not")
    return text


def file_name(text: str) -> str:
    """A name that a file can have."""
    if "\0" in text:
        raise ValueError("a file's name holds no NUL")
    return text


def queue_flags(text: str) -> str:
    """Exim's own flags of a queue run."""
    if not re.fullmatch(r"-q{1,2}i?f{0,2}l?", text):
        raise ValueError(f"`{text}` is no queue run; expected Exim's flags, as -q, -qf, -qff, -qqf")
    return text


def arguments(text: str) -> str:
    """A command's arguments as a shell has them."""
    try:
        shlex.split(text)
    except ValueError as error:
        raise ValueError(f"`{text}`: {str(error)[:1].lower()}{str(error)[1:]}") from None
    return text


def answer(text: str) -> str:
    """Rows of a recorded database."""
    from ..services.sql.record import parse_answer

    parse_answer(text)
    return text


def start_time(text: str) -> str:
    """`2013-11-04 09:25:06`."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?", text):
        raise ValueError(f"`{text}` is no time; expected 2013-11-04 09:25:06")
    return text


def reason(text: str) -> str:
    """Why something is skipped or expected to fail."""
    if not text.strip():
        raise ValueError("a reason is missing")
    return text
