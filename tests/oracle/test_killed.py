"""The end of a run in the middle of a scenario on a real Exim, by kill -9 or Ctrl-C: nothing of it is left, neither here nor in Docker."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from pytest_eximsim.runtime import containers
from pytest_eximsim.runtime.owner import Owner

SCENARIO = """\
haproxy: haproxy.cfg
redis: {provider: container}
remotes:
  mx: {address: 203.0.113.5}
scenarios:
  - name: waits
    session:
      smtp: |
        S: 220
        C: EHLO client.example
        S: 250
        S: <nothing> 50s
"""
HAPROXY = """\
defaults
  mode tcp
  timeout client 1m
  timeout server 1m
  timeout connect 5s
listen smtp
  bind :25
  server mta 192.0.2.25:25 send-proxy-v2
"""
WITHIN = 90.0


@pytest.fixture(params=["namespaces", "container"])
def options(request: pytest.FixtureRequest, require: Callable[[str], str], images: Mapping[str, str]) -> list[str]:
    require("haproxy")
    redis = ["-o", f"eximsim_redis_image={images['redis']}"]
    if request.param == "container":
        return [*redis, "-o", f"eximsim_exim_image={images['exim']}"]
    require("exim4")
    if os.getuid():
        pytest.skip("namespaces take root")
    return redis


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files whose name is short: sockets are made in it."""
    with tempfile.TemporaryDirectory(prefix="eximsim-test-") as folder:
        yield Path(folder)


@pytest.mark.parametrize(("subject", "how", "status"), [
    ("exim", signal.SIGKILL, -signal.SIGKILL),
    ("both", signal.SIGKILL, -signal.SIGKILL),
    ("exim", signal.SIGINT, pytest.ExitCode.INTERRUPTED),
])
def test_nothing_is_left(tmp_path: Path, temporary: Path, options: list[str], subject: str, how: signal.Signals, status: int) -> None:
    (tmp_path / "a.eximsim.yaml").write_text(SCENARIO)
    (tmp_path / "haproxy.cfg").write_text(HAPROXY)
    argv = [sys.executable, "-m", "pytest", "-p", "eximsim", "-p", "no:cacheprovider", f"--eximsim-mta={subject}", *options]
    run = subprocess.Popen([*argv, "a.eximsim.yaml"], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TMPDIR": str(temporary)})
    try:
        owner = Owner.of(run.pid)
        soon(lambda: {"exim4", "haproxy"} <= {name for name, _ in descendants(run.pid, owner)})
        found = descendants(run.pid, owner)
        owners = {str(owner), *(str(one) for _, one in found)}
        assert containers_of(owners)
        networks = {network for _, one in found if (network := network_of(one.pid)) != network_of(os.getpid())}
        assert len(found) > 3 and networks
        run.send_signal(how)
        assert run.wait(WITHIN) == status
    finally:
        run.kill()
        run.wait()
    soon(lambda: all(one.gone() for _, one in found))
    soon(lambda: not networks & {network_of(int(name)) for name in os.listdir("/proc") if name.isdigit()})
    soon(lambda: containers_of(owners) == [])
    soon(lambda: [one.name for one in temporary.iterdir() if one.suffix != ".lock"] == [])
    assert str(temporary) not in Path("/proc/self/mounts").read_text()


def soon(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def descendants(pid: int, owner: Owner) -> list[tuple[str, Owner]]:
    """All processes that a run has started, here and in its container, with the names of their programs."""
    parents = {}
    names = {}
    for place in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if place.name.isdigit():
                head, _, rest = (place / "stat").read_text().rpartition(")")
                names[int(place.name)], parents[int(place.name)] = head.partition("(")[2], int(rest.split()[1])
    found = {pid, *containers_of({str(owner)})} - {0}       # 0 is everybody's
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return [(names.get(one, ""), Owner.of(one)) for one in found - {pid}]


def containers_of(owners: set[str]) -> list[int]:
    """The first processes of containers, those that an agent has started too; 0 of one that does not run."""
    import docker

    client = docker.from_env()
    try:
        found = client.containers.list(all=True, filters={"label": containers.LABEL}, ignore_removed=True)
        return [one.attrs["State"]["Pid"] for one in found if one.labels[containers.LABEL] in owners]
    finally:
        client.close()


def network_of(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/net")
    except OSError:
        return ""
