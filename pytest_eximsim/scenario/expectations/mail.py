"""`messages` and `queue`: what the MTA accepted and still has; and messages of remotes and mailboxes, which are compared the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import MessageExpect
from ..outcome import Failure
from ..patterns import Pattern, match_any_order, match_exactly, shown
from .logs import compare

if TYPE_CHECKING:
    from ..subject import SeenMessage
    from .registry import Look


@dataclass(frozen=True)
class PlainMessage:
    """scenario.subject.SeenMessage from the bytes of a message (line ends LF or CR LF)."""

    sender: str
    recipients: Sequence[str]
    data: bytes

    @property
    def headers(self) -> list[str]:
        found: list[str] = []
        for line in self.data.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].decode("latin-1").split("\n"):
            if line[:1] in (" ", "\t") and found:
                found[-1] += f"{line}\n"
            else:
                found.append(f"{line}\n")
        return found

    @property
    def body(self) -> bytes:
        return self.data.replace(b"\r\n", b"\n").partition(b"\n\n")[2]

    def variable(self, name: str) -> str:
        return "(only messages that the MTA accepted have variables)"


def accepted(look: Look, value: int | tuple[MessageExpect, ...]) -> list[Failure]:
    """The messages that the MTA accepted."""
    return messages(look, "the MTA", value, look.run.subject.messages(look.mta))


def queue(look: Look, value: int | tuple[Pattern, ...]) -> list[Failure]:
    """How many messages wait, or which."""
    waiting = look.run.subject.queue(look.mta)
    if isinstance(value, int):
        wrong = Failure("another number of messages on the queue", look.position, str(value), str(len(waiting)))
        return [] if value == len(waiting) else [wrong]
    return compare(look, "the queue", value, waiting, match_any_order)


def messages(look: Look, whose: str, value: int | tuple[MessageExpect, ...], seen: Sequence[SeenMessage]) -> list[Failure]:
    """A count, or each message in its order."""
    count = value if isinstance(value, int) else len(value)
    failures: list[Failure] = []
    if count != len(seen):
        notes = tuple(f"  from <{shown(one.sender)}> to {', '.join(map(shown, one.recipients))}" for one in seen)
        failures.append(Failure(f"another number of messages: {whose}", look.position, str(count), str(len(seen)), notes=notes))
    if isinstance(value, int):
        return failures
    for wanted, got in zip(value, seen, strict=False):
        failures += _message(look, wanted, got)
    return failures


def _message(look: Look, wanted: MessageExpect, got: SeenMessage) -> list[Failure]:
    failures: list[Failure] = []
    if wanted.mail_from is not None:
        failures += _text(look, "mail_from", wanted.mail_from, got.sender)
    if wanted.rcpt_to is not None:
        failures += compare(look, "rcpt_to", wanted.rcpt_to, [shown(one) for one in got.recipients], match_exactly)
    for name, pattern in (wanted.headers or {}).items():
        failures += _header(look, name, pattern, got)
    if wanted.body is not None:
        failures += _body(look, wanted.body, got.body)
    for name, pattern in (wanted.variables or {}).items():
        failures += _text(look, f"${name.removeprefix('$')}", pattern, got.variable(name))
    return failures


def _text(look: Look, what: str, pattern: Pattern, got: str) -> list[Failure]:
    found = pattern.match(shown(got), look.ids, look.run.names)
    if found is None:
        return [Failure(f"another {what}", pattern.position, pattern.text, shown(got))]
    look.ids.known.update(found.known)
    return []


def _header(look: Look, name: str, pattern: Pattern, got: SeenMessage) -> list[Failure]:
    """A header field's text behind its colon, unfolded; `absent`: there is none."""
    found = [line.partition(":")[2].strip() for line in got.headers if line.partition(":")[0].rstrip().lower() == name.lower()]
    texts = [" ".join(part.strip() for part in shown(one).split("\n")) for one in found]
    if pattern.text == "absent":
        return [Failure(f"a header field {name}", pattern.position, "absent", one) for one in texts[:1]]
    for text in texts:
        after = pattern.match(text, look.ids, look.run.names)
        if after is not None:
            look.ids.known.update(after.known)
            return []
    return [Failure(f"another header field {name}", pattern.position, pattern.text, texts[0] if texts else "(absent)")]


def _body(look: Look, pattern: Pattern, body: bytes) -> list[Failure]:
    """The whole body, line by line; the final newline does not count."""
    wanted = [Pattern(line, pattern.position) for line in pattern.text.removesuffix("\n").split("\n")]
    lines = shown(body.decode("latin-1").replace("\r\n", "\n")).removesuffix("\n").split("\n")
    return compare(look, "the body", wanted, lines, match_exactly)
