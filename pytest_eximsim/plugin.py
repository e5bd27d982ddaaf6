"""pytest's hooks, nothing else: options, YAML file → collector → item, marks, the header, failures as text.

A scenario is a pytest.Function whose signature lists the fixtures that its file names; only pytest's public API is used. This module is
loaded into every pytest run of an environment, so it imports nothing that is not there already; the rest comes when a YAML file is
collected.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from .oracle.update.edits import Edits
    from .scenario.loader import BoundCase, Case, LoadedFile
    from .scenario.outcome import Outcome
    from .scenario.runner import RunOptions

#: The two names under which a run can load this module: by its entry point, or by `-p` and `pytest_plugins`.
NAMES = ("eximsim", __name__)
ALLOWED = ("run",)
#: What containers are made of where the ini file names no other (services/images.py has the same).
IMAGES = {"redis": "redis:7-alpine", "postgres": "postgres:16-alpine", "mariadb": "mariadb:11"}


class EximsimWarning(pytest.PytestWarning):
    """Something in a scenario file that does nothing."""


class ScenarioFailed(Exception):
    """A scenario ran and something is not as expected; the text is the report. The only thing that `xfail` in a scenario forgives."""


@dataclass
class _Collected:
    """What collection found: for the header."""

    foreign: set[Path] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    header: list[str] = field(default_factory=list)
    edits: Edits | None = None              # with --eximsim-update: what the files are to say


STATE = pytest.StashKey[_Collected]()


# ---- options

def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("eximsim", "scenario files of mail systems (eximsim)")
    group.addoption("--eximsim-strict", action="store_true", help="what no step used (a HAProxy, a remote, a file) fails the scenario")
    group.addoption("--eximsim-allow", action="append", default=[], metavar="WHAT", type=_allowed,
                    help="permit what is off unless named: run (the step that runs a program)")
    group.addoption("--eximsim-timeout", type=_seconds, default=60.0, metavar="SECONDS", help="longest real time of one scenario (60)")
    group.addoption("--eximsim-mta", choices=["simulator", "exim", "both"], default="simulator",
                    help="what scenarios run on: the simulator, a real Exim, or both with the difference shown (Linux; as root, or in a "
                         "container of eximsim_exim_image)")
    group.addoption("--eximsim-exim", metavar="PATH", help="the real Exim's binary (exim4 or exim on PATH); with eximsim_exim_image "
                                                              "a path in the image")
    group.addoption("--eximsim-update", action="store_true",
                    help="write what the MTA does into the scenario files, in place of what they expect")
    group.addoption("--eximsim-keep", metavar="DIR", help="keep the logs and files of each scenario below DIR")
    parser.addini("eximsim_exim_image", "the image whose Exim is the real one of --eximsim-mta, run in a container; without it, this "
                                        "machine's is run in namespaces, which takes root", default="")
    parser.addini("eximsim_dirs", "names of folders whose YAML files may be scenario files (scenarios)", type="args", default=["scenarios"])
    for kind, image in IMAGES.items():
        parser.addini(f"eximsim_{kind}_image", f"the image of containers of `provider: container` ({image})", default=image)


def _allowed(text: str) -> list[str]:
    import argparse

    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in ALLOWED:
            raise argparse.ArgumentTypeError(f"{word!r}: only {', '.join(ALLOWED)} can be allowed")
    return words


def _seconds(text: str) -> float:
    import argparse

    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds


# ---- loading

def pytest_plugin_registered(plugin: object, plugin_name: str, manager: pytest.PytestPluginManager) -> None:
    """Whatever name brought this module in, the other one is taken, so that it brings nothing more (pytest refuses a module under two)."""
    if plugin_name in NAMES and getattr(plugin, "__name__", "") == __name__:
        for name in NAMES:
            if not manager.has_plugin(name):
                manager.register(_Loaded(), name)


class _Loaded:
    """Stands under the other name of this module; does nothing."""


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("eximsim_update"):
        if config.getoption("eximsim_mta") == "both":
            raise pytest.UsageError("--eximsim-update writes what one MTA does: --eximsim-mta=exim or simulator")
        if getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput"):
            raise pytest.UsageError("--eximsim-update changes files, which one process can do: without -n")
    config.stash[STATE] = _Collected()
    config.args[:] = [selectable(arg) for arg in config.args]


# ---- names

def selectable(arg: str) -> str:
    """An argument `file.yaml::name` whose name may hold `::` (an IPv6 address), as the id that the scenario has."""
    path, mark, name = arg.partition("::")
    return f"{path}::{node_name(name)}" if mark and path.endswith((".yaml", ".yml")) else arg


def node_name(name: str) -> str:
    """A scenario's name as pytest can select it: on one line; `::` separates nodes except behind a bracket."""
    plain, bracket, rest = " ".join(name.split()).partition("[")
    while "::" in plain:
        plain = plain.replace("::", ": :")
    return f"{plain}{bracket}{rest}"


# ---- collection

@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    found = yield
    if file_path.suffix in (".yaml", ".yml") and (ours := _collector(file_path, parent, bool(found))) is not None:
        return [*found, ours]
    return found


def _collector(path: Path, parent: pytest.Collector, claimed: bool) -> pytest.Collector | None:
    """A scenario file's collector; None for a file that is somebody else's."""
    named = parent.session.isinitpath(path)
    if path.name.endswith((".eximsim.yaml", ".eximsim.yml")):
        ours = named or not path.name.startswith("_")
    elif not named and not _in_scenario_folder(path, parent.config):
        return None
    else:
        from .scenario.loader import is_scenario_file

        ours = is_scenario_file(path) and (named or not path.name.startswith("_"))
        if not ours and not claimed and not named and not path.name.startswith("_"):
            parent.config.stash[STATE].foreign.add(path)
    if ours:
        return ScenarioFile.from_parent(parent, path=path)
    return ForeignFile.from_parent(parent, path=path) if named and not claimed else None


def _in_scenario_folder(path: Path, config: pytest.Config) -> bool:
    """Is one of the folders above it, from the root of the run downwards, named in `eximsim_dirs`?"""
    root = config.rootpath
    inside = path.is_relative_to(root)
    folders = path.parent.relative_to(root.parent if root.parent != root else root) if inside else path.parent
    names = folders.parts
    below = path.parent.relative_to(root).as_posix() if inside else ""
    for wanted in config.getini("eximsim_dirs"):
        if "/" in wanted:
            plain = wanted.strip("/")
            if below == plain or below.startswith(f"{plain}/"):
                return True
        elif any(fnmatch(name, wanted) for name in names):
            return True
    return False


class ForeignFile(pytest.File):
    """A YAML file that was named on the command line and is nobody's."""

    def collect(self) -> Iterable[pytest.Item]:
        from .scenario.loader import not_a_scenario_file

        raise not_a_scenario_file(self.path, _shown(self.path, self.config))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return _told(excinfo, self.config) or super().repr_failure(excinfo)


class ScenarioFile(pytest.File):
    """One scenario file. What is wrong in it is told here, all of it, so that no mark can hide it."""

    def collect(self) -> Iterable[pytest.Item]:
        from .scenario.loader import load

        loaded = load(self.path, _shown(self.path, self.config))
        _bindable(loaded)
        seen: Counter[str] = Counter()
        for case in loaded.cases:
            name = node_name(case.name)
            seen[name] += 1
            yield _item(self, name if seen[name] == 1 else f"{name} ({seen[name]})", case)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return _told(excinfo, self.config) or super().repr_failure(excinfo)


def _bindable(loaded: LoadedFile) -> None:
    """Bind what needs no fixture, so that a value that only a parameter brings is wrong at collection too."""
    if not any("${{" in source.text for source in loaded.sources.values()):
        return
    from .errors import ScenarioError
    from .scenario.yamltree import Mistakes

    mistakes = Mistakes()
    for case in loaded.cases:
        if case.skip is None and not case.fixtures:
            try:
                _bind(case, {})
            except ScenarioError as error:
                for one in (error, *error.others):
                    mistakes.add(one.position or case.position, one.message)
    mistakes.raise_all()


def _bind(case: Case, fixtures: dict[str, Any]) -> BoundCase:
    """The case with its values. Its steps are looked at here, too, before anything of it runs. Raises ScenarioError."""
    bound = case.bind(fixtures)
    for node in bound.steps:
        bound.step(node)
    return bound


def _item(parent: ScenarioFile, name: str, case: Case) -> ScenarioItem:
    """The item of one scenario: its fixtures are the parameters of its function."""
    run: list[Callable[..., None]] = []
    for fixture in case.fixtures:
        if not fixture.isidentifier():
            from .errors import ScenarioError

            raise ScenarioError(f"`{fixture}` cannot be the name of a fixture", case.position)
    listed = ", ".join(case.fixtures)
    function = eval(f"lambda {listed}: run[0]({', '.join(f'{one}={one}' for one in case.fixtures)})", {"run": run})
    item: ScenarioItem = ScenarioItem.from_parent(parent, name=name, callobj=function)
    item.case = case
    run.append(item.play)
    for tag in case.tags:
        _register(tag, item.config)
        item.add_marker(tag)
    if case.skip is not None:
        item.add_marker(pytest.mark.skip(reason=case.skip))
    if case.xfail is not None:
        item.add_marker(pytest.mark.xfail(reason=case.xfail, raises=ScenarioFailed))
    return item


def _register(tag: str, config: pytest.Config) -> None:
    """Make a tag a known mark, so that --strict-markers has nothing to say of it."""
    known = config.stash[STATE].tags
    if tag not in known:
        known.add(tag)
        config.addinivalue_line("markers", f"{tag}: a tag of scenario files")


class ScenarioItem(pytest.Function):
    """One scenario with one row of parameters."""

    case: Case

    def play(self, **fixtures: Any) -> None:
        """Run it. Raises ScenarioFailed, or skips."""
        from .report.lines import masked
        from .report.text import render

        bound = _bind(self.case, fixtures) if fixtures else self.case.bind()
        outcome = run(bound, self.config)
        self.user_properties += [("exim", outcome.release)] if outcome.release else []
        self._unused(outcome)
        self._keep(outcome)
        if outcome.failures:
            verbose = self.config.get_verbosity() > 0
            raise ScenarioFailed(masked(render(outcome, self.case, verbose, self.config.invocation_params.dir), bound.secrets))
        if outcome.skipped:
            missing(masked(outcome.skipped, bound.secrets))

    def _unused(self, outcome: Outcome) -> None:
        """What nothing used: a warning, or with --eximsim-strict a failure beside the others."""
        if self.config.getoption("eximsim_strict"):
            from .scenario.outcome import Failure

            outcome.failures += [Failure(text, position) for position, text in outcome.unused if not outcome.skipped]
            outcome.unused = ()
        for position, text in (*outcome.unused, *outcome.warnings):
            self.warn(EximsimWarning(f"{position}: {text}"))

    def _keep(self, outcome: Outcome) -> None:
        if name := self.config.getoption("eximsim_keep"):
            from .report.keeping import keep

            keep(self.config.invocation_params.dir / name, self.case, outcome)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        return self.path, self.case.position.line - 1, self.name

    def setup(self) -> None:
        try:
            super().setup()
        except pytest.FixtureLookupError as error:
            where = f"{self.case.position}: there is no fixture `{error.argname}`"
            pytest.fail(f"{where}; `fixtures:` names fixtures of a conftest.py or of a plugin", pytrace=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return _told(excinfo, self.config) or super().repr_failure(excinfo)


def _told(excinfo: pytest.ExceptionInfo[BaseException], config: pytest.Config) -> str | None:
    """Our own exceptions as text, without a traceback of ours."""
    from .errors import EximsimError

    match excinfo.value:
        case ScenarioFailed():
            return str(excinfo.value)
        case EximsimError() if type(excinfo.value).__name__ != "Died":
            from .report.lines import mistakes

            return mistakes(excinfo.value, config.invocation_params.dir)
    return None


def _shown(path: Path, config: pytest.Config) -> str:
    """A file's name in positions: relative to where pytest was started, where it lies below."""
    start = config.invocation_params.dir
    return str(path.relative_to(start)) if path.is_relative_to(start) else str(path)


# ---- running

def missing(reason: str) -> NoReturn:
    """Skip because a program is not there; fail where EXIMSIM_REQUIRE (`all`, or names as `haproxy,redis`) says that it has to be."""
    wanted = [word.strip().lower() for word in os.environ.get("EXIMSIM_REQUIRE", "").split(",")]
    what = reason.partition(": ")[0].lower()        # behind it stands how to get it
    if any(word == "all" or (word and word in what) for word in wanted):
        pytest.fail(f"EXIMSIM_REQUIRE={os.environ['EXIMSIM_REQUIRE']}: {reason}", pytrace=False)
    pytest.skip(reason)



def run(bound: BoundCase, config: pytest.Config) -> Outcome:
    """Play a scenario on what `--eximsim-mta` names."""
    from .scenario.runner import run_case

    options, subject = run_options(config), config.getoption("eximsim_mta")
    if subject == "simulator":
        return _updating(config)(bound, options, run_case)
    from .errors import ServiceMissing
    from .oracle.both import run_both, run_real
    from .oracle.mta.binary import find_exim
    from .scenario.outcome import Outcome

    try:
        binary = find_exim(config.getoption("eximsim_exim"), config.getini("eximsim_exim_image"))
    except ServiceMissing as absent:
        return Outcome(skipped=absent.message)
    if subject == "both":
        return run_both(bound, options, binary)
    return _updating(config)(bound, options, lambda bound, options: run_real(bound, options, binary))


def _played_on(config: pytest.Config) -> str:
    """For the head of a run; empty for the simulator alone."""
    subject: str = config.getoption("eximsim_mta")
    if subject == "simulator":
        return ""
    from .oracle.both import played_on

    return played_on(subject, config.getoption("eximsim_exim"), config.getini("eximsim_exim_image"))


def _updating(config: pytest.Config) -> Callable[[BoundCase, RunOptions, Callable[[BoundCase, RunOptions], Outcome]], Outcome]:
    """How to play: as it is, or with --eximsim-update so that the file is written anew."""
    if not config.getoption("eximsim_update"):
        return lambda bound, options, play: play(bound, options)
    from .oracle.update.edits import Edits
    from .oracle.update.playing import record

    state = config.stash[STATE]
    edits = state.edits = state.edits if state.edits is not None else Edits()
    return lambda bound, options, play: record(bound, options, edits, play)


def run_options(config: pytest.Config) -> RunOptions:
    """What the command line says of every scenario."""
    from .scenario.runner import RunOptions
    from .services.images import Images

    return RunOptions(
        allow=frozenset(word for words in config.getoption("eximsim_allow") for word in words),
        timeout=config.getoption("eximsim_timeout"),
        images=Images(*(config.getini(f"eximsim_{kind}_image") for kind in IMAGES)), explain=config.get_verbosity() > 0,
    )


# ---- what the run says of itself

def pytest_report_collectionfinish(config: pytest.Config, items: Sequence[pytest.Item]) -> list[str]:
    state = config.stash[STATE]
    cases = [item.case for item in items if isinstance(item, ScenarioItem)]
    if cases or state.foreign:
        from .report.header import header

        state.header = header(cases, len(state.foreign), _played_on(config) if cases else "")
    return state.header


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Servers of ours end. A worker of xdist tells its controller, which collects nothing itself."""
    if lasting := sys.modules.get(f"{__package__}.services.lasting"):
        lasting.close_all()
    output = getattr(session.config, "workeroutput", None)
    if output is not None and os.environ.get("PYTEST_XDIST_WORKER") == "gw0":
        output["eximsim"] = pytest_report_collectionfinish(session.config, session.items)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    node.config.stash[STATE].header += getattr(node, "workeroutput", {}).get("eximsim", [])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if (edits := config.stash[STATE].edits) is not None:
        from .oracle.update.playing import summary

        terminalreporter.section("eximsim update")
        for line in summary(edits):
            terminalreporter.write_line(line)
    if getattr(config.option, "numprocesses", None) and config.stash[STATE].header:
        terminalreporter.section("eximsim")
        for line in config.stash[STATE].header:
            terminalreporter.write_line(line)
