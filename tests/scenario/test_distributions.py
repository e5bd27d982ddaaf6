"""Configurations that are shipped: Debian's, split and as one file, and Exim's own example, as their packages install them."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

DEBIAN = Path("/etc/exim4")
EXAMPLE = Path("/usr/share/doc/exim4-base/examples/example.conf")
SCENARIO = """
exim: {{config_file: {config}, root: root, version: "4.96", build: {build}, hostname: mail.example.net}}
users: {{uucp: {{uid: 10}}, Debian-exim: {{uid: 101}}, alice: {{uid: 1000}}}}
files: {{/etc/aliases: "postmaster: root\\nnull: :blackhole:\\n", /etc/mailname: "mail.example.net\\n", /etc/email-addresses: ""}}
dns: |
  host 198.51.100.3 client.example.org
  example.org MX 10 client.example.org.
defaults:
  send: {{from: 198.51.100.3, to: "127.0.0.1:25", mail_from: someone@example.org}}
scenarios:
  - name: it receives mail
    steps:
      - send:
          rcpt_to: [alice@mail.example.net, postmaster@mail.example.net, nosuch@mail.example.net, b@elsewhere.example]
          expect:
            rcpt:
              b@elsewhere.example: 550 relay not permitted
              nosuch@mail.example.net: 550 {unknown}
      - send: {{from: 127.0.0.1, rcpt_to: b@elsewhere.example}}
      - send: {{tls: starttls, rcpt_to: alice@mail.example.net}}
    expect:
      messages: 3
      log:
        - "* rejected RCPT <nosuch@mail.example.net>: {unknown}"
        - "* rejected RCPT <b@elsewhere.example>: relay not permitted"
"""


def installed(path: Path) -> Path:
    found = next((one for one in (path, path.with_name(f"{path.name}.gz")) if one.exists()), None)
    if found is None:
        pytest.skip(f"{path} is not here: apt-get install exim4-daemon-heavy")
    return found


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """The server's files, without what somebody may have put beside the package's."""
    installed(DEBIAN / "exim4.conf.template")
    folder = tmp_path / "root/etc/exim4"
    folder.mkdir(parents=True)
    shutil.copytree(DEBIAN / "conf.d", folder / "conf.d")
    shutil.copy(DEBIAN / "exim4.conf.template", folder)
    (folder / "update-exim4.conf.conf").write_text(
        "dc_eximconfig_configtype='internet'\ndc_other_hostnames='mail.example.net'\ndc_local_interfaces=''\ndc_readhost=''\n"
        "dc_relay_domains=''\ndc_minimaldns='false'\ndc_relay_nets=''\ndc_smarthost=''\nCFILEMODE='644'\ndc_use_split_config='false'\n"
        "dc_hide_mailname=''\ndc_mailname_in_oh='true'\ndc_localdelivery='mail_spool'\n")
    return folder


@pytest.mark.parametrize("split", ["false", "true"])
def test_debian(play, debian, split):
    settings = debian / "update-exim4.conf.conf"
    settings.write_text(settings.read_text().replace("split_config='false'", f"split_config='{split}'"))
    text = SCENARIO.format(config="root/etc/exim4", build="debian-heavy", unknown="Unrouteable address")
    outcome = play(text.replace("root, version", "root, macros: {MAIN_TLS_ENABLE: 'true'}, version"))
    assert outcome.failures == []


def test_exims_own_example(play, tmp_path):
    source = installed(EXAMPLE)
    folder = tmp_path / "root/etc/exim"
    folder.mkdir(parents=True)
    (folder / "exim.conf").write_bytes(gzip.decompress(source.read_bytes()) if source.suffix == ".gz" else source.read_bytes())
    outcome = play(SCENARIO.format(config="root/etc/exim/exim.conf", build="full", unknown="Unknown user"))
    assert outcome.failures == []
