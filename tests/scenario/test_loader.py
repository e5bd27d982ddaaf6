"""Scenario files that are wrong: every mistake with its place, all of them at once. One row, one file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_eximsim.errors import ScenarioError
from pytest_eximsim.report.lines import mistakes
from pytest_eximsim.scenario.loader import LoadedFile, is_scenario_file, load

SEND = "    send: {rcpt_to: b@example.net}\n"
ONE = f"scenarios:\n  - name: a\n{SEND}"


def read(tmp_path: Path, text: str | bytes, **others: str) -> LoadedFile:
    file = tmp_path / "x.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    for name, content in others.items():
        (tmp_path / name.replace("__", ".")).write_text(content)
    return load(file, "x.yaml")


def found(tmp_path: Path, text: str | bytes, others: Mapping[str, str] | None = None) -> list[str]:
    """What is wrong, as `line:column: message`."""
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, text, **(others or {}))
    return [str(one).removeprefix("x.yaml:") for one in (caught.value, *caught.value.others)]


@pytest.mark.parametrize(("text", "wrong"), [
    # --- keys
    (ONE + "tag: [x]\n", ["4:1: unknown key `tag`; did you mean `tags`?"]),
    ("scenaros: []\n", ["1:1: unknown key `scenaros`; did you mean `scenarios`?"]),
    ("title: x\n", ["1:1: `scenarios` is missing: it lists what is tried"]),
    ("", ["1:1: the file is empty; a scenario file has `scenarios:`"]),
    ("exim: {confg_file: x}\n" + ONE, ["1:8: unknown key `confg_file`; did you mean `config_file`?"]),
    ("zzz: 1\n" + ONE, ["1:1: unknown key `zzz`"]),
    ('sql: {pgsql: {answers: {"*": "a|b"}}}\n' + ONE, ["1:30: columns of an answer are name=value, the same names in each row: 'a|b'"]),
    ("title: a\ntitle: b\n" + ONE, ["2:1: `title` is given twice (first in line 1)"]),
    ("scenarios:\n  - name: a\n    sned: {rcpt_to: b@example.net}\n", ["3:5: unknown key `sned`; did you mean `send`?"]),
    ("scenarios:\n  - name: a\n    send: {mail_from: a@b.example}\n", ["3:5: `rcpt_to` is missing: the envelope's recipients"]),
    ("scenarios:\n  - name: a\n    send: {rcpt_too: b@example.net}\n", ["3:12: unknown key `rcpt_too`; did you mean `rcpt_to`?"]),
    ("scenarios:\n  - name: a\n" + SEND + "  - name: a\n" + SEND, ["4:11: a second scenario named `a` (first in line 2)"]),
    ("scenarios:\n  - steps: []\n    expect: {messages: 0}\n", ["2:5: `name` is missing: its name"]),
    # --- all at once, in the order of the file
    ("titel: x\nexim: {hostnam: y}\nscenarios:\n  - name: a\n    send: {rcpt_to: b@example.net, tsl: none}\n",
     ["1:1: unknown key `titel`; did you mean `title`?", "2:8: unknown key `hostnam`; did you mean `hostname`?",
      "5:36: unknown key `tsl`; did you mean `tls`?"]),
    # --- values
    ("exim: {version: 4.98}\n" + ONE, ["1:17: `4.98` where one of 4.82+, 4.96, 4.99 is expected; did you mean `4.99`?"]),
    ("format: 2\n" + ONE, ["1:9: 2 where the format's version from 1 to 1 is expected"]),
    ("title: [a]\n" + ONE, ["1:8: a list where a text is expected"]),
    ("title:\n" + ONE, ["1:1: nothing where a text is expected"]),
    ("title: true\n" + ONE, ["1:8: the boolean true where a text is expected; write 'true' in quotes"]),
    ("defaults: {within: 5}\n" + ONE, ["1:20: `5` is no time; expected numbers with s, m, h, d or w, as 5s or 1h30m"]),
    ("remotes: {mx: {address: 300.1.1.1}}\n" + ONE, ["1:25: `300.1.1.1` is no IP address"]),
    ("remotes: {mx: {address: 192.0.2.1, port: 99999}}\n" + ONE, ["1:42: 99999 where a port from 1 to 65535 is expected"]),
    ("tags: [a-b]\n" + ONE, ["1:8: `a-b` cannot be a tag; a tag is a Python identifier other than and, or, not"]),
    ("scenarios:\n  - name: a\n    skip: ''\n" + SEND, ["3:11: a reason is missing"]),
    # --- several keys
    ("exim: {config: x, config_file: x.yaml}\n" + ONE, ["1:19: `config` and `config_file` exclude each other"]),
    ("scenarios:\n  - name: a\n    send: {rcpt_to: b@example.net}\n    wait: 5s\n",
     ["4:5: a second step (`send` is the first); several steps stand in a list below `steps:`"]),
    ("scenarios:\n  - name: a\n    steps: [{wait: 1s}]\n    wait: 5s\n",
     ["4:5: `wait` stands beside `steps`; a scenario has one or the other"]),
    ("scenarios:\n  - name: a\n", ["2:5: the scenario has neither steps nor `expect`"]),
    ("scenarios:\n  - name: a\n    session: {via: haproxy, smtp: 'C: x'}\n", ["3:20: `via: haproxy`, but there is no `haproxy:` here"]),
    ("scenarios:\n  - name: a\n    send: {rcpt_to: b@example.net, expect: {rcpt: {c@example.net: 550 no}}}\n",
     ["3:52: `c@example.net` is not in `rcpt_to`; did you mean `b@example.net`?"]),
    ("scenarios:\n  - name: a\n    expect: {remotes: {mx: {messages: 1}}}\n", ["3:24: there is no remote `mx`"]),
    # --- files
    ("exim: nowhere.conf\n" + ONE, ["1:7: there is no file nowhere.conf (looked for DIR/nowhere.conf)"]),
    ("exim: " + "n" * 300 + "\n" + ONE, ["1:7: there is no file " + "n" * 300 + " (looked for DIR/" + "n" * 300 + ")"]),
    ('exim: "a\\0b"\nuse: "\\0"\n' + ONE, ["1:7: a file's name holds no NUL", "2:6: a file's name holds no NUL"]),
    ("scenarios: [{name: a, session: {smtp: 'C! \\9'}}]\n",
     ["1:39: unknown escape `\\9` in `C!`; a backslash itself is `\\\\`"]),
    ("use: [_no.yaml]\n" + ONE, ["1:7: _no.yaml cannot be read: No such file or directory"]),
    # --- the dialogue
    ("scenarios:\n  - name: a\n    session:\n      smtp: |\n        S: 220\n        X: what\n", ["6:9: *"]),
    ("scenarios:\n  - name: a\n    session:\n      smtp: |\n        S: <eoff>\n", ["5:9: *"]),
    ("scenarios:\n  - name: a\n    session:\n      smtp: |\n        S+ SIZE\n", ["5:9: *"]),
    # --- parameters
    ("scenarios:\n  - name: a\n    parameters: {x: [1]}\n" + SEND, ["3:18: parameter `x` is used nowhere in this scenario"]),
    ("scenarios:\n  - name: a\n    send: {rcpt_to: \"${{ y }}@example.net\"}\n",
     ["3:21: unknown name in `${{ y }}`; there are no parameters here"]),
    ("scenarios:\n  - name: a\n    parameters: {port: [1]}\n    send: {rcpt_to: \"${{ port }}${{ prot }}@example.net\"}\n",
     ["4:21: unknown name in `${{ prot }}`; did you mean `port`?"]),
    # --- YAML
    ("scenarios: [\n", ["2:1: no valid YAML: *"]),
    ("a: !x 1\n" + ONE, ["1:1: unknown key `a`", "1:4: tag !x: tags are not used here; write the value itself"]),
    (ONE + "---\na: 1\n", ["4:1: a second document; a file holds one"]),
    ("a: *b\n" + ONE, ["1:4: alias *b: nothing has the anchor &b"]),
    (b"title: caf\xe9\n" + ONE.encode(), ["1:11: byte 0xe9 is no UTF-8; scenario files are written in UTF-8"]),
    ("title: a\x01\n" + ONE, ["1:9: character U+0001 may not stand in YAML"]),
    ("title: \u00e9\u00e9 \ntitel: x\n" + ONE, ["2:1: unknown key `titel`; did you mean `title`?"]),
    ("scenarios:\n  - name: a\n    expect: {log: [a # b]}\n", ["*"]),
])
def test_mistakes(tmp_path: Path, text: str | bytes, wrong: list[str]) -> None:
    told = [one.replace(str(tmp_path), "DIR") for one in found(tmp_path, text)]
    assert [one if not want.endswith("*") else want for one, want in zip(told, wrong, strict=False)] == wrong
    assert all(one.startswith(want.removesuffix("*")) for one, want in zip(told, wrong, strict=True))


def test_mistakes_in_a_used_file(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, "use: [_edge.yaml]\n" + ONE, _edge__yaml="exim: {hostnam: a}\n")
    assert str(caught.value) == "_edge.yaml:1:8: unknown key `hostnam`; did you mean `hostname`?"


def test_use_in_a_circle(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"`use` goes in a circle: x\.yaml → _edge\.yaml → x\.yaml"):
        read(tmp_path, "use: [_edge.yaml]\n" + ONE, _edge__yaml="use: [x.yaml]\n")


def test_excerpt_and_caret(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, "titel: x\n" + "scenarios:\n  - name: 日本\n    send: {rcpt_to: b@example.net, tsl: none}\n")
    assert mistakes(caught.value, tmp_path).split("\n") == [
        "x.yaml:1:1: unknown key `titel`; did you mean `title`?",
        "     1 | titel: x",
        "       | ^",
        "x.yaml:4:36: unknown key `tsl`; did you mean `tls`?",
        "     4 |     send: {rcpt_to: b@example.net, tsl: none}",
        "       |                                    ^",
        "2 mistakes",
    ]


def test_what_is_skipped_needs_no_files(tmp_path: Path) -> None:
    loaded = read(tmp_path, "scenarios:\n  - name: a\n    skip: later\n    exim: nowhere.conf\n" + SEND)
    assert [(case.name, case.skip) for case in loaded.cases] == [("a", "later")]


def test_rows_of_parameters(tmp_path: Path) -> None:
    loaded = read(tmp_path, "parameters: {v: [1, 2]}\nscenarios:\n  - name: to ${{ x }}\n    parameters: [{x: a}, {x: b}]\n"
                            "    send: {rcpt_to: \"${{ x }}@example.net\", helo: \"${{ v }}.example\"}\n")
    assert [case.name for case in loaded.cases] == ["to a[1-a]", "to b[1-b]", "to a[2-a]", "to b[2-b]"]


@pytest.mark.parametrize(("text", "ours"), [
    (ONE, True), ('"scenarios": []\n', True), ("{scenarios: []}\n", True), ("scenarios: [\n", True),
    ("a: 1\n", False), ("  scenarios: []\n", False), ("", False), ("- scenarios: []\n", False), ("# scenarios:\n", False),
])
def test_is_scenario_file(tmp_path: Path, text: str, ours: bool) -> None:
    (tmp_path / "x.yaml").write_text(text)
    assert is_scenario_file(tmp_path / "x.yaml") is ours


def test_no_file_is_no_scenario_file(tmp_path: Path) -> None:
    assert not is_scenario_file(tmp_path / "nowhere.yaml")
