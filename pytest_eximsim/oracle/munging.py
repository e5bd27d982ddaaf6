"""What differs between two runs by its nature, made the same: message ids, dates, ids of processes, connections and users, ports, names of
folders, and what depends on the TLS library.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..scenario.patterns import MESSAGE_ID, without_stamp

#: By itself, or behind the E of a Message-ID: that Exim makes.
ID = re.compile(rf"(?:(?<![0-9A-Za-z])|(?<=<E)){MESSAGE_ID}")
_DAY, _MONTH = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)", "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
#: In this order; each is one thing that says when, who or how fast.
RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple((re.compile(expression), text) for expression, text in (
    (rf"{_DAY}, [ \d]\d {_MONTH} \d{{4}} \d\d:\d\d:\d\d(?: [-+]\d{{4}})?", "<date>"),
    (rf"{_DAY} {_MONTH} [ \d]\d \d\d:\d\d:\d\d \d{{4}}", "<date>"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [-+]\d{4})?", "<time>"),
    (r"\b\d{4}-\d\d-\d\d\b", "<day>"),
    (r"\b20\d{12}Z?\b", "<zulu>"),
    (r"\b\d+-eximdsn-\d+", "<boundary>"),
    (r"(<= <> [^\n]*\bS=)\d+", r"\1<size>"),           # of a message of Exim's own, with times and numbers in it
    (r"\b1[3-9]\d{8}(?:\.\d+)?\b", "<epoch>"),
    (r"\b(pid[= ])\d+", r"\1<pid>"),
    (r"(?m)^\[\d+\] ", "[<pid>] "),
    (r"\bCi=\S+", "Ci=<connection>"),
    (r"\(euid=\d+ egid=\d+\)", "(euid=<uid> egid=<gid>)"),
    (r"(?<=[\]\d]:)(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|[45]\d{4}|6[0-5]\d{3})\b", "<port>"),
    (r"\b(QT|DT|RT|D)=(?:\d+(?:\.\d+)?[wdhms])+", r"\1=<time>"),
    (r"\bX=\S+:\d+", "X=<cipher>"),
    (r"\((TLS1\.\d)\) tls \S+", r"(\1) tls <cipher>"),
    (r"^334 PD[0-9A-Za-z+/=]+$", "334 <challenge>"),
))


@dataclass
class Munger:
    """Of one side. Ids are numbered in the order of their making, `names` are what `@DIR@` and the like were."""

    names: Mapping[str, str]
    ids: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, names: Mapping[str, str], texts: Iterable[str]) -> Munger:
        found = sorted({one for text in texts for one in ID.findall(text)})
        return cls(names, {id: f"<id{number}>" for number, id in enumerate(found, 1)})

    def text(self, text: str) -> str:
        text = ID.sub(lambda found: self.ids.get(found[0], "<id>"), text)
        for name, value in sorted(self.names.items(), key=lambda one: -len(one[1])):
            if len(value) > 1:
                text = text.replace(value, "@DIR@" if name == "@PWD@" else name)
        for rule, instead in RULES:
            text = rule.sub(instead, text)
        return text

    def log(self, line: str) -> str:
        return self.text(without_stamp(line))
