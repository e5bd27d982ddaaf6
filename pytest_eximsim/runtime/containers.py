"""Containers by testcontainers: started with a label that says whose they are, removed at the end, swept when a killed run left them.

Ours is what carries the label `net.eximsim.owner` (owner.py); it is stale when its owner is gone, and then swept behind the killed run
(guard.py) or by the next one. Nothing else is ever touched. Ports are published on loopback only. Docker and testcontainers are imported
when the first container is wanted.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ..errors import ServiceError, ServiceMissing
from . import guard
from .owner import Owner, is_stale, sweeping

LABEL = "net.eximsim.owner"
HINT = "start Docker (on Debian: apt-get install docker.io), or choose another provider"


@dataclass
class RunningContainer:
    """A started container; `ports` maps the container's ports to loopback ports."""

    image: str
    ports: Mapping[int, int]
    raw: Any
    address: str = "127.0.0.1"

    def logs(self, lines: int = 30) -> str:
        """The end of its output, for a failure's text."""
        with contextlib.suppress(Exception):
            return str(self.raw.get_wrapped_container().logs(tail=lines).decode("utf-8", "replace"))
        return ""

    @property
    def alive(self) -> bool:
        """Does it run?"""
        with contextlib.suppress(Exception):
            inner = self.raw.get_wrapped_container()
            inner.reload()
            return str(inner.status) == "running"
        return False

    def close(self) -> None:
        """Removes it, whatever it does."""
        _running.discard(self)
        with contextlib.suppress(Exception):
            self.raw.stop(force=True, delete_volume=True)

    def __hash__(self) -> int:
        return id(self)


_running: set[RunningContainer] = set()


@dataclass(frozen=True)
class Specification:
    """What to start: `ready` is called with the container until it stops raising (the exception is the reason when time is over).
    `options` are more of docker's own (the keywords of its `containers.create`).
    """

    image: str
    ports: Sequence[int]
    ready: Callable[[RunningContainer], None]
    environment: Mapping[str, str] = field(default_factory=dict)
    command: Sequence[str] = ()
    within: float = 60.0
    options: Mapping[str, Any] = field(default_factory=dict)


def start(specification: Specification) -> RunningContainer:
    """Starts a container and waits until it is ready. Blocking.

    Raises ServiceMissing without Docker or its packages, ServiceError (with the container's log) when it does not come up.
    """
    raw = _create(specification)
    guard.watch_containers()
    try:
        raw.start()
    except Exception as error:
        with contextlib.suppress(Exception):
            raw.stop(force=True, delete_volume=True)
        raise ServiceMissing(_not_started(specification.image, error)) from None
    container = RunningContainer(specification.image, {}, raw, remote_host() or "127.0.0.1")
    _running.add(container)
    try:
        _await_ready(container, specification)
    except BaseException:
        container.close()
        raise
    return container


def _not_started(image: str, error: Exception) -> str:
    reason = _sentence(error)
    if "ryuk" in reason.lower():
        return (f"container {image} cannot be started, since Ryuk, testcontainers' own, cannot: {reason}; set "
                "TESTCONTAINERS_RYUK_DISABLED=true to go without it (containers of ours are removed in any case)")
    return f"container {image} cannot be started: {reason}"


def _create(specification: Specification) -> Any:
    try:
        from testcontainers.core.container import DockerContainer
    except ImportError:
        raise ServiceMissing("containers need testcontainers: pip install 'pytest-eximsim[containers]'") from None
    sweep()
    raw = DockerContainer(specification.image, env=dict(specification.environment))
    if specification.command:
        raw.with_command(list(specification.command))
    for port in specification.ports:
        raw.ports[f"{port}/tcp"] = None if remote_host() else ("127.0.0.1", None)  # type: ignore[assignment]
    return raw.with_kwargs(labels={LABEL: str(Owner.current())}, **specification.options)


def remote_host() -> str:
    """The host of a Docker that is not this machine's, "" for a local one; testcontainers' own variables count."""
    for name in ("TESTCONTAINERS_HOST_OVERRIDE", "TC_HOST"):
        if os.environ.get(name):
            return os.environ[name]
    docker_host = urlsplit(os.environ.get("DOCKER_HOST", ""))
    return (docker_host.hostname or "") if docker_host.scheme in ("tcp", "ssh", "http", "https") else ""


def _await_ready(container: RunningContainer, specification: Specification) -> None:
    until, pause = time.monotonic() + specification.within, 0.02
    while True:
        try:
            container.ports = _ports(container, specification.ports)
            return specification.ready(container)
        except Exception as error:
            ended = not container.alive
            if ended or time.monotonic() > until:
                state = "ended" if ended else f"was not ready within {specification.within:g} s ({_sentence(error)})"
                raise ServiceError(f"container {container.image} {state}\n{container.logs()}".rstrip()) from None
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def _ports(container: RunningContainer, wanted: Sequence[int]) -> dict[int, int]:
    """Where they are published. Raises while they are not."""
    inner = container.raw.get_wrapped_container()
    inner.reload()
    found = {port: inner.ports.get(f"{port}/tcp") for port in wanted}
    if not all(found.values()):
        raise ConnectionError("its ports are not published")
    return {port: int(places[0]["HostPort"]) for port, places in found.items()}


def _client() -> Any:
    try:
        import docker
    except ImportError:
        raise ServiceMissing("containers need the package docker: pip install 'pytest-eximsim[containers]'") from None
    try:
        client = docker.from_env()
        client.ping()
    except Exception as error:
        raise ServiceMissing(f"Docker does not answer ({_sentence(error)}): {HINT}") from None
    return client


def available() -> str:
    """ "" when Docker answers, else why not."""
    try:
        _client().close()
    except ServiceMissing as missing:
        return missing.message
    return ""


_swept = False


def sweep() -> list[str]:
    """Removes what killed runs left, once in a process, one process at a time; gives the names. Raises ServiceMissing without Docker."""
    global _swept
    client = _client()
    try:
        if _swept:
            return []
        _swept = True
        atexit.register(stop_all)
        with sweeping():
            ours = client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
            stale = [c for c in ours if is_stale(c.labels.get(LABEL, ""))]
            for container in stale:
                with contextlib.suppress(Exception):
                    container.remove(force=True, v=True)
            return [container.name for container in stale]
    finally:
        client.close()


def stop_all() -> None:
    """Removes every container that this process started (at exit, also after Ctrl-C)."""
    for container in list(_running):
        container.close()


def _sentence(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
