"""The accept router: it takes every address that comes to it (Exim chapter 16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .common import finish
from .result import Answer, Job

if TYPE_CHECKING:
    from ..config.model import Driver


def route(job: Job, router: Driver) -> Answer:
    """errors_to, header lines, transport; hosts only where a router before it left some."""
    return finish(job, router, job.hosts)
