"""The types that read one file: cdb, json, lsearch and its relatives, and what passwd says."""

from __future__ import annotations

import json
import struct

import pytest

from pytest_eximsim.exim.lookups import Answer, Deferred, Found, NotFound, parse_type, search
from pytest_eximsim.exim.lookups.drivers.cdb import cdb_hash, look_up
from pytest_eximsim.exim.lookups.drivers.lsearch import parse

from ...fake_world import process


def cdb(records: dict[bytes, bytes]) -> bytes:
    """A file as cdbmake writes it (cr.yp.to/cdb/cdb.txt)."""
    body, places = b"", list[tuple[int, int]]()
    for key, data in records.items():
        places.append((cdb_hash(key), 2048 + len(body)))
        body += struct.pack("<II", len(key), len(data)) + key + data
    head = b""
    for table in range(256):
        here = [one for one in places if one[0] & 255 == table]
        slots = [(0, 0)] * (2 * len(here))
        for number, place in here:
            slot = (number >> 8) % len(slots)
            while slots[slot][1]:
                slot = (slot + 1) % len(slots)
            slots[slot] = number, place
        head += struct.pack("<II", 2048 + len(body), len(slots))
        body += b"".join(struct.pack("<II", *slot) for slot in slots)
    return head + body


def asked(name: str, key: str, content: bytes | str) -> Answer:
    text = content if isinstance(content, str) else content.decode("latin-1")
    p = process("4.99", files={"/t": text})
    return search(p, parse_type(name, p.release), "/t", key)


def test_cdb() -> None:
    records = {f"key{number}".encode(): f"data {number}".encode() for number in range(500)}
    content = cdb(records)
    assert all(look_up(content, key) == data for key, data in records.items())
    assert look_up(content, b"nosuch") is None
    assert asked("cdb", "key7", content) == Found("data 7")
    assert asked("cdb", "KEY7", content) == NotFound()
    assert asked("cdb", "key7", content[:3000]) == NotFound()


@pytest.mark.parametrize(("key", "answer"), [
    ("a", Found("text")), ("b", Found("1")), ("c : 1", Found("y")), ("c:9", NotFound()), ("d:e", Found("true")), ("nosuch", NotFound()),
    ("d", Found('{"e": true}')),
])
def test_json(key: str, answer: Answer) -> None:
    assert asked("json", key, json.dumps({"a": "text", "b": 1, "c": ["x", "y"], "d": {"e": True}})) == answer


def test_what_is_no_json_defers() -> None:
    assert isinstance(asked("json", "a", "{"), Deferred)


def test_the_lines_of_a_file() -> None:
    """Case REDIS-080, and the last line asked of Exim 4.96."""
    content = b'# comment\na: 1\n  more\n\t# and this\n"q k" : 2\nkey value\nb:\na: again\n\n lost\nlast: x  '
    assert [(one.key, one.data) for one in parse(content).entries] == [
        ("a", "1 more # and this"), ("q k", "2"), ("key", "value"), ("b", ""), ("a", "again"), ("last", "x  "),
    ]


@pytest.mark.parametrize(("name", "key", "answer"), [
    ("wildlsearch", "a1", Found("regex")), ("wildlsearch", "x.b.test", Found("suffix")), ("wildlsearch", "qq", Found("expanded")),
    ("nwildlsearch", "qq", NotFound()), ("wildlsearch", "z", NotFound()),
    ("iplsearch", "10.1.2.3", Found("ten")), ("iplsearch", "2001:db8::1", Found("six")), ("iplsearch", "192.0.2.1", NotFound()),
])
def test_patterns_and_networks(name: str, key: str, answer: Answer) -> None:
    assert asked(name, key, '\\N^a\\d\\N: regex\n*.b.test: suffix\n"${lc:QQ}": expanded\n10.0.0.0/8: ten\n"2001:db8::/32": six\n') == answer


def test_passwd() -> None:
    p = process()
    assert search(p, parse_type("passwd", p.release), None, "root") == Found("*:0:0:root:/root:/bin/bash")
    assert search(p, parse_type("passwd", p.release), None, "nosuch") == NotFound()
