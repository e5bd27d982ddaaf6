"""`eximsim check`: what is wrong in a scenario file and in what it names, as findings with places; nothing is started.

The rules of a scenario file are the loader's, those of an Exim configuration exim/config/check.py's; here they come together.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import EximsimError, Position, ScenarioError
from ..exim.config.check import check_configuration
from ..exim.config.model import Finding
from ..exim.release import RELEASES
from ..haproxy.assignment import Party, assign
from ..haproxy.config import Config, parse_files
from ..haproxy.listeners import choose_listener
from ..runtime import folders
from ..runtime.accounts import Accounts
from ..runtime.files import FileTree
from . import configuration as configurations
from . import edge
from .calling import zone_of
from .loader import BoundCase, load
from .machine import accounts_of, addresses_of, given_files, names_of
from .model import Exim, ProxyHeader, Scenario, Send, Session
from .surroundings import ONLY


def check_scenario_file(path: Path, shown: str) -> list[Finding]:
    """All findings, each once."""
    try:
        loaded = load(path, shown, for_use=path.name.startswith("_"))
    except ScenarioError as error:
        return _mistakes(error)
    found: dict[Finding, None] = {}
    for case in loaded.cases:
        if case.skip is not None:
            continue
        try:
            bound = case.bind({name: f"${{{{ fixture.{name} }}}}" for name in case.fixtures})
        except ScenarioError as error:
            found.update(dict.fromkeys(_mistakes(error)))
            continue
        try:
            zone_of(bound.scenario)
        except ScenarioError as error:
            found.update(dict.fromkeys(_mistakes(error)))
        expects_error = bound.expect is not None and bound.expect.config_error is not None
        for exim in _exims(bound.scenario):
            findings = check_exim(exim, bound.scenario)
            found.update(dict.fromkeys(one for one in findings if not (expects_error and one.severity == "error")))
        found.update(dict.fromkeys(_edge(bound)))
    return list(found)


def check_configuration_file(exim: Exim) -> list[Finding]:
    """An Exim configuration by itself."""
    if not Path(exim.config_file or "").exists():
        return [Finding("error", "there is no such file", Position(exim.config_file or ""))]
    return check_exim(exim, Scenario())


def _mistakes(error: ScenarioError) -> list[Finding]:
    return [Finding("error", one.message, one.position) for one in (error, *error.others)]


def _exims(scenario: Scenario) -> Iterator[Exim]:
    common = scenario.exim or Exim()
    for own in (scenario.mtas or {}).values():
        merged = configurations.combined(common, own)
        assert merged is not None
        yield merged
    if not scenario.mtas:
        yield common


def check_exim(exim: Exim, scenario: Scenario) -> list[Finding]:
    """The findings of one MTA's configuration, with the user's own places."""
    with folders.temporary() as work:
        placed = configurations.place(exim, work)
        names = names_of(work, placed)
        files = FileTree(work, given=given_files(scenario.files or {}, names, placed), root=placed.root, folder=placed.folder)
        users = Accounts(accounts_of(scenario.users), files)
        filled: Any = configurations.FilledFiles(files, names)
        try:
            choice = configurations.release_of(exim, filled, placed)
            build = configurations.build_of(exim)
        except EximsimError as error:
            return [Finding("error", error.message, placed.position(error.position))]
        found = check_configuration(filled, placed.path, release=RELEASES[choice.release_name], macros=exim.macros or {},
                                    settings=exim.set or {}, replace=exim.replace or {}, build=build, users=users,
                                    hostname=exim.hostname or configurations.HOSTNAME)
        return [Finding(one.severity, one.text, placed.position(one.position)) for one in found]


def _edge(bound: BoundCase) -> Iterator[Finding]:
    """Servers, frontends and listeners that the scenario names are in its haproxy.cfg."""
    scenario = bound.scenario
    if scenario.haproxy is None:
        return
    try:
        settings = edge.settings_of(scenario.haproxy)
        config = _read(settings)
        parties = [Party(name, addresses_of(exim)) for name, exim in _named(scenario)]
        parties += [Party(name, (one.address or "",), one.port or 25, mta=False) for name, one in (scenario.remotes or {}).items()]
        assign(config, parties, scenario.haproxy.servers or {})
    except EximsimError as error:
        yield Finding("error", error.message, error.position or scenario.haproxy.place("servers"))
        return
    except OSError as error:
        yield Finding("error", f"cannot be read: {error.strerror}", scenario.haproxy.place("config_file"))
        return
    yield from _listeners(bound, config)


def _named(scenario: Scenario) -> Iterator[tuple[str, Exim]]:
    yield from zip(scenario.mtas or [ONLY], _exims(scenario), strict=True)


def _read(settings: dict[str, Any]) -> Config:
    named = [Path(name) for name in settings["config_files"]]
    paths = [part for path in named for part in (sorted(path.glob("*.cfg")) if path.is_dir() else [path])]
    texts = [(configurations.shown(path), path.read_text("utf-8", "surrogateescape")) for path in paths]
    for before, after in settings["replace"].items():
        if not any(before in text for _, text in texts):
            raise ScenarioError(f"`replace`: the text {before!r} does not occur in haproxy.cfg")
        texts = [(name, text.replace(before, after)) for name, text in texts]
    return parse_files(texts, environment=dict(settings["environment"]), evaluate=lambda text: True)


def _listeners(bound: BoundCase, config: Config) -> Iterator[Finding]:
    for node in bound.steps:
        try:
            step = bound.step(node)
        except ScenarioError as error:
            yield from _mistakes(error)
            continue
        for line in (step.session, step.send):
            if isinstance(line, (Session, Send)) and line.given("to") and not isinstance(line.via, ProxyHeader) and line.via != "direct":
                family = 6 if line.from_ is not None and ":" in line.from_.address else 4
                try:
                    choose_listener(config, int(line.to) if line.to and line.to.isdigit() else line.to, family=family)
                except EximsimError as error:
                    yield Finding("error", error.message, line.place("to"))

