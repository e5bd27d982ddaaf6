"""Where the files that a haproxy.cfg names are found."""

from pathlib import Path

from pytest_eximsim.services.haproxy.tree import HaproxyTree


def tree(path: Path) -> HaproxyTree:
    config, root, run = path / "config", path / "root", path / "run"
    (root / "etc/haproxy").mkdir(parents=True)
    (root / "etc/haproxy/a.lst").write_text("root")
    config.mkdir()
    (config / "b.lst").write_text("beside")
    return HaproxyTree(run, config, root, {"/etc/haproxy/c.lst": "given", "b2.lst": "given too", "/etc/certs/x.pem": "1"})


def read(found: str | None) -> str:
    assert found is not None
    return Path(found).read_text()


def test_places(tmp_path: Path) -> None:
    one = tree(tmp_path)
    assert read(one.find("/etc/haproxy/a.lst")) == "root"
    assert read(one.find("b.lst")) == "beside"
    assert read(one.find("/etc/haproxy/c.lst")) == "given"
    assert read(one.find("b2.lst")) == "given too"
    assert one.missing == []


def test_nothing_else_of_the_machine_is_read(tmp_path: Path) -> None:
    one = tree(tmp_path)
    assert one.find("/etc/passwd") is None
    assert one.missing == ["/etc/passwd"]


def test_folders(tmp_path: Path) -> None:
    one = tree(tmp_path)
    assert one.find("/etc/haproxy") == str((tmp_path / "root/etc/haproxy").resolve())
    certificates = one.find("/etc/certs")
    assert certificates is not None
    assert (Path(certificates) / "x.pem").read_text() == "1"


def test_what_is_made_stays_in_the_run(tmp_path: Path) -> None:
    one = tree(tmp_path)
    made = one.keep("/etc/../../x.pem", b"made")
    assert Path(made).is_relative_to(tmp_path / "run")
    assert read(made) == "made"
