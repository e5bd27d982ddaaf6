"""The console script `eximsim`: one module a subcommand, one table. A mistake of the user's is one message, never a traceback.

    check      every mistake of scenario files and Exim configurations      serve      the simulated MTA as a daemon
    expand     as exim -be                                                  session    as exim -bh
    explain    a session, with the reason of everything                     schema     JSON Schema of the scenario file
    compare    scenarios on the simulator and on a real Exim                fidelity   the page that says how far they agree
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ..errors import ConfigError, EximsimError, NotSimulated

#: Subcommands in the order of the help; each module has HELP, add_arguments(parser) and run(options).
COMMANDS = ("check", "serve", "expand", "session", "explain", "compare", "fidelity", "schema")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0, 1 where something was found or refused, 2 for wrong arguments (as argparse), 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="eximsim", description="A simulated, Exim-compatible MTA; scenario files of mail systems.")
    parser.add_argument("--version", action="version", version=f"eximsim {_version()}")
    below = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = import_module(f".{name}", __name__)
        one = below.add_parser(name, help=module.HELP, description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        module.add_arguments(one)
        one.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    try:
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except ConfigError as error:
        return _refused(error)
    except EximsimError as error:
        print(f"eximsim: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pytest-eximsim")
    except PackageNotFoundError:
        return "(not installed)"


def _refused(error: ConfigError) -> int:
    """Exim's own lines; for what is not simulated, the place and the reason."""
    if isinstance(error, NotSimulated):
        print(f"eximsim: {error}", file=sys.stderr)
    else:
        print("\n".join(error.lines), file=sys.stderr)
    return 1
