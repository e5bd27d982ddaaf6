"""What the keys of `expect` say, key by key, as changes of the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ...scenario.expectations.files import mailbox
from ...scenario.expectations.registry import CHECKS, Look
from ...scenario.model import AnyOrder, Expect, FileExpect, MessageExpect, RemoteExpect
from ...scenario.patterns import Pattern, parse_line, shown, without_stamp
from ...scenario.yamltree import Listing, Node, Scalar, Table
from .edits import Edit, replace_block, replace_items
from .lines import kept, matches
from .recorder import Recorder, patterns

if TYPE_CHECKING:
    from ...scenario.runner import Run


def update(recorder: Recorder, run: Run, expect: Expect, mta: str | None = None) -> None:
    """Everything that is not as expected; of one MTA, or of all."""
    for name in expect.places:
        handler = _HANDLERS.get(name)
        look = Look(run, run.ids, mta, expect.place(name))
        if handler is not None:
            handler(recorder, look, expect, name)
        elif name in CHECKS and CHECKS[name](Look(run, run.ids.copy(), mta, look.position), getattr(expect, name)):
            recorder.leave(look.position, f"`{name}` is not written by itself")
    for one, below in (expect.mtas or {}).items():
        update(recorder, run, below, one)


# ---- logs

def _lines(look: Look, log: str) -> list[str]:
    return [without_stamp(shown(line)) for line in look.run.subject.log(log, look.mta)]


def _log(log: str) -> Callable[[Recorder, Look, Expect, str], None]:
    def handler(recorder: Recorder, look: Look, expect: Expect, name: str) -> None:
        node, got = expect.nodes[name], _lines(look, log)
        if isinstance(getattr(expect, name), AnyOrder) and isinstance(node, Table):
            _any_order(recorder, look, node.key("any_order"), node.get("any_order"), got)
        elif isinstance(node, Listing):
            recorder.listing(expect.keys[name], node, got, look.run)

    return handler


def _any_order(recorder: Recorder, look: Look, key: Scalar | None, node: Node | None, got: list[str]) -> None:
    """Patterns that match a line of their own stay where they are; lines without one come behind."""
    if not isinstance(node, Listing):
        return
    nodes = [one for one in node.items if isinstance(one, Scalar)]
    free, items = list(got), list[Scalar | str]()
    for one in nodes:
        pattern = parse_line(one.text, one.position)
        line = next((line for line in free if matches(pattern, line, look.run)), None) if pattern.kind != "!" else None
        if line is not None:
            free.remove(line)
        if line is not None or pattern.kind == "!":
            items.append(one)
    items += [patterns(look.run).of(line) for line in free]
    if items != nodes:
        recorder.add(replace_items(key, node, items), node.position)


def _in_order(recorder: Recorder, look: Look, expect: Expect, name: str) -> None:
    """`log`: those that match stay; each of the others becomes the most similar line that no pattern has, or goes."""
    wanted: tuple[Pattern, ...] = expect.log or ()
    got, node = _lines(look, "main"), expect.nodes[name]
    places = kept(wanted, got, look.run)
    lost = [one.text for index, one in enumerate(wanted) if index not in places and one.kind != "!"]
    if not lost:
        return
    lines: list[str | int] = []
    for line, index in zip(got, places, strict=True):
        if index is not None:
            lines.append(index)
        elif close := get_close_matches(line, lost, 1, 0.6):
            lost.remove(close[0])
            lines.append(patterns(look.run).of(line))
    lines += [index for index, one in enumerate(wanted) if one.kind == "!"]
    if isinstance(node, Scalar):
        recorder.add(replace_block(node, [str(wanted[one]) if isinstance(one, int) else one for one in lines]), node.position)
    elif isinstance(node, Listing):
        items = [one for one in node.items if isinstance(one, Scalar)]
        recorder.add(replace_items(expect.keys[name], node, [items[one] if isinstance(one, int) else one for one in lines]), node.position)


# ---- files

def _files(recorder: Recorder, look: Look, expect: Expect, name: str) -> None:
    table = expect.nodes[name]
    for path, wanted in (expect.files or {}).items():
        node = table.get(path) if isinstance(table, Table) else None
        if node is not None and CHECKS["files"](Look(look.run, look.ids.copy(), look.mta, look.position), {path: wanted}):
            _file(recorder, look, path, wanted, node)


def _file(recorder: Recorder, look: Look, path: str, wanted: Pattern | FileExpect, node: Node) -> None:
    for name, text in look.run.names.items():
        path = path.replace(name, text)
    try:
        lines = shown(look.run.subject.file(path, look.mta).decode("latin-1")).removesuffix("\n").split("\n")
    except OSError:
        return recorder.scalar(node, "absent") if isinstance(node, Scalar) else recorder.leave(node.position, f"{path} is not there")
    if isinstance(wanted, Pattern) and isinstance(node, Scalar):
        recorder.block(node, lines, look.run)
    elif isinstance(wanted, FileExpect) and isinstance(count := node.get("messages") if isinstance(node, Table) else None, Scalar):
        recorder.scalar(count, str(len(mailbox(look, path))))
    else:
        recorder.leave(node.position, f"{path} is not written by itself")


# ---- messages, remotes

def _remotes(recorder: Recorder, look: Look, expect: Expect, name: str) -> None:
    table = expect.nodes[name]
    for one, wanted in (expect.remotes or {}).items():
        below = table.get(one) if isinstance(table, Table) else None
        if isinstance(below, Table):
            _remote(recorder, look, wanted, below, look.run.subject.remote(one))


def _remote(recorder: Recorder, look: Look, wanted: RemoteExpect, node: Table, remote: Any) -> None:
    if isinstance(text := node.get("dialogue"), Scalar):
        recorder.block(text, list(remote.dialogue), look.run)
    if wanted.messages is not None:
        _count(recorder, look, wanted.messages, node.get("messages"), len(remote.messages))


def _messages(recorder: Recorder, look: Look, expect: Expect, name: str) -> None:
    value: int | tuple[MessageExpect, ...] = expect.messages or 0
    _count(recorder, look, value, expect.nodes[name], len(look.run.subject.messages(look.mta)))


def _queue(recorder: Recorder, look: Look, expect: Expect, name: str) -> None:
    waiting = list(look.run.subject.queue(look.mta))
    if isinstance(expect.queue, int):
        _count(recorder, look, expect.queue, expect.nodes[name], len(waiting))
    else:
        _any_order(recorder, look, expect.keys[name], expect.nodes[name], waiting)


def _count(recorder: Recorder, look: Look, value: object, node: Node | None, got: int) -> None:
    if isinstance(value, tuple) and value:
        if len(value) != got:
            recorder.leave(look.position, f"there are {got} messages, {len(value)} are described")
    elif isinstance(node, Scalar) and value != got:
        if node.substituted or node.source.path is None:
            return recorder.leave(node.position, "it is no number in the file")
        recorder.add(Edit(node.source.path, (node.line, node.column), (node.end_line, node.end_column), str(got)), node.position)


_HANDLERS: Mapping[str, Callable[[Recorder, Look, Expect, str], None]] = {
    "files": _files, "log": _in_order, "mainlog": _log("main"), "messages": _messages, "paniclog": _log("panic"), "queue": _queue,
    "rejectlog": _log("reject"), "remotes": _remotes,
}
