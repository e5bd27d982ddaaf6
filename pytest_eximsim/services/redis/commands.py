"""A Redis command as one line of text, as redis-cli takes it (its quoting rules), and replies as a scenario writes them."""

from __future__ import annotations

from ...exim.world import RedisError, RedisReply

_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "b": b"\b", "a": b"\a"}


def split_command(text: str) -> list[bytes]:
    r"""Arguments of a line: blanks separate; `"…"` knows `\xHH \n \r \t \b \a \"`, `'…'` knows `\'`. Raises ValueError for bad quotes."""
    arguments: list[bytes] = []
    position, end = 0, len(text)
    while True:
        while position < end and text[position].isspace():
            position += 1
        if position == end:
            return arguments
        argument, position = _argument(text, position)
        arguments.append(argument)


def _argument(text: str, position: int) -> tuple[bytes, int]:
    parts: list[bytes] = []
    while position < len(text) and not text[position].isspace():
        match text[position]:
            case '"' | "'" as quote:
                part, position = _quoted(text, position + 1, quote)
                if position < len(text) and not text[position].isspace():
                    raise ValueError("a closing quote must be followed by a blank")
                parts.append(part)
            case character:
                parts.append(character.encode())
                position += 1
    return b"".join(parts), position


def _quoted(text: str, position: int, quote: str) -> tuple[bytes, int]:
    parts: list[bytes] = []
    while position < len(text):
        character = text[position]
        following = text[position + 1 : position + 2]
        if character == quote:
            return b"".join(parts), position + 1
        if character == "\\" and quote == '"' and following == "x" and _is_hex(text[position + 2 : position + 4]):
            parts.append(bytes([int(text[position + 2 : position + 4], 16)]))
            position += 4
        elif character == "\\" and following and (quote == '"' or following == "'"):
            parts.append(_ESCAPES.get(following, following.encode()) if quote == '"' else b"'")
            position += 2
        else:
            parts.append(character.encode())
            position += 1
    raise ValueError("a quote is not closed")


def _is_hex(text: str) -> bool:
    return len(text) == 2 and all(character in "0123456789abcdefABCDEF" for character in text)


def reply_value(reply: RedisReply) -> object:
    """A reply as `expect.redis` compares it: nil None, texts (UTF-8, else `�`), integers, lists; an error as its text."""
    match reply:
        case bytes():
            return reply.decode("utf-8", "replace")
        case RedisError():
            return str(reply)
        case list():
            return [reply_value(item) for item in reply]
    return reply
