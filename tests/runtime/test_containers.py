"""Containers are labelled, on loopback only, and gone at the end, whatever the end was."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pytest_eximsim.errors import ServiceError, ServiceMissing
from pytest_eximsim.runtime import containers
from pytest_eximsim.runtime.containers import LABEL, RunningContainer, Specification, start
from pytest_eximsim.runtime.owner import Owner

#: Starts a container, says its id, and waits for its own end. With a word more nobody is behind it when it is killed.
STARTS = """
import sys
from pytest_eximsim.runtime import guard
guard.SHELL = "" if sys.argv[2:] else guard.SHELL
from pytest_eximsim.runtime.containers import Specification, start
container = start(Specification(sys.argv[1], [6379], lambda container: None))
print(container.raw.get_wrapped_container().id, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def docker(images: Mapping[str, str]) -> Iterator[Any]:
    import docker

    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture
def image(images: Mapping[str, str]) -> str:
    return images["redis"]


@contextlib.contextmanager
def running(specification: Specification) -> Iterator[RunningContainer]:
    container = start(specification)
    try:
        yield container
    finally:
        container.close()


def is_there(client: Any, id: str) -> bool:
    return any(one.id == id for one in client.containers.list(all=True, ignore_removed=True))


def at_once(container: RunningContainer) -> None:
    """Ready without a look."""


def test_labelled_and_on_loopback_only(docker: Any, image: str) -> None:
    with running(Specification(image, [6379], at_once)) as container:
        inner = docker.containers.get(container.raw.get_wrapped_container().id)
        assert inner.labels[LABEL] == str(Owner.current())
        assert inner.ports["6379/tcp"] == [{"HostIp": "127.0.0.1", "HostPort": str(container.ports[6379])}]
        assert container.alive
    assert not is_there(docker, inner.id)
    assert not container.alive


def test_ready_is_asked_until_it_is(image: str) -> None:
    asked = []

    def ready(container: RunningContainer) -> None:
        asked.append(container)
        if len(asked) < 3:
            raise ConnectionError("not yet")

    with running(Specification(image, [6379], ready)):
        assert len(asked) == 3


def never(container: RunningContainer) -> None:
    raise ConnectionError("nobody answers")


def test_one_that_is_never_ready_shows_its_log(docker: Any, image: str) -> None:
    before = {one.id for one in docker.containers.list(all=True, ignore_removed=True)}
    with pytest.raises(ServiceError, match=r"was not ready within 1 s \(nobody answers\)\n(.*\n)*.*Ready to accept connections"):
        start(Specification(image, [6379], never, within=1.0))
    ours = docker.containers.list(all=True, filters={"label": f"{LABEL}={Owner.current()}"}, ignore_removed=True)
    assert {one.id for one in ours} <= before


def test_one_that_ends_shows_its_log(image: str) -> None:
    with pytest.raises(ServiceError, match=r"container \S+ ended\ntold so"):
        start(Specification(image, [6379], never, command=["sh", "-c", "echo told so"]))


def test_environment_and_command(image: str) -> None:
    with running(Specification(image, [], at_once, {"WORD": "said"}, ["sh", "-c", "echo $WORD; exec sleep 60"])) as container:
        for _ in container.raw.get_wrapped_container().logs(stream=True):
            break
        assert container.logs() == "said\n"


def test_an_image_that_is_not_there(docker: Any) -> None:
    with pytest.raises(ServiceMissing, match=r"container eximsim\.invalid/nosuch:1 cannot be started: "):
        start(Specification("eximsim.invalid/nosuch:1", [], at_once))


@contextlib.contextmanager
def starting(image: str, *words: str, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process that has started a container, and the container's id."""
    process = subprocess.Popen([sys.executable, "-c", STARTS, image, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               stderr=subprocess.DEVNULL, env=os.environ | variables)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("how", ["end", "interrupt"])
def test_removed_at_the_end_of_the_process(docker: Any, image: str, how: str) -> None:
    with starting(image) as (process, id):
        assert is_there(docker, id)
        if how == "interrupt":
            process.send_signal(signal.SIGINT)
        else:
            process.communicate()
        process.wait(30)
        assert not is_there(docker, id)


def test_one_of_a_killed_run_is_removed_at_once(docker: Any, image: str) -> None:
    with starting(image) as (process, id):
        process.kill()
        until = time.monotonic() + 60
        while is_there(docker, id):
            assert time.monotonic() < until
            time.sleep(0.1)


def test_what_a_killed_run_left_is_removed_and_only_that(docker: Any, image: str) -> None:
    """By the next run's first container; those of living processes and of others stay."""
    foreign = docker.containers.run(image, detach=True, labels={LABEL: "somebody"})
    elsewhere = docker.containers.run(image, detach=True, labels={LABEL: str(Owner("elsewhere", "x", 1, "1"))})
    try:
        with running(Specification(image, [], at_once)) as ours, starting(image, "alone") as (process, id):
            process.kill()
            process.wait()
            assert is_there(docker, id)
            with starting(image) as (_, other):
                assert not is_there(docker, id)
                ids = [foreign.id, elsewhere.id, ours.raw.get_wrapped_container().id, other]
                assert all(is_there(docker, one) for one in ids)
    finally:
        for one in (foreign, elsewhere):
            one.remove(force=True)
        containers._swept = False
        containers.sweep()


def test_beside_ryuk(docker: Any, images: Mapping[str, str]) -> None:
    """Both labels are on it: Ryuk's session and our owner."""
    with starting(images["redis"], TESTCONTAINERS_RYUK_DISABLED="false", RYUK_CONTAINER_IMAGE=images["ryuk"]) as (process, id):
        assert {LABEL, "org.testcontainers.session-id"} <= set(docker.containers.get(id).labels)
        process.communicate()
        assert not is_there(docker, id)


def test_a_ryuk_that_cannot_be_had_says_what_to_do(images: Mapping[str, str]) -> None:
    script = STARTS.replace("container = start", "from pytest_eximsim.errors import ServiceMissing\ntry: container = start").replace(
        "None))\n", "None))\nexcept ServiceMissing as missing: sys.exit(missing.message)\n")
    variables = {"TESTCONTAINERS_RYUK_DISABLED": "false", "RYUK_CONTAINER_IMAGE": "eximsim.invalid/ryuk:1"}
    done = subprocess.run([sys.executable, "-c", script, images["redis"]], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False, env=os.environ | variables)
    assert "set TESTCONTAINERS_RYUK_DISABLED=true to go without it" in done.stderr


def test_no_docker_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("docker")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nosuch/docker.sock")
    assert "start Docker (on Debian: apt-get install docker.io), or choose another provider" in containers.available()
    with pytest.raises(ServiceMissing, match="Docker does not answer"):
        start(Specification("any", [], at_once))
