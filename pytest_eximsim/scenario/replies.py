"""Replies: those that a scripted remote gives (`replies:`) and those that a `send` expects.

Both as values; who sends or compares them is elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import Position
from . import values
from .patterns import Pattern, PatternType, cut
from .schema import Binding, MapOf, Text, is_wild, kind_of, meant, nearest
from .yamltree import Listing, Node, Scalar, Table

#: Verbs that Exim's client can send (chapter 30), with `connect` (the banner) and `.` (the end of the data).
VERBS = ("connect", "EHLO", "HELO", "LHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "QUIT", "XCLIENT", ".")
#: What a remote may do instead of replying; the last two only at `connect`.
WORDS = ("drop", "hang", "refuse", "timeout")


@dataclass(frozen=True)
class Reply:
    """One answer: `text` (lines split by newline), or a word of WORDS; `after` seconds of silence first."""

    text: str = ""
    word: str = ""
    after: float = 0.0
    position: Position = field(default=Position(""), compare=False)


ReplyScript = tuple[Reply, ...]


@dataclass(frozen=True)
class ScriptedReplies:
    """By verb (upper case, `connect`, `.`) and by pattern on the whole command, in the order of the file; each a turn-taking list."""

    verbs: Mapping[str, ReplyScript]
    commands: tuple[tuple[Pattern, ReplyScript], ...] = ()


@dataclass(frozen=True)
class ReplyType:
    """The mapping of `replies:`."""

    what: str = "a mapping of verbs to replies"

    def bind(self, node: Node, owner: Position, binding: Binding) -> ScriptedReplies | None:
        if not isinstance(node, Table):
            if not is_wild(node, binding):
                binding.error(node.position, f"{kind_of(node)} where {self.what} is expected")
            return None
        verbs: dict[str, ReplyScript] = {}
        commands: list[tuple[Pattern, ReplyScript]] = []
        for name, value in node.items:
            verb = name.text if name.text in ("connect", ".") else name.text.upper()
            script = self.script(value, verb, binding)
            if " " in name.text.strip() or "*" in name.text:
                commands.append((Pattern(name.text, name.position), script))
                verb = name.text.split(" ", 1)[0].upper()
            else:
                verbs[verb] = script
            if verb not in VERBS and "*" not in verb and not is_wild(name, binding):
                near = nearest(verb, VERBS)
                hint = f"did you mean `{near}`?" if near else f"expected {', '.join(VERBS)}"
                binding.error(name.position, f"`{name.text}` is no command that Exim's client sends; {hint}")
        return ScriptedReplies(verbs, tuple(commands))

    def script(self, node: Node, verb: str, binding: Binding) -> ReplyScript:
        if isinstance(node, Listing):
            return tuple(reply for one in node.items if (reply := self.reply(one, verb, binding)) is not None)
        one = self.reply(node, verb, binding)
        return (one,) if one is not None else ()

    def reply(self, node: Node, verb: str, binding: Binding) -> Reply | None:
        if isinstance(node, Table):
            return self.delayed(node, verb, binding)
        text = Text("a reply, drop, hang or {after: …, reply: …}").bind(node, node.position, binding)
        if text is None or not isinstance(node, Scalar):
            return None
        if text in WORDS and text in ("refuse", "timeout") and verb != "connect":
            binding.error(node.position, f"`{text}` stands at `connect` only; elsewhere use drop or hang")
        return Reply("", text, position=node.position) if text in WORDS else Reply(text, position=node.position)

    def delayed(self, node: Table, verb: str, binding: Binding) -> Reply | None:
        known = {"after": None, "reply": None} | {name.text: value for name, value in node.items}
        for name, _ in node.items:
            if name.text not in ("after", "reply"):
                binding.error(name.position, f"unknown key `{name.text}`; expected after and reply")
        after, reply = known["after"], known["reply"]
        if after is None or reply is None:
            binding.error(node.position, "{after: 6s, reply: 220 slow} needs both")
            return None
        seconds = Text("a time, as 6s", values.duration).bind(after, after.position, binding)
        inner = self.reply(reply, verb, binding)
        return Reply(inner.text, inner.word, seconds or 0.0, node.position) if inner is not None and not isinstance(seconds, str) else inner

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        text = {"type": ["string", "number"]}
        delayed = {
            "type": "object", "properties": {"after": {"type": "string"}, "reply": text}, "required": ["after", "reply"],
            "additionalProperties": False,
        }
        one: dict[str, Any] = {"anyOf": [text, delayed]}
        return {"type": "object", "additionalProperties": {"anyOf": [text, delayed, {"type": "array", "items": one}]}}


@dataclass(frozen=True)
class ExpectedReply:
    """A reply as `S: NNN text`: one pattern (code and last line), or all lines."""

    lines: tuple[Pattern, ...]
    position: Position = field(default=Position(""), compare=False)


@dataclass(frozen=True)
class SendExpect:
    """What a `send` expects, by phase; under rcpt "" stands for all recipients. Empty: accepted."""

    phases: Mapping[str, Mapping[str, ExpectedReply]] = field(default_factory=dict)
    position: Position = field(default=Position(""), compare=False)


_PHASES = ("connect", "helo", "starttls", "auth", "mail", "rcpt", "data", "end")


@dataclass(frozen=True)
class SendExpectType:
    """`accepted`, `PHASE REPLY`, or a mapping by phase."""

    what: str = "accepted, `PHASE REPLY` or a mapping by phase"

    def bind(self, node: Node, owner: Position, binding: Binding) -> SendExpect | None:
        if is_wild(node, binding):
            return None
        match node:
            case Scalar():
                return self.short(node, binding)
            case Table():
                phases = {}
                for name, value in node.items:
                    if name.text not in _PHASES:
                        binding.error(name.position, f"unknown phase `{name.text}`; {meant(name.text, _PHASES)}")
                        continue
                    phases[name.text] = self.phase(name, value, binding)
                return SendExpect(phases, node.position)
            case _:
                binding.error(node.position, f"a list where {self.what} is expected")
                return None

    def short(self, node: Scalar, binding: Binding) -> SendExpect | None:
        if reason := cut(node):
            binding.error(node.position, reason)
        if node.text == "accepted":
            return SendExpect({}, node.position)
        phase, _, reply = node.text.partition(" ")
        if phase not in _PHASES or not re.match(r"[\d?*]", reply):
            near = nearest(phase, (*_PHASES, "accepted"))
            hint = f"; did you mean `{near}`?" if near and near != phase else ""
            binding.error(node.position, f"`{node.text}` where {self.what} is expected{hint}")
            return None
        expected = ExpectedReply((Pattern(reply, node.position),), node.position)
        return SendExpect({phase: {"": expected}}, node.position)

    def phase(self, name: Scalar, value: Node, binding: Binding) -> Mapping[str, ExpectedReply]:
        if name.text == "rcpt" and isinstance(value, Table):
            return {one.text: self.reply(reply, binding) for one, reply in value.items}
        return {"": self.reply(value, binding)}

    def reply(self, node: Node, binding: Binding) -> ExpectedReply:
        items = node.items if isinstance(node, Listing) else (node,)
        bound = [PatternType(what="a reply as a pattern").bind(one, one.position, binding) for one in items if not isinstance(one, tuple)]
        return ExpectedReply(tuple(one for one in bound if one is not None), node.position)

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        text: dict[str, Any] = {"type": ["string", "number"]}
        reply = {"anyOf": [text, {"type": "array", "items": text}]}
        properties: dict[str, Any] = dict.fromkeys(_PHASES, reply)
        properties["rcpt"] = {"anyOf": [*reply["anyOf"], MapOf(Text()).schema(definitions) | {"additionalProperties": reply}]}
        return {"anyOf": [{"type": "string", "pattern": r"^accepted$|^(" + "|".join(_PHASES) + r") |\$\{\{"},
                          {"type": "object", "properties": properties, "additionalProperties": False}]}
