"""From a scenario file on disk to its scenarios, each with its own environment. All mistakes of a file at once.

    load(path)            → LoadedFile: the scenarios (Case), one for each row of parameters
    Case.bind(fixtures)   → Scenario with every value in it, when it runs

A Case keeps nodes: `use`, `defaults`, the file's environment and the scenario are merged as trees (mappings key by key, everything else
replaces), then bound by the model. What a key means is not known here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import Position, ScenarioError
from . import checks
from .model import ACTIONS, ENVIRONMENT, EXPECT, FILE_TYPE, Expect, Scenario, Step
from .parameters import Row, Values, product, rows, substitute
from .schema import Binding, RecordOf, nearest
from .yamltree import Listing, Mistakes, Node, Scalar, Source, Table, read_source, read_tree

SCENARIO = RecordOf(Scenario, partial=True)
STEP = RecordOf(Step)


@dataclass(frozen=True)
class Case:
    """One scenario with one row of parameters, ready to be bound and run."""

    name: str                           # with the row's id in brackets
    path: Path
    position: Position
    tags: tuple[str, ...]
    fixtures: tuple[str, ...]
    skip: str | None
    xfail: str | None
    tree: Table                         # merged: environment, `steps`, `expect`
    defaults: Table | None
    title: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def values(self, fixtures: Mapping[str, Any] | None = None) -> Values:
        """What `${{ … }}` stands for in it."""
        return Values(self.parameters, os.environ, fixtures, self.fixtures)

    def bind(self, fixtures: Mapping[str, Any] | None = None) -> BoundCase:
        """The model's objects. Raises ScenarioError with all mistakes."""
        mistakes = Mistakes()
        binding = Binding(mistakes)
        values = self.values(fixtures or {})
        tree = substitute(self.tree, replace(values, parameters={**self.parameters, "n": None}), binding)
        assert isinstance(tree, Table)
        environment = Table(tuple((k, v) for k, v in tree.items if k.text not in ("steps", "expect")), tree.line, tree.column, tree.source)
        scenario = SCENARIO.bind(environment, self.position, binding)
        listing = tree.get("steps")
        steps = listing.items if isinstance(listing, Listing) else ()
        expect_node = tree.get("expect")
        defaults = substitute(self.defaults, values, binding) if self.defaults is not None else None
        given = defaults.get("expect") if isinstance(defaults, Table) else None
        if isinstance(expect_node, Table):
            expect_node = merge(given if isinstance(given, Table) else None, expect_node)
        expect = EXPECT.bind(expect_node, self.position, binding) if expect_node is not None else None
        mistakes.raise_all()
        assert isinstance(scenario, Scenario) and (expect is None or isinstance(expect, Expect))
        return BoundCase(self, scenario, steps, expect, frozenset(values.secrets), defaults if isinstance(defaults, Table) else None)


@dataclass(frozen=True)
class BoundCase:
    """A Case with its values: the environment (`scenario`), steps as nodes (bound when their turn comes), the final expectations."""

    case: Case
    scenario: Scenario
    steps: tuple[Node, ...]
    expect: Expect | None
    secrets: frozenset[str]
    defaults: Table | None = None

    def step(self, node: Node, count: int = 1) -> Step:
        """One step with `${{ n }}` in it. Raises ScenarioError."""
        mistakes = Mistakes()
        binding = Binding(mistakes)
        full = with_defaults(substitute(node, Values({"n": str(count)}), binding), self.defaults)
        made = STEP.bind(full, node.position, binding)
        mistakes.raise_all()
        assert isinstance(made, Step)
        return made


@dataclass(frozen=True)
class LoadedFile:
    path: Path
    source: Source
    title: str
    cases: tuple[Case, ...]
    sources: Mapping[str, Source]       # of this file and those that it uses, by the name in positions


def is_scenario_file(path: Path) -> bool:
    """The root of this YAML file has `scenarios:`. False for what is no readable YAML mapping and names no scenarios."""
    try:
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except OSError:
        return False
    keys = ("scenarios:", '"scenarios":', "'scenarios':")
    return any(line.startswith(keys) or (line.startswith("{") and "scenarios" in line) for line in text.splitlines())


def not_a_scenario_file(path: Path, shown: str) -> ScenarioError:
    """What to say of a file that was named as a scenario file and is none."""
    message = "this is no scenario file: it has no `scenarios:`"
    try:
        lines = path.read_bytes().decode("utf-8-sig", "replace").splitlines()
    except OSError as error:
        return ScenarioError(f"cannot be read: {error.strerror}", Position(shown))
    for number, line in enumerate(lines, 1):
        key = line.split(":")[0]
        if key != line and nearest(key, ["scenarios"]):
            return ScenarioError(f"{message} (is `{key}` meant to be it?)", Position(shown, number, 1))
    return ScenarioError(message, Position(shown, 1, 1))


def load(path: Path, shown: str | None = None, *, for_use: bool = False) -> LoadedFile:
    """Read, check and take apart one scenario file. Raises ScenarioError: the first mistake, the rest in `others`.

    `for_use`: it is a file for `use:`, which may be without scenarios.
    """
    loader = _Loader(Mistakes(), for_use)
    return loader.file(path, shown or str(path))


@dataclass
class _Loader:
    mistakes: Mistakes
    for_use: bool = False
    sources: dict[str, Source] = field(default_factory=dict)

    def file(self, path: Path, shown: str) -> LoadedFile:
        binding = Binding(self.mistakes, wild=True)
        root, source = self.root(path, shown, binding)
        if root is None:
            self.mistakes.raise_all()
            raise ScenarioError("the file is empty; a scenario file has `scenarios:`", Position(shown, 1, 1))
        if root.get("scenarios") is None and not self.for_use and not any(name.text.startswith("scenari") for name, _ in root.items):
            self.mistakes.add(Position(shown, 1, 1), "`scenarios` is missing: it lists what is tried")
        base, defaults = self.used(root, path, shown, binding, (path.resolve(),))
        environment = merge(base, _only(root, ENVIRONMENT))
        own = root.get("defaults")
        defaults = merge(defaults, own if isinstance(own, Table) else None)
        checks.check_file(root, environment, defaults, binding)
        cases = self.cases(root, environment, defaults, path, shown, binding)
        self.mistakes.raise_all()
        title = root.get("title")
        return LoadedFile(path, source, title.text if isinstance(title, Scalar) else path.stem, tuple(cases), self.sources)

    def root(self, path: Path, shown: str, binding: Binding) -> tuple[Table | None, Source]:
        """A file's root mapping, its shape checked."""
        source = read_source(path, shown)
        self.sources[shown] = source
        tree = read_tree(source, self.mistakes)
        if tree is None or (isinstance(tree, Scalar) and not tree.text):
            return None, source
        FILE_TYPE.bind(tree, Position(shown, 1, 1), binding)
        return (tree if isinstance(tree, Table) else None), source

    def used(self, root: Table, path: Path, shown: str, binding: Binding, chain: tuple[Path, ...]) -> tuple[Table | None, Table | None]:
        """Environment and defaults of the files that this one uses, the later ones winning."""
        environment: Table | None = None
        defaults: Table | None = None
        use = root.get("use")
        for one in use.items if isinstance(use, Listing) else (use,) if use is not None else ():
            if not isinstance(one, Scalar) or "${{" in one.text or "\0" in one.text or not one.text:
                continue
            other = path.parent / one.text
            if other.resolve() in chain:
                names = " → ".join([*(p.name for p in chain[chain.index(other.resolve()):]), other.name])
                self.mistakes.add(one.position, f"`use` goes in a circle: {names}")
                continue
            name = str(Path(shown).parent / one.text)
            try:
                theirs, _ = self.root(other, name, binding)
            except ScenarioError as error:
                self.mistakes.add(one.position, f"{one.text} {error.message}") if not other.exists() else self.mistakes.found.append(error)
                continue
            if theirs is None:
                continue
            below, below_defaults = self.used(theirs, other, name, binding, (*chain, other.resolve()))
            environment = merge(environment, merge(below, _only(theirs, ENVIRONMENT)))
            own = theirs.get("defaults")
            defaults = merge(defaults, merge(below_defaults, own if isinstance(own, Table) else None))
        return environment, defaults

    def cases(self, root: Table, environment: Table | None, defaults: Table | None, path: Path, shown: str, binding: Binding) -> list[Case]:
        """One Case for each scenario and row of parameters."""
        made: list[Case] = []
        listing = root.get("scenarios")
        names: dict[str, int] = {}
        fixtures = _texts(root.get("fixtures"))
        file_rows = rows(root.get("parameters"), binding)
        used: set[str] = set()
        for one in listing.items if isinstance(listing, Listing) else ():
            if not isinstance(one, Table):
                continue
            name = one.get("name")
            text = name.text if isinstance(name, Scalar) else ""
            if text and text in names:
                place = name.position if name else one.position
                self.mistakes.add(place, f"a second scenario named `{text}` (first in line {names[text]})")
            names.setdefault(text, name.position.line if name else 0)
            tree = merge(environment, merge(_only(one, ENVIRONMENT), _steps_of(one)))
            for row in product(file_rows, rows(one.get("parameters"), binding)):
                made.append(self.case(one, text, tree, row, root, defaults, fixtures, path))
            used |= self.parameters_used(one, root, tree, defaults, binding, fixtures)
        _unused(root.get("parameters"), used, "in this file", binding)
        return made

    def case(self, one: Table, name: str, tree: Table | None, row: Row, root: Table, defaults: Table | None,
             fixtures: tuple[str, ...], path: Path) -> Case:
        skip, xfail = one.get("skip"), one.get("xfail")
        values = Values(row.values, os.environ, None, fixtures)
        title = root.get("title")

        def text(node: Node | None) -> str | None:
            made = substitute(node, values) if node is not None else None
            return made.text if isinstance(made, Scalar) else None

        return Case(f"{text(one.get('name')) or name}{f'[{row.id}]' if row.id or row.values else ''}", path, one.position,
                    (*_texts(root.get("tags")), *_texts(one.get("tags"))), fixtures, text(skip), text(xfail),
                    tree if tree is not None else Table((), one.line, one.column, one.source), defaults,
                    title.text if isinstance(title, Scalar) else path.stem, row.values)

    def parameters_used(self, one: Table, root: Table, tree: Table | None, defaults: Table | None, binding: Binding,
                        fixtures: tuple[str, ...]) -> set[str]:
        """Unknown names, and parameters that nothing uses; gives the names that are used."""
        own = rows(one.get("parameters"), binding)
        row = product(rows(root.get("parameters"), binding), own)
        known = dict.fromkeys(row[0].values if row else {})
        values = Values({**known, "n": None}, os.environ, None, fixtures)
        shown = Table(tuple((k, v) for k, v in one.items if k.text != "parameters"), one.line, one.column, one.source)
        skipped = one.get("skip") is not None
        for part in (shown, tree, defaults):
            if part is not None:
                substitute(part, values, None if skipped else binding)
        _unused(one.get("parameters"), values.used, "in this scenario", binding)
        return values.used


def _unused(listing: Node | None, used: set[str], where: str, binding: Binding) -> None:
    place = listing.items[0] if isinstance(listing, Listing) and listing.items else listing
    for key, _ in place.items if isinstance(place, Table) else ():
        if key.text not in used:
            binding.error(key.position, f"parameter `{key.text}` is used nowhere {where}")


def _texts(node: Node | None) -> tuple[str, ...]:
    return tuple(one.text for one in node.items if isinstance(one, Scalar)) if isinstance(node, Listing) else ()


def _only(table: Table, names: tuple[str, ...]) -> Table:
    return Table(tuple((key, value) for key, value in table.items if key.text in names), table.line, table.column, table.source)


def _steps_of(one: Table) -> Table:
    """`steps` (a direct step becomes a list of one) and `expect` of a scenario."""
    pairs = [(key, value) for key, value in one.items if key.text in ("steps", "expect")]
    direct = [(key, value) for key, value in one.items if (key.text in ACTIONS and key.text != "expect") or key.text == "repeat"]
    if direct and one.get("steps") is None:
        first = direct[0][0]
        step = Table(tuple(direct), first.line, first.column, first.source)
        name = Scalar("steps", "", first.line, first.column, first.line, first.column, first.source)
        pairs.append((name, Listing((step,), first.line, first.column, first.source)))
    return Table(tuple(pairs), one.line, one.column, one.source)


def with_defaults(step: Node, defaults: Table | None) -> Node:
    """A step with what `defaults` says below its own keys: `send` takes the connection of `defaults.session`, then `defaults.send`."""
    if defaults is None or not isinstance(step, Table):
        return step
    session, send, expect = (one if isinstance(one := defaults.get(name), Table) else None for name in ("session", "send", "expect"))
    line = _only(session, ("via", "from", "to", "tls")) if session is not None else None
    below = {"session": session, "send": merge(line, send), "expect": expect}
    pairs: list[tuple[Scalar, Node]] = []
    for key, value in step.items:
        base = below.get(key.text)
        if key.text == "parallel" and isinstance(value, Listing):
            value = replace(value, items=tuple(with_defaults(one, defaults) for one in value.items))
        elif base is not None and isinstance(value, Table):
            value = merge(base, value) or value
        pairs.append((key, value))
    return Table(tuple(pairs), step.line, step.column, step.source, step.flow)


#: Keys whose plain text or list stands for one key of the mapping, and keys of which a new one replaces the other.
_SHORT = {"exim": "config_file", "haproxy": "config_file"}
_INSTEAD = (("config", "config_file"), ("address", "addresses"))


def merge(base: Table | None, top: Table | None, within: str = "") -> Table | None:
    """Mappings key by key, everything else replaces; what stands in `top` wins. `within`: the key whose values these are."""
    if base is None or top is None:
        return top if base is None else base
    pairs = dict(base.by_name)
    keys = {key.text: key for key, _ in base.items}
    for key, value in top.items:
        name = key.text
        for pair in _INSTEAD:
            if name in pair and within in ("exim", "mtas"):
                for other in pair:
                    if other != name and top.get(other) is None:
                        pairs.pop(other, None)
        below, above = _long(name, pairs.get(name)), _long(name, value)
        pairs[name] = above or value
        if isinstance(below, Table) and isinstance(above, Table):
            pairs[name] = merge(below, above, within if within == "mtas" else name) or pairs[name]
        keys[name] = key
    return Table(tuple((keys[name], value) for name, value in pairs.items()), top.line, top.column, top.source, top.flow)


def _long(name: str, node: Node | None) -> Node | None:
    """`exim: file` as the mapping that it stands for."""
    if name not in _SHORT or node is None or isinstance(node, Table) or (isinstance(node, Scalar) and not node.text):
        return node
    key = Scalar(_SHORT[name], "", node.position.line, node.position.column, node.position.line, node.position.column, node.source)
    return Table(((key, node),), node.position.line, node.position.column, node.source)


