"""What an MTA said, as a pattern that matches it in another run, too: ids get names, dates and the like become `*`, the rest is literal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...scenario.patterns import Ids, escape
from ..munging import ID, RULES

#: What would be something else than a pattern at the start of a line (scenario.patterns.parse_line, scenario.dialogue).
_SPECIAL = re.compile(r"[!~] |<[a-z]+>|\.\.\.\Z|\Z")
#: What cannot stand in YAML as it is, or ends a line there.
_UNWRITABLE = re.compile("[\x01-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_ANYTHING = "\0"
_RULES = tuple((expression, re.sub("<[a-z]+>", _ANYTHING, instead), instead == "<port>") for expression, instead in RULES)


@dataclass
class Patterns:
    """`ids` are the names of this scenario, `names` what `@DIR@` and the like are. `ports`: those of clients are chance (HAProxy's)."""

    ids: Ids
    names: Mapping[str, str]
    ports: bool = False

    def of(self, text: str) -> str:
        """The pattern of one line."""
        marked = text.replace(_ANYTHING, "\ufffd")
        for expression, instead, port in _RULES:
            if self.ports or not port:
                marked = expression.sub(instead, marked)
        made = "".join(self._part(part, index) for index, part in enumerate(self._split(marked)))
        return f"?{made[1:]}" if made and _SPECIAL.match(made) else made

    def _split(self, text: str) -> list[str]:
        """Ids are at odd places."""
        parts: list[str] = []
        end = 0
        for found in ID.finditer(text):
            parts += [text[end:found.start()], found[0]]
            end = found.end()
        return [*parts, text[end:]]

    def _part(self, part: str, index: int) -> str:
        if index % 2:
            return f"<id{self._name(part)}>"
        for name, value in sorted(self.names.items(), key=lambda one: -len(one[1])):
            if len(value) > 1 and name != "@PWD@":
                part = part.replace(value, name)
        return _UNWRITABLE.sub("?", escape(part)).replace(_ANYTHING, "*")

    def _name(self, id: str) -> str:
        known = next((name for name, value in self.ids.known.items() if value == id), None)
        if known is not None:
            return known
        number = 1
        while str(number) in self.ids.known:
            number += 1
        self.ids.known[str(number)] = id
        return str(number)
