"""Which sockets can be read or written, and being woken from another thread or a signal handler. Knows waiters only as lists.

A socket stays registered after it was ready: whoever talks in turns pays for it once. What is ready and awaited by nobody is dropped.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

READ = selectors.EVENT_READ
WRITE = selectors.EVENT_WRITE


class Pollable(Protocol):
    """A socket, or whatever has a descriptor that the system can wait for."""

    def fileno(self) -> int: ...


class _Watched:
    """One socket. `events`: what it is registered for."""

    __slots__ = ("events", "readers", "socket", "writers")

    def __init__(self, sock: Pollable) -> None:
        self.socket = sock
        self.events = 0
        self.readers: list[Any] = []
        self.writers: list[Any] = []


class Readiness:
    """`wake` is called with the list of those who waited for a socket that is ready now."""

    def __init__(self, wake: Callable[[list[Any]], None]) -> None:
        self._wake = wake
        self._selector: selectors.BaseSelector | None = None
        self._watched: dict[int, _Watched] = {}
        self._outside: deque[Callable[[], object]] = deque()
        self._bell: tuple[socket.socket, socket.socket] | None = None

    def waiters(self, sock: Pollable, event: int) -> list[Any] | None:
        """The list to wait in; None when the socket is closed."""
        descriptor = sock.fileno()
        if descriptor < 0:
            return None
        watched = self._watched.get(descriptor)
        if watched is None or watched.socket is not sock:
            if watched is not None:
                self._wake(self._drop(descriptor))
            watched = self._watched[descriptor] = _Watched(sock)
        if not watched.events & event:
            self._register(descriptor, watched, watched.events | event)
        return watched.readers if event == READ else watched.writers

    def forget(self, sock: Pollable) -> list[Any]:
        """Look no more at this socket; gives those who waited for it."""
        descriptor = sock.fileno()
        watched = self._watched.get(descriptor)
        if watched is None or watched.socket is not sock:
            return []
        return self._drop(descriptor)

    @property
    def any(self) -> bool:
        """Is there anything to look at?"""
        return bool(self._watched or self._outside)

    @property
    def awaited(self) -> bool:
        """Does anybody wait for a socket?"""
        return any(one.readers or one.writers for one in self._watched.values())

    def poll(self, timeout: float | None) -> None:
        """Wake those whose sockets are ready; waits so long for one or for the bell, None for ever."""
        if timeout != 0:
            self.prepare_bell()
        for key, mask in self._select().select(timeout):
            watched = key.data
            if watched is None:
                self._answer_bell()
                continue
            if mask & READ and watched.readers:
                self._wake(watched.readers)
                mask &= ~READ
            if mask & WRITE and watched.writers:
                self._wake(watched.writers)
                mask &= ~WRITE
            if mask:
                self._register(key.fd, watched, watched.events & ~mask)
        while self._outside:
            self._outside.popleft()()

    def ring(self, function: Callable[[], object]) -> None:
        """Have `function` called at the next look. For other threads and signal handlers."""
        self._outside.append(function)
        if self._bell is not None:
            with contextlib.suppress(OSError):
                self._bell[1].send(b"\0")

    def prepare_bell(self) -> None:
        """From now on `ring` ends a look that waits."""
        if self._bell is None:
            ours, theirs = socket.socketpair()
            ours.setblocking(False)
            theirs.setblocking(False)
            self._select().register(ours, READ, None)
            self._bell = ours, theirs

    def close(self) -> None:
        if self._bell is not None:
            for one in self._bell:
                one.close()
            self._bell = None
        if self._selector is not None:
            self._selector.close()
            self._selector = None
        self._watched.clear()

    def _select(self) -> selectors.BaseSelector:
        if self._selector is None:
            self._selector = selectors.DefaultSelector()
        return self._selector

    def _answer_bell(self) -> None:
        assert self._bell is not None
        with contextlib.suppress(BlockingIOError):
            while self._bell[0].recv(4096):
                pass

    def _register(self, descriptor: int, watched: _Watched, events: int) -> None:
        selector = self._select()
        if not events:
            selector.unregister(descriptor)
            del self._watched[descriptor]
        elif watched.events:
            selector.modify(descriptor, events, watched)
        else:
            try:
                selector.register(descriptor, events, watched)
            except KeyError:
                selector.unregister(descriptor)
                selector.register(descriptor, events, watched)
        watched.events = events

    def _drop(self, descriptor: int) -> list[Any]:
        watched = self._watched.pop(descriptor)
        if watched.events:
            with contextlib.suppress(KeyError, OSError, ValueError):
                self._select().unregister(descriptor)
            watched.events = 0
        return watched.readers + watched.writers
