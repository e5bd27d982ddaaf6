"""Files that the configuration names, as Exim opens them: not where data from outside names them, and with reasons in its words.

Not here: the file tree (world.Files), what is in the files.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from .log import log
from .taint import is_tainted

if TYPE_CHECKING:
    from .state import Process


def read_file(p: Process, path: str) -> bytes:
    """The contents. Raises OSError; for a name from outside PermissionError, and both logs tell it (asked of Exim 4.96)."""
    if is_tainted(path):
        log(p, f"Tainted filename '{path}'", panic=True)
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return p.world.files.read(path)


def open_error(p: Process, error: OSError) -> str:
    """What strerror says, in English whatever the machine's locale; who may not, is told who he is."""
    reason = error.strerror or os.strerror(error.errno or 0)
    if error.errno != errno.EACCES:
        return reason
    main = p.configuration.main
    uid = 0 if p.connection.stream is None else main.get("exim_user") or 103
    return f"{reason} (euid={uid} egid={main.get('exim_group') or 106})"
