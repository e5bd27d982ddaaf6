"""`cdb`: constant database files as `cdbmake` and `exim_dbmbuild`'s relatives write them (format: cr.yp.to/cdb/cdb.txt)."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from ..result import NOT_FOUND, Found, LookupSetupError, Reply

if TYPE_CHECKING:
    from ...state import Process

HEADER = 2048


def open_file(p: Process, file: str) -> None:
    """Raises LookupSetupError with Exim's text."""
    try:
        content = p.world.files.read(file)
    except OSError as error:
        raise LookupSetupError(f"failed to open {file} for cdb lookup: {error.strerror or os.strerror(error.errno or 0)}") from None
    if len(content) < HEADER:
        raise LookupSetupError(f"failed to open {file} too short for cdb lookup: {os.strerror(0)}")


def find(p: Process, file: str, key: str, options: str) -> Reply:
    data = look_up(p.world.files.read(file), key.encode("latin-1"))
    return Reply(NOT_FOUND if data is None else Found(data.decode("latin-1")))


def look_up(content: bytes, key: bytes) -> bytes | None:
    """The first record of that key; None where there is none, or the file ends too early."""
    number = cdb_hash(key)
    try:
        table, slots = struct.unpack_from("<II", content, (number & 255) * 8)
        for step in range(slots):
            slot = (number >> 8) + step
            stored, place = struct.unpack_from("<II", content, table + slot % slots * 8)
            if not place:
                return None
            if stored == number:
                key_length, data_length = struct.unpack_from("<II", content, place)
                start = place + 8
                if content[start:start + key_length] == key:
                    return content[start + key_length:start + key_length + data_length]
    except struct.error:
        return None
    return None


def cdb_hash(key: bytes) -> int:
    number = 5381
    for byte in key:
        number = ((number << 5) + number & 0xFFFFFFFF) ^ byte
    return number
