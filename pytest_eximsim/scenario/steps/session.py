"""`session:` — a conversation, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import Position
from .. import dialogue
from ..model import Session
from ..outcome import Exchange, Failure, StepFailed
from ..schema import Binding
from ..yamltree import Mistakes, Scalar
from .conversation import Conversation

if TYPE_CHECKING:
    from ..runner import Run


def run(run: Run, session: Session, position: Position) -> None:
    """Open the session or go on with it, play its dialogue, keep it (`as`) or close it."""
    node = session.nodes["smtp"]
    assert isinstance(node, Scalar)
    mistakes = Mistakes()
    lines = dialogue.parse(node, Binding(mistakes))
    mistakes.raise_all()
    name = session.as_
    conversation = run.sessions.get(name) if name else None
    if conversation is None:
        refused = next((one for one in lines if isinstance(one, dialogue.End)), None)
        opened = open_connection(run, session, position, refused if lines and lines[0] is refused else None)
        if opened is None:
            return
        conversation = opened
        if name:
            run.sessions[name] = conversation
    start = len(conversation.heard)
    conversation.play(lines, run.folder_of(node))
    run.tls = conversation.tls or run.tls
    if not name:
        close(run, conversation, position)
    elif conversation.closed or conversation.ended:
        del run.sessions[name]
    if run.recorder is not None:
        run.recorder.session(run, node, conversation, start)
    run.subject.settle()


def open_connection(run: Run, line: Session | object, position: Position, end: dialogue.End | None = None) -> Conversation | None:
    """Connect as `from`, `via`, `to` and `tls` say. None where the dialogue expects the refusal that came."""
    assert isinstance(line, Session)
    wanted = end if end is not None and end.how == "refused" else None
    try:
        stream = run.subject.connect(line.from_, line.via, line.to, position)
    except (ConnectionRefusedError, TimeoutError, OSError) as error:
        if wanted is not None and isinstance(error, ConnectionRefusedError):
            run.evidence.conversations.append((_called(line, position), [Exchange("#", "<refused>")]))
            return None
        run.evidence.conversations.append((_called(line, position), [Exchange("#", f"<refused> ({error.strerror or error})")]))
        where, expected = (wanted.position, wanted.text) if wanted else (line.place("to"), "a connection")
        raise StepFailed(Failure("the connection fails", where, expected, f"<refused> ({error.strerror or error})")) from None
    conversation = Conversation(stream, run.ids, run.subject.sleep, run.patience, run.names, mistakes=run.mistakes, now=run.subject.now)
    run.evidence.conversations.append((_called(line, position), conversation.history))
    if wanted is not None:
        conversation.leave()
        raise StepFailed(Failure("the connection is accepted", wanted.position, wanted.text, "(a connection)"))
    if line.tls == "implicit":
        conversation.start_tls(dialogue.StartTls("tls", line.place("tls")))
    return conversation


def _called(line: Session, position: Position) -> str:
    """What a report calls this session."""
    return f"{position}: session{f' {line.as_}' if line.as_ else ''}{f' from {line.from_.address}' if line.from_ is not None else ''}"


def close(run: Run, conversation: Conversation, position: Position) -> None:
    """The client closes; output that nobody read is a failure."""
    if not conversation.closed and not conversation.ended:
        run.subject.settle()
        rest = conversation.unread()
        if rest:
            lines = rest.replace("\r\n", "\n").rstrip("\n")
            history = tuple(conversation.history)
            conversation.rest = lines.split("\n")
            if run.recorder is None:
                conversation.leave()
                raise StepFailed(Failure("the server said more than the dialogue reads", position, "(nothing more)", lines, history))
    conversation.history.append(Exchange("#", "(the client closes)"))
    conversation.leave()
