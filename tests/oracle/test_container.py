"""A real Exim of an image: found, asked and played on in a container, by a user who is not root, and gone with who started it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_eximsim.cli import main
from pytest_eximsim.errors import ServiceError, ServiceMissing
from pytest_eximsim.oracle import container
from pytest_eximsim.oracle.container import Agent, agent_of
from pytest_eximsim.oracle.mta.binary import find_exim
from pytest_eximsim.runtime.containers import LABEL
from pytest_eximsim.runtime.owner import Owner
from pytest_eximsim.services import lasting

SOCKET = "/var/run/docker.sock"
SCENARIOS = """\
exim:
  config: |
    acl_smtp_rcpt = check_rcpt
    begin acl
    check_rcpt:
      deny domains = !example.net
           message = relay not permitted
      require verify = recipient/callout
      accept
    begin routers
    all:
      driver = manualroute
      route_list = * 203.0.113.5
      transport = smtp
    begin transports
    smtp:
      driver = smtp
remotes:
  mx: {address: 203.0.113.5, replies: {"RCPT TO:<nobody@*": 550 nobody}}
files: {/etc/mailname: "example.net\\n"}
scenarios:
  - name: the internet cannot relay
    send: {rcpt_to: b@elsewhere.example, expect: rcpt 550 relay not permitted}
    expect: {log: ["* rejected RCPT <b@elsewhere.example>: relay not permitted"]}
  - name: its remotes are asked
    send: {rcpt_to: nobody@example.net, expect: "rcpt 550 *"}
  - name: its files are seen
    expand: [{string: "${readfile{/etc/mailname}{}}", is: example.net}, {string: "${lc:ABC}", is: abc}]
"""


@pytest.fixture
def image(images: Mapping[str, str]) -> str:
    return images["exim"]


@pytest.fixture
def agent(image: str) -> Iterator[Agent]:
    yield agent_of(image)
    lasting.close_all()


@pytest.fixture
def docker(images: Mapping[str, str]) -> Iterator[Any]:
    import docker

    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    file = tmp_path / "a.eximsim.yaml"
    file.write_text(SCENARIOS)
    return file


@pytest.fixture
def plain_user(require: Callable[[str], str]) -> Callable[..., list[str]]:
    """The beginning of a command that runs as a user who is not root, and may read what the tests are made of; of these groups."""
    if os.getuid():
        pytest.skip("only root can become another user")
    program = require("setpriv")

    def command(*groups: int) -> list[str]:
        groups_of = f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"
        reading = "+dac_read_search"
        return [program, "--reuid=65534", "--regid=65534", groups_of, f"--inh-caps={reading}", f"--ambient-caps={reading}"]

    return command


def run(user: list[str], file: Path, *arguments: str) -> str:
    argv = [*user, sys.executable, "-m", "pytest", "-p", "eximsim", "-p", "no:cacheprovider", "-rs", "-q", str(file), *arguments]
    variables = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/nonexistent", "EXIMSIM_REQUIRE": ""}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=file.parent, env=os.environ | variables)
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout


# ---- finding

def test_the_exim_of_the_image(agent: Agent, image: str) -> None:
    """Numbers of users are those of the image; this machine's Exim is another one."""
    found = agent.find(None)
    assert (found.path, found.configuration, found.image) == ("/usr/sbin/exim4", "/etc/exim4/exim4.conf", image)
    assert found.has("pgsql") and found.uid and found.gid and "_HAVE_TLS" in found.macros
    assert agent.find("/usr/sbin/exim4") == found == find_exim(image=image)


@pytest.mark.parametrize(("path", "reason"), [
    ("/nosuch/exim", "/nosuch/exim is no Exim that can be run in the image {}: --eximsim-exim=/path/to/exim names a path in the image"),
    ("/etc/passwd", "/etc/passwd is no Exim that can be run in the image {}"),
    ("/bin/true", "/usr/bin/true is no Exim: `-bV` says"),
])
def test_what_is_no_exim(agent: Agent, image: str, path: str, reason: str) -> None:
    with pytest.raises(ServiceMissing) as raised:
        agent.find(path)
    assert raised.value.message.startswith(reason.format(image))


def test_an_image_without_exim(images: Mapping[str, str]) -> None:
    with pytest.raises(ServiceMissing, match=f"^no Exim found in the image {images['redis']}: "):
        find_exim(image=images["redis"])
    lasting.close_all()


# ---- why there is no container

@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing here is forgotten."""
    monkeypatch.setattr(container, "_absent", {})


def test_an_image_that_is_not_there(refused: None, docker: Any) -> None:
    for _ in range(2):
        with pytest.raises(ServiceMissing, match=r"^no real Exim in a container: container eximsim\.invalid/exim:1 cannot be started: "):
            find_exim(image="eximsim.invalid/exim:1")
    assert list(container._absent) == ["eximsim.invalid/exim:1"]


def test_docker_of_another_machine(refused: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
    with pytest.raises(ServiceMissing, match=r"Docker is that of 192\.0\.2\.1, it has to be this machine's"):
        find_exim(image="any")


def test_docker_that_does_not_see_this_machines_files(refused: None, image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nosuch/python")
    with pytest.raises(ServiceMissing, match=r"/nosuch/python does not run in it.* Does Docker run elsewhere\?"):
        find_exim(image=image)


def test_a_folder_that_root_cannot_see(refused: None, image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system that is only the user's."""
    monkeypatch.setattr(os, "getcwd", lambda: "/nosuch/folder")
    with pytest.raises(ServiceMissing, match=r"^no real Exim in a container: FileNotFoundError: .*'/nosuch/folder'$"):
        find_exim(image=image)


def test_an_image_without_a_program(refused: None, docker: Any) -> None:
    nothing = io.BytesIO()
    tarfile.open(fileobj=nothing, mode="w").close()
    name = f"eximsim-test/empty:{os.getpid()}"
    docker.api.import_image_from_data(nothing.getvalue(), repository=name.partition(":")[0], tag=name.partition(":")[2])
    try:
        with pytest.raises(ServiceMissing, match=rf'container {name} cannot be started: .*"chroot": executable file not found'):
            find_exim(image=name)
        assert docker.containers.list(all=True, filters={"ancestor": name}, ignore_removed=True) == []
    finally:
        docker.images.remove(name, force=True)


# ---- playing

@pytest.mark.parametrize("subject", ["exim", "both"])
def test_a_plain_user_with_docker(scenarios: Path, image: str, plain_user: Callable[..., list[str]], subject: str) -> None:
    user = plain_user(os.stat(SOCKET).st_gid)
    assert "3 passed" in run(user, scenarios, f"--eximsim-mta={subject}", "-o", f"eximsim_exim_image={image}")


def test_a_plain_user_without_docker(scenarios: Path, image: str, plain_user: Callable[..., list[str]]) -> None:
    said = run(plain_user(), scenarios, "--eximsim-mta=exim")
    assert "3 skipped" in said
    assert ("a real Exim is run in network and mount namespaces, which takes root; or in a container, which takes Docker and an image with "
            "Exim (eximsim_exim_image in pytest's ini file, compare's --exim-image)") in said
    said = run(plain_user(), scenarios, "--eximsim-mta=exim", "-o", f"eximsim_exim_image={image}")
    assert "3 skipped" in said and "no real Exim in a container: Docker does not answer (" in said and "Permission denied" in said


def test_what_fails_there_is_told_here(scenarios: Path, image: str) -> None:
    scenarios.write_text(SCENARIOS.replace("expect: rcpt 550 relay not permitted", "expect: rcpt 550 no relay"))
    said = run([], scenarios, "--eximsim-mta=exim", "-o", f"eximsim_exim_image={image}", "-k", "relay")
    assert "expected  550 no relay" in said and "received  550 relay not permitted" in said
    assert "rejected RCPT <b@elsewhere.example>: relay not permitted" in said.partition("mainlog:")[2]


def test_its_own_words_about_a_configuration(scenarios: Path, image: str) -> None:
    scenarios.write_text(SCENARIOS.replace("acl_smtp_rcpt = check_rcpt", "nosuch_option = 1"))
    said = run([], scenarios, "--eximsim-mta=exim", "-o", f"eximsim_exim_image={image}", "-k", "relay")
    assert f"/usr/sbin/exim4 of the image {image} (4.96" in said and 'main option "nosuch_option" unknown' in said


def test_compare(scenarios: Path, image: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--exim-image", image, str(scenarios)]) == 0
    assert capsys.readouterr().out == "Exim 4.96: 3 agree\n"
    lasting.close_all()


# ---- its end

def test_closing_leaves_nothing(agent: Agent, docker: Any) -> None:
    agent.find(None)
    agent.close()
    assert docker.containers.list(all=True, filters={"label": f"{LABEL}={Owner.current()}"}, ignore_removed=True) == []
    assert not agent.alive
    agent.close()


def test_one_that_has_died_is_replaced(agent: Agent, image: str) -> None:
    agent.container.raw.get_wrapped_container().kill()
    with pytest.raises(ServiceError, match=r"^the agent in a container of \S+ has ended$"):
        agent.find(None)
    assert agent_of(image) is not agent
    assert agent_of(image).find(None).path == "/usr/sbin/exim4"
