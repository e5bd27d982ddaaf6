"""What the whole suite needs: programs that may be missing, and real servers to test against.

A test that lacks a program is skipped with a reason that says which. With EXIMSIM_REQUIRE=all (as in CI) every skip is a failure, so that
nothing is left untested there without a word.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path

import pytest

SEARCHED = ("/usr/local/sbin", "/usr/sbin", "/sbin", *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True))
IMAGES = Path(__file__).parent / "images"
Require = Callable[[str], str]


# ---- skips

def demanded() -> bool:
    return os.environ.get("EXIMSIM_REQUIRE", "") == "all"


def _no_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if demanded() and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"EXIMSIM_REQUIRE=all: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _no_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _no_skip(report)
    return report


def find(program: str) -> str | None:
    return shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), *SEARCHED)))


@pytest.fixture(scope="session")
def require() -> Require:
    """`require("redis-server")` is its path; the test is skipped where there is none."""

    def path(program: str) -> str:
        found = find(program)
        if found is None:
            pytest.skip(f"the program {program} is not here")
        return found

    return path


# ---- servers

def free_port() -> int:
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])


def as_user(name: str) -> list[str]:
    """The beginning of a command that runs as an unprivileged user: servers refuse root. Nothing where we are none."""
    if os.getuid():
        return []
    try:
        pwd.getpwnam(name)
    except KeyError:
        pytest.skip(f"there is no user {name} that the server could run as")
    return ["setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups"]


@contextlib.contextmanager
def folder_of(user: str) -> Iterator[Path]:
    """A folder that the server's user may write to; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix=f"eximsim-test-{user}-"))
    try:
        if not os.getuid():
            shutil.chown(folder, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(argv: list[str], log: Path, answers: Callable[[], bool], within: float = 30.0) -> Iterator[subprocess.Popen[bytes]]:
    """A server, from when it answers to the end of the block."""
    with open(log, "wb") as output:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd="/")
    try:
        until = time.monotonic() + within
        while not answers():
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"{argv[0]} does not answer: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def connects(url: str, kind: str) -> Callable[[], bool]:
    from pytest_eximsim.errors import ServiceError
    from pytest_eximsim.services.sql.providers import KINDS

    def answers() -> bool:
        client = KINDS[kind].client(url)
        try:
            client.connect()
        except ServiceError:
            return False
        client.close()
        return True

    return answers


@pytest.fixture(scope="session")
def redis_url(require: Require) -> Iterator[str]:
    """A redis-server that somebody else runs, with a password and eight databases."""
    from pytest_eximsim.services.redis.providers import read_url
    from pytest_eximsim.services.redis.wire import WireConnection

    program, port = require("redis-server"), free_port()
    url = f"redis://:sesame@127.0.0.1:{port}"

    def answers() -> bool:
        asking = WireConnection(read_url(url)[0])
        try:
            return asking.command([b"PING"]) == b"PONG"
        except OSError:
            return False
        finally:
            asking.close()

    with tempfile.TemporaryDirectory(prefix="eximsim-test-redis-") as folder:
        argv = [program, "--port", str(port), "--bind", "127.0.0.1", "--requirepass", "sesame", "--databases", "8", "--save", "",
                "--dir", folder]
        with running(argv, Path(folder) / "log", answers):
            yield url


@pytest.fixture(scope="session")
def pgsql_url(require: Require) -> Iterator[str]:
    """A PostgreSQL of the machine's packages, made for this session."""
    server, initdb, user, port = require("postgres"), require("initdb"), as_user("postgres"), free_port()
    with folder_of("postgres") as folder:
        data = str(folder / "data")
        subprocess.run([*user, initdb, "-D", data, "-U", "exim", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"],
                       check=True, stdout=subprocess.DEVNULL, cwd="/")
        argv = [*user, server, "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}",
                "-c", "fsync=off"]
        url = f"postgresql://exim@127.0.0.1:{port}/postgres"
        with running(argv, folder / "log", connects(url, "pgsql")):
            yield url


@pytest.fixture(scope="session")
def mysql_url(require: Require) -> Iterator[str]:
    """A MariaDB of the machine's packages, made for this session."""
    server, install, user, port = require("mariadbd"), require("mariadb-install-db"), as_user("mysql"), free_port()
    with folder_of("mysql") as folder:
        data, socket_path, setup = str(folder / "data"), str(folder / "s"), folder / "setup.sql"
        setup.write_text("CREATE USER exim@localhost IDENTIFIED BY 'secret';\nGRANT ALL ON *.* TO exim@localhost WITH GRANT OPTION;\n")
        subprocess.run([*user, install, "--no-defaults", f"--datadir={data}", "--skip-test-db", "--auth-root-authentication-method=normal"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        argv = [*user, server, "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1",
                f"--socket={socket_path}", f"--pid-file={folder}/pid", f"--init-file={setup}"]
        url = f"mysql://exim:secret@127.0.0.1:{port}/mysql"
        with running(argv, folder / "log", connects(url, "mysql"), 60.0):
            yield url


# ---- containers

@pytest.fixture(scope="session")
def images(require: Require) -> Mapping[str, str]:
    """Images of Debian's packages, by `redis`, `postgres`, `mariadb` and `exim`: no registry is asked. The first build takes minutes."""
    from pytest_eximsim.runtime import containers

    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")      # its image would have to come from a registry
    if reason := containers.available():
        pytest.skip(reason)
    for program in ("docker", "debootstrap"):
        require(program)
    build = [str(IMAGES / "build")] if os.getuid() == 0 or find("sudo") is None else ["sudo", "-n", str(IMAGES / "build")]
    with one_at_a_time():
        built = subprocess.run(build, capture_output=True, text=True, check=False)
    if built.returncode:
        pytest.skip(f"images cannot be built (debootstrap needs root): {built.stderr[-500:]}")
    return {name.partition("/")[2].partition(":")[0]: name for name in built.stdout.split()}


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Among all workers of this machine."""
    import fcntl

    with open(Path(tempfile.gettempdir()) / f"eximsim-test-images-{os.getuid()}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
