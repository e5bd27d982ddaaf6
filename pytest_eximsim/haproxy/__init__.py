"""Reading a haproxy.cfg: words, sections, proxies, listeners, and the copy of it that runs anywhere. Pure; needs only errors."""

from .config import Config, Line, Section, parse, parse_files
from .tokens import HaproxyError

__all__ = ["Config", "HaproxyError", "Line", "Section", "parse", "parse_files"]
