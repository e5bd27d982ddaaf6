"""What the clients of real servers share: one connection with autocommit, one statement at a time; one that was lost is made anew.

Calls block; the caller runs them beside the hub.
"""

from __future__ import annotations

import re
import threading
from abc import ABC, abstractmethod
from typing import Any

from ...errors import ServiceError
from ...exim.world import SqlError, SqlResult


class Client(ABC):
    """A connection to one database of a server; `name` is its URL without the password, for messages."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.name = re.sub(r"//[^/@]*@", "//***@", url)
        self._connection: Any = None
        self._one_at_a_time = threading.Lock()

    def execute(self, statement: str) -> SqlResult:
        """Latin-1 text. Raises SqlError with the server's own text; `connect` is set where it cannot be reached."""
        with self._one_at_a_time:
            try:
                connection = self._connected()
            except ServiceError as error:
                raise SqlError(error.message, connect=True) from None
            return self._ask(connection, statement.partition("\0")[0].encode("latin-1"))

    @abstractmethod
    def script(self, text: str) -> None:
        """Statements of `setup`, Unicode. Raises SqlError, ServiceError."""

    @abstractmethod
    def another(self) -> Client:
        """A second connection to the same database, not open yet."""

    def connect(self) -> None:
        """Raises ServiceError when it cannot be reached, ServiceMissing without its library."""
        with self._one_at_a_time:
            self._connected()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and self._is_open(connection):
            connection.close()

    def _connected(self) -> Any:
        if self._connection is None or not self._is_open(self._connection):
            self._connection = self._open()
        return self._connection

    @abstractmethod
    def _open(self) -> Any:
        """A new connection of the library. Raises as `connect`."""

    @abstractmethod
    def _is_open(self, connection: Any) -> bool: ...

    @abstractmethod
    def _ask(self, connection: Any, statement: bytes) -> SqlResult:
        """As `execute`."""


def text_of(value: object) -> str | None:
    """A value of a row as the MTA gets it: bytes as latin-1, anything else as UTF-8."""
    match value:
        case None:
            return None
        case bytes():
            return value.decode("latin-1")
    return str(value).encode("utf-8").decode("latin-1")
