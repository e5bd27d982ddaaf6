"""`dsearch`: is there an entry of that name in a folder? (Exim chapter 9.3; case REDIS-083)"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ...world import FileStatus
from ..result import NOT_FOUND, Deferred, Found, LookupSetupError, Reply

if TYPE_CHECKING:
    from ...state import Process


def open_folder(p: Process, file: str) -> None:
    """Raises LookupSetupError with Exim's text (case REDIS-085)."""
    try:
        if p.world.files.status(file).kind != "dir":
            raise NotADirectoryError(20, os.strerror(20))
    except OSError as error:
        raise LookupSetupError(f"failed to open {file} for directory search: {error.strerror or os.strerror(error.errno or 0)}") from None


def find(p: Process, file: str, key: str, options: str) -> Reply:
    """Options: `filter=file`, `filter=dir`, `filter=subdir` (not `.` and `..`), `ret=full`."""
    if "/" in key:
        return Reply(Deferred(f"key for dsearch lookup contains a slash: {key}"))
    try:
        status = p.world.files.status(f"{file}/{key}")
    except OSError:
        return Reply(NOT_FOUND)
    words = options.split(",")
    if any(not _passes(word.removeprefix("filter="), key, status) for word in words if word.startswith("filter=")):
        return Reply(NOT_FOUND)
    if "ret=full" in words:
        return Reply(Found(f"{file}/{key}"))
    return Reply(Found(key))


def _passes(filter: str, key: str, status: FileStatus) -> bool:
    match filter:
        case "file":
            return status.kind == "file"
        case "dir":
            return status.kind == "dir"
        case "subdir":
            return status.kind == "dir" and key not in (".", "..")
        case _:
            return True
