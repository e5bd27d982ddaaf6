"""How far the simulator is true, as a page (Markdown): recorded files that it passes, scenarios on which it agrees with a real Exim.

Everything comes from the scenario files and from lists that the tests keep: `FILE: reason` or `FILE::SCENARIO: reason`, a line each, a file
named by its folder and its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """A scenario file: `acl/acl-001.4.99.yaml`, the release that it was recorded from ("" for none), the names of its scenarios."""

    name: str
    release: str
    scenarios: tuple[str, ...]

    @property
    def plain(self) -> str:
        """The name without the release that stands in it."""
        return self.name.removesuffix(".yaml").removesuffix(f".{self.release}")

    @property
    def area(self) -> str:
        return self.name.partition("/")[0]


@dataclass(frozen=True)
class Lists:
    """`failing`: recorded files that the simulator does not pass. `differing`, `unrun`: of the run on both; the latter the real Exim cannot
    run.
    """

    failing: Mapping[str, str]
    differing: Mapping[str, str]
    unrun: Mapping[str, str]


def read_list(text: str) -> dict[str, str]:
    """A list as a mapping; `#` begins a comment. Raises ValueError for a line without a reason, or a name that stands there twice."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, _, reason = line.partition(": ")
        if line and not line.startswith("#"):
            if not reason.strip():
                raise ValueError(f"a reason is missing: {line}")
            if name in found:
                raise ValueError(f"twice in the list: {name}")
            found[name] = reason.strip()
    return found


def listed(names: Mapping[str, str], file: str, scenario: str) -> str | None:
    """The reason that a list gives for a scenario: its own, or that of its whole file."""
    return names.get(f"{file}::{scenario}", names.get(file))


def unknown(names: Iterable[str], files: Iterable[File]) -> list[str]:
    """What a list names and nobody has."""
    known = {name for file in files for name in (file.name, *(f"{file.name}::{one}" for one in file.scenarios))}
    return sorted(set(names) - known)


def page(files: Sequence[File], lists: Lists, exim: str, command: str) -> str:
    """The page. `exim` is the release of the real Exim of the run on both, `command` what makes the page anew."""
    both = _Both.of(files, lists)
    parts = [
        "# How far the simulator can be trusted",
        f"This page is made by a command, from the scenario files and from lists that the project's tests keep true:\n\n    {command}",
        *_recorded(files, lists.failing),
        *both.figures(exim),
        *both.differences(exim),
    ]
    return "\n\n".join(parts) + "\n"


def _recorded(files: Sequence[File], failing: Mapping[str, str]) -> list[str]:
    rows = []
    for release in sorted({file.release for file in files if file.release}):
        own = [file for file in files if file.release == release]
        passed = [file for file in own if file.name not in failing]
        rows.append((release, len(own), _count(own), len(passed), _count(passed)))
    reasons = Counter(reason for file in files if (reason := failing.get(file.name)))
    return [
        "## Recorded once, run by the simulator in every test run",
        "Configuration, dialogue and logs as real Exims had them; 4.82+ is the development state that brought PROXY, TPDA and Redis. A "
        "file passes when every line of every scenario in it is as recorded.",
        _table(("recorded from Exim", "files", "scenarios", "files that pass", "scenarios in these"), rows),
        "Why the others do not pass:",
        _table(("reason", "files"), reasons.most_common()),
    ]


@dataclass(frozen=True)
class _Both:
    """Scenarios of the run on both, by name of their file: those that differ or are not run with their reason."""

    all: Sequence[tuple[File, str]]
    differing: Mapping[tuple[str, str], str]
    unrun: Mapping[tuple[str, str], str]

    @classmethod
    def of(cls, files: Sequence[File], lists: Lists) -> _Both:
        every = [(file, name) for file in files for name in file.scenarios]

        def chosen(names: Mapping[str, str]) -> dict[tuple[str, str], str]:
            return {(file.name, name): reason for file, name in every if (reason := listed(names, file.name, name))}

        return cls(every, chosen(lists.differing), chosen(lists.unrun))

    def figures(self, exim: str) -> list[str]:
        total = Counter(file.area for file, _ in self.all)
        unrun, differ = (Counter(name.partition("/")[0] for name, _ in one) for one in (self.unrun, self.differing))
        rows = [(area, total[area], unrun[area], differ[area]) for area in sorted(total)]
        rows.append(("all", total.total(), unrun.total(), differ.total()))
        return [
            f"## The same scenarios on the simulator and on a real Exim {exim}",
            f'Both play each scenario, the simulator with `version: "{exim}"`; then dialogues, answers, logs, what remote servers got, '
            "files and the queue are laid side by side. What is chance is made the same first: message ids, times, process ids and ports, "
            "the order of lines of different messages, how often HAProxy looked whether the server is there.",
            _table(("scenarios", "all", f"Exim {exim} ran", "agree", "differ"),
                   [(area, all, all - unrun, all - unrun - differ, differ) for area, all, unrun, differ in rows]),
            f"What kept Exim {exim} from running the others, in its own words:",
            _table(("reason", "scenarios"), [(f"`{reason}`", count) for reason, count in Counter(self.unrun.values()).most_common()]),
        ]

    def differences(self, exim: str) -> list[str]:
        parts = [
            f"## Known differences from Exim {exim}",
            "All of them. One that is mended must leave its list, or the tests fail; a new one fails them, too. Behind a file's name stand "
            "the releases whose recordings differ.",
        ]
        for reason, count in Counter(self.differing.values()).most_common():
            names: dict[str, list[str]] = {}
            for file, scenario in self.all:
                if self.differing.get((file.name, scenario)) == reason:
                    what = f"{file.plain}::{scenario}" if len(file.scenarios) > 1 else file.plain
                    names.setdefault(what, []).extend([file.release] if file.release else [])
            lines = [f"- {what} ({', '.join(releases)})" if releases else f"- {what}" for what, releases in names.items()]
            parts += [f"### {reason}: {count}", "\n".join(lines)]
        return parts


def _count(files: Iterable[File]) -> int:
    return sum(len(file.scenarios) for file in files)


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
