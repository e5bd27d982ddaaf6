"""Debian's split configuration: a directory with conf.d/, put together as its update-exim4.conf does."""

from __future__ import annotations

from ..world import Files


def flatten(files: Files, path: str) -> tuple[Files, str]:
    """Files and path to read: unchanged for a file."""
    return files, path
