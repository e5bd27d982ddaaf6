"""Steps for messages that come and go without a client: `sendmail`, `queue_run`. What the command prints is kept."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ...errors import Position
from ..model import Sendmail
from ..outcome import NotYetAvailable
from ..patterns import shown

if TYPE_CHECKING:
    from ..runner import Run


def queue_run(run: Run, flags: str, position: Position) -> None:
    """As `exim -q…`, to its end."""
    _keep(run, "queue_run", flags, run.subject.queue_run(flags), position)


def sendmail(run: Run, value: Sendmail, position: Position) -> None:
    """As the command sendmail, called by a user: root and `-t` where the step does not say. That it refuses a message is no failure."""
    arguments = value.args if value.args is not None else "-t"
    message = (value.message or "").encode("utf-8", "surrogateescape")
    said = run.subject.sendmail(value.user or "root", shlex.split(arguments), message, value.place("user"))
    _keep(run, "sendmail", arguments, said, position)


def _keep(run: Run, step: str, arguments: str, said: str | None, position: Position) -> None:
    if said is None:
        raise NotYetAvailable(step, position)
    said = shown(said.rstrip("\n"))
    run.evidence.answers.append((f"{position}: {step} {arguments}", said))
    if said:
        run.printed.append((f"{position}: {step} {arguments} prints", said))
    run.subject.settle()
