"""Opening files that the configuration names: who may, and what is said where one may not (asked of Exim 4.96)."""

from __future__ import annotations

import errno
from types import SimpleNamespace

import pytest

from pytest_eximsim.exim.files import open_error, read_file
from pytest_eximsim.exim.taint import Tainted

from .fake_world import process


def test_a_file_is_read() -> None:
    assert read_file(process(files={"/f": "x"}), "/f") == b"x"


def test_not_by_a_name_from_outside() -> None:
    p = process(files={"/f": "x"})
    with pytest.raises(PermissionError):
        read_file(p, Tainted("/f"))
    assert p.world.logs.of("main") == p.world.logs.of("panic") == ["Tainted filename '/f'"]        # type: ignore[attr-defined]


def test_who_may_not_is_told_who_he_is() -> None:
    p = process()
    assert open_error(p, FileNotFoundError(errno.ENOENT, "No such file or directory")) == "No such file or directory"
    denied = PermissionError(errno.EACCES, "Permission denied")
    assert open_error(p, denied) == "Permission denied (euid=0 egid=106)"
    p.connection.stream = SimpleNamespace()                              # type: ignore[assignment]
    assert open_error(p, denied) == "Permission denied (euid=103 egid=106)"
