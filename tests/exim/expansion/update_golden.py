"""Rewrites the golden files from the real Exim (4.96, as exim4): `python tests/exim/expansion/update_golden.py [folder or file …]`.

A file holds blocks, two empty lines apart: the string, `---`, and what `exim4 -be` prints for it. Read the difference before
committing it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

GOLDEN = Path(__file__).with_name("golden")


def blocks(path: Path) -> list[tuple[str, str]]:
    """(string, output) of a golden file."""
    found: list[tuple[str, str]] = []
    for block in path.read_text("utf-8").split("\n\n\n"):
        text, _, output = (block.strip("\n") + "\n").partition("\n---\n")
        if text:
            found.append((text, output.removesuffix("\n")))
    return found


def write(path: Path, found: list[tuple[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n\n\n".join(f"{text}\n---\n{output}" for text, output in found) + "\n", "utf-8")


def real(text: str) -> str:
    done = subprocess.run(["exim4", "-be", text], capture_output=True, input=b"", timeout=20, check=False)
    return done.stdout.decode("latin-1").encode("utf-8", "replace").decode("utf-8").removesuffix("\n")


def main(names: list[str]) -> None:
    for name in names or [str(GOLDEN)]:
        for path in [Path(name)] if Path(name).is_file() else sorted(Path(name).rglob("*.txt")):
            write(path, [(text, real(text)) for text, _ in blocks(path)])


if __name__ == "__main__":
    main(sys.argv[1:])
