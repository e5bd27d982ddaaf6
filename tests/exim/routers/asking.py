"""How the tests of routers ask: a configuration, read whole, in the fake world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_eximsim.exim.config.parser import read_configuration
from pytest_eximsim.exim.release import RELEASES
from pytest_eximsim.exim.routers.show import address_test
from pytest_eximsim.exim.state import Process
from pytest_eximsim.exim.world import User

from ..fake_world import process

DIR = "/d"
CONFIG = "/etc/exim.conf"


class Accounts:
    """root, daemon, mail, nobody."""

    accounts = (User("root", 0, 0, "/root"), User("daemon", 1, 1), User("mail", 8, 8, "/var/mail"), User("nobody", 65534, 65534))

    def by_name(self, name: str) -> User | None:
        return next((user for user in self.accounts if user.name == name), None)

    def by_uid(self, uid: int) -> User | None:
        return next((user for user in self.accounts if user.uid == uid), None)

    def group(self, name: str) -> int | None:
        return next((user.gid for user in self.accounts if user.name == name), None)


def mta(config: str, *, release: str = "4.96", files: Mapping[str, str] | None = None, **world: Any) -> Process:
    """A process of an Exim with this configuration. @DIR@ is a folder with `files`."""
    given = {f"{DIR}/{name}": text for name, text in (files or {}).items()}
    p = process(release, files={**given, CONFIG: config.replace("@DIR@", DIR)}, **world)
    p.world.users = Accounts()
    p.mta.configuration = read_configuration(
        p.world.files, CONFIG, release=RELEASES[release], users=p.world.users, hostname="mail.example.net")
    return p


def bt(config: str, address: str, *, sender: str | None = None, **given: Any) -> str:
    """What -bt prints."""
    lines = address_test(mta(config, **given), address, sender=sender)
    return "\n".join(line.rstrip() for line in lines).rstrip("\n").replace(DIR, "@DIR@")
