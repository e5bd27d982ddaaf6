"""Changes of a scenario file leave everything else as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_eximsim.oracle.update.edits import Edit, Edits, add_key, rename_key, replace_block, replace_items, replace_scalar, written
from pytest_eximsim.scenario.yamltree import Listing, Mistakes, Node, Scalar, Table, read_source, read_tree

PRINTABLE = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Cn"], blacklist_characters="\ufeff\ufffe\uffff\u2028\u2029"))


def tree(path: Path) -> Table:
    mistakes = Mistakes()
    node = read_tree(read_source(path), mistakes)
    mistakes.raise_all()
    assert isinstance(node, Table)
    return node


def value(path: Path, *names: str) -> Node:
    node: Node | None = tree(path)
    for name in names:
        assert isinstance(node, Table)
        node = node.get(name)
    assert node is not None
    return node


def apply(*edits: Edit | None) -> dict[Path, int]:
    made = Edits()
    for one in edits:
        assert one is not None
        made.add(one)
    return made.apply()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.yaml"


@given(PRINTABLE, st.sampled_from(["", "'", '"', ">"]), st.booleans())
@example("a: b", "", False)
@example("- x", "", False)
@example("12", "", False)
@example("a, b]", "", True)
@example("x #y", "", False)
@example("", "", True)
@example("=", "", False)
@example("0?", "", True)
@example("<<", "", True)
def test_a_text_is_read_as_it_was_written(text: str, style: str, in_flow: bool) -> None:
    made = written(text, style, in_flow=in_flow)
    read = yaml.safe_load(f"{{k: {made}, l: 1}}" if in_flow else f"k: {made}\nl: 1\n")
    assert read == {"k": text, "l": 1}


@pytest.mark.parametrize(("before", "after"), [
    ("a: one   # why\nb: 2\n", "a: two   # why\nb: 2\n"),
    ("a: 'one'\n", "a: 'two'\n"),
    ('x: {a: "one", b: [1]}   # flow\n', 'x: {a: "two", b: [1]}   # flow\n'),
    ("a: one\n  and more\nb: 2\n", "a: two\nb: 2\n"),
    ("a: >\n  one\n\n  more\n\n# next\nb: 2\n", 'a: "two"\n\n# next\nb: 2\n'),
    ("a: |\n  one\nb: 2\n", "a: |\n  two\nb: 2\n"),
    ("\ufeffa: one\r\nb: 2\r\n", "\ufeffa: two\r\nb: 2\r\n"),
])
def test_a_scalar_keeps_its_style(file: Path, before: str, after: str) -> None:
    file.write_bytes(before.encode())
    path = ("x", "a") if before.startswith("x") else ("a",)
    node = value(file, *path)
    assert isinstance(node, Scalar)
    apply(replace_scalar(node, "two"))
    assert file.read_bytes().decode() == after


@pytest.mark.parametrize(("before", "after"), [
    ("a: |   # talk\n    one\n\n    three\nb: 2\n", "a: |   # talk\n    new\n      deeper\nb: 2\n"),
    ("a: |-\n  one\n", "a: |-\n  new\n    deeper\n"),
    ('a: "one\\ntwo\\n"\n', 'a: "new\\n  deeper\\n"\n'),
    ("a: |\n  one\r\n".replace("\n", "\r\n").replace("\r\r", "\r"), "a: |\r\n  new\r\n    deeper\r\n"),
])
def test_lines_of_a_block(file: Path, before: str, after: str) -> None:
    file.write_bytes(before.encode())
    node = value(file, "a")
    assert isinstance(node, Scalar)
    apply(replace_block(node, ["new", "  deeper"]))
    assert file.read_bytes().decode() == after


def items(file: Path, before: str, keep: list[int], new: list[str]) -> str:
    file.write_text(before)
    table = tree(file)
    node = table.get("log")
    assert isinstance(node, Listing)
    kept = [one for index, one in enumerate(node.items) if index in keep and isinstance(one, Scalar)]
    apply(replace_items(table.key("log"), node, [*kept, *new]))
    return file.read_text()


@pytest.mark.parametrize(("before", "keep", "new", "after"), [
    ("log:\n  # first\n  - 'a'   # A\n  # second\n  - b\nz: 1\n", [1], ["c"], "log:\n  # first\n  # second\n  - b\n  - 'c'\nz: 1\n"),
    ("log:\n- a\n- b\nz: 1\n", [0], ["c d"], "log:\n- a\n- c d\nz: 1\n"),
    ("log:   # the log\n  - a\nz: 1\n", [], [], "log: []  # the log\nz: 1\n"),
    ("log: [a, 'b']   # short\nz: 1\n", [1], ["c"], 'log: ["b", "c"]   # short\nz: 1\n'),
    ("log: []\nz: 1\n", [], ["a: b", "c"], "log:\n- 'a: b'\n- 'c'\nz: 1\n"),
    ("log: []  # none\nz: 1\n", [], ["a"], 'log: ["a"]  # none\nz: 1\n'),
])
def test_items_of_a_list(file: Path, before: str, keep: list[int], new: list[str], after: str) -> None:
    assert items(file, before, keep, new) == after


def test_keys(file: Path) -> None:
    file.write_text('a: {"is": x}   # A\nb:\n  c: |\n    text\n\nd: {e: 1}\n')
    table = tree(file)
    a, b, d = (table.get(name) for name in "abd")
    assert isinstance(a, Table) and isinstance(b, Table) and isinstance(d, Table)
    key = a.key("is")
    assert key is not None
    apply(rename_key(key, "fails"), add_key(b, "more", "it: is"), add_key(d, "more", "text"))
    assert file.read_text() == 'a: {fails: x}   # A\nb:\n  c: |\n    text\n  more: \'it: is\'\n\nd: {e: 1, more: "text"}\n'


def test_a_place_that_is_to_be_two_things_stays(file: Path) -> None:
    file.write_text("a: one\nb: two\n")
    edits = Edits()
    first, second = value(file, "a"), value(file, "b")
    assert isinstance(first, Scalar) and isinstance(second, Scalar)
    for node, text in ((first, "x"), (first, "y"), (second, "z"), (second, "z")):
        edit = replace_scalar(node, text)
        assert edit is not None
        edits.add(edit)
    assert edits.apply() == {file: 1}
    assert file.read_text() == "a: one\nb: z\n"
    assert edits.conflicts == {(file, (1, 4))}


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: one\n")
    node = value(file, "a")
    assert isinstance(node, Scalar)
    edit, edits = replace_scalar(node, "x"), Edits()
    assert edit is not None
    edits.add(edit)
    file.unlink()
    file.mkdir()
    assert edits.apply() == {}
    assert edits.unwritten == {file: "Is a directory"}
