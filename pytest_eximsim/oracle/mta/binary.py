"""Finding a real Exim, and what is built into it: its release, the place of its configuration, its user, its spool."""

from __future__ import annotations

import functools
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import ServiceMissing
from ..place.namespaces import Folder, Machine, Network, why_not
from ..place.tree import Tree

HINT = "apt-get install exim4-daemon-heavy, or --eximsim-exim=/path/to/exim"
IN_IMAGE = "--eximsim-exim=/path/to/exim names a path in the image"
OR_IMAGE = "or in a container, which takes Docker and an image with Exim (eximsim_exim_image in pytest's ini file, compare's --exim-image)"
NAMES = ("exim4", "exim")
OPTIONS = ("exim_user", "exim_group", "spool_directory", "log_file_path", "pid_file_path")
#: The releases that are imitated, and from which real release on each is the nearest.
NEAREST = (("4.82+", (0,)), ("4.96", (4, 90)), ("4.99", (4, 97)))


@dataclass(frozen=True)
class Binary:
    """A real Exim. `configuration` is the path that is compiled in, `options` its own defaults; `features` and `macros` are what it says of
    itself (`-bV`, `-bP macros`). With `image`, its paths are those of that image, and it is run in a container.
    """

    path: str
    version: str
    configuration: str
    features: str
    options: Mapping[str, str] = field(default_factory=dict)
    uid: int = 0
    gid: int = 0
    macros: str = ""
    image: str = ""

    @property
    def name(self) -> str:
        """Which one it is, for a reader."""
        return f"{self.path} of the image {self.image}" if self.image else self.path

    @property
    def release(self) -> str:
        """The release of `exim.version` that this binary is nearest to."""
        numbers = tuple(int(number) for number in re.findall(r"\d+", self.version.split("-")[0].split("_")[0])[:2])
        return [name for name, first in NEAREST if numbers >= first][-1]

    @property
    def folder(self) -> str:
        """The folder of the program, where it is no folder that every machine shares."""
        return os.path.dirname(self.path)

    def has(self, word: str) -> bool:
        """Is a lookup, driver or feature built in (`exim -bV`)?"""
        return word.lower() in self.features.lower().split()


def find_exim(path: str | None = None, image: str = "") -> Binary:
    """The Exim to run: `path`, else the one on PATH (or in sbin); of this machine, or of an image. Raises ServiceMissing that says how to
    get one, or why it cannot run.
    """
    if image:
        from ..container import agent_of

        return agent_of(image).find(path)
    if reason := why_not():
        raise ServiceMissing(f"{reason}; {OR_IMAGE}")
    return find_in(Tree("", os.getcwd()), os.environ.get("PATH", ""), path)


def find_in(tree: Tree, search: str, path: str | None, image: str = "") -> Binary:
    """The Exim at `path`, else in the folders of `search`, in the tree of this machine or of an image."""
    folders = (*search.split(os.pathsep), "/usr/local/sbin", "/usr/sbin")
    places = [path] if path else [f"{folder}/{name}" for name in NAMES for folder in folders if folder]
    found = next((real for place in places if os.access(real := tree.real(place), os.X_OK) and os.path.isfile(real)), None)
    if found is None:
        missing = f"{path} is no Exim that can be run" if path else "no Exim found"
        raise ServiceMissing(f"{missing} in the image {image}: {IN_IMAGE}" if image else f"{missing}: {HINT}")
    return _ask(os.fsdecode(found).removeprefix(tree.root), image)


@functools.lru_cache(maxsize=4)
def _ask(path: str, image: str) -> Binary:
    """Ask it on a machine of its own, so that the logs of this one stay what they are."""
    network = Network.make()
    machine = None
    try:
        machine = Machine.start(network, "localhost", [Folder("/etc"), Folder("/proc"), Folder("/tmp", 0o1777)],
                                [os.path.dirname(path), "/etc/passwd", "/etc/group"], image=bool(image))
        said = _run(machine, path, "-bV")
        version = re.search(r"^Exim version (\S+)", said, re.M)
        if version is None:
            raise ServiceMissing(f"{path} is no Exim: `-bV` says {said.strip()[:200]!r}")
        options = dict(re.findall(r"^(\w+) = (.*)$", _run(machine, path, "-bP", *OPTIONS), re.M))
        search = re.search(r"^Configuration file search path is (\S+)", said, re.M)
        place = search[1].split(":")[0] if search else _compiled_path(f"{machine.root}{path}")
        uid = _number(f"{machine.root}/etc/passwd", options.get("exim_user", ""))
        gid = _number(f"{machine.root}/etc/group", options.get("exim_group", ""))
        return Binary(path, version[1], place, said, options, uid, gid, _run(machine, path, "-bP", "macros"), image)
    finally:
        if machine is not None:
            machine.close()
        network.close()


def _run(machine: Machine, path: str, *arguments: str) -> str:
    process = machine.popen([path, "-C", "/dev/null", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    try:
        output, _ = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        raise ServiceMissing(f"{path} does not answer `{' '.join(arguments)}`") from None
    return output.decode("latin-1")


def _compiled_path(path: str) -> str:
    """Older releases do not say it without a configuration: the name that stands in the program."""
    found = re.search(rb"/(?:etc|usr/exim|usr/local|opt)[\w./-]*/(?:configure|exim4?\.conf)\b", Path(path).read_bytes())
    return found[0].decode() if found else "/usr/exim/configure"


def _number(file: str, name: str) -> int:
    """A user's or group's number on this machine; a number stands for itself."""
    if name.isdigit():
        return int(name)
    for line in Path(file).read_text("latin-1").splitlines():
        fields = line.split(":")
        if fields[0] == name and len(fields) > 2 and fields[2].isdigit():
            return int(fields[2])
    return 0
