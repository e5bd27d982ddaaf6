"""Strings as `exim -be` takes them: one context for all, the configuration's macros in them, definitions of new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..config.source import Source, is_definition
from .evaluator import expand

if TYPE_CHECKING:
    from ..state import Process

#: Since then -be knows macros. (Asked of 4.96, which refuses a line that begins with a capital and is no definition; here it is expanded.)
MACROS_SINCE = "4.96"


class TestStrings:
    """One run of -be."""

    __test__ = False

    def __init__(self, p: Process) -> None:
        self.p = p
        configuration = p.configuration
        macros = configuration.macros.values()
        self.knows_macros = p.release.has(since=MACROS_SINCE)
        self.source = Source(p.world.files, configuration.path, p.release, [one for one in macros if one.where != "builtin"],
                             [one for one in macros if one.where == "builtin"], {}, p.world.hostname)

    def expand(self, text: str) -> str:
        """One string. Raises ExpansionError, Died, NotSimulated."""
        return expand(self.p, self.replaced(text))

    def replaced(self, text: str) -> str:
        """The string with its macros replaced."""
        return self.source.replace_macros(text, True)[0] if self.knows_macros else text

    def line(self, text: str) -> str:
        """A string that may define a macro: then what -be says of it. Raises ConfigError for a wrong definition, and as `expand`."""
        if not self.knows_macros or not is_definition(text):
            return self.expand(text)
        self.source.define(self.replaced(text))
        return f"Defined macro '{self.source.macros[-1].name}'"
