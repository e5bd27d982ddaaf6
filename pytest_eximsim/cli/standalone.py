"""A simulated MTA outside a scenario, from the command line's options: the same Subject, on the machine's clock.

Without `--root` files are read from this machine, as Exim does; what the MTA writes goes to a folder of the run. Mail goes nowhere.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError

if TYPE_CHECKING:
    from ..scenario.machine import Machine
    from ..scenario.simulator import Simulator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What says which MTA it is."""
    parser.add_argument("-C", dest="config", metavar="FILE", required=True, help="Exim's configuration, or Debian's folder /etc/exim4")
    add_reading_arguments(parser)
    parser.add_argument("--hostname", help="what uname says (mail.example.net)")
    parser.add_argument("--dns", metavar="FILE", help="DNS records, as `dns:` of a scenario; nothing else resolves")
    parser.add_argument("--redis", metavar="URL", help="the server that ${lookup redis{…}} reaches: redis://host:port")
    parser.add_argument("--allow", action="append", default=[], choices=["run"], help="run: programs of ${run} are really run")


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """How a configuration is read."""
    parser.add_argument("-D", dest="macros", action="append", default=[], metavar="NAME=VALUE", type=_macro, help="a macro, as exim -D")
    parser.add_argument("--root", metavar="DIR", help="where absolute paths are found; nothing else of this machine is read then")
    parser.add_argument("--version", dest="release", choices=["4.82+", "4.96", "4.99"], help="the release; by default as the names tell")
    parser.add_argument("--build", help="full, debian-light, debian-heavy, or a file with the output of exim -bV; exim -bP macros")


def exim_of(options: argparse.Namespace, config: str, **more: Any) -> Any:
    """The `exim:` of a scenario that the options stand for."""
    from ..scenario.model import Exim

    return Exim(config_file=config, root=options.root, macros=dict(options.macros), version=options.release, build=options.build, **more)


def _macro(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if not re.fullmatch(r"[A-Z][A-Za-z0-9_]*", name.strip()):
        raise argparse.ArgumentTypeError(f"{text!r}: a macro's name begins with an upper-case letter and has letters, digits and _")
    return name.strip(), value.strip()


@contextlib.contextmanager
def standalone(options: argparse.Namespace, *, trace: Any = None) -> Iterator[tuple[Simulator, Machine]]:
    """The MTA that the options describe, running in a hub; all is ended behind it. Raises ConfigError, ScenarioError, ServiceError."""
    from ..scenario.model import Clock, DnsFile, Environment, Redis
    from ..scenario.simulator import Simulator
    from ..scenario.surroundings import ONLY

    if not Path(options.config).exists():
        raise ConfigError(f"there is no configuration {options.config}")
    allow = (*options.allow, *(() if options.root else ("readfile-outside",)))
    environment = Environment(
        exim=exim_of(options, options.config, hostname=options.hostname, allow=allow), clock=Clock(mode="real", zone=_zone()),
        dns=DnsFile(file=options.dns) if options.dns else None, redis=Redis(provider=options.redis) if options.redis else None)
    simulator = Simulator(environment, outside=True, trace=trace)
    try:
        simulator.start()
        yield simulator, simulator.machines[ONLY]
    finally:
        simulator.close()


def _zone() -> str:
    """This machine's time zone by name."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    name = os.environ.get("TZ") or os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    try:
        return name if name and ZoneInfo(name) else "UTC"
    except (ZoneInfoNotFoundError, ValueError):
        return "UTC"
