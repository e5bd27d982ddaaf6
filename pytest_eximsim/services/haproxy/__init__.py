"""A real HAProxy with the user's own configuration: found, started on a run copy, looked at, ended."""

from .binary import HINT, Binary, find_binary, wheel_path
from .service import HaproxyRefused, HaproxyService, HaproxySettings, NotPortable
from .startup import Message
from .statistics import ServerState

__all__ = [
    "HINT", "Binary", "HaproxyRefused", "HaproxyService", "HaproxySettings", "Message", "NotPortable", "ServerState", "find_binary",
    "wheel_path",
]
