"""A small file tree, the accounts that a bare check has, and `read`: text of a configuration → Configuration."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from pytest_eximsim.errors import ConfigError
from pytest_eximsim.exim.config.check import check_configuration
from pytest_eximsim.exim.config.model import Configuration, Finding
from pytest_eximsim.exim.config.parser import read_configuration
from pytest_eximsim.exim.release import RELEASES
from pytest_eximsim.exim.world import FileStatus, User

CONFIG = "/etc/exim.conf"


@dataclass
class Tree:
    """Files by path; a directory is what has files below it. Only what reading needs of world.Files."""

    texts: dict[str, str] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        if self._folder(path):
            raise IsADirectoryError(errno.EISDIR, "Is a directory")
        if path not in self.texts:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return self.texts[path].encode("latin-1")

    def _folder(self, path: str) -> bool:
        return any(name.startswith(path.rstrip("/") + "/") for name in self.texts)

    def status(self, path: str) -> FileStatus:
        if not self._folder(path) and path not in self.texts:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return FileStatus("dir" if self._folder(path) else "file", 0o644, 1, 1, 1, 0, 0, 0, 0, 0, 0)

    def list(self, path: str) -> Sequence[str]:
        start = path.rstrip("/") + "/"
        return sorted({name[len(start):].split("/")[0] for name in self.texts if name.startswith(start)})


@dataclass
class Accounts:
    """root, daemon, mail, nobody."""

    found: tuple[User, ...] = (User("root", 0, 0), User("daemon", 1, 1), User("mail", 8, 8), User("nobody", 65534, 65534))

    def by_name(self, name: str) -> User | None:
        return next((u for u in self.found if u.name == name), None)

    def by_uid(self, uid: int) -> User | None:
        return next((u for u in self.found if u.uid == uid), None)

    def group(self, name: str) -> int | None:
        return next((u.gid for u in self.found if u.name == name), None)


def _arguments(text: str, release: str, files: Mapping[str, str], options: dict[str, Any]) -> tuple[Any, str, dict[str, Any]]:
    return Tree({CONFIG: text, **files}), options.pop("path", CONFIG), {
        "release": RELEASES[release], "users": Accounts(), "hostname": "mail.example.net", **options,
    }


@pytest.fixture
def read() -> Callable[..., Configuration]:
    """`read(text, release="4.99", files={}, **options of read_configuration)`."""

    def call(text: str, release: str = "4.99", files: Mapping[str, str] | None = None, **options: Any) -> Configuration:
        tree, path, rest = _arguments(text, release, files or {}, options)
        return read_configuration(tree, path, **rest)

    return call


@pytest.fixture
def refused(read: Callable[..., Configuration]) -> Callable[..., list[str]]:
    """As `read`, for a text that is refused: Exim's lines, without blanks in front."""

    def call(text: str, release: str = "4.99", files: Mapping[str, str] | None = None, **options: Any) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(text, release, files, **options)
        return [line.strip() for line in caught.value.lines]

    return call


@pytest.fixture
def check() -> Callable[..., list[Finding]]:
    """As `read`, for check_configuration."""

    def call(text: str, release: str = "4.99", files: Mapping[str, str] | None = None, **options: Any) -> list[Finding]:
        tree, path, rest = _arguments(text, release, files or {}, options)
        return check_configuration(tree, path, **rest)

    return call
