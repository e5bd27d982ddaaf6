"""Print the JSON Schema of the scenario file, with descriptions; an editor completes and checks scenarios with it."""

from __future__ import annotations

import argparse

HELP = "print the JSON Schema of the scenario file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def run(options: argparse.Namespace) -> int:
    import json

    from ..scenario.model import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0
