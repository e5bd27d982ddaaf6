"""The plugin as a user of pytest meets it, each test in a pytest run of its own."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml  # noqa: F401

import pytest_eximsim

pytest_plugins = ["pytester"]

# pytester forgets what is imported in a run of its own, and a module that is imported twice has all its classes twice.
for part in ("dns", "exim", "haproxy", "oracle", "report", "runtime", "scenario", "services", "wire"):
    package = importlib.import_module(f"pytest_eximsim.{part}")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)


@pytest.fixture(autouse=True)
def only_this_plugin(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others that are installed take a second to load for every run."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p eximsim")


@pytest.fixture
def all_plugins(only_this_plugin: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run as it is without options."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    monkeypatch.delenv("PYTEST_ADDOPTS")


#: Everybody may send to example.net, nobody elsewhere.
EXIM = """\
exim:
  config: |
    acl_smtp_rcpt = check_rcpt
    begin acl
    check_rcpt:
      accept domains = example.net
      deny message = relay not permitted
"""
GOOD = "{rcpt_to: b@example.net}"
REFUSED = "{rcpt_to: b@elsewhere.example, expect: rcpt 550 relay not permitted}"
WRONG = "{rcpt_to: b@elsewhere.example}"


def scenario(name: str, send: str = GOOD, *more: str) -> str:
    return "".join([f"  - name: {name}\n", *(f"    {line}\n" for line in more), f"    send: {send}\n"])


def write(pytester: pytest.Pytester, path: str, *scenarios: str, head: str = EXIM) -> Path:
    file = pytester.path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(head + "scenarios:\n" + "".join(scenarios))
    return file


def collected(pytester: pytest.Pytester, *args: str) -> list[str]:
    result = pytester.runpytest("--collect-only", "-q", *args)
    return [line for line in result.outlines if "::" in line and not line.startswith(("ERROR", "eximsim:"))]


# ---- which files

def test_files_that_are_collected(pytester: pytest.Pytester) -> None:
    ours = ["c.eximsim.yaml", "scenarios/a.yaml", "scenarios/deeper/b.yml"]
    for path in (*ours, "elsewhere/d.yaml", "scenarios/_used.yaml", "_e.eximsim.yaml"):
        write(pytester, path, scenario("x"))
    (pytester.path / "scenarios" / "values.yaml").write_text("a: 1\n")
    (pytester.path / "elsewhere" / "values.yaml").write_text("a: [\n")
    result = pytester.runpytest("--collect-only", "-q")
    assert sorted(line for line in result.outlines if "::" in line) == [f"{path}::x" for path in ours]
    result.stdout.fnmatch_lines(["eximsim: 3 scenarios in 3 files; accepted messages stay on the simulated queue*",
                                 "eximsim: imitates Exim 4.99: no name of the configuration tells, the latest is taken (3 scenarios)",
                                 "eximsim: 1 other YAML file left alone"])
    assert result.ret == 0


@pytest.mark.parametrize(("ini", "ids"), [
    ("mail", ["mail/a.yaml::x", "tests/mail/b.yaml::x"]), ("tests/mail", ["tests/mail/b.yaml::x"]), ("m* scenarios", [
        "mail/a.yaml::x", "scenarios/c.yaml::x", "tests/mail/b.yaml::x"]), ("none", []),
])
def test_ini_names_the_folders(pytester: pytest.Pytester, ini: str, ids: list[str]) -> None:
    for path in ("mail/a.yaml", "tests/mail/b.yaml", "scenarios/c.yaml"):
        write(pytester, path, scenario("x"))
    pytester.makeini(f"[pytest]\neximsim_dirs = {ini}\n")
    assert collected(pytester) == ids


@pytest.mark.parametrize("path", ["elsewhere/d.yaml", "scenarios/_used.yaml", "_e.eximsim.yaml"])
def test_a_scenario_file_named_on_the_command_line(pytester: pytest.Pytester, path: str) -> None:
    write(pytester, path, scenario("x"), scenario("y"))
    assert collected(pytester, path) == [f"{path}::x", f"{path}::y"]
    assert collected(pytester, f"{path}::y") == [f"{path}::y"]


def test_what_is_named_must_be_a_scenario_file(pytester: pytest.Pytester) -> None:
    (pytester.path / "values.yaml").write_text("# nothing\nscenaros: 1\n")
    result = pytester.runpytest("values.yaml")
    result.stdout.fnmatch_lines(["values.yaml:2:1: this is no scenario file: it has no `scenarios:` (is `scenaros` meant to be it?)"])
    assert result.ret == pytest.ExitCode.INTERRUPTED


def test_a_named_file_of_another_plugin_is_left_to_it(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import pytest

        class Item(pytest.Item):
            def runtest(self):
                pass

        class File(pytest.File):
            def collect(self):
                yield Item.from_parent(self, name="theirs")

        def pytest_collect_file(file_path, parent):
            if file_path.suffix == ".yaml":
                return File.from_parent(parent, path=file_path)
    """)
    (pytester.path / "scenarios").mkdir()
    (pytester.path / "scenarios" / "values.yaml").write_text("a: 1\n")
    result = pytester.runpytest("scenarios/values.yaml")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*left alone*")


# ---- names

NAMES = ["the internet cannot relay", "client [198.51.100.7] is refused", "2001:db8::1 may", "from [2001:db8::1]:25",
         "ünïcode, commas: and (more)"]


def test_every_scenario_can_be_selected_by_its_name_and_its_id(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", *(scenario(repr(name)) for name in NAMES))
    ids = collected(pytester)
    assert len(ids) == len(NAMES)
    for name, node in zip(NAMES, ids, strict=True):
        assert collected(pytester, f"scenarios/a.yaml::{name}") == [node]
        assert collected(pytester, node) == [node]


def test_rows_of_parameters_have_ids(pytester: pytest.Pytester) -> None:
    rows = scenario("to", '{rcpt_to: "${{ x }}@example.net"}', "parameters: {x: [a, b, a]}")
    write(pytester, "scenarios/a.yaml", rows, scenario("other"))
    assert collected(pytester, "scenarios/a.yaml::to") == [
        "scenarios/a.yaml::to[a]", "scenarios/a.yaml::to[b]", "scenarios/a.yaml::to[a] (2)"]
    assert collected(pytester, "scenarios/a.yaml::to[b]") == ["scenarios/a.yaml::to[b]"]


def test_k_and_m_select(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", scenario("one", GOOD, "tags: [relay]"), scenario("two"), head=EXIM + "tags: [edge]\n")
    assert collected(pytester, "-k", "two") == ["scenarios/a.yaml::two"]
    assert collected(pytester, "-m", "relay", "--strict-markers") == ["scenarios/a.yaml::one"]
    assert len(collected(pytester, "-m", "edge and not relay")) == 1


# ---- running

def test_outcomes(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", scenario("good"), scenario("refused", REFUSED), scenario("wrong", WRONG),
          scenario("skipped", WRONG, "skip: later"), scenario("forgiven", WRONG, "xfail: a known hole"),
          scenario("repaired", GOOD, "xfail: no more"))
    result = pytester.runpytest("-rsxX", "-o", "xfail_strict=true")
    result.assert_outcomes(passed=2, failed=2, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines([
        "SKIPPED * scenarios/a.yaml*: later", "XFAIL scenarios/a.yaml::forgiven - a known hole",
    ])
    result.stdout.fnmatch_lines(["*XPASS(strict)*no more*"])


def test_a_failure_explains_itself(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", scenario("wrong", "{rcpt_to: b@elsewhere.example, expect: rcpt 550 no}"))
    result = pytester.runpytest()
    result.stdout.fnmatch_lines([
        "*_ wrong _*",
        "scenarios/a.yaml:10:50: another reply in phase rcpt",
        "expected  550 no",
        "received  550 relay not permitted",
        "    10 |     send: {rcpt_to: b@elsewhere.example, expect: rcpt 550 no}",
        "*|*   ^",
        "the conversation so far:",
        "  C: RCPT TO:<b@elsewhere.example>",
        "mainlog:",
        "  2013-11-04 09:25:06 * rejected RCPT <b@elsewhere.example>: relay not permitted",
    ])
    text = result.stdout.str()
    report = text[text.index("scenarios/a.yaml:10:50"):text.index("short test summary")]
    assert report.count("\n") <= 25
    assert "plugin.py" not in text


def test_verbose_tells_more(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", scenario("wrong", WRONG))
    quiet, loud = pytester.runpytest().stdout.str(), pytester.runpytest("-v").stdout.str()
    assert "imitated: Exim 4.99" in loud
    assert "imitated: Exim 4.99" not in quiet
    assert "why:" in loud


def test_fixtures(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
        import pytest

        @pytest.fixture(scope="session")
        def domain():
            return "example.net"

        @pytest.fixture(autouse=True)
        def always(request):
            print("always for", request.node.name)
    """)
    write(pytester, "scenarios/a.yaml", scenario("one", '{rcpt_to: "b@${{ fixture.domain }}"}'), head=EXIM + "fixtures: [domain]\n")
    result = pytester.runpytest("-s", "--setup-show")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*SETUP    S domain*always for one"])


def test_a_missing_fixture(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", scenario("one"), head=EXIM + "fixtures: [nowhere]\n")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["scenarios/a.yaml:10:5: there is no fixture `nowhere`;*"])
    result.stdout.no_fnmatch_line("*plugin.py*")


def test_last_failed(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", scenario("good"), scenario("wrong", WRONG))
    write(pytester, "scenarios/b.yaml", scenario("good"))
    pytester.runpytest("-p", "cacheprovider").assert_outcomes(passed=2, failed=1)
    result = pytester.runpytest("-p", "cacheprovider", "--lf")
    result.assert_outcomes(failed=1)


def test_junit(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", scenario("good"), scenario("wrong", WRONG))
    pytester.runpytest("--junitxml=x.xml")
    text = (pytester.path / "x.xml").read_text()
    assert 'name="wrong"' in text and "another reply in phase rcpt" in text and 'name="exim" value="4.99"' in text


def test_xdist(pytester: pytest.Pytester, all_plugins: None) -> None:
    write(pytester, "scenarios/a.yaml", *(scenario(f"good {number}") for number in range(6)), scenario("wrong", WRONG))
    result = pytester.runpytest_subprocess("-n2", "-p", "no:randomly")
    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(["*eximsim: 7 scenarios in 1 file;*", "*eximsim: imitates Exim 4.99*"])


# ---- mistakes

def test_all_mistakes_are_told_at_collection_and_no_mark_hides_them(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", scenario("one", "{rcpt_too: x}", "xfail: because"),
          scenario("two", "{rcpt_to: a, tsl: none}", "xfail: because"))
    write(pytester, "scenarios/b.yaml", scenario("good"))
    result = pytester.runpytest()
    result.stdout.fnmatch_lines([
        "scenarios/a.yaml:11:12: unknown key `rcpt_too`; did you mean `rcpt_to`?",
        "    11 |     send: {rcpt_too: x}",
        "       |            ^",
        "scenarios/a.yaml:14:24: unknown key `tsl`; did you mean `tls`?",
        "    14 |     send: {rcpt_to: a, tsl: none}",
        "       |                        ^",
    ], consecutive=True)
    result.assert_outcomes(errors=1)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert "plugin.py" not in result.stdout.str()


def test_what_a_parameter_breaks_is_a_mistake_too(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", scenario("one", '{rcpt_to: a, tls: "${{ x }}"}', "parameters: {x: [none, some]}", "xfail: because"))
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(["scenarios/a.yaml:12:29: `some` where one of none, starttls, implicit is expected"])
    result.assert_outcomes(errors=1)


def test_what_a_fixture_breaks_is_not_forgiven(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import pytest\n\n@pytest.fixture\ndef x():\n    return 'some'\n")
    one = scenario("one", '{rcpt_to: a, tls: "${{ fixture.x }}"}', "xfail: because")
    write(pytester, "scenarios/a.yaml", one, head=EXIM + "fixtures: [x]\n")
    pytester.runpytest().assert_outcomes(failed=1)


def test_a_secret_is_not_shown(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALICE", "hunter2")
    write(pytester, "scenarios/a.yaml", scenario("one", '{rcpt_to: "${{ env.ALICE }}@elsewhere.example"}'))
    result = pytester.runpytest("-v")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*RCPT TO:<***@elsewhere.example>*"])
    result.stdout.no_fnmatch_line("*hunter2*")


# ---- what is missing, what is not used

def need_haproxy(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario behind a HAProxy that is not there."""
    monkeypatch.setattr("pytest_eximsim.services.haproxy.binary.shutil.which", lambda *a, **k: None)
    monkeypatch.setattr("pytest_eximsim.services.haproxy.binary._wheel", lambda: (None, "", ""))
    (pytester.path / "haproxy.cfg").write_text("listen a\n  mode tcp\n  bind :25\n  server mx1 192.0.2.25:25\n")
    write(pytester, "a.eximsim.yaml", scenario("one"), head=EXIM + "haproxy: haproxy.cfg\n")


@pytest.mark.parametrize(("required", "outcome"), [
    (None, {"skipped": 1}), ("redis,docker", {"skipped": 1}), ("", {"skipped": 1}), ("all", {"failed": 1}),
    ("redis, haproxy", {"failed": 1}),
])
def test_a_missing_program_skips_or_fails(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, required: str | None,
                                          outcome: dict[str, int]) -> None:
    monkeypatch.delenv("EXIMSIM_REQUIRE", raising=False)
    if required is not None:
        monkeypatch.setenv("EXIMSIM_REQUIRE", required)
    need_haproxy(pytester, monkeypatch)
    result = pytester.runpytest("-rsf")
    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines(["*no HAProxy found: apt-get install haproxy*"])


def test_what_nothing_used_is_a_warning_or_a_failure(pytester: pytest.Pytester) -> None:
    write(pytester, "a.eximsim.yaml", scenario("one"), head=EXIM + "remotes: {mx: {address: 203.0.113.5}}\n")
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*a.eximsim.yaml:8:*remote mx was used by nothing in this scenario"])
    result = pytester.runpytest("--eximsim-strict")
    result.assert_outcomes(failed=1)


def test_all_that_haproxy_refuses(pytester: pytest.Pytester, require: Callable[[str], str]) -> None:
    require("haproxy")
    (pytester.path / "haproxy.cfg").write_text("listen a\n  mode tcp\n  bnd :25\n  server mx1 192.0.2.25:25 chekc\n")
    write(pytester, "a.eximsim.yaml", scenario("one"), head=EXIM + "haproxy: haproxy.cfg\n")
    result = pytester.runpytest()
    result.stdout.fnmatch_lines([
        "haproxy.cfg:3: a service fails: HAProxy refuses it: unknown keyword 'bnd'*", "     3 |   bnd :25", "  haproxy.cfg:4: *chekc*"])


def test_names_of_two_releases_are_shown_where_they_stand(pytester: pytest.Pytester) -> None:
    write(pytester, "a.eximsim.yaml", scenario("one"), head="exim:\n  config: |\n    hosts_proxy = *\n    proxy_required_hosts = *\n")
    result = pytester.runpytest()
    result.stdout.fnmatch_lines([
        "a.eximsim.yaml:4:5: Exim refuses the configuration",
        "received  *proxy_required_hosts (a.eximsim.yaml:4:5) is only in 4.82+, hosts_proxy (a.eximsim.yaml:3:5) came later"])


def test_a_file_that_nobody_reads_is_told(pytester: pytest.Pytester) -> None:
    head = EXIM.replace("domains = example.net", "domains = lsearch;/etc/domains")
    write(pytester, "a.eximsim.yaml", scenario("one"), head=head + 'files: {/etc/domains: "example.net:", /etc/other: x}\n')
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(["*a.eximsim.yaml:8:*file /etc/other was used by nothing in this scenario"])


def test_logs_and_files_are_kept(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", scenario("the wrong [one]", WRONG))
    pytester.runpytest("--eximsim-keep", "kept")
    kept = pytester.path / "kept" / "a" / "the_wrong_one"
    assert "rejected RCPT <b@elsewhere.example>" in (kept / "mainlog").read_text()
    assert (kept / "paniclog").read_text() == ""


def test_a_place_where_nothing_can_be_kept(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", scenario("one"))
    (pytester.path / "kept").write_text("")
    result = pytester.runpytest("--eximsim-keep", "kept")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["--eximsim-keep: */kept/a* cannot be written: *"])


def test_the_longest_time(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", "  - name: slow\n    wait: {real: 30s}\n")
    result = pytester.runpytest("--eximsim-timeout=0.2")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["scenarios/a.yaml:*not done in time*"])


def test_programs_run_only_where_they_are_allowed(pytester: pytest.Pytester) -> None:
    write(pytester, "scenarios/a.yaml", "  - name: program\n    run: [/bin/false]\n")
    pytester.runpytest().stdout.fnmatch_lines(["*a program is not run unless --eximsim-allow=run says so"])
    pytester.runpytest("--eximsim-allow=run").stdout.fnmatch_lines(["*`run` is not yet available"])


# ---- the plugin in other people's runs

@pytest.mark.parametrize("arguments", [
    ["-p", "eximsim"], ["-p", "eximsim", "-p", "eximsim"], ["-p", "pytest_eximsim.plugin"],
    ["-p", "pytest_eximsim.plugin", "-p", "eximsim"], ["-p", "eximsim", "-p", "pytest_eximsim.plugin"],
])
def test_loading_it_twice_is_no_mistake(pytester: pytest.Pytester, all_plugins: None, arguments: list[str]) -> None:
    write(pytester, "a.eximsim.yaml", scenario("one"))
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=1)


def test_named_by_a_conftest_too(pytester: pytest.Pytester, all_plugins: None) -> None:
    pytester.makeconftest("pytest_plugins = ['eximsim', 'pytest_eximsim.plugin']")
    write(pytester, "a.eximsim.yaml", scenario("one"))
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_without_autoload(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS")
    write(pytester, "a.eximsim.yaml", scenario("one"))
    pytester.runpytest_subprocess("-p", "eximsim").assert_outcomes(passed=1)


def test_nothing_is_imported_for_an_unrelated_run(pytester: pytest.Pytester, all_plugins: None) -> None:
    pytester.makepyfile("""
        import sys

        def test_modules():
            ours = sorted(name for name in sys.modules if name.startswith("pytest_eximsim"))
            assert ours == ["pytest_eximsim", "pytest_eximsim.plugin"], ours
            assert "yaml" not in sys.modules and "greenlet" not in sys.modules
    """)
    (pytester.path / "values.yaml").write_text("a: 1\n")
    result = pytester.runpytest_subprocess("-p", "no:hypothesispytest", "-p", "no:xdist")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*eximsim:*")


@pytest.mark.parametrize(("argument", "message"), [
    ("--eximsim-allow=rnu", "*--eximsim-allow: 'rnu': only run can be allowed"),
    ("--eximsim-timeout=soon", "*--eximsim-timeout: 'soon' is no number of seconds"),
    ("--eximsim-timeout=-1", "*--eximsim-timeout: '-1' is no number of seconds"),
])
def test_wrong_options(pytester: pytest.Pytester, argument: str, message: str) -> None:
    result = pytester.runpytest_subprocess(argument)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_only_the_public_api_is_used() -> None:
    source = (Path(pytest_eximsim.__path__[0]) / "plugin.py").read_text()
    assert "_pytest" not in source.replace("pytest_", "")
    assert "callspec" not in source


def test_update_writes_what_the_mta_does(pytester: pytest.Pytester) -> None:
    """Shown, and in the file."""
    file = write(pytester, "scenarios/a.yaml", scenario("good"), scenario("wrong", WRONG))
    result = pytester.runpytest("--eximsim-update")
    result.stdout.fnmatch_lines(["*= eximsim update =*", f"updated {file}: 1 place"])
    assert result.ret == 0
    assert 'send: {rcpt_to: b@elsewhere.example, expect: "rcpt 550 relay not permitted"}' in file.read_text()
    result = pytester.runpytest("--eximsim-update")
    result.stdout.fnmatch_lines(["nothing to update"])


@pytest.mark.parametrize(("options", "said"), [
    (["--eximsim-mta=both"], "*--eximsim-update writes what one MTA does: --eximsim-mta=exim or simulator"),
    (["-p", "xdist", "-n", "2"], "*--eximsim-update changes files, which one process can do: without -n"),
])
def test_update_by_one_process_and_of_one_mta(pytester: pytest.Pytester, options: list[str], said: str) -> None:
    """What cannot be is refused before anything runs."""
    write(pytester, "scenarios/a.yaml", scenario("wrong", WRONG))
    result = pytester.runpytest("--eximsim-update", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([said])
