"""The direction of imports (docs: architecture): who may know whom, and what the pure layers must not touch."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import pytest_eximsim

ROOT = Path(pytest_eximsim.__file__).parent
INNER = {"wire", "dns", "mailauth", "exim", "haproxy", "runtime", "services"}
#: Part → the parts that it may import; everybody may import `errors`. plugin.py is above all of them.
MAY_IMPORT: dict[str, set[str]] = {
    "wire": set(),
    "dns": {"exim.world"},
    "mailauth": {"wire", "dns", "exim.world"},
    "exim": {"wire", "dns", "mailauth"},
    "haproxy": set(),
    "runtime": {"exim.world"},
    "services": {"runtime", "wire", "haproxy", "dns", "exim.world"},
    "scenario": INNER,
    "report": INNER | {"scenario"},
    "oracle": INNER | {"scenario"},
    "cli": INNER | {"scenario", "report", "oracle"},
}
PURE = ("wire", "haproxy", "mailauth", "exim")
IMPURE = {"asyncio", "greenlet", "multiprocessing", "random", "secrets", "select", "selectors", "socket", "ssl", "subprocess", "threading",
          "time"}
#: How files are opened; where importlib.resources is imported, it is the package's own data.
OPENS = {"read_text", "read_bytes", "write_text", "write_bytes"}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def modules(part: str) -> list[Path]:
    return sorted((ROOT / part).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """The absolute dotted name of every import, those in functions and for type checkers too."""
    package = ("pytest_eximsim", *path.relative_to(ROOT).parent.parts)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[:len(package) - node.level + 1] if node.level else ()
            yield from (".".join([*base, *filter(None, [node.module]), alias.name]) for alias in node.names)


def opens(path: Path) -> Iterator[str]:
    own_data = any(name.startswith("importlib.resources") for name in imports(path))
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id="open") | ast.Attribute(value=ast.Name(id="os" | "io"), attr="open"):
                    yield f"open in line {node.lineno}"
                case ast.Attribute(attr=name) if name in OPENS and not own_data:
                    yield f"{name} in line {node.lineno}"


def told(path: Path, what: str) -> str:
    return f"{path.relative_to(ROOT)}: {what}"


def may(name: str, allowed: set[str]) -> bool:
    return not name.startswith("pytest_eximsim") or any(f"{name}.".startswith(f"pytest_eximsim.{part}.") for part in allowed)


def test_every_part_is_in_the_table() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} <= set(MAY_IMPORT)


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_direction(part: str) -> None:
    allowed = {part, "errors"} | MAY_IMPORT[part]
    assert [told(path, name) for path in modules(part) for name in imports(path) if not may(name, allowed)] == []


@pytest.mark.parametrize("part", PURE)
def test_pure_layers_do_nothing_themselves(part: str) -> None:
    assert [told(path, name) for path in modules(part) for name in imports(path) if name.split(".")[0] in IMPURE] == []
    assert [told(path, what) for path in modules(part) for what in opens(path)] == []


def test_only_the_hub_knows_greenlets() -> None:
    assert {path.name for path in ROOT.rglob("*.py") if any(name.split(".")[0] == "greenlet" for name in imports(path))} == {"hub.py"}
