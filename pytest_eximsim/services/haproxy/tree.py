"""Files that a haproxy.cfg names: what the scenario gives (`files`), what lies below `root`, for relative names the configuration's folder.

Nothing else of the machine is read. Certificates that are not there are made for the run, by the authority that the run's clients trust.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

#: Makes a certificate with its key (PEM) for these names.
MakeCertificate = Callable[[tuple[str, ...]], bytes]


@dataclass
class HaproxyTree:
    """`folder` is where what is made for the run is kept; `missing` names what was looked for in vain."""

    folder: Path
    config_folder: Path
    root: Path | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def find(self, path: str) -> str | None:
        """The real path of a file or folder of the tree, or None."""
        if path in self.files:
            return self._write("files" + "/" + path.lstrip("/"), self.files[path].encode("utf-8", "surrogateescape"))
        pure = PurePosixPath(path)
        base = self.root if pure.is_absolute() else self.config_folder
        found = base / path.lstrip("/") if base else None
        if found is not None and found.exists():
            return str(found.resolve())
        below = [name for name in self.files if name.startswith(path.rstrip("/") + "/")]
        if below:
            return str(Path(next(p for p in [self.find(name) for name in below][:1] if p)).parent)
        self.missing.append(path)
        return None

    def keep(self, name: str, data: bytes) -> str:
        """Write something of the run's own; gives its path."""
        return self._write("made/" + name.lstrip("/").replace("..", "_"), data)

    def _write(self, name: str, data: bytes) -> str:
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        place.chmod(0o600)
        return str(place)
