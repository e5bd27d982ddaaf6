"""The images that containers are made of, where nothing else is said."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Images:
    """Image names. The environment they take is that of the official images."""

    redis: str = "redis:7-alpine"
    pgsql: str = "postgres:16-alpine"
    mysql: str = "mariadb:11"
