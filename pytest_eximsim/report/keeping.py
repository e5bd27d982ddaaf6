"""What `--eximsim-keep DIR` leaves behind of a run: the logs, and the files that the MTAs have written, in a folder for each scenario."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..errors import ServiceError

if TYPE_CHECKING:
    from ..scenario.loader import Case
    from ..scenario.outcome import Outcome

LONGEST = 100


def folder_name(case: Case) -> str:
    """`edge/the_internet_cannot_relay`: the file's name without its ending, and the scenario's as a file name."""
    return f"{case.path.name.split('.')[0]}/{re.sub(r'[^A-Za-z0-9.=@-]+', '_', case.name)[:LONGEST].strip('._') or 'scenario'}"


def keep(folder: Path, case: Case, outcome: Outcome) -> None:
    """Write it all; what an earlier run of the same scenario left is overwritten. Raises ServiceError."""
    place = folder / folder_name(case)
    logs = {"mainlog": outcome.mainlog, "rejectlog": outcome.rejectlog, "paniclog": outcome.paniclog}
    files = {name: "".join(f"{line}\n" for line in lines).encode("latin-1", "replace") for name, lines in logs.items()}
    for path, data in outcome.evidence.files.items():
        parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
        files[str(PurePosixPath("files", *parts))] = data
    try:
        for name, data in files.items():
            target = place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    except OSError as error:
        raise ServiceError(f"--eximsim-keep: {error.filename} cannot be written: {error.strerror}") from None
