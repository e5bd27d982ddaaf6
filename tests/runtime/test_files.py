"""The layers of the file tree: what is found where, what is written where, what errors are."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from pytest_eximsim.runtime.files import FileTree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of a server's files, with links as there are on servers."""
    root = tmp_path / "root"
    (root / "etc/exim4/conf.d").mkdir(parents=True)
    (root / "etc/exim4/relays").write_bytes(b"192.0.2.0/24\n")
    (root / "etc/aliases").write_bytes(b"postmaster: root\n")
    (root / "etc/exim").symlink_to("exim4")
    (root / "etc/absolute").symlink_to("/etc/aliases")
    (root / "etc/up").symlink_to("../etc/exim/relays")
    (root / "etc/escape").symlink_to("../../../../../../../../etc/hostname")
    (root / "etc/passwords").symlink_to("/etc/shadow")
    (root / "etc/loop").symlink_to("loop")
    return root


@pytest.fixture
def tree(tmp_path: Path, root: Path) -> FileTree:
    folder = tmp_path / "configuration"
    folder.mkdir()
    (folder / "relative").write_bytes(b"beside the configuration\n")
    given = {"list": b"given\n", "both": b"given\n", "script": b"#!/bin/sh\n",
             "/etc/mailname": b"example.net\n", "/etc/exim/extra": b"more\n"}
    (folder / "both").write_bytes(b"folder\n")
    return FileTree(tmp_path / "work", given=given, root=root, folder=folder)


def error_of(function: object, *arguments: object) -> int | None:
    with pytest.raises(OSError) as caught:
        function(*arguments)  # type: ignore[operator]
    return caught.value.errno


@pytest.mark.parametrize(("path", "content"), [
    ("/etc/mailname", b"example.net\n"),
    ("/etc/aliases", b"postmaster: root\n"),
    ("//etc/./exim4/../aliases", b"postmaster: root\n"),
    ("/etc/exim4/relays", b"192.0.2.0/24\n"),
    ("/etc/exim/relays", b"192.0.2.0/24\n"),
    ("/etc/exim4/extra", b"more\n"),
    ("/etc/exim/extra", b"more\n"),
    ("/etc/exim/../aliases", b"postmaster: root\n"),
    ("/etc/absolute", b"postmaster: root\n"),
    ("/etc/up", b"192.0.2.0/24\n"),
    ("/etc/aliases\0behind", b"postmaster: root\n"),
    ("relative", b"beside the configuration\n"),
    ("both", b"given\n"),
    ("list", b"given\n"),
    ("@DIR@/list", b"given\n"),
    ("@FOLDER@/relative", b"beside the configuration\n"),
    ("/dev/null", b""),
])
def test_reading(tree: FileTree, tmp_path: Path, path: str, content: bytes) -> None:
    path = path.replace("@DIR@", tree.directory).replace("@FOLDER@", str(tmp_path / "configuration"))
    assert tree.read(path) == content
    assert tree.missing == {}


@pytest.mark.parametrize(("path", "number"), [
    ("/etc/hostname", errno.ENOENT),            # the machine's own
    ("/etc/escape", errno.ENOENT),
    ("/etc/passwords", errno.ENOENT),
    ("/etc/loop", errno.ELOOP),
    ("/etc/aliases/x", errno.ENOTDIR),
    ("/etc/aliases/", errno.ENOTDIR),
    ("/etc/mailname/x", errno.ENOTDIR),
    ("/etc", errno.EISDIR),
    ("/etc/exim", errno.EISDIR),
    ("/nowhere/x", errno.ENOENT),
    ("", errno.ENOENT),
    ("@DIR@/relative", errno.ENOENT),           # only a relative path means the configuration's folder
])
def test_reading_fails(tree: FileTree, path: str, number: int) -> None:
    assert error_of(tree.read, path.replace("@DIR@", tree.directory)) == number


def test_missing_paths_are_kept_once_and_in_order(tree: FileTree) -> None:
    for path in ("/b", "/a", "/b"):
        with pytest.raises(FileNotFoundError, match="No such file or directory"):
            tree.status(path)
    assert not tree.has("/c")
    assert list(tree.missing) == ["/b", "/a"]


def test_outside_reads_the_machine_last(tmp_path: Path, root: Path) -> None:
    (tmp_path / "machine").write_bytes(b"outside\n")
    (tmp_path / "given").write_bytes(b"outside\n")
    tree = FileTree(tmp_path / "work", given={str(tmp_path / "given"): b"given\n"}, root=root, outside=True)
    assert tree.read(str(tmp_path / "machine")) == b"outside\n"
    assert tree.read(str(tmp_path / "given")) == b"given\n"
    tree.write(str(tmp_path / "machine"), b"changed\n")
    assert (tmp_path / "machine").read_bytes() == b"outside\n"
    assert tree.read(str(tmp_path / "machine")) == b"changed\n"


def test_status(tree: FileTree) -> None:
    tree.write("/var/mail/joe", b"12345", mode=0o640)
    found = tree.status("/var/mail/joe")
    assert (found.kind, stat.S_IMODE(found.mode), found.size, found.links) == ("file", 0o640, 5, 1)
    assert stat.S_ISDIR(tree.status("/var/mail").mode)
    assert [tree.status(path).kind for path in ("/", "/etc/exim", "/tmp", tree.directory, "/dev/null")] == [*["dir"] * 4, "other"]


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_mode_is_the_asked_one_whatever_the_umask(tree: FileTree, umask: int) -> None:
    before = os.umask(umask)
    try:
        tree.write("/var/mail/joe", b"", mode=0o664)
        tree.make_directory("/var/mail/box", 0o750)
    finally:
        os.umask(before)
    assert stat.S_IMODE(tree.status("/var/mail/joe").mode) == 0o664
    assert stat.S_IMODE(tree.status("/var/mail/box").mode) == 0o750


def test_a_script_that_is_given_can_be_run(tree: FileTree) -> None:
    assert os.access(tree.real_path("script"), os.X_OK)


def test_appending_copies_first(tree: FileTree, root: Path) -> None:
    tree.write("/etc/aliases", b"abuse: root\n", append=True)
    assert tree.read("/etc/aliases") == tree.read("/etc/absolute") == b"postmaster: root\nabuse: root\n"
    assert (root / "etc/aliases").read_bytes() == b"postmaster: root\n"
    assert tree.written == ["/etc/aliases"]


def test_writing_through_a_link_changes_what_it_leads_to(tree: FileTree) -> None:
    tree.write("/etc/absolute", b"new\n")
    assert tree.read("/etc/aliases") == b"new\n"
    assert tree.written == ["/etc/aliases"]


def test_folders_are_made_where_they_miss(tree: FileTree) -> None:
    tree.write("/srv/mail/example.net/joe", b"x")
    tree.write("relative-too", b"y")
    assert tree.read("/srv/mail/example.net/joe") == b"x"
    assert tree.read(f"{tree.directory}/relative-too") == b"y"


@pytest.mark.parametrize("path", ["/proc/nothing/history", "/proc/x", "/sys/x", "/dev/x"])
def test_nothing_is_made_below_the_systems_own(tree: FileTree, path: str) -> None:
    """Case DMARC-061."""
    assert error_of(tree.write, path, b"x") == errno.EACCES
    assert error_of(tree.make_directory, path) == errno.EACCES
    assert error_of(tree.rename, "/etc/aliases", path) == errno.EACCES
    assert not tree.has(path)


def test_what_is_given_there_can_be_read(tmp_path: Path) -> None:
    """Case EXPAND-015."""
    tree = FileTree(tmp_path, given={"/proc/sys/net/ipv4/ip_default_ttl": b"64\n"})
    assert tree.read("/proc/sys/net/ipv4/ip_default_ttl") == b"64\n"
    assert error_of(tree.write, "/proc/sys/net/ipv4/ip_default_ttl", b"1") == errno.EACCES
    assert error_of(tree.remove, "/proc/sys/net/ipv4/ip_default_ttl") == errno.EACCES


def test_dev_null_swallows(tree: FileTree) -> None:
    tree.write("/dev/null", b"message", append=True)
    assert tree.read("/dev/null") == b""
    assert tree.written == []


@pytest.mark.parametrize(("path", "number"), [
    ("/etc/exim", errno.EISDIR), ("/etc", errno.EISDIR), ("/etc/aliases/x", errno.ENOTDIR), ("/etc/mailname/x/y", errno.ENOTDIR),
])
def test_writing_fails(tree: FileTree, path: str, number: int) -> None:
    assert error_of(tree.write, path, b"x") == number


def test_listing_joins_the_layers(tree: FileTree) -> None:
    assert tree.list("/etc/exim") == [".", "..", "conf.d", "extra", "relays"]
    tree.remove("/etc/exim4/relays")
    tree.write("/etc/exim4/new", b"")
    assert tree.list("/etc/exim4/") == [".", "..", "conf.d", "extra", "new"]
    assert tree.list(tree.directory) == [".", "..", "both", "list", "script"]
    assert error_of(tree.list, "/etc/aliases") == errno.ENOTDIR
    assert error_of(tree.list, "/nowhere") == errno.ENOENT


def test_make_directory(tree: FileTree) -> None:
    tree.make_directory("/var/mail/box")
    assert tree.list("/var/mail/box") == [".", ".."]
    for path in ("/var/mail/box", "/var/mail", "/etc/exim", "/etc/aliases"):
        assert error_of(tree.make_directory, path) == errno.EEXIST


def test_rename(tree: FileTree, root: Path) -> None:
    tree.write("/var/mail/tmp/1", b"new")
    tree.rename("/var/mail/tmp/1", "/var/mail/new/1")
    assert tree.list("/var/mail/tmp") == [".", ".."]
    assert tree.read("/var/mail/new/1") == b"new"
    tree.rename("/etc/aliases", "/etc/mailname")
    assert tree.read("/etc/mailname") == b"postmaster: root\n"
    assert error_of(tree.read, "/etc/aliases") == errno.ENOENT
    assert error_of(tree.read, "/etc/absolute") == errno.ENOENT
    assert (root / "etc/aliases").exists()
    assert error_of(tree.rename, "/nowhere", "/x") == errno.ENOENT


def test_rename_a_folder_with_what_is_in_it(tree: FileTree) -> None:
    tree.rename("/etc/exim4", "/etc/old")
    assert tree.list("/etc/old") == [".", "..", "conf.d", "extra", "relays"]
    assert tree.read("/etc/old/relays") == b"192.0.2.0/24\n"
    assert error_of(tree.read, "/etc/exim4/relays") == errno.ENOENT
    tree.write("/etc/exim4/other", b"x")
    assert tree.list("/etc/exim4") == [".", "..", "other"]


def test_remove(tree: FileTree, root: Path) -> None:
    tree.remove("/etc/aliases")
    assert error_of(tree.read, "/etc/aliases") == errno.ENOENT
    tree.write("/etc/aliases", b"again")
    assert tree.read("/etc/aliases") == b"again"
    tree.remove("/etc/aliases")
    assert error_of(tree.remove, "/etc/aliases") == errno.ENOENT
    assert error_of(tree.remove, "/etc/exim4") == errno.ENOTEMPTY
    tree.remove("/etc/exim4/conf.d")
    assert error_of(tree.status, "/etc/exim4/conf.d") == errno.ENOENT
    assert (root / "etc/exim4/conf.d").exists()


def test_removing_a_link_leaves_its_target(tree: FileTree) -> None:
    tree.remove("/etc/exim")
    assert error_of(tree.read, "/etc/exim/relays") == errno.ENOENT
    assert tree.read("/etc/exim4/relays") == b"192.0.2.0/24\n"


def test_real_paths(tree: FileTree, root: Path) -> None:
    copy = Path(tree.real_path("/etc/exim/relays"))
    copy.write_bytes(b"changed by a library\n")
    assert tree.read("/etc/exim4/relays") == b"changed by a library\n"
    assert (root / "etc/exim4/relays").read_bytes() == b"192.0.2.0/24\n"
    new = Path(tree.real_path("/var/lib/log.db"))
    new.write_bytes(b"made by a library\n")
    assert tree.read("/var/lib/log.db") == b"made by a library\n"
    assert not Path(tree.real_path("/proc/nothing/x")).parent.exists()
    assert not Path(tree.real_path("/nosuch/folder/log.db")).parent.exists()
    assert Path(tree.real_path("/etc/exim4/conf.d")).is_dir()


def test_names_are_bytes(tmp_path: Path) -> None:
    """A name in UTF-8 is two characters a letter for the MTA, and the same bytes on disk."""
    tree = FileTree(tmp_path / "wörk")
    name = "ä".encode().decode("latin-1")
    tree.write(f"{tree.directory}/{name}", b"x")
    assert (tmp_path / "wörk" / "ä").read_bytes() == b"x"
    assert tree.list(tree.directory) == [".", "..", name]
