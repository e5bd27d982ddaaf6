"""Which Exim is imitated: its place in history, and what differs between releases as data.

A rule that differs is a field of `Release` (a wording, a switch), or `since`/`until` of a registry entry; code asks the field and
never compares version texts. Known names (options, operators, variables …) are in `exim/config/names.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

ORDER = ("4.82+", "4.96", "4.99")


@dataclass(frozen=True)
class Release:
    """One Exim release. `version_number` is what $version_number says (the default; scenarios may name another)."""

    name: str
    version_number: str
    # --- wording -------------------------------------------------------------------------------
    nul: str = "NUL"                   # "NUL characters are not allowed in SMTP commands"
    durations: bool = True             # ` D=1s` in closing, lost and timeout lines
    # --- behaviour -----------------------------------------------------------------------------
    pipe_connect: bool = True          # PIPECONNECT is offered, no synchronization errors where it is
    long_ids: bool = True              # message ids 6-11-4 characters instead of 6-6-2

    def at_least(self, name: str) -> bool:
        """Is this release `name` or later? For `since`/`until` of registry entries."""
        return ORDER.index(self.name) >= ORDER.index(name)

    def has(self, since: str = "", until: str = "") -> bool:
        """Does an entry with these bounds exist in this release? `until` is the last release that has it."""
        return (not since or self.at_least(since)) and (not until or ORDER.index(self.name) <= ORDER.index(until))


EXIM_4_99 = Release("4.99", "4.99.1")
EXIM_4_96 = replace(EXIM_4_99, name="4.96", version_number="4.96")
EXIM_4_82 = replace(
    EXIM_4_99, name="4.82+", version_number="4.82_16", nul="NULL", durations=False, pipe_connect=False, long_ids=False,
)

RELEASES = {r.name: r for r in (EXIM_4_82, EXIM_4_96, EXIM_4_99)}
