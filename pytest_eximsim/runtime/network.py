"""Connections: in memory (memory.py) and over real sockets (sockets.py), both as exim.world.Stream; TLS is the same for both (tls.py)."""

from .memory import MemoryNetwork, MemoryStream
from .sockets import SocketStream, serve_socket

__all__ = ["MemoryNetwork", "MemoryStream", "SocketStream", "serve_socket"]
