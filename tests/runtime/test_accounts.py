"""Whose accounts there are, and which comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_eximsim.exim.world import User
from pytest_eximsim.runtime.accounts import Accounts
from pytest_eximsim.runtime.files import FileTree

PASSWD = b"root:x:0:0:Charlie &:/root:/bin/sh\njoe:*:1004:100:Joe,,,:/home/j:/bin/zsh\nbroken:x:1\n+::::::\nann:x:1000:1000::/:\n"


@pytest.mark.parametrize(("name", "uid", "gid", "home"), [
    ("root", 0, 0, "/root"), ("daemon", 1, 1, "/usr/sbin"), ("mail", 8, 8, "/var/mail"), ("nobody", 65534, 65534, "/nonexistent"),
    ("alice", 1001, 1001, "/srv/alice"), ("bob", 1000, 1000, "/home/bob"), ("carol", 1002, 1002, "/home/carol"),
])
def test_without_files(name: str, uid: int, gid: int, home: str) -> None:
    accounts = Accounts({"alice": (1001, "/srv/alice"), "bob": (None, None), "carol": (None, None)})
    user = accounts.by_name(name)
    assert user is not None and (user.uid, user.gid, user.home) == (uid, gid, home)
    assert accounts.by_uid(uid) == user
    assert accounts.group(name) == gid


def test_nobody_else() -> None:
    assert Accounts().by_name("sshd") is None
    assert Accounts().by_uid(1000) is None
    assert Accounts().group("ssh") is None
    assert Accounts().group("nogroup") == 65534


def test_files_of_the_tree(tmp_path: Path) -> None:
    files = FileTree(tmp_path, given={"/etc/passwd": PASSWD, "/etc/group": b"mail:x:12:\nusers:x:100:joe\nbad\n"})
    accounts = Accounts({"ann": (2000, None)}, files)
    assert accounts.by_name("joe") == User("joe", 1004, 100, "/home/j", "/bin/zsh", "Joe,,,", "*")
    assert accounts.by_name("root") == User("root", 0, 0, "/root", "/bin/sh", "Charlie &", "x")
    assert accounts.by_name("ann") == User("ann", 2000, 2000, "/home/ann")
    assert accounts.by_uid(1000) == User("ann", 1000, 1000, "/", "", "", "x")
    assert accounts.by_name("broken") is accounts.by_name("+") is None
    assert (accounts.group("mail"), accounts.group("users"), accounts.group("daemon")) == (12, 100, 1)


def test_a_file_that_changes(tmp_path: Path) -> None:
    files = FileTree(tmp_path)
    accounts = Accounts(files=files)
    assert accounts.by_name("new") is None
    files.write("/etc/passwd", b"new:x:7:7::/:/bin/sh\n")
    assert accounts.by_name("new") is not None
